#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# tools/lines.c: the places in a driver, and the functions that were inlined there, from the DWARF of each version
# by both compilers, for both machines; the order that the kernel's look-up needs; and damaged images.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $sanitized = "$scratch/lines";
my ($code, $output) = command($ENV{HOSTCC} || 'gcc', "-fsanitize=address,undefined", qw(-std=gnu11 -g -O1 -fno-sanitize-recover=all
    -D_GNU_SOURCE -I. -o), $sanitized, map { "tools/$_.c" } qw(lines dwarf dwarf_form dwarf_line dwarf_frame));
$code == 0 or BAIL_OUT($output);
$ENV{ASAN_OPTIONS} = 'detect_leaks=0'; # it ends when it has printed the table

mkdir "$scratch/include" and mkdir "$scratch/include/ddi" or die;
spill("$scratch/include/ddi/port.h", <<'C');
static inline __attribute__((always_inline)) void port_write(int value)
{
    *(volatile int *)16 = value;
}
C
my @source = split /^/, <<'C';
#include "include/ddi/port.h"
static inline __attribute__((always_inline)) void inner(int value)
{
    port_write(value); /* inner */
}

static inline __attribute__((always_inline)) void middle(int value)
{
    inner(value + 1); /* middle */
    *(volatile int *)32 = value; /* alone */
}

int DriverEntry(int value)
{
    if (value > 5)
        middle(value); /* outer */
    return value;
}
C
my $path = spill("$scratch/demo.c", join '', @source);

# The line with that comment.
sub line_of { my ($mark) = @_; return (grep { $source[$_ - 1] =~ m{/\* \Q$mark\E \*/} } 1 .. @source)[0] }

my ($inner, $middle, $alone, $outer) = map { line_of($_) } qw(inner middle alone outer);
my ($entry) = grep { $source[$_ - 1] =~ /^int DriverEntry/ } 1 .. @source;
my %machines = (x86_64 => ['x86_64-w64-mingw32-gcc', 'x86_64-pc-windows-gnu', 'DriverEntry'],
    i386 => ['i686-w64-mingw32-gcc', 'i686-pc-windows-gnu', '_DriverEntry']);

for my $machine (sort keys %machines) {
    my ($gcc, $target, $symbol) = @{ $machines{$machine} };
    my @clang = ('clang', '-target', $target);
    for my $case (map({ [$gcc, [$gcc], [$gcc], $_] } 2 .. 5), map({ ['clang and ld', \@clang, [$gcc], $_] } 2 .. 4),
        map { ['clang and lld', \@clang, [@clang, '-fuse-ld=lld'], $_] } 4, 5) {
        my ($name, $compiler, $linker, $version) = @$case;
        my $image = "$scratch/demo.sys";
        ($code, $output) = command(@$compiler, '-O2', "-gdwarf-$version", "-ffile-prefix-map=$scratch=.", "-I$scratch", '-c', '-o', "$scratch/demo.o", $path);
      SKIP: {
        skip 'this clang writes addresses where DWARF 5 has offsets', 6
            if (command($gcc =~ s/gcc\z/objdump/r, '-r', "$scratch/demo.o"))[1] =~ /(?:ADDR32|dir32)\s+\.debug_line_str/i;
        ($code, $output) = command(@$linker, '-nostdlib', '-o', $image, "$scratch/demo.o", "-Wl,--entry,$symbol") if $code == 0;
        is($code, 0, "$name for $machine, DWARF $version") or diag($output), next;
        ($code, my $table) = command($sanitized, $image);
        is($code, 0, 'its table') or diag($table);
        like($table, qr/^[0-9a-f]{8} inner demo\.c:$inner\tmiddle demo\.c:$middle\tDriverEntry demo\.c:$outer$/m,
            'a routine of the interface in a function in a function') or diag($table);
        like($table, qr/^[0-9a-f]{8} middle demo\.c:$alone\tDriverEntry demo\.c:$outer$/m, 'a function in a function') or diag($table);
        like($table, qr/^[0-9a-f]{8} (?:\w+ demo\.c:\d+\t)*DriverEntry demo\.c:\d+\t=DriverEntry demo\.c:$entry$/m,
            'where a function begins, what is there, and its definition') or diag($table);
        my @starts = map { substr $_, 0, 8 } grep { !/^@/ } split /\n/, $table; # behind it stand frames (frames.t)
        is("@starts", join(' ', sort @starts), 'in order');
      }
    }
}

# ------------------------------------------------------------------ what is none, or damaged

sub table_of { my ($bytes) = @_; return command($sanitized, spill("$scratch/damaged.sys", $bytes)) }

my $sample = slurp('build/x86_64/sample.sys');
like((table_of('MZ, not quite'))[1], qr/is no PE image/, 'no image');
($code, $output) = table_of(substr($sample, 0, 0x1000));
unlike($output, qr/Sanitizer|runtime error/, 'half an image');
my ($stripped) = command('x86_64-w64-mingw32-strip', '-o', "$scratch/stripped.sys", 'build/x86_64/sample.sys');
is($stripped, 0, 'without DWARF');
is(join(' ', command($sanitized, "$scratch/stripped.sys")), '0 ', 'there is no table');

# Every byte may be any other: where the DWARF begins, each of some hundred times.
my $begin = index $sample, 'sample.c';
srand 9;
my @bad;
for my $try (1 .. 120) {
    my $bytes = $sample;
    for (0 .. rand 6) {
        my $at = $begin - 60_000 + int rand 70_000;
        substr($bytes, $at, 1) = chr int rand 256 if $at > 0x400 && $at < length $bytes;
    }
    ($code, $output) = command('timeout', 20, $sanitized, spill("$scratch/damaged.sys", $bytes));
    push @bad, "try $try ended with $code: " . substr $output, 0, 500 if $code > 1 || $output =~ /Sanitizer|runtime error/;
}
is(join("\n", @bad), '', '120 damaged images are survived');

# The same of frames alone, which are few bytes.
my ($size, $offset) = (command('x86_64-w64-mingw32-objdump', '-h', 'build/x86_64/sample.sys'))[1] =~ /^\s*\d+ \.debug_frame\s+(\S+)\s+\S+\s+\S+\s+(\S+)/m;
ok(defined $offset, 'there are frames to damage') or $offset = $size = 1;
my $said = 0;
for my $try (1 .. 60) {
    my $bytes = $sample;
    substr($bytes, hex($offset) + int rand hex $size, 1, chr int rand 256) for 1 .. 1 + int rand 6;
    ($code, $output) = command('timeout', 20, $sanitized, spill("$scratch/damaged.sys", $bytes));
    $said++ if $output =~ /: what it says of its frames is damaged$/m;
    push @bad, "try $try ended with $code: " . substr $output, 0, 500 if $code > 1 || $output =~ /Sanitizer|runtime error/;
}
is(join("\n", @bad), '', '60 with damaged frames, too');
ok($said, 'and it is said that they are');

done_testing();
