#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tools/host-tests.pl FOLDER tests/host/test_NAME.c...
#
# Prints what make must know of the tests that are processes of their own: FOLDER/test_NAME is made from
# the test and the sources that it names, and wants its arguments to be there.
use strict;
use warnings;
use lib 'tests/lib';
use Verdict;

my $folder = shift;
for my $test (@ARGV) {
    my ($name) = $test =~ m{(test_\w+)\.c$} or die "$test is no test of the host\n";
    my @sources = ($test, Verdict::words_of($test, 'SOURCES'));
    my @arguments = Verdict::words_of($test, 'ARGUMENTS');
    print "host_sources_$name := @sources\n";
    print "$folder/$name: @sources | @arguments\n";
}
