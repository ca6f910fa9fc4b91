#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The routines of a miniport in the order and at the levels that the port calls them, in the kernel.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=order');
