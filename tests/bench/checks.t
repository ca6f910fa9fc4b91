#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the checks cost: instructions of a 4 KiB DMA read, from the block layer to its callback, with all
# checks on and with CHECKS=off; and what such a read costs on AHCI, all checks on. Instructions are counted,
# no time is measured: the figures repeat.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use List::Util qw(sum);
use Test::More;

# The auditor (port/access/audit.h) looks at each access to a channel's registers. i386 has fewer registers, and passes
# arguments on the stack.
my $calls_limit = 50;
my $auditor_limit = ($ENV{ARCH} // '') eq 'i386' ? 250 : 165;
my $limit = $calls_limit + $auditor_limit;

my $build = 'build/' . ($ENV{ARCH} || 'x86_64');
my $bench = $ENV{BENCH_BUILD} || "$top/build/bench";
# A disk that takes a millisecond, so that the processor goes to sleep in every read: one that answers at once on a
# busy host saves some reads the 24 instructions of that.
my @disk = ('-drive', 'if=none,id=slow,driver=null-co,size=8M,read-zeroes=on,latency-ns=1000000',
    '-device', 'ide-hd,bus=ide.0,unit=0,drive=slow');
my %mark = reverse map { /^([0-9a-f]+) \S (bench_mark_\w+)$/ ? ($1, $2) : () }
    split /\n/, (command(($ENV{CROSS} // '') . 'nm', "$build/kernel.elf"))[1];

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return $sorted[$#sorted / 2];
}

# What the plugin counts of each interval of a bench command.
sub intervals {
    my ($command, %words) = @_;
    my $out = "$scratch/out";
    my $run = boot(DISK => 'none', CMD => $command, ACCEL => 'tcg', %words,
        QEMU_EXTRA => join "\n", @disk, '-plugin',
            "$bench/icount.so,out=$out,begin=0x$mark{bench_mark_begin},end=0x$mark{bench_mark_end}");
    exit_code_is($run, 0, "$command runs" . ($words{CHECKS} ? ' without checks' : ''));
    return map { /^interval 0 (\d+)/ ? $1 : () } split /\n/, slurp($out);
}

# The median of a workload's operations.
sub instructions {
    my ($workload, %words) = @_;
    return median(intervals("bench 0 $workload divide=20", %words));
}

my $all = instructions('dma-read-4k-random');
my $calls = instructions('dma-read-4k-random', KARGS => 'checks=calls');
my $none = instructions('dma-read-4k-random', CHECKS => 'off');
diag("a 4 KiB DMA read: $all instructions, $calls without the auditor, $none without checks");
cmp_ok($calls - $none, '<=', $calls_limit,
    "without the auditor, checks take at most $calls_limit instructions of a 4 KiB DMA read");
cmp_ok($all - $none, '<=', $limit, "with it, at most $limit");
cmp_ok($all - $calls, '<=', $auditor_limit, "which are at most $auditor_limit of its own");

# ------------------------------------------------------------------ timelines

# What the trace has of requests for them (docs/timeline.md).
my ($traced, $plain) = map { instructions('dma-read-4k-random', TRACE => $_) }
    'all', 'ports,registers,calls,irbs,rules,states,faults';
diag("a timeline takes " . ($traced - $plain) . " instructions of $plain");
cmp_ok($traced - $plain, '<=', 0.02 * $plain, 'a timeline takes at most 2 % of a read');
cmp_ok($traced, '>', $plain, 'and is there');

# ------------------------------------------------------------------ AHCI

# One queued read, one that is not queued, and the mean of 32 at a time, which share some of their interrupts: how
# many depends on the machine, and none may cost what one alone may not.
my %ahci_limits = ($ENV{ARCH} // '') eq 'i386' ? (queued => 1660, plain => 1560) : (queued => 1315, plain => 1245);
$ahci_limits{together} = $ahci_limits{queued};
my %ahci = (MACHINE => 'q35');
spill("$scratch/plain.reg", "Windows Registry Editor Version 5.00\n\n"
    . "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\ahci\\Controller0\\Channel0]\n"
    . "\"NcqDisabled\"=dword:00000001\n");
my %reads = (
    queued => instructions('dma-read-4k-random', %ahci),
    plain => instructions('dma-read-4k-random', %ahci, HIVE => "$scratch/plain.reg"),
    together => sum(intervals('bench 0 read 4K 32', %ahci)) / 8192,
);
diag(sprintf 'a 4 KiB read on AHCI: %d instructions, %d not queued, %.0f each of 32 at a time',
    @reads{qw(queued plain together)});
cmp_ok($reads{$_}, '<=', $ahci_limits{$_}, "on AHCI, $_: at most $ahci_limits{$_}") for sort keys %reads;

done_testing();
