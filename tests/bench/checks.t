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

# The auditor (port/access/audit.h) looks at each access to a channel's registers. i386 has fewer registers, and passes
# arguments on the stack.
my $calls_limit = 50;
my $auditor_limit = ($ENV{ARCH} // '') eq 'i386' ? 250 : 150;
my $limit = $calls_limit + $auditor_limit;

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

my $all = instructions('dma-read-4k-random');
my $calls = instructions('dma-read-4k-random', KARGS => 'checks=calls');
my $none = instructions('dma-read-4k-random', CHECKS => 'off');
diag("a 4 KiB DMA read: $all instructions, $calls without the auditor, $none without checks");
cmp_ok($calls - $none, '<=', $calls_limit, "without the auditor, checks take at most $calls_limit instructions of a 4 KiB DMA read");
cmp_ok($all - $none, '<=', $limit, "with it, at most $limit");
cmp_ok($all - $calls, '<=', $auditor_limit, "which are at most $auditor_limit of its own");

done_testing();
