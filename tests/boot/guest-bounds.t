#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Pauses, stalls and time-outs that nobody can mean end after a bound, in the kernel (tests/guest/bounds.c), and the
# console says which.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $run = boot(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=bounds');
exit_code_is($run, 0, 'the guest ends well');
my ($plan) = $run->{console} =~ /^1\.\.(\d+)$/m;
is(scalar(() = $run->{console} =~ /^ok \d/mg), $plan // 'a plan', 'all of its checks hold') or diag($run->{console});
for (
    ['AtaPortDeviceBusy/AtaPortDeviceStateChange: a pause of 1000000 s is too long; the queue goes on after 120 s', 2, 'two pauses'],
    ['AtaPortDeviceBusy/AtaPortDeviceStateChange: there is no device at target 7, unit 0; nothing is paused', 1, 'no device'],
    ['AtaPortDeviceReady/', 0, 'which is ready'],
    ['AtaPortStallExecution: 4000000000 us are too long; it waits 5 s', 1, 'a stall'],
    ['IdeHwBuildIo made TimeOutValue 1000000 s; it is 600 s', 1, 'a time-out'],
) {
    my ($words, $count, $what) = @$_;
    is(scalar(() = $run->{console} =~ /^puppet [\w.]+: \Q$words\E/mg), $count, "$what: what is said");
}

done_testing();
