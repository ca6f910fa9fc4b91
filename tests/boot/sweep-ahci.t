#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The sweep of ahci by queued commands and by others (tests/lib/Sweep.pm).
use strict;
use warnings;
use lib 'tests/lib';
use Sweep;

sweep('ahci', NCQ => '"NcqDisabled"=dword:00000000', DMA => '"NcqDisabled"=dword:00000001');
done_testing();
