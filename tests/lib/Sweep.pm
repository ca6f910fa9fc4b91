# SPDX-License-Identifier: MIT
#
# The sweep of a driver of this project's, in its short form, with one setting after the other. The first is the
# driver's default, whose short form conformance.t runs with the rest of the suite, on one ARCH. (Each ARCH has its half
# of the short form's cases.)
#
#   use lib 'tests/lib';
#   use Sweep;
#   sweep('ahci', 'queued commands' => '"NcqDisabled"=dword:00000000', ...);
#   done_testing();
#
# `make sweep` is the long form: SWEEP=SEED:RUNS in the environment, or one case of it, as tests/conformance/sweep.t
# takes it.
package Sweep;

use strict;
use warnings;
use parent 'Exporter';
my $limit;
BEGIN { $limit = $ENV{TIMEOUT} || 600 }    # which Ataport takes away
use Ataport;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use Test::More;

our @EXPORT = ('sweep', @Test::More::EXPORT);

my $channels = 6;    # of a controller, at most
my %whole_suite = (pata => 'x86_64', ahci => 'i386');    # as conformance.t has it

# The driver under a name of its own, bound as others of its kind are, with a value for all its channels.
sub driver_with {
    my ($place, $driver, $name, $value) = @_;
    my $arch = $ENV{ARCH} // 'x86_64';
    copy("build/$arch/$driver.$_", "$place/$name.$_") or die "$driver.$_: $!" for qw(sys lines);
    my $key = "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\$name\\Controller0\\Channel";
    my $binding = slurp($driver eq 'ahci' ? 'tests/probes/ahci_probe/ahci_probe.reg' : 'miniport/skeleton/skeleton.reg');
    $binding =~ s/"Service"="\w+"/"Service"="$name"/g;
    spill("$place/$name.reg", $binding . join('', map { "\n$key$_]\n$value\n" } 0 .. $channels - 1));
    return "$place/$name.sys";
}

sub sweep {
    my ($driver, @ways) = @_;
    splice @ways, 0, 2 if !$ENV{SWEEP} && ($ENV{ARCH} // 'x86_64') eq $whole_suite{$driver};
    my $place = tempdir('sweep-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    while (my ($way, $value) = splice @ways, 0, 2) {
        my $path = driver_with($place, $driver, "${driver}_" . $way =~ tr/A-Za-z//cdr, $value);
        local @ENV{qw(MINIPORT TEST V TIMEOUT)} = ($path, 'sweep', 1, $limit);
        my ($code, $output) = command('tests/conformance/run.pl');
        is($code, 0, "$driver by $way") or diag($output);
        my @summary = $output =~ /^\W*(sweep: .*)$/mg;
        note(($ENV{SWEEP} // '') =~ /^[a-z]/ ? $output : join "\n", @summary);
        ok(@summary > 2, 'says what was run') && diag(map { "$driver by $way, $_\n" } @summary[-2, -1]);
    }
    return;
}

1;
