# SPDX-License-Identifier: MIT
#
# What the tests of a suite said, kept for its report: each line of TAP with the time at which it came, and how each test
# ended. `prove -PVerdict` keeps it with REPORT_RECORD=FOLDER in its environment, in FOLDER/tap.json; what came until the
# suite was ended, too.
#
#   listen($harness, $folder)    for Verdict.pm
#   tests($folder)               what was kept: a list of
#                                  file, name, start, end (undef: it did not come to its end), exit, wait,
#                                  lines     [[time, text], ...]
#   read_test($test)             the same with what TAP::Parser makes of it:
#                                  checks    [{number, name, ok, skip (a reason), notes => [lines]}, ...]
#                                  passed, failed, skipped    numbers, as Verdict.pm counts them
#                                  problem   what was wrong besides its checks, in words; undef if nothing was
#                                  seconds
#   junit($path, @tests)         writes them as JUnit's XML, by Debian's TAP::Formatter::JUnit; returns why not, if so
package Results::Tap;

use strict;
use warnings;
use parent 'Exporter';
use Encode ();
use JSON::PP ();
use TAP::Parser;
use Time::HiRes ();

our @EXPORT_OK = qw(listen tests read_test junit);

sub listen {
    my ($harness, $folder) = @_;
    my (@tests, %parser);
    my $save = sub {
        open my $file, '>:raw', "$folder/tap.json" or die "$folder/tap.json: $!\n";
        print {$file} JSON::PP->new->canonical->utf8->encode(\@tests);
        close $file or die "$folder/tap.json: $!\n";
    };
    $harness->callback(made_parser => sub {
        my ($parser, $job) = @_;
        my $test = { file => $job->[0], name => $job->[0] =~ m{([^/]+?)(?:\.t)?$}, start => Time::HiRes::time(), lines => [] };
        push @tests, $test;
        $parser->callback(ALL => sub { push @{ $test->{lines} }, [Time::HiRes::time(), $_[0]->raw] });
    });
    $harness->callback(after_test => sub {
        my ($job, $parser) = @_;
        my ($test) = grep { $_->{file} eq $job->[0] } @tests;
        @$test{qw(end exit wait)} = (Time::HiRes::time(), $parser->exit, $parser->wait);
        $save->();
    });
    $SIG{TERM} = sub { $save->(); exit 1 };
    return;
}

sub tests {
    my ($folder) = @_;
    open my $file, '<:raw', "$folder/tap.json" or return;
    local $/;
    return @{ JSON::PP::decode_json(<$file>) };
}

# A parser that reads it once more. It takes no input that is empty, and JUnit's formatter no test that said nothing.
sub parser_of {
    my ($test) = @_;
    my $parser = TAP::Parser->new({ tap => join '', map { "$_\n" } (map { $_->[1] } @{ $test->{lines} }), '# the end' });
    my $ended = sub {
        $parser->start_time($test->{start});
        $parser->end_time($test->{end} // $test->{start});
        $parser->exit($test->{exit} // 0);
        $parser->wait($test->{wait} // 0);
    };
    return ($parser, $ended);
}

sub read_test {
    my ($test) = @_;
    my ($parser, $ended) = parser_of($test);
    my $text = sub { Encode::decode('UTF-8', $_[0] // '') };    # what is no UTF-8 is replaced
    my @checks;
    while (my $line = $parser->next) {
        if ($line->is_test) {
            push @checks, { number => $line->number, name => $text->($line->description =~ s/^- //r), ok => $line->is_ok ? 1 : 0, notes => [] };
            $checks[-1]{skip} = $text->($line->explanation) if $line->has_skip;
            $checks[-1]{name} = $checks[-1]{skip} if $line->has_skip && !length $checks[-1]{name};
        } elsif ($line->is_comment && @checks && $line->raw ne '# the end') {
            push @{ $checks[-1]{notes} }, $text->($line->raw =~ s/^# ?//r);
        }
    }
    $ended->();
    my $problem = !defined $test->{end} ? 'it did not come to its end'
        : $test->{exit} && !$parser->failed ? "it ended with $test->{exit}"
        : $parser->has_problems && !$parser->failed ? join '; ', $parser->parse_errors : undef;
    return {
        %$test, checks => \@checks, problem => $problem, passed => scalar $parser->passed,
        failed => scalar($parser->failed) || ($problem ? 1 : 0), skipped => scalar $parser->skipped,
        seconds => ($test->{end} // $test->{start}) - $test->{start},
    };
}

sub junit {
    my ($path, @tests) = @_;
    eval { require TAP::Formatter::JUnit; 1 }
        or return "TAP::Formatter::JUnit is missing (Debian's libtap-formatter-junit-perl)";
    my $text = '';
    open my $out, '>:utf8', \$text or die "a string: $!";
    my $formatter = TAP::Formatter::JUnit->new({ timer => 1, stdout => $out });
    for my $test (@tests) {
        my ($parser, $ended) = parser_of($test);
        my $session = $formatter->open_test($test->{file}, $parser);
        my @times = map { $_->[0] } @{ $test->{lines} };
        my $time = $test->{start};
        no warnings qw(redefine once);
        local *TAP::Formatter::JUnit::Session::get_time = sub { $time };
        while (my $line = $parser->next) {
            $time = shift @times // $time;
            $session->result($line);
        }
        $ended->();
        $session->close_test;
    }
    $formatter->summary;
    close $out;
    utf8::decode($text);
    open my $file, '>:utf8', $path or return "$path: $!";
    print {$file} qq{<?xml version="1.0" encoding="UTF-8"?>\n}, $text;
    close $file or return "$path: $!";
    return;
}

1;
