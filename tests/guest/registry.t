#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The registry routines, called as a driver calls them, in the kernel: tests/guest/registry.c.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} // 'x86_64') . '/guest', KARGS => 'test=registry');
