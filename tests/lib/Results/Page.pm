# SPDX-License-Identifier: MIT
#
# The report of the conformance suite for people: one file of HTML, which opens from a disk and asks no network and no
# script. Whatever comes from the driver, its author or its guest is escaped.
#
#   page($summary, \%boots, $measured, $source, $is_suite)    what Results.pm has gathered; measured: what
#                                                             Results/Coverage.pm returned, or undef; is_suite: sub { a test's
#                                                             name: is its coverage the suite's own, without the sweep's? }
package Results::Page;

use strict;
use warnings;
use Results::Coverage qw(lines_of);

my $around = 6;    # lines of the source, around one that broke a rule

# ------------------------------------------------------------------ pieces

# Text as HTML has it. What HTML forbids, control characters above all, becomes a sign for it.
sub h {
    my ($text) = @_;
    $text =~ s/([\x00-\x08\x0b-\x1f])/chr(0x2400 + ord $1)/ge;
    $text =~ s/\x7f/\x{2421}/g;
    $text =~ s/[\x80-\x9f\x{d800}-\x{dfff}\x{fdd0}-\x{fdef}]|[\x{fffe}\x{ffff}]/\x{fffd}/g;
    $text =~ s/&/&amp;/g;
    $text =~ s/</&lt;/g;
    $text =~ s/>/&gt;/g;
    $text =~ s/"/&quot;/g;
    $text =~ s/'/&#39;/g;
    return $text;
}

