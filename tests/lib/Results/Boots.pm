# SPDX-License-Identifier: MIT
#
# What boots of the conformance suite left, kept for its report: a file for each in the folder REPORT_RECORD; nothing is
# kept where the environment does not name one.
#
#   keep_boot($name, $run, $excused)    in a test, after a boot
#   keep_diagnostics()                  in a test: what it says to people stands in its TAP, too
#   boots($folder)     what was kept, by test: { test => [boot, ...] }. Of a boot:
#                        name, command, code (run-qemu.sh's), seconds, console
#                        trace     lines, the end of it
#                        broken    [{count, report => as in Reports.pm}, ...], of rules that were broken
#                        base, coverage    where the driver was, and the plugin's file; undef if there is none
package Results::Boots;

use strict;
use warnings;
use parent 'Exporter';
use Encode ();
use File::Copy ();
use JSON::PP ();
use Reports;
use Test::Builder;

our @EXPORT_OK = qw(keep_boot keep_diagnostics boots);

my $count = 0;

sub keep_boot {
    my ($name, $run, $excused) = @_;
    my $folder = $ENV{REPORT_RECORD} // return;
    require Ataport;
    my $path = sprintf '%s/%s-%02d', $folder, $Ataport::name, ++$count;
    my %boot = (test => $Ataport::name, name => $name, command => Ataport::command_of($run), excused => $excused,
        map { $_ => $run->{$_} } qw(code seconds console log));
    my $coverage = "$run->{run_dir}/coverage";
    if (-f $coverage) {
        File::Copy::copy($coverage, "$path.coverage") or die "$path.coverage: $!\n";
        $boot{coverage} = "$path.coverage";
    }
    open my $file, '>:raw', "$path.json" or die "$path.json: $!\n";
    print {$file} JSON::PP->new->canonical->utf8->encode(\%boot);
    close $file or die "$path.json: $!\n";
    return;
}

sub keep_diagnostics {
    return if !defined $ENV{REPORT_RECORD};
    tie *DIAGNOSTICS, __PACKAGE__;
    Test::Builder->new->failure_output(\*DIAGNOSTICS);
    return;
}

sub TIEHANDLE { my ($class) = @_; return bless {}, $class }

# prove shows both to who asks for every line.
sub PRINT {
    my ($self, @text) = @_;
    my $text = join '', @text;
    print STDERR $text if !$ENV{HARNESS_IS_VERBOSE};
    print STDOUT $text;
    return 1;
}

# Where rules were broken. The guest's log says how often; a guest that did not come to its end has said on the console
# where.
sub broken {
    my ($boot) = @_;
    my @reports = reports("$boot->{console}\n$boot->{log}");
    my %count;
    while ($boot->{log} =~ /^broken (\d+) (\S+ .+)$/mg) {
        $count{"RULE $2\n"} += $1;
    }
    my %seen;
    my @broken = map { { report => $_, count => $count{ $_->{text} =~ /\A(.*\n)/ ? $1 : '' } // 1 } }
        grep { !$seen{ $_->{text} }++ } @reports;
    my %is_reported = map { $_->{text} =~ /\A(.*\n)/ ? ($1 => 1) : () } @reports;
    for my $head (sort grep { !$is_reported{$_} } keys %count) {
        my $report = report_head($head =~ s/\n//r) // next;
        push @broken, { report => $report, count => $count{$head} };
    }
    return [grep { $_->{report}{id} ne $boot->{excused} } @broken];
}

sub boots {
    my ($folder, $driver) = @_;
    my %boots;
    for my $path (sort glob "\Q$folder\E/*.json") {
        next if $path =~ m{/tap\.json$};
        open my $file, '<:raw', $path or die "$path: $!\n";
        local $/;
        my $boot = JSON::PP::decode_json(<$file>);
        $_ = Encode::decode('UTF-8', $_) for @$boot{qw(console log command)};
        $boot->{trace} = [$boot->{log} =~ /^trace (.*)$/mg];
        $boot->{broken} = broken($boot);
        no warnings 'portable';    # an address of 64 bits
        ($boot->{base}) = map { hex } $boot->{log} =~ /^\Q$driver\E\.sys at 0x([0-9a-f]+)$/mi;
        push @{ $boots{ $boot->{test} } }, $boot;
    }
    return \%boots;
}

1;
