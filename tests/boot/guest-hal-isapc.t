#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The HAL's own checks, in the kernel: the isapc machine, without PCI and IOAPIC.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=hal',
    DISK => 'none', MACHINE => 'isapc');
