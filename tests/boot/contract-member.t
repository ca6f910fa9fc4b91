#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# INI-09, INI-11, INI-12, IRB-14: members of structures that are the port's (tests/probes/rules/members.c). It puts
# its own value back, as the data shows that is read afterwards.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my @adapter = (rule => 'INI-11', routine => 'AtaAdapterControl', context => 'AtaAdapterControl(IdeStart)',
    function => 'ProbeAdapterControl', named => 1);
my @init = (rule => 'INI-11', routine => 'AtaChannelInitRoutine', context => 'AtaChannelInitRoutine',
    function => 'ProbeChannelInit');
my @control = (rule => 'INI-11', routine => 'IdeHwControl', context => 'IdeHwControl(IdeStart)', function => 'ProbeControl');
my @select = (rule => 'INI-11', routine => 'AtaControllerTransferModeSelect',
    context => 'AtaControllerTransferModeSelect', function => 'ProbeTransferModeSelect');
my @device = (rule => 'INI-11', routine => 'IdeHwInitialize', context => 'IdeHwInitialize', function => 'ProbeInitialize');
my @complete = (routine => 'AtaPortCompleteRequest', context => 'IdeHwInterrupt');

# What the report says was changed.
sub changed {
    my ($names, $structure) = @_;
    return (also => qr/^  \Q$names of $structure\E was changed; the port put its value back$/m);
}

contract_cases('members',
    { case => 'member_entry_reserved', rule => 'INI-09', routine => 'AtaPortInitializeEx', context => 'DriverEntry',
      named => 1, returned => '0' },
    { case => 'member_controller_version', @adapter, changed('Version', 'IDE_CONTROLLER_CONFIGURATION') },
    { case => 'member_controller_mode', @adapter, changed('ControllerMode', 'IDE_CONTROLLER_CONFIGURATION') },
    { case => 'member_controller_resources', @adapter, changed('ControllerResources', 'IDE_CONTROLLER_CONFIGURATION') },
    { case => 'member_controller_range', @adapter, changed('an element', 'IdeAccessRange') },
    { case => 'member_controller_same', asserts => 'INI-11', named => 1 },
    { case => 'member_interface_version', @init, changed('Version', 'IDE_CHANNEL_INTERFACE') },
    { case => 'member_interface_number', @init, changed('ChannelNumber', 'IDE_CHANNEL_INTERFACE') },
    { case => 'member_channel_several', @control, changed('Version, ChannelNumber, ChannelMode', 'IDE_CHANNEL_CONFIGURATION') },
    { case => 'member_channel_resources', @control, changed('ChannelResources', 'IDE_CHANNEL_CONFIGURATION') },
    { case => 'member_channel_count', @control, changed('NumberOfAccessRanges', 'IDE_MINIPORT_RESOURCES') },
    { case => 'member_channel_range', @control, changed('an element', 'IdeAccessRange') },
    { case => 'member_modes_type', @select, changed('DeviceType', 'IDE_TRANSFER_MODE_PARAMETERS') },
    { case => 'member_modes_supported', @select, changed('DeviceTransferModeSupported', 'IDE_TRANSFER_MODE_PARAMETERS') },
    { case => 'member_device_target', @device, changed('TargetId', 'IDE_DEVICE_PARAMETERS') },
    { case => 'member_device_type', @device, changed('IdeDeviceType', 'IDE_DEVICE_PARAMETERS') },
    { case => 'member_device_sector', @device, changed('BytesPerLogicalSector', 'IDE_DEVICE_PARAMETERS') },
    { case => 'member_device_modes', @device, changed('TransferModeSupported', 'IDE_DEVICE_PARAMETERS') },
    { case => 'member_device_own', asserts => 'INI-11', returned => '0' },
    { case => 'member_mode_unsupported', @device, rule => 'INI-12', io => 'mode 0',
      also => qr/^  Selected +PIO 4, MW DMA 2$/m },
    (map { { case => "member_irb_$_->[0]", rule => 'IRB-14', @complete,
        also => qr/^  \Q$_->[1]\E was changed; the port put its value back$/m } }
        [function => 'Function'], [target => 'TargetId'], [channel => 'Channel, Lun'], [flags => 'IrbFlags'],
        [data => 'DataBuffer'], [sense => 'SenseInfoBufferLength, SenseInfoBuffer'], [extension => 'IrbExtension']),
    { case => 'member_irb_registers', rule => 'INI-09', @complete },
    { case => 'member_irb_own', asserts => 'IRB-14', returned => '0' },
);

done_testing();