sub count {
    my ($number, $one, $many) = @_;
    return "$number " . ($number == 1 ? $one : $many // "${one}s");
}

sub percent {
    my ($counts) = @_;
    return $counts->{lines} ? sprintf('%.1f', int(1000 * $counts->{ran} / $counts->{lines}) / 10) : '0.0';
}

sub details {
    my ($summary, $inside, $is_open) = @_;
    return '<details' . ($is_open ? ' open' : '') . "><summary>$summary</summary><div>\n$inside</div></details>\n";
}

sub pre {
    my ($text, $class) = @_;
    return '<pre' . ($class ? qq{ class="$class"} : '') . '>' . h($text =~ s/\s+\z//r) . "</pre>\n";
}

# ------------------------------------------------------------------ the head

sub cards {
    my ($summary) = @_;
    my ($totals, $coverage) = @$summary{qw(totals coverage)};
    my $broken = 0;
    $broken += $_->{count} for @{ $summary->{rules} };
    my @cards = (
        ['tests', "$totals->{passed} passed", $totals->{failed} ? 'some' : 'good', 'of ' . count($totals->{passed} + $totals->{failed}, 'check')],
        ['tests', "$totals->{failed} failed", $totals->{failed} ? 'bad' : 'good', 'in ' . count(scalar(grep { $_->{failed} } @{ $summary->{tests} }), 'test')],
        ['rules', count(scalar @{ $summary->{rules} }, 'rule') . ' broken', $broken ? 'bad' : 'good', count($broken, 'time') . ' in all'],
        ['coverage', $coverage->{state} eq 'measured' ? percent($coverage->{suite_and_sweep}) . ' %' : 'left out', '',
            $coverage->{state} eq 'measured' ? "of $coverage->{suite}{lines} lines ran" : 'line coverage'],
    );
    return "<ul class=\"cards\">\n" . join('', map { my ($to, $what, $class, $of) = @$_;
        qq{<li><a href="#$to"><strong class="$class">} . h($what) . '</strong><span class="soft">' . h($of) . "</span></a></li>\n" } @cards) . "</ul>\n";
}

sub head {
    my ($summary) = @_;
    my $driver = $summary->{driver};
    my $where = join ' ', map { "$_=$driver->{machine}{$_}" } sort keys %{ $driver->{machine} };
    my $class = $summary->{verdict} eq 'passed' ? 'good' : 'bad';
    my $exit = $summary->{exit};
    return '<h1>' . h("$driver->{name}.sys") . qq{ <span class="verdict $class">} . h($summary->{verdict}) . "</span></h1>\n"
        . '<p class="soft">' . h("conformance suite, $driver->{arch}, $where, $summary->{began}, $summary->{seconds} s") . "</p>\n"
        . '<p>' . h("run-qemu.sh ended with $exit->{code}: $exit->{reason}") . "</p>\n" . cards($summary);
}

# ------------------------------------------------------------------ broken rules

sub source_line {
    my ($number, $text, $class, $count) = @_;
    return '<b' . ($class ? qq{ class="$class"} : '') . '><s>' . (defined $count ? sprintf '%4d %8s', $number, $count : sprintf '%4d', $number)
        . '</s> ' . h($text) . '</b>';
}

sub excerpt {
    my ($source, $place) = @_;
    return '' if !defined $place->{file};
    my @lines = $source->lines($place->{file});
    my $line = $place->{line};
    return '<p class="soft">' . h("The source, $place->{file}, was not found.") . "</p>\n" if !@lines || $line > @lines;
    my ($first, $last) = ($line > $around ? $line - $around : 1, $line + $around < @lines ? $line + $around : scalar @lines);
    return '<pre class="source">' . join('', map { source_line($_, $lines[$_ - 1], $_ == $line ? 'mark' : '') } $first .. $last) . "</pre>\n";
}

# What came of a place, with the lines around it.
sub at_place {
    my ($place, $source) = @_;
    my $where = defined $place->{file} ? "$place->{function}, $place->{file}:$place->{line}"
        : defined $place->{rva} ? sprintf '%s+0x%x', $place->{driver}, $place->{rva} : $place->{driver};
    return '<h3>' . h($where) . ' <span class="soft">' . h(count($place->{count}, 'time') . ', in '
        . join ', ', @{ $place->{tests} }) . "</span></h3>\n" . excerpt($source, $place) . pre($place->{text});
}

sub crashes {
    my ($summary, $source) = @_;
    my $html = join '', map { at_place($_, $source) } @{ $summary->{crashes} };
    return $html && qq{<h2 id="crashes">Where a run has ended in the driver</h2>\n$html};
}

sub rules {
    my ($summary, $source) = @_;
    my $html = qq{<h2 id="rules">Broken rules</h2>\n};
    return $html . "<p class=\"good\">No rule of the contract was broken.</p>\n" if !@{ $summary->{rules} };
    for my $rule (@{ $summary->{rules} }) {
        my $inside = '';
        for my $place (@{ $rule->{places} }) {
            $inside .= at_place($place, $source);
        }
        $html .= details('<strong class="bad">' . h($rule->{id}) . '</strong> ' . h($rule->{words} // '') . ' <span class="soft">'
            . h(count($rule->{count}, 'time')) . '</span>', $inside, 1);
    }
    return $html;
}

# ------------------------------------------------------------------ tests

sub check {
    my ($check) = @_;
    my ($class, $word) = defined $check->{skip} ? ('some', 'skipped') : $check->{ok} ? ('good', 'ok') : ('bad', 'not ok');
    my $why = defined $check->{skip} && $check->{skip} ne $check->{name} ? ": $check->{skip}" : '';
    return qq{<li><span class="$class">$word</span> } . h("$check->{number} $check->{name}$why")
        . ($check->{ok} || !@{ $check->{notes} } ? '' : pre(join "\n", @{ $check->{notes} })) . "</li>\n";
}

sub boot {
    my ($boot) = @_;
    return '<h3>' . h("Boot: $boot->{name}") . ' <span class="soft">'
        . h(sprintf 'run-qemu.sh ended with %d after %.1f s', $boot->{code}, $boot->{seconds}) . "</span></h3>\n" . pre($boot->{command}, 'command')
        . details('console', pre($boot->{console}))
        . (@{ $boot->{trace} } ? details('the end of the trace', pre(join "\n", @{ $boot->{trace} })) : '');
}

sub test {
    my ($test, $boots) = @_;
    my @checks = @{ $test->{checks} };
    my @failed = grep { !$_->{ok} } @checks;
    my @rest = grep { $_->{ok} } @checks;
    my ($class, $mark) = $test->{failed} ? ('bad', "\x{2717}") : $test->{skipped} == @checks ? ('some', "\x{2013}") : ('good', "\x{2713}");
    my $counts = join ', ', "$test->{passed} passed", ($test->{failed} ? "$test->{failed} failed" : ()), ($test->{skipped} ? "$test->{skipped} skipped" : ());
    my $inside = (defined $test->{problem} ? '<p class="bad">' . h($test->{problem}) . "</p>\n" : '')
        . '<p class="soft">Again:</p>' . pre($test->{again}, 'command')
        . (@failed ? '<ul class="checks">' . join('', map { check($_) } @failed) . "</ul>\n" : '')
        . (@rest ? details(count(scalar @rest, 'check that passed', 'checks that passed'), '<ul class="checks">' . join('', map { check($_) } @rest) . "</ul>\n") : '')
        . join '', map { boot($_) } @$boots;
    return details(qq{<span class="row"><span class="$class">$mark</span><strong>} . h($test->{name}) . '</strong><span class="soft">'
        . h($counts) . '</span><span class="soft">' . sprintf('%.1f s', $test->{seconds}) . '</span></span>', $inside, $test->{failed});
}

sub tests {
    my ($summary, $boots) = @_;
    my @skipped = @{ $summary->{not_tested} };
    return qq{<h2 id="tests">Tests</h2>\n} . '<p class="soft">Again:</p>' . pre($summary->{again}, 'command')
        . join('', map { test($_, $boots->{ $_->{name} } // []) } @{ $summary->{tests} })
        . (@skipped ? "<h3>Not tested</h3>\n<ul>" . join('', map { '<li>' . h($_) . '</li>' } @skipped) . "</ul>\n" : '');
}

# ------------------------------------------------------------------ coverage

# Line numbers, those behind each other as one stretch.
sub stretches {
    my (@lines) = @_;
    my @stretches;
    for my $line (sort { $a <=> $b } @lines) {
        @stretches && $stretches[-1][1] == $line - 1 ? $stretches[-1][1] = $line : push @stretches, [$line, $line];
    }
    return join ', ', map { $_->[0] == $_->[1] ? $_->[0] : "$_->[0]\x{2013}$_->[1]" } @stretches;
}

sub file_lines {
    my ($file, $measured, $source, $suite, $all) = @_;
    my %never = map { $_ => 1 } grep { !$all->{$_} } keys %$all;
    my $functions = $measured->{functions}{$file};
    my $left = join '', map {
        my @lines = grep { $never{$_} } keys %{ $functions->{$_} };
        @lines ? '<tr><td><code>' . h($_) . '</code></td><td>' . (@lines == keys %{ $functions->{$_} } ? 'all: ' : '') . stretches(@lines) . "</td></tr>\n" : ();
    } sort keys %$functions;
    $left = "<table><tr><th>Never ran, in</th><th>lines</th></tr>\n$left</table>\n" if length $left;
    my @lines = $source->lines($file);
    return $left . '<p class="soft">' . h("The source, $file, was not found.") . "</p>\n" if !@lines;
    my $number = 0;
    return $left . '<pre class="source">' . join('', map {
        $number++;
        my $count = $all->{$number};
        source_line($number, $_, !defined $count ? '' : $suite->{$number} ? 'ran' : $count ? 'sweep' : 'never', $count // '');
    } @lines) . "</pre>\n";
}

sub coverage {
    my ($summary, $measured, $source, $is_suite) = @_;
    my $coverage = $summary->{coverage};
    my $html = qq{<h2 id="coverage">Line coverage</h2>\n};
    return $html . '<p>' . h("Left out: $coverage->{reason}.") . "</p>\n" if $coverage->{state} ne 'measured';
    my ($suite, $all) = @$coverage{qw(suite suite_and_sweep)};
    $html .= '<p>' . h(sprintf 'Of %d lines that have code, %d (%s %%) ran in the suite without the sweep, and %d (%s %%) with it.',
        $suite->{lines}, $suite->{ran}, percent($suite), $all->{ran}, percent($all))
        . ' A line counts as its instructions ran, in the image as it is: what the compiler moved or left out is not seen where it was written.'
        . (exists $summary->{left_out}{'coverage/'} ? '' : ' The same as <a href="coverage/index.html">genhtml&#39;s pages</a>, and in lcov&#39;s format: <a href="coverage.info">coverage.info</a>.')
        . "</p>\n<p><span class=\"key ran\">ran</span> <span class=\"key sweep\">in the sweep only</span> <span class=\"key never\">never</span></p>\n<div class=\"files\">\n";
    for my $file (@{ $coverage->{files} }) {
        my ($in_suite, $in_all) = @$file{qw(suite suite_and_sweep)};
        my $lines = $in_suite->{lines} || 1;
        my $bar = sprintf '<span class="bar" style="--suite:%.1f%%;--all:%.1f%%">%s %%</span>', 100 * $in_suite->{ran} / $lines,
            100 * $in_all->{ran} / $lines, percent($in_all);
        $html .= details('<span class="row"><strong>' . h($file->{name}) . "</strong><span>$in_suite->{ran} of $in_suite->{lines}</span><span>"
            . "$in_all->{ran} with sweep</span>$bar</span>", file_lines($file->{name}, $measured, $source,
                lines_of($measured, $file->{name}, $is_suite), lines_of($measured, $file->{name}, sub { 1 })));
    }
    return "$html</div>\n";
}

# ------------------------------------------------------------------ the rest

sub about {
    my ($summary) = @_;
    my ($driver, $versions) = @$summary{qw(driver versions)};
    my @rows = (
        ['Driver', $driver->{given}], ['Image', "$driver->{file}, " . count($driver->{bytes}, 'byte')], ['SHA-256', $driver->{sha256}],
        (map { ['Controller', $_] } @{ $driver->{controllers} }), ['QEMU', $versions->{qemu}], ['Compiler', $versions->{compiler}],
        ['System', $versions->{system}], ['ATA port driver', $versions->{ataport}], ['Its kernel, SHA-256', $versions->{kernel_sha256}],
        (map { ["Left out: $_", $summary->{left_out}{$_}] } sort keys %{ $summary->{left_out} }),
    );
    return qq{<h2 id="about">What was tested</h2>\n<table>\n} . join('', map { '<tr><th>' . h($_->[0]) . '</th><td><code>' . h($_->[1]) . "</code></td></tr>\n" }
        grep { defined $_->[1] } @rows) . "</table>\n";
}

sub page {
    my ($summary, $boots, $measured, $source, $is_suite) = @_;
    my $title = h("$summary->{driver}{name}.sys $summary->{verdict}");
    return qq{<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n}
        . qq{<link rel="icon" href="data:,">\n<title>$title</title>\n<style>\n} . Ataport::slurp('tests/report/page.css') . "</style>\n</head>\n<body>\n"
        . head($summary) . crashes($summary, $source) . rules($summary, $source) . tests($summary, $boots) . coverage($summary, $measured, $source, $is_suite) . about($summary)
        . "</body>\n</html>\n";
}

1;
