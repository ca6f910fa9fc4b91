#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Pages that are lent for one instruction, and gates, in the kernel.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=loans',
    DISK => 'none');
