#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Block requests that the shell cannot make, in the kernel: by PIO, one sector a block, on a PIIX3.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;

my $hive = hive('pio.reg', 'Controller0\Channel0' => { DmaAllowed => 0, MultipleCount => 0 });
guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=block',
    DISK => random_image('disk.img', 8 << 20, 1), HIVE => $hive);
