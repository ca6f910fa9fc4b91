#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The layers of port/ (port/layers.list): tools/check-includes.pl finds include lines that go up, and tools/graph.pl
# calls; and there are none. Each check is broken once. Started from the top of the tree.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use File::Path qw(make_path);
use Test::More;

my $cc = $ENV{HOSTCC} || 'gcc';
my $arch = $ENV{ARCH} || 'x86_64';
$ENV{LC_ALL} = 'C';

sub run { return join ' ', command(@_) }

# ---------------------------------------------------------------- include lines, in a copy of the rooms

system('cp', '-r', qw(tools port hal lib include), "$scratch/") == 0 or die "cp failed\n";
sub lint { return run("$scratch/tools/check-includes.pl") }

# What the lint says while the copy of a file has another text.
sub broken {
    my ($path, $text) = @_;
    my $before = -e "$scratch/$path" ? slurp("$scratch/$path") : undef;
    spill("$scratch/$path", $text);
    my $said = lint();
    defined $before ? spill("$scratch/$path", $before) : unlink "$scratch/$path";
    return $said;
}

my $license = "/* SPDX-License-Identifier: MIT */\n";
my $list = slurp('port/layers.list');
is(lint(), '0 ', 'no include line of port/ goes up');
is(broken('port/objects.c', slurp('port/objects.c') =~ s{#include <string.h>\n}{$&\n#include "port/channel.h"\n}r),
    "1 port/objects.c:10: objects is below life, where port/channel.h is\n", 'one that does is found');
is(broken('port/another.c', $license), "1 port/another.c:1: port/layers.list has no layer for this file\n",
    'a file without a layer is found');
is(broken('port/ddi/another.c', "$license#include \"port/channel.h\"\n"),
    "1 port/ddi/another.c:2: ddi is below life, where port/channel.h is\n", 'a file of a folder has the layer of that');
is(broken('port/layers.list', $list . "ground    nothing\n"),
    '1 port/layers.list:' . (1 + $list =~ tr/\n//) . ": there is no port/nothing\n", 'a name without a file is found');
like(broken('port/layers.list', $list . "ground    channel\n"), qr{port/channel is named twice}, 'a name in two layers is found');

# ---------------------------------------------------------------- calls

make_path("$scratch/build/port");

sub object {
    my ($name, $text) = @_;
    my $source = spill("$scratch/build/port/$name.c", "$text\n");
    system($cc, '-c', '-o', "$scratch/build/port/$name.o", $source) == 0 or die "$cc: $name.c\n";
    return "$scratch/build/port/$name.o";
}

sub calls { return run('tools/graph.pl', '--layers=port/layers.list', @_) }

my $channel = object('channel', 'void hook(void (*)(void)); static void go(void) {} void channel(void) { hook(go); }');
my $objects = object('objects', 'static void (*hooked)(void); void hook(void (*h)(void)) { hooked = h; if (h) hooked(); }');
is(calls($channel, $objects), '0 ', 'a hook that the upper layer hands over is no call up');
my $up = object('objects', 'void channel(void); void hook(void (*h)(void)) { channel(); }');
is(calls($channel, $up), "1 port/objects.c: objects is below life, where port/channel.c is: channel\n" =~ s/\.c/.o/gr,
    'a call up is found');

my @port = map { chomp; $_ } `find port -name '*.c'`;
my @objects = map { "build/$arch/" . s{\.c$}{.o}r } @port;
is(join(' ', grep { !-f } @objects), '', 'all objects of port/ are there');
is(calls(@objects), '0 ', 'no call of port/ goes up');

done_testing();
