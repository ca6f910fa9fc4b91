#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tests/fuzz/corpus.pl pack FOLDER >CORPUS      one line for each file of the folder
#        tests/fuzz/corpus.pl unpack CORPUS FOLDER     and back, into files that are named by number
#
# A fuzzer's corpus as text: an input is a line of words, each of which adds bytes to it:
#   4d5a90       these, in hexadecimal
#   00*58        one byte so many times
#   3:120+64     64 bytes of line 3's input, from byte 120 on
# A line that begins with # is a comment.
use strict;
use warnings;
use File::Path qw(make_path);

my $BLOCK = 32;    # bytes that are the same before a word points back

my @inputs = ('');    # by line number
my %place_of;         # the bytes of a block => [line, offset]

# Remembers the blocks of an input for those that follow.
sub add_input {
    my ($bytes) = @_;
    push @inputs, $bytes;
    for (my $at = 0; $at + $BLOCK <= length $bytes; $at += 4) {
        $place_of{ substr $bytes, $at, $BLOCK } //= [$#inputs, $at];
    }
    return;
}

sub literal {
    my ($bytes) = @_;
    my @words;
    while ($bytes =~ /\G(?:(.)\g{1}{3,}|(?:(.)(?!\g{2}{3}))+)/gs) {
        push @words, defined $1 ? sprintf '%02x*%d', ord $1, length $& : unpack 'H*', $&;
    }
    return @words;
}

sub line_of {
    my ($bytes) = @_;
    my @words;
    my $new = '';    # bytes that stand nowhere before
    for (my $at = 0; $at < length $bytes;) {
        my $place = $place_of{ substr $bytes, $at, $BLOCK };
        if (!$place) {
            $new .= substr $bytes, $at++, 1;
            next;
        }
        my ($line, $from) = @$place;
        my $same = (substr($bytes, $at) ^ substr($inputs[$line], $from)) =~ /^(\0+)/ ? length $1 : 0;
        $same = $_ < $same ? $_ : $same for length($bytes) - $at, length($inputs[$line]) - $from;
        push @words, literal($new), "$line:$from+$same";
        $new = '';
        $at += $same;
    }
    push @words, literal($new);
    add_input($bytes);
    return "@words\n";
}

sub bytes_of_word {
    my ($word) = @_;
    return chr(hex $1) x $2 if $word =~ /^(..)\*(\d+)$/;
    return substr $inputs[$1], $2, $3 if $word =~ /^(\d+):(\d+)\+(\d+)$/;
    return pack 'H*', $word;
}

my ($what, @paths) = @ARGV;
if (($what // '') eq 'pack' && @paths == 1) {
    my @files;
    for my $path (glob "$paths[0]/*") {
        open my $file, '<:raw', $path or die "$path: $!\n";
        local $/;
        push @files, <$file> // '';
    }
    # Short ones first; nothing depends on how the fuzzer named the files.
    print map { line_of($_) } sort { length $a <=> length $b || $a cmp $b } @files;
} elsif (($what // '') eq 'unpack' && @paths == 2) {
    my ($corpus, $folder) = @paths;
    make_path($folder);
    open my $in, '<', $corpus or die "$corpus: $!\n";
    while (my $line = <$in>) {
        push @inputs, $line =~ /^#/ ? '' : join '', map { bytes_of_word($_) } split ' ', $line;
        next if $line =~ /^#/;
        open my $file, '>:raw', "$folder/$." or die "$folder/$.: $!\n";
        print {$file} $inputs[-1];
        close $file or die "$folder/$.: $!\n";
    }
} else {
    die "usage: $0 pack FOLDER >CORPUS, or $0 unpack CORPUS FOLDER\n";
}
