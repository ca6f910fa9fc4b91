#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# IRB, and CTX-02: how requests come back (tests/probes/rules/irb.c).
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my @complete = (routine => 'AtaPortCompleteRequest', context => 'IdeHwInterrupt');
my @build_io = (routine => 'IdeHwBuildIo', context => 'IdeHwBuildIo');
# A drive that has lost its medium fails a request, and has sense data to say.
my @sense = (channel => '0.1', io => 'cd cd0 eject; read cd0 0; cd cd0 load', fails => 1);
# These wait for the port's time-out, ten seconds of a clock that runs fast while the guest waits. (Ten times: a disk
# that this host keeps waiting for a second is late, then. Under -icount it would be late whenever it is read.)
my @soon = (words => { FAULT => 'time-outs 10' });
my @time_out = (@soon, also => qr/was not completed in 10 s; resetting/);

contract_cases('irb',
    # EDGE: 199
    { case => 'irb_twice', rule => 'IRB-01', @complete,
      also => qr/ is not outstanding: it was completed before by rules\.sys!irb_twice \S+irb\.c:19, called from \w+\.sys!\w+ \S+:\d+/ },
    { case => 'irb_own', rule => 'IRB-01', @complete },
    { case => 'irb_inside', rule => 'IRB-01', @complete },
    { case => 'irb_sense_completed', rule => 'IRB-01', @complete, @sense },
    # EDGE: 200
    { case => 'irb_pending', rule => 'IRB-02', @complete, fails => 1, also => qr/internal error/i },
    { case => 'irb_no_status', rule => 'IRB-02', @complete, fails => 1, also => qr/internal error/i },
    { case => 'irb_all_pending', rule => 'IRB-02', routine => 'AtaPortCompleteAllActiveRequests',
      context => 'IdeHwStartIo', fails => 1, also => qr/internal error/i },
    { case => 'irb_no_registers', rule => 'IRB-04', @complete, fails => 1 },
    { case => 'irb_made_up_error', rule => 'IRB-04', @complete, @sense },
    # What is recorded is for people: no verdict comes from it.
    { case => 'irb_made_up_status', rule => 'IRB-04', @complete, fails => 1, words => { TRACE => 'off' } },
    { case => 'irb_no_failure', rule => 'IRB-04', @complete, fails => 1,
      also => qr/AtaStatus is 0x50, which shows no failure, and neither has the bus master shown any$/m },
    { case => 'irb_too_much', rule => 'IRB-05', @complete, fails => 1 },
    { case => 'irb_not_dma', rule => 'IRB-08', routine => 'AtaPortGetScatterGatherList',
      context => 'IdeHwStartIo', io => 'flush 0', returned => '0' },
    # EDGE: 202
    { case => 'irb_lost', rule => 'IRB-09', routine => 'IdeHwStartIo', context => 'IdeHwStartIo', @time_out },
    # That a command fails keeps nothing from a driver.
    { case => 'irb_lost_failure', rule => 'IRB-09', function => 'ProbeStartIo', routine => 'IdeHwStartIo', context => 'IdeHwStartIo',
      words => { FAULT => 'time-outs 10; error UNC command=C8 nth=2 channel=0.0' },
      also => qr/was not completed in 10 s \(fault 2 was injected: .*\); resetting/ },
    # EDGE: 205
    { case => 'irb_lost_beside', rule => 'IRB-09', routine => 'IdeHwStartIo', context => 'IdeHwStartIo', @time_out },
    # EDGE: 214
    { case => 'irb_kept', rule => 'IRB-10', routine => 'IdeHwReset', context => 'IdeHwReset', @time_out },
    { case => 'irb_unfed', rule => 'IRB-09', routine => 'IdeHwStartIo', context => 'IdeHwStartIo', @soon,
      also => qr/though the device waits for data: Status 0x58 \(DRDY DSC DRQ\), 0 of 512 bytes of its block were moved$/m },
    { case => 'irb_unsent', rule => 'IRB-09', routine => 'IdeHwStartIo', context => 'IdeHwStartIo', channel => '0.1', @soon,
      also => qr/though the device waits for a packet: Status 0x58 \(DRDY DSC DRQ\), 0 of 12 bytes of it were moved$/m },
    { case => 'irb_unheard', rule => 'IRB-09', routine => 'IdeHwStartIo', context => 'IdeHwStartIo', @soon,
      also => qr/though the device has interrupted, and nobody has read Status since$/m },
    # Nobody knows whether the device has said anything.
    { case => 'irb_silent_device', asserts => 'IRB-09', returned => '0', @time_out },
    { case => 'irb_second_sense', rule => 'IRB-11', routine => 'AtaPortBuildRequestSenseIrb',
      context => 'IdeHwInterrupt', returned => '0', @sense },
    # It is noticed when the next one is built, or the channel stops.
    { case => 'irb_forgotten_sense', rule => 'IRB-12', @complete, @sense, also => qr/^  it was never released$/m,
      then => [['IRB-11', 'AtaPortBuildRequestSenseIrb', 'IdeHwControl(IdeStop)']] },
    { case => 'irb_released_twice', rule => 'IRB-11', routine => 'AtaPortReleaseRequestSenseIrb',
      context => 'IdeHwInterrupt', @sense },
    # EDGE: 213
    { case => 'irb_too_early', rule => 'IRB-12', @complete, @sense },
    { case => 'irb_not_final', rule => 'CTX-02', @build_io },
    { case => 'irb_built_error', rule => 'IRB-04', @build_io, fails => 1, also => qr/no device has seen the request$/m },
    # EDGE: 203
    { case => 'irb_built_length', rule => 'IRB-05', @build_io, fails => 1 },
    { case => 'irb_built_reserved', rule => 'INI-09', @build_io },
);

done_testing();
