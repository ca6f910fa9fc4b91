#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# DBG-01 and CTX-12 (tests/probes/rules/other.c).
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

contract_cases('other',
    { case => 'other_level', rule => 'DBG-01', routine => 'AtaPortDebugPrint', context => 'IdeHwControl(IdeStart)' },
    { case => 'other_dump_memory', rule => 'CTX-12', routine => 'AtaPortGetUnCachedExtension',
      context => 'IdeHwControl(IdeStart)', returned => '0', named => 1, words => { KARGS => 'dump=1' } },
);

done_testing();
