#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The registry routines inside the kernel: a probe (tests/probes/registry_model) calls them at random
# from every routine of a miniport, on six channels of two controllers, and compares each call with a model; the port's
# counts of broken rules are those that the model foretells. A failure shrinks to few operations.
#
# MODEL_SEED and MODEL_OPERATIONS of the environment choose others.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $probes = 'build/' . ($ENV{ARCH} // 'x86_64') . '/probes';
my $seed = $ENV{MODEL_SEED} // 1;
my $total = $ENV{MODEL_OPERATIONS} // 30_000;
my $limit = 0x40000;    # TOTAL_LIMIT in model.h

my $disk = sparse_image('disk.img', 8 << 20);
my @channels = qw(0.0 0.1 1.0 1.1 1.2 1.3);
my $key = '[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\registry_model\Controller0]';

# Lines of hexadecimal bytes, as .reg files have them.
sub hex_value {
    my ($bytes) = @_;
    return 'hex:' . join ',', map { sprintf '%02x', ord } split //, $bytes;
}

# Boots with these operations left out. Returns the run and what the probe said last.
sub boot_model {
    my (%with) = @_;
    my $operations = $with{total} // $total;
    my $skip = '';
    vec($skip, $_, 1) = 1 for @{ $with{skip} // [] };
    my $hive = spill("$scratch/hive.reg", "Windows Registry Editor Version 5.00\n\n$key\n"
        . sprintf("\"Seed\"=dword:%08x\n\"Total\"=dword:%08x\n", $with{seed} // $seed, $operations)
        . ($with{mistake} ? "\"Mistake\"=dword:00000001\n" : '')
        . (length $skip ? "\"Skip\"=" . hex_value($skip) . "\n" : ''));
    # The first start of all channels makes 3,600 operations and more, a stop and a start of each channel
    # 5,400. Once all are made, every channel starts again and compares what it can read. A difference is
    # said at once.
    my @again = map { ("stop $_", "start $_") } @channels;
    my @commands = $operations <= 3600 ? ('rules') : (
        (@again) x (1 + int($operations / 5400)),
        (map { "stop $_" } @channels), (map { "start $_" } @channels), 'rules',
    );
    # One request is never answered. With this clock its time-out takes no time.
    my $run = boot(HIVE => $hive, MINIPORT => "$probes/registry_model.sys",
        DISK => $with{mistake} ? 'none' : $disk,
        ACCEL => 'tcg', QEMU_EXTRA => '-icount shift=0,sleep=off -device ahci', CMD => join('; ', @commands),
        TIMEOUT => 250);
    my ($said) = $run->{log} =~ /.*^\w+\[0\]: (model: \d+ operations.*)/ms;
    my %said = ($said // '') =~ /model: ([A-Z]{3}-\d\d) (\d+)$/mg;
    my ($operation, $fault) = ($said // '') =~ /model: operation (\d+): (.*)$/m;
    my ($made, $calls) = ($said // '') =~ /^model: (\d+) operations, (\d+) calls/;
    return ($run, { reports => \%said, operation => $operation, fault => $fault, made => $made,
            calls => $calls, call => join('', ($said // '') =~ /model: (it was .*)$/m) });
}

# Leaves out what can be left out while the failure stays: [number, ...] of the operations left.
sub shrink {
    my ($operation, %with) = @_;
    my @left = 0 .. $operation;
    for (my $step = @left; $step >= 1; $step = int($step / 2)) {
        for (my $at = 0; $at < @left;) {
            my %out = map { $_ => 1 } @left[$at .. ($at + $step > @left ? $#left : $at + $step - 1)];
            my @kept = grep { !$out{$_} } @left;
            my %is_kept = map { $_ => 1 } @kept;
            my (undef, $said) = boot_model(%with, total => $operation + 1,
                skip => [grep { !$is_kept{$_} } 0 .. $operation]);
            if (defined $said->{fault}) {
                @left = grep { $_ <= $said->{operation} } @kept;
            } else {
                $at += $step;
            }
        }
    }
    return \@left;
}

# ------------------------------------------------------------------ random calls

{
    my ($run, $said) = boot_model();
    exit_code_is($run, 0, 'a driver that calls at random is survived');
    cmp_ok($said->{made} // 0, '==', $total, "$total operations are made, seed $seed");
    cmp_ok($said->{calls} // 0, '>', 0.7 * $total, ($said->{calls} // 0) . ' calls of the routines');
    if (defined $said->{fault}) {
        my $left = shrink($said->{operation});
        diag("operation $said->{operation}: $said->{fault}");
        diag($said->{call} // '');
        diag("shrunk to the operations @$left of seed $seed");
    }
    is($said->{fault}, undef, 'and every one does what the model foretells');
    my %shown = $run->{console} =~ /^([A-Z]{3}-\d\d) +(\d+) times?  /mg;
    is_deeply(\%shown, { map { $_ => $said->{reports}{$_} } grep { $said->{reports}{$_} }
            keys %{ $said->{reports} } }, 'the port reports the broken rules that the model foretells')
        if !defined $said->{fault};
    cmp_ok(scalar(keys %shown), '>=', 15, 'which are ' . join(' ', sort keys %shown));
}

# ------------------------------------------------------------------ and the shrinking

# (By a hundred boots and more; what shrinks is this file, which is the same for each ARCH.)
if (($ENV{ARCH} // 'x86_64') eq 'x86_64') {
    # A model that forgets that names compare without case.
    my @wrong = (mistake => 1, seed => 2, total => 60);
    my (undef, $said) = boot_model(@wrong);
    ok(defined $said->{fault}, 'a wrong model is found out') or BAIL_OUT('the probe does not compare');
    my $left = shrink($said->{operation}, @wrong);
    cmp_ok(scalar(@$left), '<=', 5, "and its failure shrinks to the operations @$left");
    (undef, $said) = boot_model(@wrong, total => $left->[-1] + 1, skip => [
        do { my %is_left = map { $_ => 1 } @$left; grep { !$is_left{$_} } 0 .. $left->[-1] } ]);
    is($said->{operation}, $left->[-1], 'which still fail');
}

cmp_ok($total, '<=', $limit, 'the probe can make so many');
done_testing();
