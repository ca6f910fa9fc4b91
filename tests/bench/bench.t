#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The benchmark's own tools: the floor program moves the right data, and the three ways of counting
# (the program, QEMU's trace, the plugin) agree on what an operation takes. No time is tested.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $bench = $ENV{BENCH_BUILD} || "$top/build/bench";
-f "$bench/$_" or BAIL_OUT("$bench/$_ is missing: run `make bench-tools`")
    for qw(floor/kernel icount.so);

my $half_bytes = 16 << 20;
my $disk = "$scratch/disk.img";

sub lines_of { return split /\n/, slurp("$scratch/$_[0]") }

sub floor {
    my ($words, @qemu_words) = @_;
    my @machine = $words =~ /drive=ahci/ ? (MACHINE => 'q35', CONTROLLER => 'ahci') : ();
    return boot(DISK => $disk, FORMAT => 'raw', WRITE => 1, MINIPORT => 'none', @machine,
        BUILD => "$bench/floor", KARGS => $words, QEMU_EXTRA => join("\n", @qemu_words));
}

# ------------------------------------------------------------------ data

my $data = slurp(random_image('original.img', $half_bytes, 1));
for my $drive (qw(ide ahci)) {
    spill($disk, $data . "\0" x $half_bytes);
    my $run = floor("run=verify drive=$drive");
    exit_code_is($run, 0, "$drive: the floor copies half of the disk");
    my $after = slurp($disk);
    ok(substr($after, 0, $half_bytes) eq $data, "$drive: the first half is what it was");
    ok(substr($after, $half_bytes) eq $data, "$drive: the second half is what the first is");
}

# ------------------------------------------------------------------ counts

my %mark = reverse map { /^([0-9a-f]+) \S (bench_mark_\w+)$/ ? ($1, $2) : () }
    split /\n/, (command($ENV{CROSS} ? "$ENV{CROSS}nm" : 'nm', "$bench/floor/kernel"))[1];
my $pair = "begin=0x$mark{bench_mark_begin},end=0x$mark{bench_mark_end}";
# Twice the same pair, to see that pairs do not disturb each other.
my $plugin = "$bench/icount.so,out=$scratch/out,$pair,$pair,log=on,profile=$scratch/profile,"
    . "path=$scratch/path,path_interval=1,first=0,last=7";

my $run = floor('divide=1000', '-plugin', $plugin, '-d', 'plugin', '-D', "$scratch/log",
    '-trace', 'ide_*', '-trace', 'bmdma_*');
exit_code_is($run, 0, 'the floor runs its workloads');

# What each workload must take: operations, accesses, data accesses, of one operation.
my @expected = (
    ['dma-read-4k-random', 8, 10, 0, 'READ DMA (C8)'],
    ['dma-write-4k-random', 8, 10, 0, 'WRITE DMA (CA)'],
    ['dma-read-128k-seq', 2, 10, 0, 'READ DMA (C8)'],
    ['dma-write-128k-seq', 2, 10, 0, 'WRITE DMA (CA)'],
    ['pio-read-4k-random', 1, 6, 1024, 'READ MULTIPLE (C4)'],
    ['pio-write-4k-random', 1, 7, 1024, 'WRITE MULTIPLE (C5)'],
    ['pio-read-128k-seq', 1, 21, 32768, 'READ MULTIPLE (C4)'],
    ['pio-write-128k-seq', 1, 22, 32768, 'WRITE MULTIPLE (C5)'],
);
my @intervals = map { /^interval 0 (\d+) (\d+) (\d+)$/ ? [$1, $2, $3] : () } lines_of('out');
my @of_pair_1 = map { /^interval 1 (\d+) (\d+) (\d+)$/ ? [$1, $2, $3] : () } lines_of('out');
is_deeply(\@of_pair_1, \@intervals, 'two pairs of the same marks count the same');

my $next = 0;
for (@expected) {
    my ($name, $ops, $accesses, $data_accesses) = @$_;
    my $line = sprintf 'bench floor %s ops=%d ns_total=\d+ accesses=%d data_accesses=%d', $name,
        $ops, $accesses * $ops, $data_accesses * $ops;
    like($run->{console}, qr/^$line$/m, "$name: what the program counts");
    my @seen = map { [@$_[1, 2]] } @intervals[$next .. $next + $ops - 1];
    my @wanted = map { [$accesses, $data_accesses] } 1 .. $ops;
    is_deeply(\@seen, \@wanted, "$name: what the plugin counts");
    $next += $ops;
}

my $report = (command('tests/bench/accesses.pl', '--count', '--max=99', "$scratch/log"))[1];
my %traced;
for (@expected) {
    my ($ops, $accesses, $data, $command) = @$_[1 .. 4];
    $traced{"$command: $accesses accesses" . ($data ? " and $data to the data port" : '')} += $ops;
}
my %reported = map { /^(.*); (\d+) of 24 intervals/ ? ($1, $2) : () } split /\n/, $report;
is_deeply(\%reported, \%traced, "what QEMU's trace shows") or diag($report);

# On AHCI one command at a time takes this many; several share their interrupts.
for (['queued', 7, 'READ FPDMA QUEUED (60)'], ['plain', 6, 'READ DMA EXT (25)']) {
    my ($kind, $accesses, $command) = @$_;
    $run = floor("drive=ahci kind=$kind divide=512 latencies=1", '-plugin',
        "$bench/icount.so,out=$scratch/ahci,$pair,log=on", '-d', 'plugin', '-D', "$scratch/$kind.log",
        '-trace', 'ahci_*', '-trace', 'handle_cmd_fis_dump');
    exit_code_is($run, 0, "$kind commands run");
    for ([4096, 16], [131072, 1]) {
        my ($size, $ops) = @$_;
        my $total = $ops * $accesses;
        like($run->{console}, qr/^bench floor read-$size-depth-1 ops=$ops ns_total=\d+ accesses=$total /m,
            "$kind, $size bytes: what the program counts");
        my ($shared) = $run->{console} =~ /^bench floor read-$size-depth-32 ops=$ops .* accesses=(\d+)/m;
        ok(defined $shared && $shared <= $total && $shared >= $ops,
            "$kind, $size bytes, 32 at a time: no more than that");
    }
    # (Of what is not queued it has none.)
    my @latencies = map { split ' ' } $run->{console} =~ /^latencies floor read-4096-depth-32 ([\d ]+?)\r?$/mg;
    is(scalar @latencies, $kind eq 'queued' ? 16 : 0, "$kind: the time of each operation");
    my ($first) = (command('tests/bench/accesses.pl', '--count', "$scratch/$kind.log"))[1] =~ /^(.*)$/m;
    like($first, qr/^\Q$command\E: $accesses accesses; \d+ of \d+ intervals, the first is 0$/,
        "$kind: what QEMU's trace shows");
}

# ------------------------------------------------------------------ profile and path

my @path = lines_of('path');
is(scalar @path, $intervals[1][0], 'the path has as many instructions as its interval');
my ($of_profile, $of_intervals) = (0, 0);
$of_profile += $_ for map { /^0x[0-9a-f]+ (\d+)$/ ? $1 : () } lines_of('profile');
$of_intervals += $_->[0] for @intervals[0 .. 7];
is($of_profile, $of_intervals, 'the profile has as many instructions as its intervals');

done_testing();
