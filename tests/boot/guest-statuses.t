#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the port does upon a status, in the kernel: busy IRBs of every kind, LUN resets, device 1, request sense.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=statuses');
