#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Channels start side by side: disks on two channels of one controller and on one of another, each of which lets the
# first IDENTIFY DEVICE run into its time-out, cost the ten seconds of one. Names do not depend on who answers first.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my @disk = map { random_image("$_.img", 1 << 20, $_) } qw(master slave other serial);
my @machine = (DISK => $disk[0], DISK1 => $disk[1]);

# In real time: a clock that runs ahead (time-outs 100) is what would be measured otherwise.
my @late = map { "bsy command=IDENTIFY-DEVICE $_" } 'channel=0.0 target=0', 'channel=0.1 target=1', 'channel=1.2';
my $run = boot(@machine, DISK2 => $disk[2], FAULT => join('; ', @late), CMD => 'devices; log 3; stop 0.0; start 0.0; sha256 0',
    QEMU_EXTRA => "-device ahci,id=sata -drive if=none,id=serial,format=raw,snapshot=on,file=$disk[3] "
        . '-device ide-hd,drive=serial,bus=sata.2');
my @lost = ('pata 0.0: target 0', 'pata 0.1: target 1', 'ahci 1.2: target 0');
my @seconds = map { $run->{console} =~ /^ *([\d.]+) s  \Q$_\E: identify was not completed in 10 s/m ? $1 : () } @lost;
is(scalar @seconds, @lost, 'three devices do not answer');
my ($first, $last) = (sort { $a <=> $b } @seconds)[0, -1];
cmp_ok($first, '>=', 10, 'for ten seconds');
cmp_ok($last, '<', 19, 'and all of them have come to it before it could have been the second one\'s turn');
like($run->{console}, qr/^1     0\.0 .*\nPCI .* 0\.0 0\.1 \(running, without devices\)$/m, 'the others are there');
like($run->{console}, qr/^\Q@{[sha256_of($disk[0])]}\E/m, 'a channel that is started again finds its disk');

# The first drive is the last one to say what it is.
my $cd = random_image('cd.iso', 1 << 20, 'cd');
$run = boot(@machine, CDROM => $cd, FAULT => 'bsy channel=0.1 command=IDENTIFY-PACKET-DEVICE for=1s', CMD => 'devices',
    QEMU_EXTRA => "-device ahci,id=sata -drive if=none,id=serial,media=cdrom,format=raw,file=$cd "
        . '-device ide-cd,drive=serial,bus=sata.2');
like($run->{console}, qr/^cd0 +0\.1 .*\ncd1 +1\.2 /m, 'drives are named in the order of their channels');
unlike($run->{console}, qr/not completed/, 'with one that takes a second');

done_testing();
