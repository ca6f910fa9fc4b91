#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# CPU-01: a routine of the driver's returns with the processor as it was. Broken in each kind of routine and each
# thing that is looked at; the routine is named, and the state is put right: data is right afterwards. And it calls the port's
# routines with the direction flag clear.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

sub returned_with {
    my ($what) = @_;
    return (also => qr/^  it returned with $what; put right$/m);
}

my $held_back = ($ENV{ARCH} // 'x86_64') eq 'x86_64' ? 'CR8 raised, which holds interrupts back' : 'interrupts off';
# EDGE: 217
my @interrupt = (rule => 'CPU-01', routine => 'IdeHwInterrupt', context => 'IdeHwInterrupt');
my @build_io = (rule => 'CPU-01', routine => 'IdeHwBuildIo', context => 'IdeHwBuildIo');
my @control = (rule => 'CPU-01', routine => 'IdeHwControl', context => 'IdeHwControl(IdeStart)');

contract_cases('cpu',
    { case => 'cpu_interrupts_off', @build_io, returned_with('interrupts off') },
    { case => 'cpu_interrupts_on', @interrupt, returned_with('interrupts on') },
    { case => 'cpu_direction', rule => 'CPU-01', routine => 'IdeHwStartIo', context => 'IdeHwStartIo',
      returned_with('the direction flag set') },
    { case => 'cpu_direction_call', rule => 'CPU-01', context => 'IdeHwStartIo', returned => 'ff00',
      routine => ['AtaPortReadPortBufferUchar', 'AtaPortDebugPrint', 'AtaPortStallExecution'],
      also => qr/^  it was called with the direction flag set; put right$/m, log => qr/^rules\[0\]: from above$/m },
    { case => 'cpu_priority', @build_io, returned_with($held_back) },
    { case => 'cpu_priority_worker', rule => 'CPU-01', routine => 'IDE_HW_DPC', context => 'worker routine',
      returned_with($held_back) },
    { case => 'cpu_interrupt_table', @control, returned_with('another interrupt table') },
    { case => 'cpu_nested_task', @control, returned_with('the nested-task flag set') },
    { case => 'cpu_alignment', rule => 'CPU-01', routine => 'IDE_HW_DPC', context => 'synchronized routine',
      returned_with('alignment checks on') },
    { case => 'cpu_write_protection', @interrupt, returned_with('CR0\.WP clear.*') },
    { case => 'cpu_rounding', rule => 'CPU-01', routine => 'IdeHwInitialize', context => 'IdeHwInitialize',
      returned_with('MXCSR 0x7f80 instead of 0x1f80') },
    { case => 'cpu_segment', @control, returned_with('other segment registers') },
    { case => 'cpu_stack', @build_io, returned_with('the stack pointer too (?:high by 16|low by 8 .*)') },
);

done_testing();
