#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# REG-05, REG-06, MEM: memory that a driver touches outside its bounds, or after its time
# (tests/probes/rules/memory.c). The place is the instruction that did, or the call of the routine that
# did it for the driver. What is read there are zeros, and what is written is lost.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my $init = 'AtaChannelInitRoutine';
my $start = 'IdeHwControl(IdeStart)';
my $stop = 'IdeHwControl(IdeStop)';

contract_cases('memory',
    { case => 'memory_write_behind', rule => 'REG-05', routine => 'IdeHwControl', context => $start },
    { case => 'memory_read_behind', rule => 'REG-05', routine => 'IdeHwControl', context => $stop,
      returned => '0' },
    { case => 'memory_write_slack', rule => 'REG-05', routine => 'AtaPortRegistryFreeBuffer', context => $start },
    { case => 'memory_fill_behind', rule => 'REG-05', routine => $init, context => $init, returned => 'ee' },
    { case => 'memory_read_freed', rule => 'REG-06', routine => 'IdeHwControl', context => $start,
      returned => '0' },
    { case => 'memory_write_freed', rule => 'REG-06', routine => 'IdeHwControl', context => $stop },
    { case => 'memory_copy_freed', rule => 'REG-06', routine => 'AtaPortCopyMemory', context => $init,
      returned => '0' },
    { case => 'memory_port_freed', rule => 'REG-06', routine => 'AtaPortReadPortBufferUshort',
      context => $stop },
    { case => 'memory_behind_uncached', rule => 'MEM-02', routine => 'IdeHwStartIo', context => 'IdeHwStartIo' },
    { case => 'memory_behind_extension', rule => 'MEM-02', routine => 'IdeHwInterrupt',
      context => 'IdeHwInterrupt' },
    { case => 'memory_behind_controller', rule => 'MEM-02', routine => 'IDE_HW_DPC',
      context => 'timer routine', returned => '0' },
    { case => 'memory_stopped_channel', rule => 'MEM-01', routine => 'IdeHwControl', context => $start,
      channel => '0.1', returned => '0' },
    { case => 'memory_stopped_uncached', rule => 'MEM-01', routine => 'IDE_HW_DPC',
      context => 'worker routine', channel => '0.1' },
);

done_testing();
