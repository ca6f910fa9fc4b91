#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What a large registry costs, in instructions of the guest, which QEMU's plugin counts (tests/bench/icount.c):
# a look-up takes no more of them among 100,000 values than among 100, and reading the file at boot takes as many
# for each value. A registry for which there is not memory enough is said with its line, and the rest works.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use List::Util qw(sum);
use Test::More;
use Witness;

my $plugin = ($ENV{BENCH_BUILD} || "$top/build/bench") . '/icount.so';
-f $plugin or BAIL_OUT("$plugin is missing: run `make bench-tools`");
my $kernel = "$top/build/" . ($ENV{ARCH} // 'x86_64') . '/kernel.elf';
my %address = map { /^([0-9a-f]+) T (\w+)$/ ? ($2, "0x$1") : () }
    split /\n/, (command(($ENV{CROSS} // '') . 'nm', $kernel))[1];
my $pairs = join ',', map { "begin=$address{$_->[0]},end=$address{$_->[1]}" }
    ['store_find_key', 'reg_write_data'], ['hive_load_defaults', 'port_start'];

my $key = 'HKEY_LOCAL_MACHINE\SOFTWARE\Test';

# A hundred values to a key, or all in one.
sub hive_of {
    my ($count, $shape) = @_;
    my $text = "Windows Registry Editor Version 5.00\n";
    for my $number (0 .. $count - 1) {
        $text .= "\n[$key\\" . int($number / 100) . "]\n" if $shape eq 'keys' ? $number % 100 == 0 : $number == 0;
        $text .= sprintf "\"Value %d\"=dword:%08x\n", $number, $number;
    }
    return spill("$scratch/$shape-$count.reg", $text);
}

# Boots with it, and looks for fifty values all over it, in random order. Returns the instructions of these
# look-ups, and of the loading.
sub measure {
    my ($count, $shape) = @_;
    my @numbers = map { int($count / 50 * ($_ * 17 % 50)) } 0 .. 49;
    my $commands = join "\n", map { "registry get $key\\" . ($shape eq 'keys' ? int($_ / 100) : 0) . " \"value $_\"" } @numbers;
    my $run = boot(DISK => 'none', MINIPORT => 'none', HIVE => hive_of($count, $shape), HIVE_RO => 1, CMD => $commands,
        TIMEOUT => 300, QEMU_EXTRA => "-plugin\n$plugin,out=$scratch/out,$pairs");
    exit_code_is($run, 0, "$count values, $shape");
    my @found = $run->{console} =~ /^dword:([0-9a-f]{8})$/mg;
    is("@{[map { hex } @found]}", "@numbers", 'all are found');
    my %of = (0 => [], 1 => []);
    /^interval (\d) (\d+)/ and push @{ $of{$1} }, $2 for split /\n/, slurp("$scratch/out");
    return (sum(@{ $of{0} }) / 50, $of{1}[0]);
}

my %lookup;
my %load;
for my $shape ('keys', 'one key') {
    ($lookup{$shape}{$_}, $load{$shape}{$_}) = measure($_, $shape) for 100, 10_000, 100_000;
    note(sprintf '%s: a look-up takes %.0f, %.0f, %.0f instructions', $shape, @{ $lookup{$shape} }{100, 10_000, 100_000});
    note(sprintf '%s: loading takes %d, %d, %d instructions', $shape, @{ $load{$shape} }{100, 10_000, 100_000});
    cmp_ok($lookup{$shape}{100_000}, '<=', 1.2 * $lookup{$shape}{100}, 'a look-up among 100,000 costs hardly more than one among 100');
    my ($first, $last) = map { ($load{$shape}{ $_->[1] } - $load{$shape}{ $_->[0] }) / ($_->[1] - $_->[0]) }
        [100, 10_000], [10_000, 100_000];
    note(sprintf '%s: a value takes %.0f, then %.0f', $shape, $first, $last);
    cmp_ok($last, '<=', 1.3 * $first, 'and loading takes as long for each value');
}

# ------------------------------------------------------------------ too large

my $disk = random_image('disk.img', 1 << 20, 'scale');
my $run = boot(DISK => $disk, HIVE => hive_of(200_000, 'keys'), QEMU_EXTRA => '-m 16', TIMEOUT => 300,
    CMD => "sha256 0; registry get $key\\0 \"Value 7\"; registry get $key\\1999 \"Value 199999\"; registry set $key\\0 x hex:"
        . join(',', ('00') x 2000));
exit_code_is($run, 1, 'a registry that memory does not hold');
like($run->{console}, qr/^\Q$scratch\E\/keys-200000\.reg:\d+:\d+: .*memory/m, 'is said with file, line and column');
is(digest_in($run, 'sha256 0'), sha256_of($disk), 'the disk works');
like(output_of($run, "registry get $key\\0 \"Value 7\""), qr/^dword:00000007$/, 'what came first is there');
like(output_of($run, "registry get $key\\1999 \"Value 199999\""), qr/^There is no key/, 'what came last is not');
like($run->{console}, qr/^Nothing was changed: there is no memory left for the registry/m, 'and a change is refused in words');

# One that does not even fit into the machine.
my $huge = spill("$scratch/huge.reg", "Windows Registry Editor Version 5.00\n");
truncate $huge, 200_000_000 or die "$huge: $!";
$run = boot(DISK => 'none', HIVE => $huge, HIVE_RO => 1, CMD => 'registry list');
exit_code_is($run, 2, 'a registry that is larger than the memory');
like($run->{console}, qr/^The machine's memory does not hold boot module .*\Q$huge\E \(bytes: 200000000\)\.$/m, 'is named');
unlink $huge;

done_testing();
