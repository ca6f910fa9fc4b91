#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# CBK: callbacks that a driver asks for (tests/probes/rules/cbk.c).
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

# The routine has the name that the driver called, where it called one.
sub refused {
    my ($case, $routine, $context) = @_;
    return { case => "cbk_$case", rule => 'CBK-01', routine => $routine, context => $context, returned => '0' };
}

my $exported = 'AtaPortRequestCallback';

contract_cases('cbk',
    refused('in_init', "AtaPortRequestTimer/$exported", 'AtaChannelInitRoutine'),
    refused('in_stop', "AtaPortRequestWorkerRoutine/$exported", 'IdeHwControl(IdeStop)'),
    refused('no_routine', "AtaPortRequestSynchronizedRoutine/$exported", 'IdeHwControl(IdeStart)'),
    refused('no_kind', $exported, 'IdeHwInterrupt'),
    # Three kinds of routine ran, each once, and each the one that was asked for last.
    { case => 'cbk_last_wins', asserts => 'CBK-01', returned => '3' },
    # This clock counts instructions, so that it does not depend on how busy the host is.
    # EDGE: 218
    { case => 'cbk_waits_at_stop', asserts => 'CBK-02', returned => '1', io => 'copy 0 0 0 0 8',
      words => { ACCEL => 'tcg', QEMU_EXTRA => '-icount shift=0,sleep=off' } },
);

done_testing();
