#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: edge-coverage.pl [--list]
#
# Which edge cases of ATA hardware (tests/edge-cases.tsv) have a test. A test says so itself, in a comment at the
# place that fails when the case is handled wrongly:
#
#   /* EDGE: 22, 25 */
#   { case => 'hwr_busy', rule => 'HWR-01', @start_io },    # EDGE: 24
#
# A case without one has a reason in the table. Prints which have tests, and each reason; --list prints the cases,
# each with the places of its tests. Fails if a case has neither, or both, or a test names none of them.
use strict;
use warnings;
use File::Find;

my %places;    # of a number: where it is tested
find({ no_chdir => 1, wanted => sub {
    return if !-f || !/\.(?:[cht]|p[lm])$/;
    my $path = $_;
    open my $file, '<', $path or die "$path: $!\n";
    while (my $line = <$file>) {
        next if $line !~ /\bEDGE: (\d+(?:,? \d+)*)/;
        push @{ $places{$_} }, "$path:$." for $1 =~ /\d+/g;
    }
} }, 'tests');

my $path = 'tests/edge-cases.tsv';
open my $table, '<', $path or die "$path: $! (run it from the top of the tree)\n";
my (undef, @cases) = map { chomp; my %case; @case{qw(number mark title reason)} = split /\t/, $_, -1; \%case } <$table>;

# "1-3 7" of 1, 2, 3 and 7.
sub ranges {
    my (@numbers) = @_;
    my @ranges;
    for my $number (@numbers) {
        push @ranges, [$number, $number] if !@ranges || $ranges[-1][1] + 1 != $number;
        $ranges[-1][1] = $number;
    }
    return join ' ', map { $_->[0] == $_->[1] ? $_->[0] : "$_->[0]-$_->[1]" } @ranges;
}

my (@tested, @impossible, @wrong);
for my $case (@cases) {
    my $places = delete $places{ $case->{number} };
    printf "%3d [%s] %s: %s\n", @$case{qw(number mark title)}, $places ? "@$places" : $case->{reason} || 'no test'
        if @ARGV && $ARGV[0] eq '--list';
    push @tested, $case->{number} if $places;
    push @impossible, $case if !$places && $case->{reason};
    push @wrong, "edge case $case->{number} ($case->{title}): " . ($places ? 'it has a test, and a reason for none' : 'no test')
        if !$places == !$case->{reason};
}
push @wrong, map { "edge case $_ is none: @{ $places{$_} }" } sort keys %places;

printf "edge cases: %d of %d tested: %s\n", scalar @tested, scalar @cases, ranges(@tested);
print "edge case $_->{number}, $_->{title}: not tested: $_->{reason}\n" for @impossible;
print "$_\n" for @wrong;
exit(@wrong ? 1 : 0);
