#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What an IRB brings back beside its data, in the kernel: registers, sense data, members that are the port's.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=results');
