#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# IRB-05, IRB-15 to IRB-20: what an IRB's status promises, request sense, LUN resets
# (tests/probes/rules/results.c).
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my @complete = (routine => 'AtaPortCompleteRequest', context => 'IdeHwInterrupt');
my @sense = (rule => 'IRB-18', routine => 'AtaPortBuildRequestSenseIrb', context => 'IdeHwInterrupt', returned => '0');
# The request waits for the port's time-out, ten seconds of a clock that runs fast while the guest waits, and then for
# what becomes of the LUN reset.
my @time_out = (words => { FAULT => 'time-outs 10' }, routine => 'IdeHwStartIo', context => 'IdeHwStartIo', also => qr/was not completed in 10 s; resetting/);

contract_cases('results',
    { case => 'result_no_underrun', rule => 'IRB-05', @complete, fails => 1 },
    { case => 'result_overrun', asserts => 'IRB-05', returned => '0', fails => 1 },
    { case => 'result_no_sense_data', rule => 'IRB-15', @complete },
    { case => 'result_no_registers', rule => 'IRB-15', @complete },
    { case => 'result_registers', asserts => 'IRB-15', returned => '0' },
    { case => 'result_internal_error', rule => 'IRB-16', @complete, fails => 1, also => qr/internal error/i },
    { case => 'result_all_internal_error', rule => 'IRB-16', routine => 'AtaPortCompleteAllActiveRequests',
      context => 'IdeHwStartIo', fails => 1, also => qr/internal error/i },
    { case => 'result_map', rule => 'IRB-17', routine => 'IdeHwBuildIo', context => 'IdeHwBuildIo', io => 'flush 0' },
    { case => 'result_sense_of_disk', @sense },
    { case => 'result_sense_of_success', @sense, channel => '0.1' },
    { case => 'result_sense_of_pending', @sense, channel => '0.1' },
    { case => 'result_empty_reset', rule => 'IRB-19', @time_out },
    { case => 'result_lost_reset', rule => 'IRB-20', @time_out },
);

done_testing();
