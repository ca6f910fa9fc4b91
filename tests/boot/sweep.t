#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The sweep of pata by DMA and by PIO (tests/lib/Sweep.pm).
use strict;
use warnings;
use lib 'tests/lib';
use Sweep;

sweep('pata', DMA => '"DmaAllowed"=dword:00000001', PIO => '"DmaAllowed"=dword:00000000');
done_testing();
