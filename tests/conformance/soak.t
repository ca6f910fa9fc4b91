#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The soak: requests of all kinds and sizes on four disks, 64 at a time, while faults are injected (tests/guest/soak.c).
# Each ends once, in bounded time, with a true status; what is read is what was written there last; and the images hold
# what the guest says that the disks have to. The same seed brings the same faults, which a second boot shows.
# SOAK=SEED:REQUESTS:RATE is the long form (`make soak`), which tells how far it is.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

my $words = $ENV{SOAK} // '';
my $sectors = $words ? 4096 : 1024;
my $first = 256;    # tests/guest/soak_faults.c: FIRST_REQUESTS

# Returns the digest of the first requests' faults, and the whole run.
sub soak {
    my ($asked, @more) = @_;
    my @disks = map { ($_ ? "DISK$_" : 'DISK') => random_image("disk$_.img", $sectors * 512, "soak-$_") } 0 .. 3;
    my $run = conform('soak', guest => "soak$asked", @disks, WRITE => 1, @more);
    my ($digest) = $run->{console} =~ /^soak: .* first $first requests (\w+)$/m;
    return ($digest // '(none)', $run);
}

my ($digest, $run) = soak($words ? (":$words", progress => qr/^soak: .* a second, /) : (''));
note($_) for $run->{console} =~ /^(soak: (?!.* a second, ).*)$/mg;
if ($words) {
    my ($seed, $count, $rate) = split /:/, $words;
    my %machine = (%Conformance::where, MINIPORT => $Conformance::image);
    note('Again: make soak ', join ' ', "ARCH=$Ataport::arch", (map { "$_=$machine{$_}" } sort keys %machine), "SEED=$seed",
        "SOAK_REQUESTS=$count", "SOAK_FAULTS=$rate");
} else {
    my ($rate) = $run->{console} =~ /^soak: .* one in (\d+) with a fault/m;
    my ($again) = soak(":1:$first:$rate");
    is($again, $digest, 'the same requests meet the same faults again');
}
done_testing();
