#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Which routines of a miniport the port calls, in which order and at which IRQL: a start, I/O, a stop, a
# restart of the first channel and of its controller, as the trace recorded it at each call, compared with what the
# documentation says. For pata.sys (SyncWithIsr TRUE) and for the probes' base driver, with TRUE and FALSE.
#
# The order, and where it is documented:
#   AtaPortInitializeEx      DriverEntry; AtaAdapterControl(IdeStart); AtaControllerChannelEnabled for each channel;
#                            AtaChannelInitRoutine for those that are enabled
#   IDE_CHANNEL_ENABLED      the same from its side
#   IDE_CHANNEL_INIT         after AtaAdapterControl(IdeStart), once for each: not when a channel alone starts again
#   IDE_CHANNEL_CONFIGURATION  IdeHwControl(IdeStart): before any request, since it says how many may be sent
#   IDE_TRANSFER_MODE_PARAMETERS, IDE_TRANSFER_MODE_SELECT  devices are known, so after their identification
#   IDE_HW_INITIALIZE        once for each device, after all were enumerated; gets IDENTIFY data and modes
#   IDE_HW_BUILDIO           once for each request, without a lock and with interrupts enabled; then
#   IDE_HW_STARTIO           synchronised; then the interrupt
#   IDE_HW_CONTROL           no request is outstanding when it is called (IdeStop comes after the flush)
#   IDE_ADAPTER_CONTROL      IdeStop after all channels are stopped
#   ATA Port Driver's Reset Mechanism  LUN reset IRB, then IdeHwReset
# The levels: IDE_CHANNEL_CONFIGURATION (SyncWithIsr), IDE_HW_BUILDIO, AtaPortRequestSynchronizedRoutine, and
# PASSIVE_LEVEL for what is called while the system starts or stops a device.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $probe = 'build/' . ($ENV{ARCH} || 'x86_64') . '/probes/behave.sys';
my $channel_key = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\behave\Controller0\Channel0';
my $disk = random_image('disk.img', 1 << 20, 1);

# The lines of the trace about the controller and its first channel, shortened: "routine LEVEL"; requests as
# "Irb(function) BuildIo's StartIo's"; what repeats is one line. Interrupts and timers are counted apart, since how many
# a driver needs is its own matter.
sub calls_of {
    my ($run) = @_;
    my (@calls, %others);
    my ($trace) = $run->{console} =~ /^The last entries of the trace.*?\n(.*?)(?:^> |\z)/ms;
    for my $line (split /\n/, $trace // '') {
        my $call;
        if ($line =~ /  (?:0\.0)? +call (.*) at (PASSIVE|DISPATCH|DIRQL)/) {
            $call = "$1 $2";
        } elsif ($line =~ /  0\.0 +IRB in slot \d+ begins: (\w+), IdeHwBuildIo at (PASSIVE|DISPATCH|DIRQL)\w*, IdeHwStartIo at (PASSIVE|DISPATCH|DIRQL)/) {
            $call = "Irb($1) $2 $3";
        } elsif ($line =~ /  0\.0 .* returns FALSE/) {
            fail("$run->{name}: $line");
        }
        next if !defined $call;
        if ($call =~ /^(IdeHwInterrupt|timer|worker|synchronized|controller)/i) {
            $others{$call}++;
            next;
        }
        push @calls, $call if !@calls || $calls[-1] ne $call;
    }
    return (\@calls, \%others);
}

for my $case (['pata', 'DIRQL'], ['behave', 'DIRQL'], ['behave', 'DISPATCH', '"Break"="sync_false sync_false sync_false"']) {
    my ($driver, $device, $values) = @$case;
    my $hive = spill("$scratch/$driver.reg", "Windows Registry Editor Version 5.00\n\n[$channel_key]\n" . ($values // '') . "\n");
    my $run = boot(DISK => $disk, CDROM => 'none', TRACE => 'calls,irbs', HIVE => $hive, WRITE => 1,
        ($driver eq 'pata' ? () : (MINIPORT => $probe)), CMD => 'fill 0 5 1 0; read 0 0; stop 0.0; start 0.0; read 0 1; stop 0; start 0; read 0 2; log 4096');
    my $name = "$driver, SyncWithIsr " . ($device eq 'DIRQL' ? 'TRUE' : 'FALSE');
    $run->{name} = $name;
    exit_code_is($run, 0, $name);
    my ($calls, $others) = calls_of($run);
    is_deeply($calls, [
        'DriverEntry PASSIVE',
        'AtaAdapterControl(IdeStart) PASSIVE',
        'AtaControllerChannelEnabled PASSIVE',    # twice
        'AtaChannelInitRoutine PASSIVE',
        'IdeHwControl(IdeStart) PASSIVE',
        "Irb(identify) DISPATCH $device",              # IDENTIFY DEVICE and IDENTIFY PACKET DEVICE of each target
        'AtaControllerTransferModeSelect PASSIVE',
        "IdeHwInitialize $device",
        'AtaControllerTransferModeSelect PASSIVE',    # the second channel's
        "Irb(write) DISPATCH $device",              # write
        "Irb(read) DISPATCH $device",              # read
        "Irb(flush) DISPATCH $device",              # adapter flush and flush, before
        "Irb(shutdown) DISPATCH $device",
        'IdeHwControl(IdeStop) PASSIVE',
        'IdeHwControl(IdeStart) PASSIVE',        # AtaChannelInitRoutine was called since AtaAdapterControl(IdeStart)
        "Irb(identify) DISPATCH $device",
        'AtaControllerTransferModeSelect PASSIVE',
        "IdeHwInitialize $device",
        "Irb(read) DISPATCH $device",
        'IdeHwControl(IdeStop) PASSIVE',          # the controller stops, with both channels
        'AtaAdapterControl(IdeStop) PASSIVE',
        'AtaAdapterControl(IdeStart) PASSIVE',
        'AtaControllerChannelEnabled PASSIVE',
        'AtaChannelInitRoutine PASSIVE',
        'IdeHwControl(IdeStart) PASSIVE',
        "Irb(identify) DISPATCH $device",
        'AtaControllerTransferModeSelect PASSIVE',
        "IdeHwInitialize $device",
        'AtaControllerTransferModeSelect PASSIVE',
        "Irb(read) DISPATCH $device",
    ], "$name: the order") or diag(explain($calls));
    ok($others->{'IdeHwInterrupt DIRQL'}, "$name: interrupts at DIRQL");
    my @wrong = grep { !/^(?:IdeHwInterrupt|.*ynchroni[sz]ed.*|.*[Cc]ontroller.*) DIRQL$|^(?:.*[Tt]imer.*|.*[Ww]orker.*) DISPATCH$/ } keys %$others;
    is_deeply(\@wrong, [], "$name: callbacks at their levels");
}

done_testing();
