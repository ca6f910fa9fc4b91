#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tools/check-includes.pl [FILE...]     default: every file of the tree
#
# Who may see whom, and the few rules of style that clang-format does not know:
# - an include line of one room names a file of a room that it may see (%visible below);
# - each file of port/ has a layer (port/layers.list), and its include lines do not go up;
# - assembly and volatile stand in hal/ only;
# - a file says its licence in its first lines, ends with a newline, and has no blanks at line ends;
# - C is ASCII without tabs; names of files are lower case;
# - include lines stand in one order, and header guards are named by their paths;
# - no line in hal/, boot/, lib/ and miniport/, and none of C in port/, has more than 100 columns; in hal/, boot/, lib/
#   and port/, pointers are tested without NULL.
# Each finding is one line, FILE:LINE: sentence. Ends with 1 if there are any.
use strict;
use warnings;
use File::Find;
use FindBin;
use lib $FindBin::Bin;
use Layers;

chdir "$1." if $0 =~ m{^(.*/)tools/[^/]+$};

# What a room's files may include: single files, folders, or, with a / at the end, folders without those in them. The
# longest name that a file's folder begins with is its room. "tests" and "tools" see all.
my %visible = (
    'include' => ['include/ddi'],
    'lib' => ['lib'],
    'hal' => ['hal/', 'lib', map { "$_/hal_inline.h" } platforms()],
    (map { ($_ => ['hal/', $_, 'lib']) } platforms()),
    'hal/x86/cpu' => ['hal/', 'hal/x86/cpu', 'lib'],
    'hal/x86/pc' => ['hal/', 'hal/x86/cpu', 'hal/x86/pc', 'lib'],
    'port' => ['port', 'include/ddi', 'hal/hal.h', 'lib'],
    'miniport' => ['include/ddi'],    # and its own folder
    'boot' => ['boot', 'port', 'include/ddi', 'hal/hal.h', 'lib'],
    'boot/door' => ['boot/door', 'port', 'include/ddi', 'hal/hal.h', 'lib'],
    'boot/shell' => ['boot/shell', 'port', 'include/ddi', 'hal/hal.h', 'lib'],
);

# Headers that come with the compiler.
my %is_compilers = map { $_ => 1 }
    qw(float.h iso646.h limits.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdnoreturn.h
    sanitizer/asan_interface.h);    # included where the compiler says that it instruments

my $layers = Layers->new('port/layers.list');

my $findings = 0;

# The HAL's folders for machines.
sub platforms {
    return map { m{(.*)/} } glob 'hal/*/hal_inline.h';
}

sub report {
    my ($file, $line, $sentence) = @_;
    print "$file:$line: $sentence\n";
    $findings++;
    return;
}

sub room_of {
    my ($file) = @_;
    my $room = $file;
    $room =~ s{/?[^/]*$}{} while $room ne '' && !$visible{$room};
    return $room ne '' ? $room : $file =~ m{^([^/]+)/} ? $1 : '';
}

# The file that an include line means, as the compiler would find it; undef if it is none of ours.
sub resolve {
    my ($file, $name, $is_quoted) = @_;
    my ($folder) = $file =~ m{^(.*)/};
    my @folders = (($is_quoted ? $folder : ()), '.', 'lib/libc', 'include/ddi', platforms());
    for my $candidate (map { "$_/$name" } @folders) {
        next if !-f $candidate;
        1 while $candidate =~ s{(?:^|(?<=/))\./}{} || $candidate =~ s{[^/]+/\.\./}{};
        return $candidate;
    }
    return;
}

sub may_see {
    my ($file, $included) = @_;
    my $allowed = $visible{ room_of($file) } or return 1;
    my @allowed = @$allowed;
    push @allowed, $1 if $file =~ m{^(miniport/[^/]+)/};
    my ($folder) = $included =~ m{^(.*/)};
    return grep { $included eq $_ || $folder eq $_ || index($included, "$_/") == 0 } @allowed;
}

sub check_include {
    my ($file, $line, $delimiter, $name) = @_;
    my $room = room_of($file);
    return if !$visible{$room};
    my $included = resolve($file, $name, $delimiter eq '"');
    if (defined $included) {
        report($file, $line, "$room may not include $included") if !may_see($file, $included);
        my $objection = $layers->is_inside($file) && $layers->objection($file, $included);
        report($file, $line, $objection) if $objection;
    } elsif ($room eq 'miniport' || !$is_compilers{$name}) {
        report($file, $line, "$name is not in the tree");
    }
    return;
}

