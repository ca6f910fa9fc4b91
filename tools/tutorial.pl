#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tools/tutorial.pl STEP FILE       STEP is one of docs/writing-a-miniport.md: writes, dma, registry
#
# Changes a driver's source as a step of the document says. A step's differences stand in its ```diff blocks;
# "@@" begins a new place, whose lines (blank or "-" in front) must be found exactly once in the file. Nothing
# is changed if one is not.
use strict;
use warnings;
use File::Basename qw(basename dirname);

my ($step, $path) = @ARGV;
my $document = dirname($0) . '/../docs/writing-a-miniport.md';

sub slurp {
    my ($name) = @_;
    open my $file, '<:raw', $name or die "$name: $!\n";
    local $/;
    return scalar <$file> // '';
}

my $text = slurp($document);
my @steps = $text =~ /^<!-- step: (\w+) -->$/mg;
@ARGV == 2 or die "usage: tools/tutorial.pl STEP FILE\nSteps of docs/writing-a-miniport.md: @steps\n";
my ($part) = $text =~ /^<!-- step: \Q$step\E -->\n(.*?)^<!-- end -->$/ms or die "There is no step $step; there are: @steps\n";

my $source = slurp($path);
my ($name) = basename($path) =~ /^([\w-]+)/;
my $number = 0;
for my $hunk (split /^@@.*\n/m, join '', $part =~ /^```diff\n(.*?)^```$/msg) {
    next if $hunk eq '';
    $number++;
    $hunk =~ s/mydisk/$name/g;
    my $old = join '', map { /^[ -](.*\n)/ ? $1 : /^\n/ ? $_ : () } $hunk =~ /.*\n/g;
    my $new = join '', map { /^[ +](.*\n)/ ? $1 : /^\n/ ? $_ : () } $hunk =~ /.*\n/g;
    my $count = () = $source =~ /^\Q$old\E/mg;
    $count == 1
        or die "$path: the lines of place $number of step $step are there $count times; was the step before it done, or this "
        . "one already?\n$old";
    $source =~ s/^\Q$old\E/$new/m;
}
open my $file, '>:raw', $path or die "$path: $!\n";
print {$file} $source;
close $file or die "$path: $!\n";
print "$path: $number places changed\n";
