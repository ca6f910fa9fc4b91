#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tools/graph.pl [--edges | --layers=LIST] OBJECT...
#
# Who needs whom among object files, as their symbols say: an object that uses what another defines has an
# edge to it. Prints each circle (a largest set of objects of which each reaches each other one) with the
# symbols that close it, and ends with 1 if there is any. --edges prints every edge instead, and ends with 0;
# --layers prints those that go up among the layers of LIST (port/layers.list), and ends with 1 if there is any.
# Local symbols and those that no given object defines don't count. NM= is the program that reads the
# objects (nm).
use strict;
use warnings;
use FindBin;
use Getopt::Long;
use lib $FindBin::Bin;
use Layers;

my ($shows_edges, $list);
GetOptions('edges' => \$shows_edges, 'layers=s' => \$list) && @ARGV
    or die "usage: tools/graph.pl [--edges | --layers=LIST] OBJECT...\n";

my (%definer, %uses);    # symbol => object; object => {symbol => 1}
-f or die "tools/graph.pl: there is no $_\n" for @ARGV;
open my $nm, '-|', $ENV{NM} || 'nm', '-A', '-g', @ARGV or die "tools/graph.pl: nm: $!\n";
while (<$nm>) {
    my ($object, $type, $symbol) = /^(.*):\s*[0-9a-fA-F]*\s+([A-Za-z])\s+(\S+)$/ or next;
    if ($type =~ /^[Uwv]$/) {
        $uses{$object}{$symbol} = 1;
    } elsif ($type !~ /^[WV]$/ && $definer{$symbol} && $definer{$symbol} ne $object) {
        die "tools/graph.pl: $symbol is defined in $definer{$symbol} and in $object\n";
    } else {
        $definer{$symbol} //= $object;
    }
}
close $nm or die "tools/graph.pl: nm failed\n";

my %edges;    # object => {object => [symbols]}
for my $object (keys %uses) {
    for my $symbol (sort keys %{$uses{$object}}) {
        my $other = $definer{$symbol} // next;
        push @{$edges{$object}{$other}}, $symbol if $other ne $object;
    }
}

sub name_of { return $_[0] =~ m{([^/]+/[^/]+)$} ? $1 : $_[0] }

sub print_edge {
    my ($from, $to) = @_;
    print "    ", name_of($from), ' -> ', name_of($to), ': ', join(', ', @{$edges{$from}{$to}}), "\n";
    return;
}

if ($shows_edges) {
    for my $from (sort keys %edges) {
        print_edge($from, $_) for sort keys %{$edges{$from}};
    }
    exit 0;
}

if (defined $list) {
    my $layers = Layers->new($list);
    my $ups = 0;
    # An object lies in the build's folder as its source does in the tree.
    my %source = map { $_ => m{((?:^|(?<=/))\Q$layers->{folder}\E/.*)} ? $1 : $_ } @ARGV;
    for my $from (sort keys %edges) {
        for my $to (sort keys %{$edges{$from}}) {
            my $objection = $layers->objection($source{$from}, $source{$to}) // next;
            print "$source{$from}: $objection: ", join(', ', @{$edges{$from}{$to}}), "\n";
            $ups++;
        }
    }
    exit($ups ? 1 : 0);
}

# Tarjan's strongly connected components.
my (%index, %low, %on_stack, @stack, @circles);
my $count = 0;

sub visit {
    my ($object) = @_;
    $index{$object} = $low{$object} = $count++;
    push @stack, $object;
    $on_stack{$object} = 1;
    for my $other (sort keys %{$edges{$object} // {}}) {
        if (!defined $index{$other}) {
            visit($other);
            $low{$object} = $low{$other} if $low{$other} < $low{$object};
        } elsif ($on_stack{$other}) {
            $low{$object} = $index{$other} if $index{$other} < $low{$object};
        }
    }
    return if $low{$object} != $index{$object};
    my @members;
    while (1) {
        my $member = pop @stack;
        delete $on_stack{$member};
        push @members, $member;
        last if $member eq $object;
    }
    push @circles, [sort @members] if @members > 1;
    return;
}

no warnings 'recursion';
for my $object (sort @ARGV) {
    visit($object) if !defined $index{$object};
}
for my $circle (@circles) {
    my %member = map { $_ => 1 } @$circle;
    print 'a circle of ', scalar @$circle, ': ', join(' ', map { name_of($_) } @$circle), "\n";
    for my $from (@$circle) {
        print_edge($from, $_) for grep { $member{$_} } sort keys %{$edges{$from}};
    }
}
exit(@circles ? 1 : 0);
