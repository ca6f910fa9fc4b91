#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Requests that are given up: at the driver, in a queue, and what comes late, in the kernel.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=cancel');
