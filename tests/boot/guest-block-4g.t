#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Block requests that the shell cannot make, in the kernel: with buffers above 4 GiB, which a bus master
# of 32 bits cannot reach.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

if (($ENV{ARCH} || 'x86_64') eq 'i386') {
    print "1..0 # SKIP i386 uses no memory above 4 GiB (guest-hal-4g.t has a machine with some)\n";
    exit 0;
}
guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=block',
    DISK => random_image('disk.img', 8 << 20, 1), MACHINE => 'q35', QEMU_EXTRA => '-m 4G');
