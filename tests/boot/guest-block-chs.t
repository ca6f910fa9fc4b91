#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Block requests that the shell cannot make, in the kernel: on a disk that is addressed by CHS.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;

my $hive = hive('chs.reg', 'Controller0\Channel0' => { ForceChs => 1 });
guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=block',
    DISK => random_image('disk.img', 8 << 20, 1), HIVE => $hive);
