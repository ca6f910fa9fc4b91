#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Round trips with a tool that is not ours: libhivex' hivexregedit, which exports Windows' binary hives as .reg
# text and merges such text into them. What it exports loads here, in the kernel and in the host's tool, and
# what we write, snapshots, batches and deletions, in UTF-8 and, through iconv, in UTF-16LE, merges there: value for
# value, type and bytes. SEED= may be in the environment.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Encode qw(encode);
use Test::More;
use Win::Hivex ();
use Witness;

my $seed = $ENV{SEED} || time ^ $$;
srand $seed;
note("seed $seed");

my $prefix = 'HKEY_LOCAL_MACHINE';
my $tool = "$top/build/tools/registry";
my $count = 0;

# ------------------------------------------------------------------ an empty hive

sub cell { my ($bytes) = @_; my $length = (length($bytes) + 4 + 7) & ~7; return pack "l< a@{[$length - 4]}", -$length, $bytes }

# The least that libhivex takes: a header, one bin, a root key and its security descriptor.
sub empty_hive {
    my $path = "$scratch/" . ++$count . '.hive';
    my $root = 0x20;
    my $key = sub {
        my ($security) = @_;
        return cell(pack 'a2 S< Q< L< L< L< L< l< l< L< l< L< l< S< S< L5 S< S< a*', 'nk', 0x2C, 0, 0, 0, 0, 0, -1, -1,
            0, -1, $security, -1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 'root');
    };
    my $security = $root + length $key->(0);
    my $cells = $key->($security);
    my $descriptor = pack 'C C S< L<4', 1, 0, 0x8000, 0, 0, 0, 0;
    $cells .= cell(pack 'a2 S< L< L< L< L< a*', 'sk', 0, $security, $security, 1, length $descriptor, $descriptor);
    my $free = 0x1000 - 0x20 - length $cells;
    $cells .= pack "l< a@{[$free - 4]}", $free, '';
    my $header = pack 'a4 L< L< Q< L< L< L< L< L< L< L< a64', 'regf', 1, 1, 0, 1, 3, 0, 1, $root, 0x1000, 1, '';
    $header .= "\0" x (0x1FC - length $header);
    my $sum = 0;
    $sum ^= $_ for unpack 'L<*', $header;
    spill($path, pack('a4092 @4096', $header . pack('L<', $sum)) . pack('a4 L< L< Q< Q< L<', 'hbin', 0, 0x1000, 0, 0, 0) . $cells);
    return $path;
}

# Its values: lc key\name => type and bytes.
sub values_of_hive {
    my ($path) = @_;
    my $hive = Win::Hivex->open($path);
    my %values;
    my @left = (['', $hive->root]);
    while (my $item = shift @left) {
        my ($name, $node) = @$item;
        $values{ lc $name } = 'key' if $name ne '';
        for my $value ($hive->node_values($node)) {
            my ($type, $bytes) = $hive->value_value($value);
            $values{ lc "$name\\" . $hive->value_key($value) . '=' } = sprintf '%x:%s', $type, unpack 'H*', $bytes;
        }
        push @left, map { [$name . '\\' . $hive->node_name($_), $_] } $hive->node_children($node);
    }
    return \%values;
}

# ------------------------------------------------------------------ .reg text

