#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Media that change under the port's hands, and what READ CAPACITY says, in the kernel.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=medium');
