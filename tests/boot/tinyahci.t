#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# tinyahci.sys, the small AHCI driver that was written from docs/ and include/ddi alone (tests/probes/tinyahci), in the
# place of ours: data read and written, a sector that cannot be read, an interrupt that gets lost, a drive without a medium.
# (`make test MINIPORT=tests/probes/tinyahci` is the whole suite.)
#
# Run on i386 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Witness;

my $arch = $ENV{ARCH} || 'x86_64';
my @machine = (MACHINE => 'q35', MINIPORT => "build/$arch/probes/tinyahci.sys");
my $disk = random_image('disk.img', 2 << 20, 'disk');
my $cd = random_image('cd.iso', 1 << 20, 'cd');

my $run = boot(@machine, DISK => $disk, CDROM => $cd, QEMU_EXTRA => '-m 5G',
    CMD => 'sha256 0; sha256 cd0; mode 0; cdb cd0 ff 00 00 00 00 00; stop 0.0; start 0.0; reset 0.0; sha256 0 5 9; rules');
is(digest_in($run, 'sha256 0'), sha256_of($disk), 'a disk is read');
is(digest_in($run, 'sha256 cd0'), sha256_of($cd), 'a CD, too');
like(output_of($run, 'mode 0'), qr/^  Driver +tinyahci\.sys\n/m, 'by this driver');
like(output_of($run, 'cdb cd0 ff 00 00 00 00 00'), qr/illegal request/i, 'what a drive does not know fails with its sense data');
is(digest_in($run, 'sha256 0 5 9'), sha256_of($disk, 5 * 512, 9 * 512), 'it stops, starts, and is reset');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');

my $written = random_image('written.img', 4 << 20, 'written');
my $expected = slurp($written);
substr $expected, 512 * 17, 512 * 300, "\x5A" x (512 * 300);
substr $expected, 512 * 2048, 512 * 1024, substr $expected, 0, 512 * 1024;
$run = boot(@machine, DISK => $written, WRITE => 1, CMD => 'fill 0 17 300 0x5A; copy 0 0 0 2048 1024; flush 0; rules');
exit_code_is($run, 0, 'a disk is written');
is(Digest::SHA::sha256_hex(slurp($written)), Digest::SHA::sha256_hex($expected), 'with these bytes, and no others');

$run = boot(@machine, DISK => $disk, FAULT => 'error UNC command=READ-DMA nth=3; interrupt lost command=READ-DMA nth=5; time-outs 100',
    CMD => 'read 0 1; read 0 2; read 0 3; sha256 0; rules');
like(output_of($run, 'read 0 3'), qr/device error, status 0x51, error 0x40/, 'a read that fails has its own Status and Error');
is(digest_in($run, 'sha256 0'), sha256_of($disk), 'a lost interrupt is got over');
like($run->{log}, qr/was not completed in \d+ s/, 'by the port\'s time-out');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'and no rule was broken');

done_testing();
