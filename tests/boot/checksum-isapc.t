#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the guest reads is what the host has, on the isapc machine, which has neither PCI nor a bus master:
# 16 MiB of random bytes in each of the four places, and a CD.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use Test::More;

my @words = qw(DISK DISK1 DISK2 DISK3);
my @places = ('primary master', 'primary slave', 'secondary slave', 'secondary master');
my %disks = map { $_ => random_image("$_.img", 4 << 20, $_) } @words;
my @isapc = (MACHINE => 'isapc', QEMU_EXTRA => $trace);

my $run = boot(@isapc, %disks, CMD => 'devices; sha256 0; sha256 1; sha256 2; sha256 3; mode 3; rules');
exit_code_is($run, 0, 'four disks');
like(output_of($run, 'devices'), qr/^ISA: pata, channels 0\.0 0\.1$/m, 'on the ISA bus');
is(digest_in($run, "sha256 $_"), sha256_of($disks{$words[$_]}), "4 MiB from the $places[$_]") for 0 .. 3;
# EDGE: 16
like(output_of($run, 'mode 3'), qr/^  Data +PIO, PIO \d$/m, 'by PIO, says the guest');
is_deeply(commands_seen($run), { map { $_ => 'READ MULTIPLE, LBA28' } @places }, 'and the registers saw it');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');

my $cd = random_image('cd.iso', 2 << 20, 'CD');
$run = boot(@isapc, DISK2 => $disks{DISK2}, CDROM => $cd,
    CMD => 'sha256 cd0; sha256 2 1000 5000; sha256 cd0 1 1');
# EDGE: 10
exit_code_is($run, 0, 'a CD and a disk on one channel');
is(digest_in($run, 'sha256 cd0'), sha256_of($cd), 'the CD');
is(digest_in($run, 'sha256 2 1000 5000'), sha256_of($disks{DISK2}, 1000 * 512, 5000 * 512), 'the disk');
is(digest_in($run, 'sha256 cd0 1 1'), sha256_of($cd, 2048, 2048), 'a sector of the CD');
is_deeply(commands_seen($run),
    { 'secondary master' => 'PACKET, pio', 'secondary slave' => 'READ MULTIPLE, LBA28' },
    'and the registers saw it');

done_testing();
