#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: rule-coverage.pl
#
# Which rules of the interface have a probe: a miniport of tests/probes that breaks it in a line marked
# BREAKS (tests/lib/Reports.pm), or, for a rule that binds the port, a test that says `asserts => 'TAG-02'`.
# That a marked line is reported is for the tests to see. Prints one line, and names the rules without
# one; fails if there are any.
use strict;
use warnings;
use File::Find;

my $rule = qr/[A-Z]{3}-\d\d/;

# Every match of a pattern in the files of a folder.
sub found_in {
    my ($folder, $pattern) = @_;
    my %found;
    find({ no_chdir => 1, wanted => sub {
        return if !-f || !/\.[cht]$/;
        open my $file, '<', $_ or die "$_: $!\n";
        while (my $line = <$file>) {
            $found{$_} = 1 for map { /$rule/g } $line =~ /$pattern/g;
        }
    } }, $folder);
    return %found;
}

open my $table, '<', 'port/contract/rules.def' or die "port/contract/rules.def: $! (run it from the top of the tree)\n";
my @rules = map { /^RULE\(\w+, "($rule)"/ } <$table>;
my %covered = (found_in('tests/probes', qr/BREAKS:((?:[ ,]*$rule)+)/),
    found_in('tests', qr/\basserts => '($rule)'/));
my @missing = grep { !$covered{$_} } @rules;

printf "rules: %d of %d with a probe%s\n", @rules - @missing, scalar @rules,
    @missing ? '; without: ' . join(' ', @missing) : '';
exit(@missing ? 1 : 0);
