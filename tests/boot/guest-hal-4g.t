#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The HAL's own checks, in the kernel: half of the memory lies above 4 GiB.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=hal',
    DISK => 'none', MACHINE => 'q35', QEMU_EXTRA => '-m 4G');
