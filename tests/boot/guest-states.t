#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The steps of the state machines, as the trace has them.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=states');
