#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tests/fuzz/corpus.pl pack FOLDER >CORPUS      one line for each file of the folder
#        tests/fuzz/corpus.pl unpack CORPUS FOLDER     and back, into files that are named by number
#
# A fuzzer's corpus as text: an input is a line of hexadecimal bytes. A byte that stands four times or
# more is written once, with its count: "4d5a 00*58 80". A line that begins with # is a comment.
use strict;
use warnings;
use File::Path qw(make_path);

sub line_of {
    my ($bytes) = @_;
    my @words;
    while ($bytes =~ /\G(?:(.)\g{1}{3,}|(?:(.)(?!\g{2}{3}))+)/gs) {
        push @words, defined $1 ? sprintf '%02x*%d', ord $1, length $& : unpack 'H*', $&;
    }
    return "@words\n";
}

sub bytes_of {
    my ($line) = @_;
    return join '', map { /^(..)\*(\d+)$/ ? chr(hex $1) x $2 : pack 'H*', $_ } split ' ', $line;
}

my ($what, @paths) = @ARGV;
if (($what // '') eq 'pack' && @paths == 1) {
    my @inputs;
    for my $path (glob "$paths[0]/*") {
        open my $file, '<:raw', $path or die "$path: $!\n";
        local $/;
        push @inputs, <$file> // '';
    }
    # Short ones first; nothing depends on how the fuzzer named the files.
    print map { line_of($_) } sort { length $a <=> length $b || $a cmp $b } @inputs;
} elsif (($what // '') eq 'unpack' && @paths == 2) {
    my ($corpus, $folder) = @paths;
    make_path($folder);
    open my $in, '<', $corpus or die "$corpus: $!\n";
    while (my $line = <$in>) {
        next if $line =~ /^#/;
        open my $file, '>:raw', "$folder/$." or die "$folder/$.: $!\n";
        print {$file} bytes_of($line);
        close $file or die "$folder/$.: $!\n";
    }
} else {
    die "usage: $0 pack FOLDER >CORPUS, or $0 unpack CORPUS FOLDER\n";
}