# Comments, strings and character constants become blanks; lines stay where they are.
sub code_of {
    my ($text) = @_;
    $text =~ s{(/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')}{(my $blank = $1) =~ s/[^\n]/ /g; $blank}gse;
    return $text;
}

# Include lines: the header that declares what the file defines; those in <>; the others. Each block in alphabetical
# order, with an empty line between. (What includes miniport.h begins with it, as drivers do everywhere.)
sub check_order {
    my ($file, $text) = @_;
    return if $text =~ /^#include <miniport\.h>/m;
    my ($before, $run) = $text =~ /\A(.*?^)((?:#include [^\n]+\n+)+)/ms or return;
    my $line = 1 + ($before =~ tr/\n//);
    my $kinds = '';
    for my $block (split /\n\n+/, $run) {
        my @lines = split /\n/, $block;
        $kinds .= join('', map { /</ ? '<' : '"' } @lines) . ' ';
        my @names = map { /[<"]([^>"]+)/ } @lines;
        report($file, $line, "not in alphabetical order: @names") if "@names" ne join ' ', sort @names;
    }
    report($file, $line, 'include lines stand so: the header of what is defined here; those in <>; the others; with '
        . 'empty lines between') if $kinds !~ /^(?:" )?(?:<+ )?(?:"+ )?$/;
    return;
}

sub check_guard {
    my ($file, $text) = @_;
    (my $guard = uc $file) =~ tr{/.}{_};
    report($file, 1, "the guard of this header is $guard") if $text !~ /^#ifndef $guard\n#define $guard\n/m;
    return;
}

sub check_c {
    my ($file, $text) = @_;
    my $line = 0;
    check_order($file, $text) if $file =~ m{^(?:hal|boot|lib|port|tests)/.*\.[ch]$};
    report($file, 1, 'port/layers.list has no layer for this file') if $layers->is_inside($file) && !$layers->entry($file);
    check_guard($file, $text) if $file =~ m{^(?:hal|boot|lib|port)/.*\.h$};
    my @code = split /\n/, code_of($text);
    for (split /\n/, $text) {
        my $code = $code[$line++] // '';
        check_include($file, $line, $1, $2) if /^\s*#\s*include\s+(["<])([^">]+)[">]/;
        report($file, $line, 'a tab') if /\t/;
        report($file, $line, 'a character that is not ASCII') if /[^\x00-\x7f]/;
        report($file, $line, 'more than 100 columns') if length > 100 && $file =~ m{^(?:hal|boot|lib|miniport)/|^port/.*\.[ch]$};
        if ($file =~ m{^(?:hal|boot|lib|port)/}) {
            report($file, $line, 'a pointer is tested by itself: p, !p')
                if $code =~ /[!=]= NULL\b/ && $code !~ / = /;
        }
        next if $file !~ m{^(?:boot|lib|port|miniport)/};
        report($file, $line, 'assembly stands in hal/ only') if $code =~ /\b(?:__asm__|__asm|asm)\b/;
        report($file, $line, 'volatile stands in hal/ only') if $code =~ /\b(?:__volatile__|volatile)\b/;
    }
    return;
}

sub check_file {
    my ($file) = @_;
    open my $in, '<:raw', $file or die "$file: $!\n";
    my $text = do { local $/; <$in> } // '';
    my ($base) = $file =~ m{([^/]+)$};

    my $is_documentation = $base =~ /\.(?:md|tsv|txt|list|reg)$|^LICENSE$|^\./;
    my ($head) = $text =~ /^((?:[^\n]*\n){1,2})/;
    report($file, 1, 'the first lines do not name the licence: SPDX-License-Identifier: MIT')
        if !$is_documentation && ($head // '') !~ /SPDX-License-Identifier: MIT\b/;
    report($file, 1, 'the file name is not lower case with digits, - and _')
        if $base !~ /^(?:Makefile|LICENSE|README\.md|[A-Z][A-Za-z]*\.pm|\.?[a-z0-9][a-z0-9_.-]*S?)$/
        || $base =~ /-.*\.[ch]$/;
    report($file, ($text =~ tr/\n//) + 1, 'the last line does not end') if $text =~ /[^\n]\z/;
    if ($base !~ /\.(?:tsv|reg)$/) {
        my $line = 0;
        for (split /\n/, $text) {
            $line++;
            report($file, $line, 'blanks at the end of the line') if /[ \t\r]$/;
        }
    }
    check_c($file, $text) if $base =~ /\.(?:[chS]|def)$/;
    return;
}

my @files = @ARGV;
if (!@files) {
    find({ no_chdir => 1, wanted => sub {
        $File::Find::prune = 1, return if m{^\./(?:build|\.git)$};
        push @files, substr $_, 2 if -f && !-l;
    } }, '.');
}
check_file($_) for sort @files;
if (!@ARGV) {
    report('port/layers.list', $_->[0], "there is no $_->[1]") for $layers->unused;
}
exit($findings ? 1 : 0);
