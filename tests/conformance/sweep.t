#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The sweep: each kind of fault at the first access that it can be put at, of a read, a write, a flush, IDENTIFY, a
# packet command, a reset, power, stop and start, and hot plug in turn (tests/guest/sweep.c), and then two at a time. Each request ends once, in bounded time, no sector holds
# anything but old or new data, and the channel works afterwards, or is offline and says so. SWEEP=SEED:RUNS is the long
# form, at each access; SWEEP='read: bsy nth=3' one case, which is shown access by access (`make sweep`).
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

my $words = $ENV{SWEEP} // '';
my $guest = length $words ? ":$words" =~ tr/ /_/r : '';
my @media = (DISK => random_image('disk.img', 256 << 10, 'sweep'), CDROM => random_image('cd.iso', 1 << 20, 'sweep-cd'));
my $run = conform('sweep', guest => (emulator_survives('sweep', @media) ? 'sweep' : 'sweep-without-reset') . $guest, @media);
my $console = $run->{console} // '';
my ($case) = $console =~ /^not ok \d+ - (CASE='.*?'): /m;
if ($case && $words !~ /^[a-z]/) {
    diag("Again, access by access: make sweep ARCH=$ENV{ARCH} MINIPORT=$Conformance::image $case");
} elsif ($words =~ /^[a-z]/ && !$case) { # else it was shown with the check
    diag($_) for $console =~ /^# (the end of the trace.*|  .*|the fault .*)$/mg;
}
note($_) for $console =~ /^(sweep: .*)$/mg;
done_testing();
