#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the checks cost: instructions of a 4 KiB DMA read, from the block layer to its callback, with all
# checks on and with CHECKS=off. Instructions are counted, no time is measured: the figures repeat.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

# What the auditor (port/access/audit.h) keeps of every access to Status, Device and Command is a part of it.
my $limit = 150;

my $build = 'build/' . ($ENV{ARCH} || 'x86_64');
my $bench = $ENV{BENCH_BUILD} || "$top/build/bench";
my $disk = random_image('disk.img', 8 << 20, 1);
my %mark = reverse map { /^([0-9a-f]+) \S (bench_mark_\w+)$/ ? ($1, $2) : () }
    split /\n/, (command(($ENV{CROSS} // '') . 'nm', "$build/kernel.elf"))[1];

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return $sorted[$#sorted / 2];
}

# The median of a workload's operations.
sub instructions {
    my ($workload, %words) = @_;
    my $out = "$scratch/out";
    my $run = boot(DISK => $disk, CMD => "bench 0 $workload divide=20", ACCEL => 'tcg', %words,
        QEMU_EXTRA => "-plugin\n$bench/icount.so,out=$out,begin=0x$mark{bench_mark_begin},"
            . "end=0x$mark{bench_mark_end}");
    exit_code_is($run, 0, "$workload runs" . ($words{CHECKS} ? ' without checks' : ''));
    return median(map { /^interval 0 (\d+)/ ? $1 : () } split /\n/, slurp($out));
}

my $with = instructions('dma-read-4k-random');
my $without = instructions('dma-read-4k-random', CHECKS => 'off');
my $cost = $with - $without;
diag("a 4 KiB DMA read: $with instructions, $without without checks, so the checks take $cost");
cmp_ok($cost, '<=', $limit, "the checks take at most $limit instructions of a 4 KiB DMA read");

done_testing();
