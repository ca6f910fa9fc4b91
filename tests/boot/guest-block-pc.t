#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Block requests that the shell cannot make, in the kernel: by DMA, on a PIIX3.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=block',
    DISK => random_image('disk.img', 8 << 20, 1));
