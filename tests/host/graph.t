#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# tools/graph.pl finds circles among objects; and there is none among the miniports', the HAL's and the shell's. Started
# from the top of the tree.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $scratch = tempdir('graph-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $cc = $ENV{HOSTCC} || 'gcc';
$ENV{LC_ALL} = 'C';

sub object {
    my ($name, $text) = @_;
    open my $file, '>', "$scratch/$name.c" or die "$scratch/$name.c: $!\n";
    print $file "$text\n";
    close $file or die "$scratch/$name.c: $!\n";
    system($cc, '-c', '-o', "$scratch/$name.o", "$scratch/$name.c") == 0 or die "$cc: $name.c\n";
    return "$scratch/$name.o";
}

sub graph {
    my (@words) = @_;
    open my $output, '-|', 'tools/graph.pl', @words or die "tools/graph.pl: $!\n";
    my $text = do { local $/; <$output> } // '';
    close $output;
    return ($? >> 8, $text);
}

my $top = object('top', 'void middle(void); void elsewhere(void); void top(void) { middle(); elsewhere(); }');
my $middle = object('middle', 'void bottom(void); static void same(void) {} void middle(void) { bottom(); same(); }');
my $bottom = object('bottom', 'static void same(void) {} void bottom(void) { same(); }');
my ($code, $text) = graph($top, $middle, $bottom);
is("$code $text", '0 ', 'calls that go down only are no circle');
($code, $text) = graph('--edges', $top, $middle, $bottom);
is($text =~ s{(?<=\s)\S+/(?=\w)}{}gr, "    middle.o -> bottom.o: bottom\n    top.o -> middle.o: middle\n",
    'edges are shown');

my $back = object('back', 'void middle(void); void bottom(void) { middle(); }');
($code, $text) = graph($top, $middle, $back);
is($code, 1, 'one call up is a circle');
like($text, qr{^a circle of 2: \S*back\.o \S*middle\.o$}m, 'which is named, without those that are not part of it');
like($text, qr{^\s+\S*back\.o -> \S*middle\.o: middle$}m, 'with the symbols that close it');

my $pointer = object('pointer', 'void middle(void); void (*const handler)(void) = middle; void bottom(void) {}');
($code) = graph($middle, $pointer);
is($code, 1, 'an address that is taken counts as a call');

my $arch = $ENV{ARCH} || 'x86_64';
for my $driver (qw(pata ahci)) {
    my @objects = map { "build/$arch/" . s{\.c$}{.o}r } glob "miniport/$driver/*.c";
    is(join(' ', grep { !-f } @objects), '', "all of ${driver}'s objects are there");
    ($code, $text) = graph(@objects);
    is("$code $text", '0 ', "$driver has no circle");
}

my %sources = (hal => [glob 'hal/*.c hal/*/*/*.c hal/*/*/*.S'], boot => [glob 'boot/*.c boot/*/*.c']);
for my $room (sort keys %sources) {
    my @built = map { s{\.\w+$}{.o}r } grep { !m{/(?!$arch)(?:i386|x86_64)_} } @{$sources{$room}};
    my @missing = grep { !-f } map { "build/$arch/$_" } @built;
    is("@missing", '', "$room: all objects are there");
    ($code, $text) = graph(map { "build/$arch/$_" } @built);
    is("$code $text", '0 ', "$room has no circle");
}

# In port/ only the life of a request goes round: what ends pushes what waits.
my @port = map { chomp; $_ } `find port -name '*.c'`;
my @missing = grep { !-f } map { "build/$arch/" . s{\.c$}{.o}r } @port;
is("@missing", '', 'port: all objects are there');
($code, $text) = graph(map { "build/$arch/" . s{\.c$}{.o}r } @port);
my @circles = $text =~ /^a circle of \d+: (.*)$/mg;
is(scalar(grep { grep { !m{(?:^|/)request/} } split / / } @circles), 0, 'port has no circle outside request/') or diag($text);

done_testing();
