#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Queue tags, configuration space, registers and ports in all forms, memory, addresses and time, in the kernel.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=routines',
    DISK => random_image('disk.img', 1 << 20, 1));
