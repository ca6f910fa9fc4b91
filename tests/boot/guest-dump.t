#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Dump mode from a miniport's side, beside controllers in normal mode, and a time-out there, in the kernel.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=dump',
    DISK => random_image('disk.img', 1 << 20, 1),
    QEMU_EXTRA => '-drive if=none,id=slow,driver=null-co,size=1M,read-zeroes=on,latency-ns=3500000000 '
        . '-device ide-hd,drive=slow,bus=ide.1,unit=0');
