#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# CTX: which routine may be called from where, and with which extension (tests/probes/rules/ctx.c).
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my @start = (context => 'IdeHwControl(IdeStart)');
# EDGE: 204
my @build_io = (rule => 'CTX-01', context => 'IdeHwBuildIo', returned => '1');

# In the order of the probe: every routine that takes a channel extension.
my @of_channel = map { "AtaPort$_" } qw(AllocateQueueTag BuildRequestSenseIrb CompleteAllActiveRequests
    CompleteRequest DebugBreak DeviceBusy/AtaPortDeviceStateChange GetPhysicalAddress GetScatterGatherList
    GetUnCachedExtension InitializeQueueTag LogError DeviceRemoved/AtaPortNotification RegistryAllocateBuffer
    RegistryFreeBuffer RegistryChannelSubkeyRead/AtaPortRegistryRead RegistryChannelSubkeyWrite/AtaPortRegistryWrite
    RegistryControllerKeyWriteDeferred/AtaPortRegistryWriteDeferred ReleaseQueueTag ReleaseRequestSenseIrb
    RequestTimer/AtaPortRequestCallback RequestWorkerRoutine/AtaPortRequestCallback
    ControllerSyncRoutine/AtaPortRequestCallback TraceNotification);
my @of_registry = grep { /Registry/ } @of_channel;

# And the others.
sub widths {
    my ($name) = @_;
    return map { "AtaPort$name$_" } qw(Uchar Ushort Ulong);
}
my @others = ((map { "AtaPort$_" } qw(ConvertPhysicalAddressToUlong CopyMemory DebugPrint EtwTraceLog GetBusData
    GetDeviceBase GetParentBusType MoveMemory QuerySystemTime)), map({ widths($_) } qw(ReadPort ReadPortBuffer
    ReadRegister ReadRegisterBuffer)), 'AtaPortSetBusData', 'AtaPortStallExecution', map { widths($_) }
    qw(WritePort WritePortBuffer WriteRegister WriteRegisterBuffer));

my @refused = (function => 'are_refused', returned => '1');
my $extension = { rule => 'CTX-10', routine => \@of_channel, @refused };
my %called_by = (GetScatterGatherList => 'another page of the documentation calls it',
    GetPhysicalAddress => 'no page of the documentation calls it, but drivers do',
    'RequestSynchronizedRoutine/AtaPortRequestCallback' => 'another page of the documentation calls it');
my $noted = join '.*', map { "^NOTE CTX-01 rules\\.sys!ctx_build_io_noted \\S+ \\(AtaPort$_ in IdeHwBuildIo\\)\$.*?"
        . "^  $called_by{$_} there: it worked, and does not count\$" }
    qw(GetScatterGatherList GetPhysicalAddress RequestSynchronizedRoutine/AtaPortRequestCallback);

contract_cases('ctx',
    { case => 'ctx_build_io', @build_io, @refused,
      routine => [grep { !/Get(?:PhysicalAddress|ScatterGatherList)$/ } @of_channel] },
    { case => 'ctx_build_io_others', @build_io, routine => \@others },
    { case => 'ctx_build_io_noted', returned => '1', asserts => 'CTX-01',
      also => qr/$noted/ms },

    # EDGE: 209
    { case => 'ctx_uncached_in_init', rule => 'CTX-03', routine => 'AtaPortGetUnCachedExtension',
      context => 'AtaChannelInitRoutine', returned => '0' },
    { case => 'ctx_uncached_in_start_io', rule => 'CTX-03', routine => 'AtaPortGetUnCachedExtension',
      context => 'IdeHwStartIo', returned => '0' },
    { case => 'ctx_uncached_in_stop', rule => 'CTX-03', routine => 'AtaPortGetUnCachedExtension',
      context => 'IdeHwControl(IdeStop)', returned => '0' },
    # EDGE: 209
    { case => 'ctx_uncached_twice', rule => 'CTX-04', routine => 'AtaPortGetUnCachedExtension', @start,
      returned => '0' },
    # EDGE: 207
    { case => 'ctx_complete_all', rule => 'CTX-05', routine => 'AtaPortCompleteAllActiveRequests',
      context => 'IdeHwInterrupt' },
    { case => 'ctx_busy', rule => 'CTX-06', routine => 'AtaPortDeviceBusy/AtaPortDeviceStateChange', context => 'IdeHwInterrupt' },
    # EDGE: 208
    { case => 'ctx_stall', rule => 'CTX-07', routine => 'AtaPortStallExecution', context => 'IdeHwStartIo' },
    { case => 'ctx_stall_inside', rule => 'CTX-07', routine => 'AtaPortStallExecution',
      context => 'timer routine', also => qr/^  in timer routine .*\n  in IdeHwControl\(IdeStart\) /m },
    { case => 'ctx_dump_mode', rule => 'CTX-08', routine => [@of_registry], @start, returned => '1', named => 1,
      words => { KARGS => 'dump=1' } },
    { case => 'ctx_dump_callbacks', asserts => 'CTX-08', returned => '1', named => 1, words => { KARGS => 'dump=1' } },

    { case => 'ctx_controller_extension', %$extension, rule => 'CTX-09', context => 'IdeHwStartIo' },
    { case => 'ctx_channel_extension', rule => 'CTX-09', routine => ['AtaPortGetBusData', 'AtaPortSetBusData'],
      context => 'worker routine', returned => '1' },
    { case => 'ctx_no_extension', %$extension, context => 'IdeHwInterrupt' },
    { case => 'ctx_null', %$extension, context => 'IdeHwStartIo', function => 'are_refused|ctx_null',
      routine => [(grep { !/TraceNotification/ } @of_channel), 'AtaPortGetBusData', 'AtaPortGetDeviceBase',
          'AtaPortSetBusData'] },
    { case => 'ctx_stopped_controller', %$extension, context => 'AtaChannelInitRoutine' },
    { case => 'ctx_stopped_channel', asserts => 'CTX-10', returned => '1' },
    { case => 'ctx_uncached_for_other', rule => 'CTX-03', routine => 'AtaPortGetUnCachedExtension', @start,
      returned => '0' },
);

done_testing();
