# SPDX-License-Identifier: MIT
#
# What `make test` adds to prove: `prove -PVerdict` runs tests/host/test_NAME.c as build/host/test_NAME,
# with the files of its ARGUMENTS line, i386:tests/boot/NAME.t as tests/boot/NAME.t with ARCH=i386 in its
# environment, and i386:tests/guest/NAME as a row of tests/guest/run.pl. It ends with one line "N passed, M failed". N and M count checks; a file that went wrong
# without a failed check (it died, or kept not to its plan) counts as one.
package Verdict;

use strict;
use warnings;
use parent 'TAP::Harness';
use Results::Tap ();

# Called by prove.
sub load {
    my ($class, $prove) = @_;
    $prove->{app_prove}->harness($class);
    $ENV{LC_ALL} = 'C';    # tests read what programs say
    return;
}

sub new {
    my ($class, $arguments) = @_;
    my $self = $class->SUPER::new({%$arguments, exec => \&command_for});
    Results::Tap::listen($self, $ENV{REPORT_RECORD}) if length($ENV{REPORT_RECORD} // '');
    return $self;
}

# How people see a test, in the list and in the summary.
sub runtests {
    my ($self, @tests) = @_;
    return $self->SUPER::runtests(map { /^(\w+):(.*)/ ? [$_, "$2, $1"] : $_ } @tests);
}

# The command of a host test, or of a test for one ARCH; undef lets the harness find out itself.
sub command_for {
    my ($harness, $file) = @_;
    return ['env', "ARCH=$1", $^X, 'tests/guest/run.pl', $2] if $file =~ m{^(\w+):tests/guest/([\w-]+)$};
    return ['env', "ARCH=$1", $^X, $2] if $file =~ /^(\w+):(.*)/;
    my ($name) = $file =~ m{^tests/host/(test_\w+)\.c$} or return;
    return ["build/host/$name", words_of($file, 'ARGUMENTS')];
}

# The paths that follow "KEY:", wherever that stands in the opening comment of a host test (clang-format
# may have filled its lines anew). tools/host-tests.pl asks for them too.
sub words_of {
    my ($file, $key) = @_;
    open my $source, '<', $file or die "$file: $!\n";
    my $text = join '', grep { defined } map { scalar <$source> } 1 .. 40;
    $text =~ s{^\s*\*(?!/)}{}mg;
    my @words;
    while ($text =~ m{\b$key:((?:\s+[\w./-]+\.\w+(?=\s))+)}g) {
        push @words, split ' ', $1;
    }
    return @words;
}

sub summary {
    my ($self, $aggregate, $interrupted) = @_;
    $self->SUPER::summary($aggregate, $interrupted);
    my ($passed, $failed) = (0, 0);
    for my $parser ($aggregate->parsers($aggregate->descriptions)) {
        my $bad = $parser->failed;
        $passed += $parser->passed;
        $failed += $bad || ($parser->has_problems ? 1 : 0);
    }
    print "$passed passed, $failed failed\n";
    return;
}

1;
