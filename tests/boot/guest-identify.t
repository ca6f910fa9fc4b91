#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the port makes of a drive's size and transfer modes, in the kernel.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=identify');
