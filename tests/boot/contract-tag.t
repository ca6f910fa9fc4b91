#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# TAG: queue tags (tests/probes/rules/tag.c).
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my @start = (context => 'IdeHwControl(IdeStart)');

contract_cases('tag',
    { case => 'tag_not_initialized', rule => 'TAG-01', routine => 'AtaPortAllocateQueueTag', @start,
      returned => '0' },
    { case => 'tag_other_queue', rule => 'TAG-01', routine => 'AtaPortAllocateQueueTag', context => 'IdeHwStartIo',
      returned => '0' },
    { case => 'tag_numbers', asserts => 'TAG-02', returned => '1' },
    { case => 'tag_not_allocated', rule => 'TAG-03', routine => 'AtaPortReleaseQueueTag',
      context => 'IdeHwInitialize', returned => '2' },
    { case => 'tag_released_twice', rule => 'TAG-03', routine => 'AtaPortReleaseQueueTag',
      context => 'IdeHwInterrupt', returned => '1' },
    { case => 'tag_none', rule => 'TAG-03', routine => 'AtaPortReleaseQueueTag', @start },
);

done_testing();
