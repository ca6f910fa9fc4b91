#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Power of devices, channels and controllers, in the kernel.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=power');
