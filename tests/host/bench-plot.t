#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The pictures that `make bench` makes (tests/bench/plot.pl), of a few figures; and that it does without gnuplot.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $plot = "$top/tests/bench/plot.pl";
my $folder = "$scratch/figures";
mkdir $folder;

# Twice as long with the port as without.
my (@sizes, @latencies, @results);
for my $program ([port => 2], [floor => 1]) {
    my ($name, $times) = @$program;
    push @sizes, map { my $bytes = $_; map { "$name\t$bytes\t$_\t" . $times * $bytes } 1, 32 } 4096, 131072;
    push @latencies, map { my $us = $_; map { "$name\t4096\t$_\t" . $times * $us } 1, 32 } 10, 11, 11, 900;
    push @results, map { "ide\t$_\t$name\t" . 1000 * $times . "\t10\t0\t100" } 'dma-read', 'pio-write';
}
spill("$folder/sizes.tsv", join "\n", "program\tbytes\tdepth\tns", @sizes, '');
spill("$folder/latencies.tsv", join "\n", "program\tbytes\tdepth\tus", @latencies, '');
spill("$folder/results.tsv", join "\n", "disk\tworkload\tprogram\tns\taccesses\tdata_accesses\tinstructions", @results, '');

my ($code, $said) = do {
    mkdir "$scratch/bin";
    local $ENV{PATH} = "$scratch/bin";
    command($^X, $plot, $folder);
};
is($code, 0, 'without gnuplot that is no failure');
like($said, qr/\ANo pictures were made: there is no gnuplot here \(.*gnuplot-nox\)\.\n\z/, 'and said');

SKIP: {
    skip 'there is no gnuplot', 1 unless grep { -x "$_/gnuplot" } split /:/, $ENV{PATH};
    ($code, $said) = command($^X, $plot, $folder);
    is($code, 0, 'it makes pictures') or diag($said);
    is($said, 'Pictures: ' . join(' ', map { "$folder/$_.svg" } qw(throughput latency floor)) . "\n", 'and names them, and says nothing else');
    my %words = (
        throughput => ['throughput (MiB/s)', 'size of a read (KiB)', 'reads a second', 'reads at a time', 'with the port, 32 at a time', 'without (floor)'],
        latency => ['reads that took no longer (%)', 'with the port, 4 KiB, 1 at a time', 'without (floor), 4 KiB, 32 at a time'],
        floor => ['ide: dma-read', '2.00', 'ide: pio-write'],
    );
    for my $name (sort keys %words) {
        my $svg = slurp("$folder/$name.svg");
        like($svg, qr{</svg>\s*\z}, "$name.svg is whole");
        like($svg, qr/\Q$_\E/, "$name.svg says: $_") for @{ $words{$name} };
    }
    unlink "$folder/$_.tsv" for qw(sizes latencies results);
    ($code, $said) = command($^X, $plot, $folder);
    is("$code $said", "0 No pictures were made: $folder has no figures.\n", 'no figures, no pictures');
}
done_testing();
