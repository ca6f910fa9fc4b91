#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Block requests that the shell cannot make, through the driver of the probes: it meets buffers longer than
# 64 KiB in one piece, and scattered ones of as many pieces as the port ever hands out.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

my $build = 'build/' . ($ENV{ARCH} || 'x86_64');
guest_tap(BUILD => "$build/guest", KARGS => 'test=buffers', MINIPORT => "$build/probes/rules.sys",
    DISK => random_image('disk.img', 8 << 20, 1));
