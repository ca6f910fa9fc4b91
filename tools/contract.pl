#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: contract.pl [--check [FILE]]
#
# Makes docs/contract.md from port/contract/rules.def, port/contract/routines.def and the marks in the probes' sources,
# and prints it; with --check compares it with FILE (docs/contract.md) and says how to make that anew. Started from the top of the tree.
use strict;
use warnings;
use lib qw(tests/lib tools);
use Reports;
use Routines;

my @families = (
    [INI => 'Introductions', 'what a driver, its channels and its devices say of themselves'],
    [CTX => 'Contexts', 'who may call what, and when'],
    [REG => 'The registry', 'the registry buffer, reads and writes'],
    [IRB => 'Requests', 'what happens to an IRB between IdeHwBuildIo and its completion'],
    [MEM => 'Memory', 'extensions and uncached memory'],
    [INT => 'Interrupts', 'whose they are'],
    [TAG => 'Queue tags', 'which are handed out'],
    [ADR => 'Addresses', 'registers, ports, configuration space'],
    [CBK => 'Callbacks', 'timers, workers, synchronised routines'],
    [DBG => 'Debug prints', 'what a driver says of itself'],
    [CPU => 'The processor', 'how each routine of the driver leaves it behind'],
    [HWR => 'The wire', 'what is written to a device, and read of it'],
);

sub slurp {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!\n";
    local $/;
    return <$file>;
}

# Each: id, words, what the port does, source.
sub read_rules {
    my $text = slurp('port/contract/rules.def');
    my $string = qr/"((?:[^"\\]|\\.)*)"/;
    my @rules;
    while ($text =~ /^RULE\((\w+),\s*$string,\s*$string,\s*$string,\s*$string\)/mg) {
        my ($identifier, @row) = ($1, $2, $3, $4, $5);
        die "port/contract/rules.def: $identifier and $row[0] differ\n" if $identifier ne $row[0] =~ tr/-/_/r;
        push @rules, [map { s/\\(.)/$1/gr } @row];
    }
    my $count = () = $text =~ /^RULE\(/mg;
    die "port/contract/rules.def: a row is RULE(identifier, \"ID\", \"words\", \"what happens\", \"source\")\n"
        if $count != @rules;
    for my $rule (@rules) {
        my $prefix = substr $rule->[0], 0, 3;
        die "port/contract/rules.def: $rule->[0]: tools/contract.pl knows no family $prefix\n"
            if !grep { $_->[0] eq $prefix } @families;
    }
    return @rules;
}

# The files that break a rule, or, for one that binds the port, look whether it keeps it.
sub read_probes {
    my %probes;
    for my $mark (@{ marks(sort glob 'tests/probes/*/*.c') }) {
        $probes{ $mark->{id} }{ $mark->{file} } = 1;
    }
    for my $test (sort glob 'tests/boot/*.t') {
        $probes{$_}{$test} = 1 for slurp($test) =~ /asserts => '(\w+-\d+)'/g;
    }
    return \%probes;
}

# A source is pages, "ours", or pages with what of it is ours behind a semicolon.
sub stated_by {
    my ($source) = @_;
    return 'ours' if $source eq 'ours';
    return $source =~ /; .*\bours$/ ? 'in part ours' : 'a page';
}

sub cell {
    my ($text) = @_;
    return $text =~ s/\|/\\|/gr;
}

my %takes = (NOTHING => '-', CHANNEL => 'channel', OWN_CHANNEL => 'channel, of the routine that runs',
    CHANNEL_OR_NULL => 'channel, or NULL', CONTROLLER => 'controller', EITHER => 'either');

# What a driver can call, from where, and what it breaks elsewhere. Where irb.h has names of its own for the calls of a
# routine, they stand in its stead.
sub routines_table {
    my @rows = read_routines('port/contract/routines.def');
    my %contexts = map { $_->{name} => $_->{words} } grep { $_->{kind} eq 'CONTEXTS' } @rows;
    my %has_names = map { $_->{exported} => 1 } grep { $_->{kind} eq 'CALLED_AS' } @rows;
    my $text = <<'END';

## Routines

From where each routine may be called, whose extension it takes (another one breaks CTX-09 or CTX-10), and which rule is broken
by a call from elsewhere. IdeHwBuildIo is a rule for itself, CTX-01. Many routines have rules besides, about what they are handed.

| routine | exported as | extension | called from | else |
|---|---|---|---|---|
END
    for my $row (sort { $a->{name} cmp $b->{name} } grep { $_->{kind} =~ /^(?:ROUTINE|CALLED_AS)$/ } @rows) {
        next if $has_names{ $row->{name} };
        my $words = $contexts{ $row->{contexts} } // die "$row->{where}: there are no contexts $row->{contexts}\n";
        my $takes = $takes{ $row->{takes} } // die "$row->{where}: no routine takes $row->{takes}\n";
        $text .= '| ' . join(' | ', $row->{name}, $row->{exported} // '', $takes, cell($words), $row->{rule} =~ tr/_/-/r) . " |\n";
    }
    return $text;
}

sub document {
    my @rules = read_rules();
    my $probes = read_probes();
    my $text = <<'END';
# The contract

The rules that the documentation of the interface states, and what the port does when a driver breaks one. Each report
names the rule by its id; [debugging.md](debugging.md) says how to read it. `CHECKS=off` drops the reports and the memory tricks; the
failure values stay. A dash stands where a rule binds the port, and a test looks whether it keeps it.

Not every rule is stated by the documentation. "stated by" says of each whether a page of it does ("a page"), no page does and
the rule is this project's own ("ours"), or pages state it and the rest is this project's reading ("in part ours"). A driver that
breaks a rule of ours may be right for Windows; it is reported all the same, since what it does depends on luck.

Edge cases have the numbers of `tests/edge-cases.tsv`.

This page is made by `tools/contract.pl` from `port/contract/rules.def` and `port/contract/routines.def`, and `make lint` fails when it is not up to date.
END
    $text .= routines_table();
    for my $family (@families) {
        my ($prefix, $title, $about) = @$family;
        $text .= "\n## $title\n\n\u$about.\n\n| id | rule | stated by | what the port does | source | shown by |\n|---|---|---|---|---|---|\n";
        for my $rule (grep { $_->[0] =~ /^$prefix-/ } @rules) {
            my @files = sort keys %{ $probes->{ $rule->[0] } // {} };
            my ($id, $words, $action, $source) = @$rule;
            $text .= '| ' . join(' | ', map { cell($_) } $id, $words, stated_by($source), $action, $source,
                join ', ', map { "`" . s{^tests/(?:probes|boot)/}{}r . '`' } @files) . " |\n";
        }
    }
    return $text;
}

if (@ARGV == 0) {
    print document();
} elsif (@ARGV && @ARGV <= 2 && $ARGV[0] eq '--check') {
    my $file = $ARGV[1] // 'docs/contract.md';
    exit 0 if document() eq slurp($file);
    print "$file is not up to date: tools/contract.pl >$file\n";
    exit 1;
} else {
    die "usage: contract.pl [--check [FILE]]\n";
}