# The same of a text that we wrote, by a reader of this test's own.
sub values_of_text {
    my ($text) = @_;
    my (%values, $key);
    $text =~ s/\\\n\s*//g;
    for (split /\n/, $text) {
        if (/^\[\Q$prefix\E(.*)\]$/i) {
            $key = $1;
            $values{ lc $key } = 'key' if $key ne '';
        } elsif (defined $key && /^(?:@|"((?:[^"\\]|\\.)*)")=(.*)$/) {
            my ($name, $data) = ($1 // '', $2);
            my ($type, $bytes);
            $name =~ s/\\(.)/$1/g;
            if ($data =~ /^dword:([0-9a-f]{8})$/) { ($type, $bytes) = (4, pack 'L<', hex $1) }
            elsif ($data =~ /^hex(?:\(([0-9a-f]+)\))?:(.*)$/) { ($type, $bytes) = (defined $1 ? hex $1 : 3, pack 'H*', $2 =~ s/,//gr) }
            elsif ($data =~ s/^"(.*)"$/$1/) { ($type, $bytes) = (1, encode('UTF-16LE', $data =~ s/\\(.)/$1/gr . "\0")) }
            else { die "no value: $_" }
            $values{ lc "$key\\$name=" } = sprintf '%x:%s', $type, unpack 'H*', $bytes;
        }
    }
    return \%values;
}

sub differences {
    my ($got, $expected) = @_;
    my %all = (%$got, %$expected);
    return map { "$_: " . ($got->{$_} // 'missing') . ', expected ' . ($expected->{$_} // 'none') }
        grep { ($got->{$_} // '') ne ($expected->{$_} // '') } sort keys %all;
}

sub same {
    my ($got, $expected, $name) = @_;
    my @differences = differences($got, $expected);
    ok(!@differences, $name . ' (' . keys(%$expected) . ')') or diag(join "\n", map { substr $_, 0, 300 } splice @differences, 0, 10);
    return;
}

# Merges a file of ours. hivexregedit reads UTF-8.
sub merge {
    my ($hive, $file) = @_;
    my ($code, $output) = command('hivexregedit', '--merge', '--prefix', $prefix, $hive, $file);
    is($code, 0, 'it merges') or diag($output);
    return;
}

# ------------------------------------------------------------------ random values

sub random_text { my ($length) = @_; return join '', map { chr(32 + int rand 95) } 1 .. $length }

# No backslash: hivexregedit does not escape it in names when it exports.
sub random_name { my $name = random_text(1 + int rand 20) =~ tr/\\/_/r; return $name =~ s/^\s|\s\z/x/gr }

my @types = (0, 1, 1, 1, 2, 3, 3, 4, 4, 5, 6, 7, 7, 8, 11, 11);
my @lengths = (0, 1, 2, 3, 4, 8, 25, 26, 27, 100, 4000);

sub random_data {
    my $type = $types[rand @types];
    my $length = $lengths[rand @lengths];
    my $text = random_text(int rand 60);
    $text .= "\x{E4}\x{416}\x{1F600}" if rand() < 0.2;
    my $bytes = join '', map { chr int rand 256 } 1 .. $length;
    $bytes = encode('UTF-16LE', "$text\0") if ($type == 1 || $type == 2) && rand() < 0.8;
    $bytes = encode('UTF-16LE', join('', map { random_text(1 + int rand 9) . "\0" } 1 .. rand 5) . "\0") if $type == 7 && rand() < 0.8;
    $bytes = pack 'L<', int rand 2**32 if $type == 4 && rand() < 0.8;
    return ($type, $bytes);
}

# A binary hive made with libhivex alone.
sub random_hive {
    my ($keys) = @_;
    my $path = empty_hive();
    my $hive = Win::Hivex->open($path, write => 1);
    my @nodes = ([$hive->root, 0]);
    for (1 .. $keys) {
        my ($parent, $depth) = @{ $nodes[rand @nodes] };
        my $name = $depth == 0 ? (qw(SYSTEM SOFTWARE Test))[rand 3] : random_name();
        my $node = $hive->node_get_child($parent, $name) // $hive->node_add_child($parent, $name);
        push @nodes, [$node, $depth + 1] if $depth < 8;
        my %values = map { (lc $_ => $_) } map { random_name() } 1 .. rand 6;
        $hive->node_set_values($node, [map { my ($type, $bytes) = random_data(); { key => $_, t => $type, value => $bytes } }
                (map({ $values{$_} } sort keys %values), rand() < 0.3 ? '' : ())]);
    }
    $hive->commit(undef);
    return $path;
}

# ------------------------------------------------------------------ theirs is read here

my $theirs = random_hive(300);
my $expected = values_of_hive($theirs);
my ($code, $text) = command('hivexregedit', '--export', '--prefix', $prefix, $theirs, '\\');
is($code, 0, 'hivexregedit exports a hive of libhivex');
my $hive = spill("$scratch/theirs.reg", $text);
($code, my $output) = command($tool, 'check', $hive);
is($code, 0, 'which is read without a complaint') or diag($output);
same(values_of_text((command($tool, 'export', $hive))[1]), $expected, 'value for value');

my @quiet = (DISK => 'none', MINIPORT => 'none');
my $run = boot(@quiet, HIVE => $hive, HIVE_RO => 1, CMD => 'registry export');
my $in_kernel = values_of_text(output_of($run, 'registry export'));
delete @$in_kernel{ grep { m{^\\system\\currentcontrolset} } keys %$in_kernel }; # built in
delete $in_kernel->{'\system'} if !$expected->{'\system'};
same($in_kernel, $expected, 'in the kernel, too');

# ------------------------------------------------------------------ ours is read there

# In all forms in which we write: an export, a snapshot, and a file with batches, some of which delete.
my $copy = empty_hive();
spill("$scratch/export.reg", (command($tool, 'export', $hive))[1]);
merge($copy, "$scratch/export.reg");
same(values_of_hive($copy), $expected, 'an export');

for my $form ('UTF-8', 'UTF-16LE') {
    my $file = "$scratch/$form.reg";
    spill($file, $form eq 'UTF-8' ? slurp($hive) : "\xFF\xFE" . encode('UTF-16LE', slurp($hive) =~ s/\n/\r\n/gr));
    # Six keys with nothing below them.
    my %parents = map { s/\\[^\\]*\z//r => 1 } grep { $expected->{$_} eq 'key' } keys %$expected;
    my @leaves = grep { $expected->{$_} eq 'key' && !$parents{$_} } sort keys %$expected;
    my @commands = map { 'registry delete "' . "$prefix$leaves[$_]" =~ s/"/""/gr . '"' } 0 .. 5;
    for my $number (1 .. 12) {
        my $text = random_text(20) =~ s/"/""/gr;
        push @commands, "registry set $prefix\\Test\\Ours value$number \"sz:$text\"", "registry set $prefix\\Test\\Ours \@ dword:$number";
        push @commands, "registry set $prefix\\Test\\Ours value$number hex:" . join ',', map { sprintf '%02x', int rand 256 } 1 .. 60
            if $number % 3 == 0;
        push @commands, "registry delete $prefix\\Test\\Ours value$number" if $number % 4 == 0;
    }
    $run = boot(@quiet, HIVE => $file, CMD => join "\n", @commands);
    exit_code_is($run, 0, "$form: the kernel changes the file");
    my $now = values_of_text((command($tool, 'export', $file))[1]);
    cmp_ok(scalar(differences($now, $expected)), '>', 10, 'in many places');
    for my $shape ('batches', 'compact') {
        command($tool, 'compact', $file) if $shape eq 'compact';
        my $plain = "$scratch/$form.$shape.reg";
        if ($form eq 'UTF-8') { spill($plain, slurp($file)) }
        else { spill($plain, (command('iconv', '-f', 'UTF-16', '-t', 'UTF-8', $file))[1]) }
        $copy = empty_hive();
        merge($copy, $plain);
        same(values_of_hive($copy), $now, "$form with $shape");
    }
}

# And once more around: what was merged there comes back.
($code, $text) = command('hivexregedit', '--export', '--prefix', $prefix, $copy, '\\');
is($code, 0, 'it exports what it merged');
spill("$scratch/again.reg", $text);
same(values_of_text((command($tool, 'export', "$scratch/again.reg"))[1]), values_of_hive($copy), 'which is the same here');

# Batches over a hive that has the keys already.
my $journal = spill("$scratch/journal.reg", "Windows Registry Editor Version 5.00\n");
boot(@quiet, HIVE => $journal, CMD => "registry set $prefix\\Test\\New x dword:1; registry delete $prefix\\Test; "
        . "registry set $prefix\\Test \@ sz:back");
merge($theirs, $journal);
my %after = map { $_ => $expected->{$_} } grep { !/^\\test(?:\\|$)/ } keys %$expected;
same(values_of_hive($theirs), { %after, '\test' => 'key', '\test\=' => '1:' . unpack('H*', encode('UTF-16LE', "back\0")) },
    'batches that delete a tree there');

done_testing();
