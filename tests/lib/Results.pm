# SPDX-License-Identifier: MIT
#
# The report of the conformance suite: what tests/conformance/run.pl leaves in REPORT= (build/report).
#
#   junit.xml       the checks, for what reads JUnit's format
#   summary.json    all of it for programs; docs/ci.md says what is in it
#   index.html      all of it for people (Results/Page.pm)
#   coverage.info, coverage/    the driver's lines that ran, in lcov's format and as genhtml's pages
#
#   Results::clear($folder)               makes it, and removes what an earlier run left there. Returns the names of files
#                                         that are in the way and no report's; then nothing was removed
#   Results::tell_crash($word, $image, $console)    GitHub's annotation, if a driver has ended its first start
#   Results::write_refusal($folder, $sentence, $code)    summary.json of a run that did not come to its tests
#   my $results = Results->new(%facts)    $ENV{REPORT_RECORD} is an empty folder from then on. The facts:
#                                           report     the folder
#                                           record     a folder for what the tests leave
#                                           driver     its name; word: as the user named it; image: the .sys file that runs
#                                           arch, machine => {MACHINE, CONTROLLER}, asked => {what the user said of them}
#                                           controllers    lines
#                                           tests      files; filter: TEST, as the user said it
#   $results->write($seconds, $over, @not_tested)
#                                         after prove; over: a sentence, if the suite was ended. Returns the last line for
#                                         the console
# All but clear and write_refusal want Ataport to be loaded, as Conformance does.
package Results;

use strict;
use warnings;
use Cwd ();
use Encode ();
use File::Path qw(make_path remove_tree);
use JSON::PP ();
use POSIX ();
use Reports qw(crash);
use Results::Boots ();
use Results::Coverage ();
use Results::Page ();
use Results::Source ();
use Results::Tap ();

my %reasons = (
    0 => 'every boot came to its end, and every check passed',
    1 => 'a check failed',
    2 => 'QEMU or this host failed',
    3 => 'a rule was broken',
    4 => 'an exception, an assertion, or a driver that did not come back',
    5 => 'a triple fault, a lost guest, or a time-out',
);

sub new {
    my ($class, %facts) = @_;
    my $self = bless {%facts, began => time}, $class;
    remove_tree($facts{record});
    make_path($facts{record});
    $ENV{REPORT_RECORD} = $facts{record};
    my ($words, $reason) = Results::Coverage::plugin_words("build/$facts{arch}/guest/kernel");
    $ENV{REPORT_COVERAGE} = $words if defined $words;
    $self->{no_coverage} = $reason;
    return $self;
}

# ------------------------------------------------------------------ what came of it

sub first_line { my (@words) = @_; return ((Ataport::command(@words))[1] =~ /\A(.*)/)[0] }

sub versions {
    my ($self) = @_;
    my ($system) = -r '/etc/os-release' ? Ataport::slurp('/etc/os-release') =~ /^PRETTY_NAME="?([^"\n]*)/m : ();
    my ($code, $commit) = Ataport::command(qw(git describe --always --dirty));
    my $arch = $self->{arch};
    my $compiler = $ENV{MINIPORT_CC}
        || ($ENV{MINIPORT_CROSS} // { x86_64 => 'x86_64', i386 => 'i686' }->{$arch} . '-w64-mingw32-') . 'gcc';
    return {
        ataport => $code == 0 ? $commit =~ s/\n//r : undef,
        kernel_sha256 => Ataport::sha256_of("build/$arch/guest/kernel"),
        qemu => first_line($ENV{QEMU} || "qemu-system-$arch", '--version'),
        compiler => -d $self->{word} ? first_line($compiler, '--version') : undef,    # else somebody else's
        system => $system,
    };
}

# How the suite is run again, or one of its tests.
sub again {
    my ($self, $test) = @_;
    my %asked = %{ $self->{asked} };
    (my $word = $self->{word}) =~ s/ /\\ /g;
    return join ' ', 'make test', map { my ($key, $value) = @$_; "$key=" . Ataport::quoted($value) }
        [ARCH => $self->{arch}], [MINIPORT => $word], (map { [$_ => $asked{$_}] } sort keys %asked),
        length $test ? [TEST => $test] : ();
}

