#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# How frames lie, as tools/lines.c makes it of an image's DWARF: each row is what objdump makes of the same.
# (What becomes of damaged images, lines.t tries.)
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

# Rows of the tool: [address, "s0004 0000"], in order.
sub rows_of {
    my ($image) = @_;
    my ($code, $text) = command("$top/build/tools/lines", $image);
    return map { /^@([0-9a-f]{8}) (.*)$/ ? [hex $1, $2] : () } split /\n/, $text;
}

# The same of objdump's table, as far as it can be said so.
sub rows_of_objdump {
    my ($image, $objdump, $names) = @_;
    my ($stack, $pointer, $size) = @$names;
    my ($code, $text) = command($objdump, '--dwarf=frames-interp', $image);
    my ($base) = (command($objdump, '-p', $image))[1] =~ /^ImageBase\s+([0-9a-f]+)$/m;
    no warnings 'portable';    # addresses are of 64 bits
    my (%rows, %ends, $end, @columns);
    for (split /\n/, $text) {
        if (/ FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)$/) {    # without rows, where nothing changes
            $end = hex($2) - hex $base;
            $ends{$end} = 1;
            $rows{ hex($1) - hex $base } = sprintf 's%04x 0000', $size;
        }
        elsif (/ CIE /) { $end = undef }
        elsif (/^\s+LOC\s+CFA\s+(.*)$/) { @columns = split ' ', $1 }
        elsif (defined $end && /^([0-9a-f]+)\s+(\S+)\s+(.*)$/) {
            my ($address, $frame, %at) = (hex($1) - hex $base, $2);
            @at{@columns} = split ' ', $3;
            my ($kind, $size_of) = $frame =~ /^(\Q$stack\E|\Q$pointer\E)\+(\d+)$/;
            my $saved = $at{$pointer} // 'u';
            my ($below) = $saved =~ /^c-(\d+)$/;
            my $is_plain = defined $kind && $size_of < 0x10000 && $at{ra} eq "c-$size" && (defined $below || $saved =~ /^[us]$/);
            $rows{$address} = $is_plain ? sprintf('%s%04x %04x', $kind eq $stack ? 's' : 'b', $size_of, $below // 0) : '-0000 0000';
        }
    }
    $rows{$_} //= '-0000 0000' for keys %ends;
    my @rows = map { [$_, $rows{$_}] } sort { $a <=> $b } keys %rows;
    return map { $_ && $rows[$_][1] eq $rows[$_ - 1][1] ? () : $rows[$_] } 0 .. $#rows;
}

my %machines = (x86_64 => ['rsp', 'rbp', 8], i386 => ['esp', 'ebp', 4]);
my %prefix = (x86_64 => 'x86_64-w64-mingw32-', i386 => 'i686-w64-mingw32-');
my $source = spill("$scratch/frames.c", <<'END');
int other(int, char *);
int __attribute__((noinline)) small(int a) { return other(a, (char *)0) + 1; }
int __attribute__((noinline)) large(int a) { char room[70000]; return other(a, room) + small(a); }
int __attribute__((noinline)) any(int a, int n) { char room[n]; return other(a, room) + large(a); }
int other(int a, char *at) { return at ? *at + a : a; }
int DriverEntry(int a) { return any(a, a) + large(a) * small(a); }
END
for my $arch (sort keys %machines) {
    my $objdump = "$prefix{$arch}objdump";
    my @images = ("$top/build/$arch/sample.sys", grep { -f } map { "$top/build/$arch/$_.sys" } qw(pata ahci));
    for my $way ([omitted => '-fomit-frame-pointer', '-g', '-fno-asynchronous-unwind-tables'], [kept => '-fno-omit-frame-pointer', '-g', '-fno-asynchronous-unwind-tables'],
        [eh => '-fomit-frame-pointer', '-g', '-fasynchronous-unwind-tables']) {
        my ($name, @words) = @$way;
        push @images, "$scratch/$name-$arch.sys";
        my ($code, $text) = command("$prefix{$arch}gcc", qw(-O2 -ffreestanding -fno-builtin -mno-stack-arg-probe -nostdlib),
            '-Wl,--subsystem,native', "-Wl,-e,@{[$arch eq 'i386' ? '_' : '']}DriverEntry", @words, '-o', $images[-1], $source);
        is($code, 0, "$arch: $name is built") or diag($text);
    }
    for my $image (@images) {
        my @rows = rows_of($image);
        my @wanted = rows_of_objdump($image, $objdump, $machines{$arch});
        my ($name) = $image =~ m{([^/]+)$};
        next if !@wanted && !@rows && $arch eq 'x86_64';    # it has .pdata in the place of DWARF
        is_deeply([map { sprintf '%08x %s', @$_ } @rows], [map { sprintf '%08x %s', @$_ } @wanted], "$arch: $name is as objdump has it");
        ok(@rows > 5, 'and has rows');
    }
}

done_testing();
