#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The registry routines, called as a driver calls them, in the kernel: tests/guest/registry.c. The channels
# belong to a driver that has no registry buffer while it runs.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

my $build = 'build/' . ($ENV{ARCH} // 'x86_64');
guest_tap(BUILD => "$build/guest", KARGS => 'test=registry', MINIPORT => "$build/probes/rules.sys");
