#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# ADR: ports, registers, ranges and addresses (tests/probes/rules/adr.c).
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my @start = (context => 'IdeHwControl(IdeStart)');

# A read gives all ones, a write changes nothing.
contract_cases('adr',
    # EDGE: 211
    { case => 'adr_read_port', rule => 'ADR-01', routine => 'AtaPortReadPortUlong', context => 'IdeHwStartIo',
      returned => 'ffffffff' },
    { case => 'adr_read_across', rule => 'ADR-01', routine => 'AtaPortReadPortUshort', @start, returned => 'ffff' },
    { case => 'adr_write_across', rule => 'ADR-01', routine => 'AtaPortWritePortUshort', @start, returned => '0' },
    { case => 'adr_read_buffer', rule => 'ADR-01', routine => 'AtaPortReadPortBufferUshort',
      context => 'IdeHwInterrupt', returned => 'ffffffff' },
    { case => 'adr_write_buffer', rule => 'ADR-01', routine => 'AtaPortWritePortBufferUshort', @start,
      returned => '0' },
    { case => 'adr_port_as_register', rule => 'ADR-01', routine => 'AtaPortReadRegisterUchar',
      context => 'IdeHwStartIo', returned => 'ff' },
    { case => 'adr_register_as_port', rule => 'ADR-01', routine => 'AtaPortReadPortUlong', @start,
      returned => 'ffffffff' },
    { case => 'adr_read_register_across', rule => 'ADR-01', routine => 'AtaPortReadRegisterUlong', @start,
      returned => 'ffffffff' },
    { case => 'adr_write_register_across', rule => 'ADR-01', routine => 'AtaPortWriteRegisterUlong', @start,
      returned => '5aa5' },
    { case => 'adr_read_register_buffer', rule => 'ADR-01', routine => 'AtaPortReadRegisterBufferUchar', @start,
      returned => 'ffffff44' },

    { case => 'adr_no_range', rule => 'ADR-02', routine => 'AtaPortGetDeviceBase', @start, returned => '0' },
    { case => 'adr_range_too_long', rule => 'ADR-02', routine => 'AtaPortGetDeviceBase', @start, returned => '0' },
    { case => 'adr_before_range', rule => 'ADR-02', routine => 'AtaPortGetDeviceBase', @start, returned => '0' },

    { case => 'adr_64_bit', rule => 'ADR-03', routine => 'AtaPortConvertPhysicalAddressToUlong',
      context => 'IdeHwInterrupt', returned => '12345678' },

    { case => 'adr_get_bus_data', rule => 'ADR-04', routine => 'AtaPortGetBusData',
      context => 'IdeHwControl(IdeStop)', returned => '4' },
    { case => 'adr_get_behind', rule => 'ADR-04', routine => 'AtaPortGetBusData', @start, returned => '0' },
    { case => 'adr_set_bus_data', rule => 'ADR-04', routine => 'AtaPortSetBusData', @start, returned => '2' },

    { case => 'adr_copy_overlaps', rule => 'ADR-05', routine => 'AtaPortCopyMemory', context => 'timer routine',
      returned => '3030304' },
);

done_testing();