# Counts a place among those of a list, which %$known finds again; a test came to it so many times.
sub count_place {
    my ($list, $known, $place, $times, $test) = @_;
    my $counted = $known->{ join "\0", map { $place->{$_} // '' } qw(driver function file line rva) } //= do {
        push @$list, { %$place, count => 0, tests => [] };
        defined $list->[-1]{$_} and $list->[-1]{$_} += 0 for qw(line rva);
        $list->[-1];
    };
    $counted->{count} += $times;
    push @{ $counted->{tests} }, $test if !grep { $_ eq $test } @{ $counted->{tests} };
    return;
}

# Broken rules by id: how often, in which places, in which tests.
sub rules {
    my ($boots) = @_;
    my (%rules, %places);
    for my $boot (map { @{ $boots->{$_} } } sort keys %$boots) {
        for my $broken (@{ $boot->{broken} }) {
            my $report = $broken->{report};
            my $rule = $rules{ $report->{id} } //= { id => $report->{id}, count => 0, places => [] };
            $rule->{words} //= $report->{words};
            $rule->{count} += $broken->{count};
            my %place = map { $_ => $report->{$_} } qw(driver function file line rva routine context detail text);
            count_place($rule->{places}, $places{ $report->{id} } //= {}, \%place, $broken->{count}, $boot->{test});
        }
    }
    return [map { $rules{$_} } sort keys %rules];
}

# Where the driver's code ended a run, by place.
sub crashes {
    my ($boots) = @_;
    my (@crashes, %places);
    for my $boot (grep { $_->{code} == 4 } map { @{ $boots->{$_} } } sort keys %$boots) {
        my $crash = crash($boot->{console}) // next;
        count_place(\@crashes, \%places, $crash, 1, $boot->{test});
    }
    return \@crashes;
}

sub tests {
    my ($self, $boots) = @_;
    my %kept = map { $_->{name} => $_ } Results::Tap::tests($self->{record});
    my @tests;
    for my $file (@{ $self->{tests} }) {
        my ($name) = $file =~ m{([^/]+)\.t$};
        my $test = Results::Tap::read_test($kept{$name} // { file => $file, name => $name, start => 0, lines => [] });
        my @boots = map { my $boot = $_; +{ map { $_ => $boot->{$_} } qw(name command code seconds) } } @{ $boots->{$name} // [] };
        push @tests, { (map { $_ => $test->{$_} } qw(name file passed failed skipped problem checks)),
            seconds => sprintf('%.3f', $test->{seconds}) + 0, boots => \@boots, again => $self->again($name) };
    }
    return \@tests;
}

sub exit_of {
    my ($tests, $rules, $over) = @_;
    my @codes = sort { $b <=> $a } ($over ? 5 : ()), (@$rules ? 3 : ()), map { $_->{code} } map { @{ $_->{boots} } } grep { $_->{failed} } @$tests;
    my $code = $codes[0] || ((grep { $_->{failed} } @$tests) ? 1 : 0);
    my %boots;
    $boots{ $_->{code} }++ for map { @{ $_->{boots} } } @$tests;
    return { code => $code, reason => $over // $reasons{$code} // 'a signal ended it', boots => \%boots };
}

my %sets = (
    suite => sub { $_[0] ne 'sweep' },
    'suite and sweep' => sub { 1 },
);

sub coverage {
    my ($self, $boots) = @_;
    return { state => 'left out', reason => $self->{no_coverage} } if defined $self->{no_coverage};
    my $measured = Results::Coverage::measure($self->{image}, $boots);
    return { state => 'left out', reason => $measured } if !ref $measured;
    $self->{measured} = $measured;
    my $count = sub {
        my ($which, @files) = @_;
        my ($all, $ran) = Results::Coverage::totals($measured, $which, @files);
        return { lines => $all, ran => $ran };
    };
    return {
        state => 'measured',
        (map { s/ /_/gr => $count->($sets{$_}) } keys %sets),
        files => [map { my $file = $_; { name => $file, map { s/ /_/gr => $count->($sets{$_}, $file) } keys %sets } }
            sort keys %{ $measured->{files} }],
    };
}

sub gather {
    my ($self, $seconds, $over) = @_;
    my $boots = $self->{boots} = Results::Boots::boots($self->{record}, $self->{driver});
    my $tests = $self->tests($boots);
    my %totals = (passed => 0, failed => 0, skipped => 0);
    for my $test (@$tests) {
        $totals{$_} += $test->{$_} for keys %totals;
    }
    my $rules = rules($boots);
    my $exit = exit_of($tests, $rules, $over);
    return $self->{summary} = {
        format => 1,
        verdict => $exit->{code} == 0 ? 'passed' : 'failed',
        exit => $exit,
        totals => \%totals,
        driver => {
            name => $self->{driver}, given => $self->{word}, file => $self->{image}, bytes => -s $self->{image},
            sha256 => Ataport::sha256_of($self->{image}), arch => $self->{arch}, machine => $self->{machine},
            controllers => $self->{controllers},
        },
        versions => $self->versions,
        began => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $self->{began}),
        seconds => sprintf('%.1f', $seconds) + 0,
        again => $self->again($self->{filter}),
        tests => $tests,
        not_tested => $self->{not_tested},
        rules => $rules,
        crashes => crashes($boots),
        coverage => $self->coverage($boots),
    };
}

# ------------------------------------------------------------------ files

sub spill {
    my ($path, $text) = @_;
    open my $file, '>:utf8', $path or die "$path: $!\n";
    print {$file} $text;
    close $file or die "$path: $!\n";
    return;
}

# lcov's file, and genhtml's pages where there is genhtml; what is missing, in words.
sub write_coverage {
    my ($self, $folder, $source) = @_;
    my $coverage = $self->{summary}{coverage};
    return $coverage->{reason} if $coverage->{state} ne 'measured';
    my @missing = Results::Coverage::write_info($self->{measured}, $source, "$folder/coverage.info",
        [suite => $sets{suite}], [sweep => sub { $_[0] eq 'sweep' }]);
    $coverage->{without_source} = \@missing;
    my ($code, $output) = (Ataport::command(qw(genhtml --version)))[0] == 0
        ? Ataport::command('genhtml', '--quiet', '--title', $self->{driver}, '--output-directory', "$folder/coverage", "$folder/coverage.info")
        : return 'genhtml is missing (package lcov)';
    return $code == 0 ? undef : "genhtml: $output";
}

my @files = qw(junit.xml summary.json index.html coverage.info coverage);

# Whether a file is a summary.json of ours.
sub is_summary {
    my ($path) = @_;
    open my $file, '<', $path or return 0;
    my $summary = eval { JSON::PP::decode_json(do { local $/; <$file> } // '') };
    return ref $summary eq 'HASH' && exists $summary->{format} && exists $summary->{verdict};
}

# The folder may have other things of its owner's, and be no report's at all. Whoever ends the run before the
# report is written leaves a folder that is still known as one.
sub clear {
    my ($folder) = @_;
    make_path($folder);
    my @there = grep { -e "$folder/$_" } @files;
    return @there if @there && !is_summary("$folder/summary.json");
    write_refusal($folder, 'the suite was ended before its report was written', 2);
    remove_tree(map { "$folder/$_" } grep { $_ ne 'summary.json' } @there);
    return;
}

# Where a driver did not come to its tests, if the console says so.
sub tell_crash {
    my ($word, $image, $console) = @_;
    my $crash = crash($console);
    print crash_annotation(Results::Source->new($word, $image), $crash) if $crash && is_on_github();
    return;
}

# No test was run.
sub write_refusal {
    my ($folder, $sentence, $code) = @_;
    spill("$folder/summary.json", JSON::PP->new->canonical->pretty->encode({ format => 1, verdict => 'not run',
        exit => { code => $code, reason => Encode::decode('UTF-8', $sentence) } }));
    return;
}

sub write {
    my ($self, $seconds, $over, @not_tested) = @_;
    $self->{not_tested} = \@not_tested;
    my $summary = $self->gather($seconds, $over);
    my $folder = $self->{report};
    my $source = $self->{source} = Results::Source->new($self->{word}, $self->{image});
    my %left_out = (
        'junit.xml' => scalar Results::Tap::junit("$folder/junit.xml", Results::Tap::tests($self->{record})),
        'coverage/' => scalar $self->write_coverage($folder, $source),
    );
    delete @left_out{ grep { !defined $left_out{$_} } keys %left_out };
    $summary->{left_out} = \%left_out;
    spill("$folder/index.html", Results::Page::page($summary, $self->{boots}, $self->{measured}, $source, $sets{suite}));
    spill("$folder/summary.json", JSON::PP->new->canonical->pretty->encode($summary));
    remove_tree($self->{record});
    print "left out of the report: $_: $left_out{$_}\n" for sort keys %left_out;
    print $self->annotations if is_on_github();
    return $self->last_line;
}

sub last_line {
    my ($self) = @_;
    my ($exit, $coverage) = @{ $self->{summary} }{qw(exit coverage)};
    my $count = 0;
    $count += $_ for values %{ $exit->{boots} };
    return join '', "run-qemu.sh ended with $exit->{code}: $exit->{reason} ($count boot", $count == 1 ? '' : 's',
        $coverage->{state} eq 'measured'
        ? sprintf(', %d%% of %d lines ran', percent($coverage->{suite_and_sweep}), $coverage->{suite_and_sweep}{lines}) : (),
        "); the report is $self->{report}/index.html\n";
}

sub percent { my ($counts) = @_; return $counts->{lines} ? int 100 * $counts->{ran} / $counts->{lines} : 0 }

# ------------------------------------------------------------------ GitHub

sub is_on_github { return ($ENV{GITHUB_ACTIONS} // '') eq 'true' }

sub escaped {
    my ($text, $is_property) = @_;
    $text =~ s/%/%25/g;
    $text =~ s/\r/%0D/g;
    $text =~ s/\n/%0A/g;
    $text =~ s/:/%3A/g, $text =~ s/,/%2C/g if $is_property;
    return $text;
}

sub annotation {
    my ($title, $text, %place) = @_;
    my @properties = map { "$_=" . escaped($place{$_}, 1) } grep { defined $place{$_} } sort keys %place;
    return Encode::encode('UTF-8', '::error ' . join(',', @properties, 'title=' . escaped($title, 1)) . '::' . escaped($text) . "\n");
}

# At its place in the sources that are checked out.
sub annotation_at {
    my ($source, $title, $place) = @_;
    my $workspace = $ENV{GITHUB_WORKSPACE} // Cwd::getcwd();
    my $path = defined $place->{file} ? $source->path($place->{file}) // $place->{file} : undef;
    $path =~ s{^\Q$workspace\E/}{} if defined $path;
    return annotation($title, $place->{text}, file => $path, line => $place->{line});
}

sub crash_annotation { my ($source, $crash) = @_; return annotation_at($source, "$crash->{driver}: the kernel cannot go on", $crash) }

# A line for each broken rule, for each place where a run has ended in the driver, and for each test that failed.
sub annotations {
    my ($self) = @_;
    my @lines;
    for my $rule (@{ $self->{summary}{rules} }) {
        push @lines, annotation_at($self->{source}, "$rule->{id}: " . ($rule->{words} // 'a rule of the contract'), $_) for @{ $rule->{places} };
    }
    push @lines, crash_annotation($self->{source}, $_) for @{ $self->{summary}{crashes} };
    for my $test (grep { $_->{failed} } @{ $self->{summary}{tests} }) {
        my @failed = map { $_->{name} } grep { !$_->{ok} } @{ $test->{checks} };
        push @lines, annotation("$self->{driver}: the test $test->{name} failed", join("\n", $test->{problem} // (), (map { "not ok: $_" } @failed), $test->{again}));
    }
    return @lines;
}

1;
