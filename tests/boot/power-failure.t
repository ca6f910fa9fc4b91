#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What was flushed survives a power failure: QEMU is killed with SIGKILL at the prompt that follows
# `flush`. The disks are qcow2 files, whose tables QEMU keeps in memory until it is told to flush; bytes
# that were written and not flushed would not be found again (on QEMU 7.2 not one cluster of them).
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use Test::More;

my $source = random_image('source.img', 16 << 20, 'source');
my $sectors = (16 << 20) / 512;
my $pio = hive('pio.reg', map { ("Controller0\\Channel$_" => { DmaAllowed => 0 }) } 0, 1);

sub empty_qcow2 {
    my ($name) = @_;
    unlink "$scratch/$name";
    my ($code, $output) = command('qemu-img', 'create', '-q', '-f', 'qcow2', "$scratch/$name", '17M');
    die "qemu-img: $output" if $code != 0;
    return "$scratch/$name";
}

# The disk's content as QEMU finds it when it opens the file again.
sub content {
    my ($path) = @_;
    my ($code, $output) = command('qemu-img', 'convert', '-O', 'raw', $path, "$scratch/raw");
    die "qemu-img: $output" if $code != 0;
    return slurp("$scratch/raw");
}

# Copies the source to disks `first` and `second`, flushes both, kills QEMU.
sub copy_and_kill {
    my ($name, @words) = @_;
    my %disks = (DISK1 => empty_qcow2('slave.qcow2'), DISK2 => empty_qcow2('secondary.qcow2'));
    my $session = start(WRITE => 1, DISK => $source, %disks, @words);
    $session->expect(qr/^> \z/m);
    for my $disk (1, 2) {
        $session->type("copy 0 0 $disk 0 $sectors; write $disk $sectors 61 62 63; flush $disk\r");
        ok($session->expect(qr/^The cache of disk $disk is written out\.\n> \z/m, 60),
            "$name: disk $disk is flushed");
    }
    $session->kill;
    my $run = $session->finish;
    is($run->{code}, 128 + 9, 'the power fails');
    my $expected = slurp($source) . 'abc' . "\0" x ((1 << 20) - 3);
    # EDGE: 170
    is(content($disks{$_}) eq $expected, 1, "$_ has lost nothing") for sort keys %disks;
    return;
}

copy_and_kill('DMA');
copy_and_kill('PIO', HIVE => $pio);
copy_and_kill('isapc', MACHINE => 'isapc');
copy_and_kill('AHCI', MACHINE => 'q35');

# ------------------------------------------------------------------ in the middle of a write

# What was flushed before stays, and so does the file system of the disk that is only read.
my $target = empty_qcow2('target.qcow2');
my $digest = sha256_of($source);
my $slow = hive('slow.reg', 'Controller0\Channel0' => { DmaAllowed => 0, MultipleCount => 0 });
my $session = start(WRITE => 1, DISK => $source, DISK1 => $target, HIVE => $slow);
$session->expect(qr/^> \z/m);
$session->type("copy 0 0 1 0 8192; flush 1\r");
$session->expect(qr/^The cache of disk 1 is written out\.\n> \z/m, 60);
$session->type("fill 1 8192 24576 1; copy 0 0 1 8192 24576\r");
ok($session->expect(qr/\[#/, 60), 'a long write has begun');
$session->kill;
$session->finish;
is(substr(content($target), 0, 8192 * 512) eq substr(slurp($source), 0, 8192 * 512), 1,
    'what was flushed before the power failed is there');
is(sha256_of($source), $digest, 'and the disk that was read is as it was');
my ($code, $output) = command('qemu-img', 'check', $target);
isnt($code, 2, 'the image itself is sound') or diag($output);
my $run = boot(DISK => $target, CMD => 'sha256 0 0 8192');
is(digest_in($run, 'sha256 0 0 8192'), sha256_of($source, 0, 8192 * 512), 'the next session reads it');

done_testing();
