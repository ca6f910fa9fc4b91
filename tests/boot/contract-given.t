#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# MEM-03: routines that a driver hands over, and that are not in its code (tests/probes/rules/given.c), are refused
# by name, before anybody calls them.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

# Of DriverEntry: the driver is not loaded.
sub entry {
    my ($case, $text) = @_;
    return { case => "given_$case", rule => 'MEM-03', routine => 'AtaPortInitializeEx', context => 'DriverEntry',
        named => 1, refused => 1, returned => 'c000000d', also => qr/^  $text, which is no code of given_$case\.sys$/m };
}

# Of AtaChannelInitRoutine: the channel is not started.
sub member {
    my ($name, $where) = @_;
    return { case => "given_$name", rule => 'MEM-03', routine => 'AtaChannelInitRoutine', context => 'AtaChannelInitRoutine',
        function => 'ProbeChannelInit', stops => 1,
        also => qr/^  $name leads to $where, which is no code of rules\.sys; the channel is not started$/m };
}

sub callback {
    my ($case, $wrapper, $context, $where) = @_;
    return { case => "given_$case", rule => 'MEM-03', routine => "$wrapper/AtaPortRequestCallback", context => $context, returned => '0',
        also => qr/^  the routine leads to $where, which is no code of rules\.sys; nothing was queued$/m };
}

my $number = qr/0x[0-9a-f]+/;
contract_cases('given',
    entry('adapter_control', qr/AtaAdapterControl leads to given_adapter_control\.sys\+$number\b.*/),
    entry('channel_init', qr/AtaChannelInitRoutine leads to given_channel_init\.sys\+$number\b.*/),
    entry('channel_enabled', qr/AtaControllerChannelEnabled leads to AtaPortStallExecution\S*/),
    entry('mode_select', qr/AtaControllerTransferModeSelect leads to 0x1234/),
    { case => 'given_none', asserts => 'MEM-03' },
    member('IdeHwInitialize', qr/rules\.sys\+$number\b.*/),
    member('IdeHwBuildIo', qr/rules\.sys\+$number\b.*/),
    member('IdeHwStartIo', qr/AtaPortCompleteRequest\S*/),
    member('IdeHwInterrupt', $number),
    member('IdeHwReset', $number),
    member('IdeHwControl', '0x1'),
    callback('timer', 'AtaPortRequestTimer', 'IdeHwControl(IdeStart)', qr/rules\.sys\+$number\b.*/),
    callback('worker', 'AtaPortRequestWorkerRoutine', 'IdeHwInterrupt', qr/AtaPortStallExecution\S*/),
    callback('synchronized', 'AtaPortRequestSynchronizedRoutine', 'IdeHwStartIo', $number),
    callback('controller_sync', 'AtaPortControllerSyncRoutine', 'timer routine', '0x8'),
);

done_testing();
