#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Dump mode: controllers started with IdeModeDump, where no interrupt is connected, no callback is to be had
# and no registry, and the port asks IdeHwInterrupt again and again. pata.sys reads, writes and flushes as
# ever, and takes no setting from the registry; no rule is broken. (A time-out: tests/guest/dump.c.)
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use Test::More;

my @dump = (KARGS => 'dump=1', STRICT => 1, QEMU_EXTRA => $trace);
my $disk = random_image('disk.img', 4 << 20, 'dump');
my $slave = random_image('slave.img', 1 << 20, 'slave');
my $cd = random_image('cd.iso', 1 << 20, 'cd');
my $polled = qr/^  Operation +dump mode: polled, no callbacks, no registry$/m;
my $pio = hive('pio.reg', map { ("Controller0\\Channel$_" => { DmaAllowed => 0 }) } 0, 1);

my %by = (pc => 'DMA', q35 => 'DMA', isapc => 'MULTIPLE');
for my $machine (sort keys %by) {
    my $target = sparse_image("$machine.img", 4 << 20);
    my ($code, $output) = command('mkfs.fat', '-F', '16', '-s', '1', '-n', 'ORIGINAL', $disk);
    is($code, 0, "$machine: a file system") or diag($output);
    my $run = boot(@dump, machine_with_ide($machine), WRITE => 1, DISK => $disk, DISK1 => $slave, DISK2 => $target,
        CDROM => $cd, HIVE => $pio, CMD => 'mode 0; sha256 0; sha256 1; sha256 cd0; copy 0 0 2 0 8192; '
            . 'write 0 9 41 42; flush 2; verify 2; stop 0.1; start 0.1; sha256 2; counters; rules');
    exit_code_is($run, 0, 'a session in dump mode');
    like(output_of($run, 'mode 0'), $polled, 'which `mode` says');
    is(digest_in($run, 'sha256 1'), sha256_of($slave), 'the slave');
    is(digest_in($run, 'sha256 cd0'), sha256_of($cd), 'the CD');
    is(digest_in($run, 'sha256 2'), digest_in($run, 'sha256 0'), 'a copy, after a restart of its channel');
    like(commands_seen($run)->{'secondary slave'}, qr/READ $by{$machine}.*WRITE $by{$machine}/,
        'the setting DmaAllowed=0 was not read');
    is(sha256_of($target), digest_in($run, 'sha256 0'), 'the host has the copy');
    is(unpack('x4608 a2', slurp($disk)), 'AB', 'and two bytes that were written');
    command('mcopy', '-o', '-i', $target, $cd, '::/CD.ISO');
    ($code, $output) = command('fsck.fat', '-n', $target);
    is($code, 0, 'the copy is a clean file system') or diag($output);
    is(scalar(() = output_of($run, 'counters') =~ /^Interrupts on line/mg), 0, 'no interrupt came unclaimed');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
}

# ------------------------------------------------------------------ a key of the command line

my $run = boot(DISK => $disk, KARGS => 'dump=0', CMD => 'mode 0');
unlike(output_of($run, 'mode 0'), $polled, 'dump=0 is no dump mode');
$run = boot(DISK => $disk, KARGS => 'dump=yes', CMD => 'mode 0');
like($run->{console}, qr/^On the kernel's command line, dump must be 0 or 1, not "yes"\.$/m, 'dump=yes is refused');

done_testing();
