#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# REG-05, REG-06, IRB-03, IRB-06, IRB-07, MEM: memory that a driver touches outside its bounds, or after its time
# (tests/probes/rules/memory.c). The place is the instruction that did, or the call of the routine that
# did it for the driver. What is written is lost, and what is read is zeros, but for IRBs, which are read
# as they are, and for data that is not mapped, which is reached; what is the kernel's is left alone.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my $init = 'AtaChannelInitRoutine';
my $start = 'IdeHwControl(IdeStart)';
my $stop = 'IdeHwControl(IdeStop)';
my $start_io = 'IdeHwStartIo';
my $interrupt = 'IdeHwInterrupt';
my $copy = 'AtaPortCopyMemory';

contract_cases('memory',
    { case => 'memory_write_behind', rule => 'REG-05', routine => 'IdeHwControl', context => $start },
    { case => 'memory_write_at_entry', rule => 'REG-05', routine => 'IdeHwControl', context => $start },
    { case => 'memory_read_behind', rule => 'REG-05', routine => 'IdeHwControl', context => $stop,
      returned => '0' },
    { case => 'memory_write_slack', rule => 'REG-05', routine => 'AtaPortRegistryFreeBuffer', context => $start,
      also => qr/since the call in rules\.sys!allocate \S+memory\.c:\d+ something wrote the byte at 0x\w+, 2 bytes past the end of the buffer of 13/ },
    { case => 'memory_fill_behind', rule => 'REG-05', routine => $init, context => $init, returned => 'ee' },
    { case => 'memory_read_freed', rule => 'REG-06', routine => 'IdeHwControl', context => $start,
      returned => '0' },
    { case => 'memory_write_freed', rule => 'REG-06', routine => 'IdeHwControl', context => $stop },
    { case => 'memory_copy_freed', rule => 'REG-06', routine => $copy, context => $init,
      returned => '0' },
    { case => 'memory_port_freed', rule => 'REG-06', routine => 'AtaPortReadPortBufferUshort',
      context => $stop },
    { case => 'memory_behind_uncached', rule => 'MEM-02', routine => $start_io, context => $start_io },
    { case => 'memory_behind_other', rule => 'MEM-02', routine => 'IdeHwStartIo', context => 'IdeHwStartIo', channel => '0.1',
      also => qr/of channel 0\.0 is all there is\n(?:  called from .*\n)+  in IdeHwStartIo of channel 0\.1$/m },
    { case => 'memory_behind_extension', rule => 'MEM-02', routine => $interrupt,
      context => $interrupt },
    { case => 'memory_behind_controller', rule => 'MEM-02', routine => 'IDE_HW_DPC',
      context => 'timer routine', returned => '0' },
    { case => 'memory_stopped_controller', rule => 'MEM-01', routine => $init, context => $init, returned => '0' },
    { case => 'memory_stopped_channel', asserts => 'MEM-01', channel => '0.1', returned => '1' },
    { case => 'memory_stopped_uncached', rule => 'MEM-01', routine => 'IDE_HW_DPC',
      context => 'worker routine', channel => '0.1' },
    # EDGE: 201
    { case => 'memory_irb_write', rule => 'IRB-03', routine => $interrupt, context => $interrupt },
    { case => 'memory_irb_read', rule => 'IRB-03', routine => $interrupt, context => $interrupt,
      returned => '102' },
    { case => 'memory_irb_next', rule => 'IRB-03', routine => $start_io, context => $start_io,
      returned => '1' },
    { case => 'memory_irb_old', rule => 'IRB-03', routine => 'IdeHwControl', context => $stop, returned => '1' },
    { case => 'memory_irb_sense', rule => 'IRB-03', routine => $interrupt, context => $interrupt },
    { case => 'memory_irb_extension', rule => 'IRB-03', routine => $interrupt, context => $interrupt,
      values => '"IrbExtension"=dword:00000064', returned => '1' },
    { case => 'memory_irb_behind', rule => 'MEM-02', routine => $start_io, context => $start_io },
    { case => 'memory_irb_stopped', rule => 'IRB-03', routine => 'IDE_HW_DPC', channel => '0.1',
      context => 'controller-synchronized routine', returned => '0' },
    { case => 'memory_data_read', rule => 'IRB-06', routine => $interrupt, context => $interrupt,
      returned => '1' },
    { case => 'memory_data_write', rule => 'IRB-06', routine => $start_io, context => $start_io },
    { case => 'memory_data_copy', rule => 'IRB-06', routine => $copy, context => $start_io },
    { case => 'memory_data_behind', rule => 'MEM-02', routine => $interrupt, context => $interrupt,
      values => '"DmaAllowed"=dword:00000000' },
    { case => 'memory_data_completed', rule => 'IRB-03', routine => $interrupt, context => $interrupt,
      returned => '0' },
    # EDGE: 212
    { case => 'memory_list_write', rule => 'IRB-07', routine => 'AtaPortCompleteRequest', context => $interrupt,
      returned => '1' },
    { case => 'memory_list_consumed', rule => 'IRB-07', routine => 'AtaPortCompleteRequest', context => $interrupt,
      returned => '1' },
    { case => 'memory_list_completed', rule => 'IRB-07', routine => $interrupt, context => $interrupt,
      returned => '1' },
    { case => 'memory_kernel_ports_to', rule => 'MEM-04', routine => 'AtaPortReadPortBufferUchar', context => $stop,
      returned => '1', also => qr/8 bytes at [0-9a-fx]+ reach into the kernel's memory; it was left alone/ },
    { case => 'memory_kernel_ports_from', rule => 'MEM-04', routine => 'AtaPortWritePortBufferUlong', context => $stop,
      returned => '1' },
    { case => 'memory_kernel_registers', rule => 'MEM-04', context => $stop, returned => '1',
      routine => ['AtaPortReadRegisterBufferUshort', 'AtaPortWriteRegisterBufferUshort'] },
    { case => 'memory_kernel_copy_to', rule => 'MEM-04', routine => $copy, context => $start_io, returned => '1' },
    { case => 'memory_kernel_copy_from', rule => 'MEM-04', routine => [$copy, 'AtaPortMoveMemory'], context => $interrupt,
      returned => '0' },
    { case => 'memory_kernel_stack', rule => 'MEM-04', routine => $copy, context => $start_io, returned => '0' },
    { case => 'memory_kernel_registry', rule => 'MEM-04', context => $stop, returned => '1',
      routine => ['AtaPortRegistryChannelSubkeyRead/AtaPortRegistryRead', 'AtaPortRegistryChannelSubkeyWrite/AtaPortRegistryWrite'] },
    { case => 'memory_kernel_bus_data', rule => 'MEM-04', context => $stop, returned => '1',
      routine => ['AtaPortGetBusData', 'AtaPortSetBusData'] },
    { case => 'memory_kernel_results', rule => 'MEM-04', context => $start_io, returned => '1',
      routine => ['AtaPortGetPhysicalAddress', 'AtaPortQuerySystemTime'] },
    { case => 'memory_kernel_print', rule => 'MEM-04', context => $stop,
      routine => ['AtaPortDebugPrint', 'AtaPortDebugPrint'] },
    { case => 'memory_kernel_allocated', rule => 'MEM-04', context => $start, returned => '1',
      routine => [$copy, 'AtaPortMoveMemory'] },
    { case => 'memory_own', asserts => 'MEM-04', returned => 'b' },
    { case => 'memory_own_modes', asserts => 'MEM-04', returned => '1' },
    { case => 'memory_own_parameters', asserts => 'MEM-04', returned => '1' },
    { case => 'memory_own_interface', asserts => 'MEM-04', returned => '3' },
    { case => 'memory_own_resources', asserts => 'MEM-04', returned => '2' },
);

done_testing();
