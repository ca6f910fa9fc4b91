#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# CBK: callbacks that a driver asks for (tests/probes/rules/cbk.c).
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my @refused = (rule => 'CBK-01', routine => 'AtaPortRequestCallback', returned => '0');

contract_cases('cbk',
    { case => 'cbk_in_init', @refused, context => 'AtaChannelInitRoutine' },
    { case => 'cbk_in_stop', @refused, context => 'IdeHwControl(IdeStop)' },
    { case => 'cbk_no_routine', @refused, context => 'IdeHwControl(IdeStart)' },
    { case => 'cbk_no_kind', @refused, context => 'IdeHwInterrupt' },
    # Three kinds of routine ran, each once, and each the one that was asked for last.
    { case => 'cbk_last_wins', asserts => 'CBK-01', returned => '3' },
    # This clock counts instructions, so that it does not depend on how busy the host is.
    { case => 'cbk_waits_at_stop', asserts => 'CBK-02', returned => '1', io => 'copy 0 0 0 0 8',
      words => { ACCEL => 'tcg', QEMU_EXTRA => '-icount shift=0,sleep=off' } },
);

done_testing();
