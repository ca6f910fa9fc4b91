#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# From where each exported routine may be called, and with whose extension, in the kernel: as port/contract/routines.def says.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=contexts');
