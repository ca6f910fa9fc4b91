#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The sweep of pata by DMA and by PIO, in its short form. `make sweep` is the long one: SWEEP=SEED:RUNS in the
# environment, or one case of it, as tests/conformance/sweep.t takes it.
use strict;
use warnings;
use lib 'tests/lib';
my $limit;
BEGIN { $limit = $ENV{TIMEOUT} || 600 }    # which Ataport takes away
use Ataport;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use Test::More;

my $arch = $ENV{ARCH} // 'x86_64';
my $place = tempdir('sweep-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my %values = (pio => '"DmaAllowed"=dword:00000000', dma => '"DmaAllowed"=dword:00000001');

for my $way (qw(dma pio)) {
    my $name = "pata_$way";
    copy("build/$arch/pata.$_", "$place/$name.$_") or die "pata.$_: $!" for qw(sys lines);
    my $key = "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\$name\\Controller0\\Channel";
    spill("$place/$name.reg", slurp('miniport/skeleton/skeleton.reg') =~ s/skeleton/$name/gr
            . join('', map { "\n$key$_]\n$values{$way}\n" } 0, 1));
    local @ENV{qw(MINIPORT TEST V TIMEOUT)} = ("$place/$name.sys", 'sweep', 1, $limit);
    my ($code, $output) = command('tests/conformance/run.pl');
    is($code, 0, "pata by \U$way") or diag($output);
    my @summary = $output =~ /^\W*(sweep: .*)$/mg;
    note(($ENV{SWEEP} // '') =~ /^[a-z]/ ? $output : join "\n", @summary);
    ok(@summary > 2, 'says what was run') && diag(map { "pata by \U$way\E, $_\n" } @summary[-2, -1]);
}
done_testing();
