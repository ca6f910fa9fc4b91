#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The sweep: each kind of fault at each access of a read, a write, a flush, IDENTIFY, a packet command and a reset
# in turn (tests/guest/sweep.c). Each request ends once, in bounded time, no sector holds anything but old or new
# data, and the channel works afterwards, or is offline and says so. SWEEP=SEED:RUNS is the long form (`make sweep`).
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

my $words = length($ENV{SWEEP} // '') ? ":$ENV{SWEEP}" : '';
my $run = conform('sweep', guest => "sweep$words", DISK => random_image('disk.img', 256 << 10, 'sweep'),
    CDROM => random_image('cd.iso', 1 << 20, 'sweep-cd'));
note($_) for ($run->{console} // '') =~ /^(sweep: .*)$/mg;
done_testing();
