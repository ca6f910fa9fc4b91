#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Has port/contract/rules.def a row for each rule of the table (tests/abi/tables/rules.tsv), from the same source, and
# does docs/contract.md say of each whether a page states it or it is ours?
use strict;
use warnings;
use Test::More;

sub slurp {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!\n";
    local $/;
    return <$file>;
}

my ($names, @table) = map { [split /\t/] } split /\n/, slurp('tests/abi/tables/rules.tsv');
is("@$names", 'id subject rule on_violation source', 'the columns of the table');
my $string = qr/"((?:[^"\\]|\\.)*)"/;
my %rows = map { $_->[0] => $_ } map { [/$string/g] } slurp('port/contract/rules.def') =~ /^RULE\((.+?)\)$/msg;
my %page = map { $_->[0] => $_ } map { [split / \| /, $_] } slurp('docs/contract.md') =~ /^\| ([A-Z]{3}-\d\d \| .+) \|$/mg;

for my $wanted (@table) {
    my ($id, $subject, $rule, $action, $source) = @$wanted;
    my $row = $rows{$id};
    ok($row, "$id has a row") or next;
    if ($source =~ /edge case/) {    # the row says which clause is behind it
        like($row->[3], qr/ATA|SFF|AHCI|PCI/, "$id: its standard");
        next;
    }
    is($row->[3], $source, "$id: its source");
    my $stated = $source eq 'ours' ? 'ours' : $source =~ /ours/ ? 'in part ours' : 'a page';
    is($page{$id}[2], $stated, "$id: docs/contract.md says so");
}
is($rows{$_}[3] && $page{$_}[4], $rows{$_}[3], "$_ stands in docs/contract.md") for sort keys %rows;
is(scalar(() = slurp('docs/contract.md') =~ /^\| [A-Z]{3}-\d\d \| /mg), scalar keys %rows, 'and none of them twice');

done_testing();
