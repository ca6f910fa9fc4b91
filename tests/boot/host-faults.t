#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The host's storage fails: a disk that is full, an input/output error, a file system that has become
# read-only, under an image, a CD, a session's overlay, and the registry's file. The guest gets a device
# error and goes on; at the end it is said what failed, where and why, and the run is the host's fault.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Errno qw(ECANCELED EIO ENOSPC EROFS);
use Test::More;
use Time::HiRes qw(time);
use Witness;

my $image = random_image('disk.img', 4 << 20, 'faults');
my $other = random_image('other.img', 4 << 20, 'other');
my $cd = random_image('cd.iso', 1 << 20, 'cd');

# A QEMU whose host fails: tests/boot/host_fault.c in each of its calls.
my $qemu = $ENV{QEMU} || "qemu-system-$Ataport::arch";
my ($code, $output) = command($ENV{HOSTCC} || 'gcc', qw(-shared -fPIC -O1 -Wall -Wextra -D_GNU_SOURCE -o),
    "$scratch/host_fault.so", "$top/tests/boot/host_fault.c", '-ldl');
$code == 0 or BAIL_OUT($output);
spill("$scratch/qemu", qq(#!/bin/sh\nexport LD_PRELOAD='$scratch/host_fault.so'\nexec $qemu "\$\@"\n));
chmod 0755, "$scratch/qemu";

# What fails, as [read, write or sync, errno, sector, path].
sub failing {
    return (QEMU => "$scratch/qemu", HOST_FAULTS => join "\n", map { "$_->[0] $_->[1] @{[$_->[2] * 512]} $_->[3]" } @_);
}

# ------------------------------------------------------------------ each fault, in each place

my @writes = (
    [ENOSPC, qr/the host's disk is full: \Q$image\E cannot take.*Make room/],
    [EIO, qr/the host cannot write \Q$image\E: Input\/output error/],
    [EROFS, qr/the host cannot write \Q$image\E: Read-only file system/],
);
for my $case (@writes) {
    my ($errno, $sentence) = @$case;
    random_image('disk.img', 4 << 20, 'faults');
    my $began = time;
    my $run = boot(DISK => $image, DISK1 => $other, WRITE => 1, failing(['write', $errno, 3000, $image]),
        CMD => 'fill 0 3000 1 0x77; fill 0 100 1 0x77; flush 0; sha256 1');
    exit_code_is($run, 2, "writing fails with $errno: the run ends, as the host's fault");
    like(output_of($run, 'fill 0 3000 1 0x77'), qr/failed at sector 3000\b.*device error/, 'the guest gets a device error');
    like($run->{console}, qr/^run-qemu\.sh: DISK=\Q$image\E: $sentence/m, 'the host says which file and why');
    is(scalar(() = $run->{console} =~ /^run-qemu\.sh: /mg), 1, 'once');
    is(digest_in($run, 'sha256 1'), sha256_of($other), 'the other disk works');
    is(sha256_of($image, 51_200, 512), Digest::SHA::sha256_hex("\x77" x 512), 'and so does the rest of this one');
}
my $run = boot(DISK => $image, DISK1 => $other, CDROM => $cd,
    failing(['read', EIO, 5, $other], ['read', EIO, 64, $cd]),
    CMD => 'read 1 5; read cd0 16; sha256 1 8 8; sha256 0');
exit_code_is($run, 2, 'reading fails');
like(output_of($run, 'read 1 5'), qr/failed.*error/, 'on a disk');
like($run->{console}, qr/^2 of 4 commands failed:\n  read 1 5\n  read cd0 16$/m, 'and on a CD');
like($run->{console}, qr/^run-qemu\.sh: DISK1=\Q$other\E: the host cannot read it: Input\/output error/m, 'the disk is named');
like($run->{console}, qr/^run-qemu\.sh: CDROM=\Q$cd\E: the host cannot read it: Input\/output error/m, 'and the CD');
is(digest_in($run, 'sha256 0'), sha256_of($image), 'the other disk works');

# What the guest itself cancels, by a reset, is not the host's fault: QEMU 10 tells of it all the same.
$run = boot(DISK => $image, failing(['read', ECANCELED, 5, $image]), CMD => 'read 0 5');
exit_code_is($run, 1, 'a cancelled read is a failed command');
unlike($run->{console}, qr/^run-qemu\.sh:/m, 'and no more');

# A flush that fails. It is the write's fault that there is something to flush.
$run = boot(DISK => $image, WRITE => 1, failing(['sync', EIO, 0, $image]), CMD => 'fill 0 0 1 1; flush 0');
exit_code_is($run, 2, 'a flush fails');
like($run->{console}, qr/^run-qemu\.sh: DISK=\Q$image\E: the host cannot write .*Input\/output error/m, 'and is said');

# Without a fault nothing is said, and a drive of the user's own may fail as it was told to.
my $own = "-drive if=none,id=own,driver=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename=$other,"
    . 'file.inject-error.0.event=write_aio,file.inject-error.0.errno=28';
$run = boot(DISK => $image, QEMU_EXTRA => "$own -device ide-hd,bus=ide.0,unit=1,drive=own,werror=report",
    CMD => 'fill 1 0 1 1; read 0 0');
exit_code_is($run, 1, 'a drive of QEMU_EXTRA= fails as it was told to');
unlike($run->{console}, qr/^run-qemu\.sh:/m, 'which is its own affair');

# QEMU stops the machine for ENOSPC unless it is told otherwise.
my $began = time;
$run = boot(DISK => $image, QEMU_EXTRA => "$own -device ide-hd,bus=ide.0,unit=1,drive=own", CMD => 'fill 1 0 1 1', TIMEOUT => 60);
exit_code_is($run, 2, 'a machine that QEMU has stopped');
like($run->{console}, qr/^run-qemu\.sh: A drive of QEMU_EXTRA=: the host's disk is full/m, 'is ended with a sentence');
cmp_ok(time - $began, '<', 40, 'at once');

# ------------------------------------------------------------------ at a terminal

SKIP: {
    skip 'there are no pseudo terminals here', 2 if !-w '/dev/ptmx' || !glob '/dev/pts/*';
    my $session = start(DISK => $image, WRITE => 1, terminal => 1, failing(['write', ENOSPC, 3000, $image]));
    $session->expect(qr/^> \z/m);
    $session->type("fill 0 3000 1 0x77\r");
    ok($session->expect(qr/^run-qemu\.sh: DISK=\Q$image\E: the host's disk is full/m), 'a person is told at once');
    $session->expect(qr/device error/);
    $session->type("poweroff\r");
    exit_code_is($session->finish(30), 2, 'and the end is the same');
}

# ------------------------------------------------------------------ a disk that is really full

my $small = "$scratch/small";
mkdir $small or die;
my $is_mounted = 0;

# A session in a directory on the small disk, which is filled up once the guest is there.
sub session_on_full_disk {
    my ($commands, @words) = @_;
    my $session = start(DISK => $image, RUN_DIR => "$small/run", @words);
    $session->expect(qr/^> \z/m);
    command('dd', 'if=/dev/zero', "of=$small/rest", 'bs=4096');
    $session->type("$_\r"), $session->expect(qr/\n> \z/) for @$commands;
    $session->type("poweroff\r");
    my $end = $session->finish(60);
    unlink "$small/rest";
    return $end;
}

SKIP: {
    ($code) = command('mount', '-t', 'tmpfs', '-o', 'size=4M', 'none', $small);
    skip 'no file system can be mounted here', 9 if $code != 0;
    $is_mounted = 1;
    my $sparse = "$small/sparse.img";
    spill($sparse, '');
    truncate $sparse, 8 << 20 or die;
    $run = boot(DISK => $sparse, WRITE => 1, CMD => 'fill 0 0 16384 0x55; flush 0; read 0 16000');
    exit_code_is($run, 2, 'a sparse image on a disk that gets full');
    like($run->{console}, qr/^run-qemu\.sh: DISK=\Q$sparse\E: the host's disk is full/m, 'is said');
    like(output_of($run, 'read 0 16000'), qr/^007d0000  00/, 'and the guest goes on');
    unlink $sparse;

    $run = session_on_full_disk(['fill 0 0 8192 0x55']);
    exit_code_is($run, 2, 'a session whose overlay does not fit');
    like($run->{console}, qr/^run-qemu\.sh: DISK=\Q$image\E: the host's disk is full: the overlay of this session in \Q$small\E\/run /m,
        'is said');

    # The log is on the full disk, too, and cannot bear witness of what was stored.
    my $set = 'registry set HKEY_LOCAL_MACHINE\SYSTEM\Test';
    $run = session_on_full_disk([map { "$set b$_ sz:" . 'y' x 900 } 1 .. 9], HIVE => "$small/hive.reg");
    exit_code_is($run, 2, 'a registry that does not fit, nor does the log');
    like($run->{console}, qr/^run-qemu\.sh: (?:the disk of \S+ is full: the log may end early|HIVE=\S+: the guest stored \d+ bytes, and the file lacks \d+ of them)/m, 'is said');
    $run = boot(DISK => $image, HIVE => "$small/hive.reg", CMD => 'read 0 0');
    exit_code_is($run, 0, 'and the next session');
    unlike($run->{console}, qr/^run-qemu\.sh:/m, 'is as ever');
}
END { command('umount', $small) if $is_mounted }

done_testing();
