# SPDX-License-Identifier: MIT
#
# The reports of broken rules, as tests compare them with the sources of the miniports that break them.
#
# A probe marks the line that is to be reported with a comment behind it, or alone in the line before:
#
#   AtaPortCompleteRequest(channel, irb); /* BREAKS: IRB-02 */
#   /* BREAKS: REG-01 CTX-10 (twice, from_a_worker) */
#   buffer = AtaPortRegistryAllocateBuffer(channel, 64);
#
# Several rules may be broken in one line; the names in parentheses are the probe's cases in which it is,
# and without them it is in any. For a rule that is judged when a whole routine has returned, the marked
# line is the one in which the routine's definition begins, with its name.
#
#   use Reports;
#   my $marks = marks(glob 'tests/probes/rules/*.c');
#   my ($report, @more) = reports($run->{console});
#   is($report->{id}, 'IRB-02');
#   is($report->{context}, 'IdeHwInterrupt');
#   ok(is_marked($marks, $report, 'pending'), 'on the line that is marked') or diag($report->{text});
#
#   reports(text)       every report in a console's text or a log, in order. Of each:
#                         id        'IRB-02'
#                         driver    'irb.sys'
#                         function, file, line     of the driver's source; undef if the image has no DWARF
#                         rva       a number, if it has none: the place relative to the image
#                         routine   'AtaPortCompleteRequest', or the miniport's entry point
#                         context   'IdeHwControl(IdeStart)'
#                         words     the rule in words
#                         detail    what happened
#                         stack     the lines that follow, without indentation: `called from` helpers, contexts, the IRB
#                         text      all of it, as it was printed
#   report_head(line)   the same of a report's first line alone; undef if it is none
#   crash(text)         where a driver's code ended the run, or did not come back: driver, function, file, line or rva,
#                       and text, what the kernel says of it; undef if none has
#   marks(files)        the marks in these sources: a list of { id, cases, file, line }, as a reference
#   is_marked(marks, report, case)   does such a mark stand where the report points? The case may be left
#                       out, and is then not looked at
#   unreported(marks, reports...)    the marks of which no report came, as "file:line id": a test shows
#                       with it that no mark is idle
package Reports;

use strict;
use warnings;
use parent 'Exporter';

our @EXPORT = qw(reports report_head crash marks is_marked unreported);

my $rule = qr/[A-Z]{3}-\d\d/;

sub place_of {
    my ($place) = @_;
    my %place = (driver => $place);
    if ($place =~ /^([^!]+)!(\S+) (.+):(\d+)$/) {
        @place{qw(driver function file line)} = ($1, $2, $3, $4);
    } elsif ($place =~ /^(.+)\+0x([0-9a-f]+)(?: \(.+\))?$/) {
        @place{qw(driver rva)} = ($1, hex $2);
    }
    return %place;
}

sub report_head {
    my ($line) = @_;
    my ($id, $place, $routine, $context) =
        $line =~ /^RULE ($rule) (.+) \((\S+) in ([^()]+(?:\([^()]*\))?)\)$/ or return;
    return { id => $id, routine => $routine, context => $context, text => "$line\n", place_of($place) };
}

sub crash {
    my ($text) = @_;
    my ($what, $place) = $text =~ /^(A driver's bug that cannot be survived: (.+?\.sys\b.*?)(?:, which the port had called)? \(in .+\)\n.+\n)/m;
    ($what, $place) = $text =~ /^(STOPPED: (?:a driver does not come back: |from outside, in )(.+?\.sys\b.*) \(in .+\)\n)/m if !defined $what;
    ($what, $place) = $text =~ /^(EXCEPTION: .+ in (.+?\.sys\b.*)\n)/m if !defined $what;
    return defined $what ? { text => $what, place_of($place) } : undef;
}

sub reports {
    my ($text) = @_;
    my @reports;
    my $current;
    for my $line (split /\n/, $text) {
        my $report = report_head($line);
        if ($report) {
            push @reports, $current = $report;
            $current->{stack} = [];
        } elsif ($current && $line =~ /^  (\S.*)/) {
            $current->{text} .= "$line\n";
            if (!defined $current->{words}) {
                $current->{words} = $1;
            } elsif (!defined $current->{detail}) {
                $current->{detail} = $1;
            } else {
                push @{ $current->{stack} }, $1;
            }
        } else {
            undef $current;
        }
    }
    return @reports;
}

sub marks {
    my (@files) = @_;
    my @marks;
    for my $file (@files) {
        open my $source, '<', $file or die "$file: $!\n";
        while (my $line = <$source>) {
            next if $line !~ m{BREAKS:((?:[ ,]*$rule)+)\s*(?:\(([^)]*)\))?};
            my ($ids, $cases) = ($1, $2);
            my $is_alone = $line =~ m{^\s*(?:/\*|//)};
            push @marks, {
                id => $_, file => $file, line => $. + $is_alone,
                cases => defined $cases ? [$cases =~ /\w+/g] : undef,
            } for $ids =~ /$rule/g;
        }
        close $source;
    }
    return \@marks;
}

# Reports name files as the compiler was given them; outside of this tree that is the file's name alone.
sub is_same_file {
    my ($path, $reported) = @_;
    return $path eq $reported || $path =~ m{/\Q$reported\E$};
}

sub is_marked {
    my ($marks, $report, $case) = @_;
    return 0 if !defined $report->{line};
    for my $mark (@$marks) {
        next if $mark->{id} ne $report->{id} || $mark->{line} != $report->{line};
        next if !is_same_file($mark->{file}, $report->{file});
        return 1 if !defined $case || !$mark->{cases} || grep { $_ eq $case } @{ $mark->{cases} };
    }
    return 0;
}

sub unreported {
    my ($marks, @reports) = @_;
    return map { "$_->{file}:$_->{line} $_->{id}" }
        grep { my $mark = $_; !grep { is_marked([$mark], $_) } @reports } @$marks;
}

1;
