#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# INT: whose interrupt it is (tests/probes/rules/int.c).
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my @interrupt = (routine => 'IdeHwInterrupt', context => 'IdeHwInterrupt');

contract_cases('int',
    { case => 'int_not_dismissed', rule => 'INT-01', @interrupt, also => qr/but Status \(port 0x1f7\) was not read/ },
    { case => 'int_latched', rule => 'INT-01', @interrupt, also => qr/interrupt bit \(port 0x\w+\) is still set/ },
    # The two lines of an IDE controller's channels: either routine may serve the other channel. (A line that all channels
    # share: any-function.t.)
    { case => 'int_serves_other', asserts => 'INT-01', channel => '0.1' },
    { case => 'int_serves_all', asserts => 'INT-01' },
    { case => 'int_never_claimed', rule => 'INT-02', @interrupt, values => '"DmaAllowed"=dword:00000000',
      also => qr/nobody has claimed the last 100 interrupts/ },
);

done_testing();
