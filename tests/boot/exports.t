#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What drivers can call is in the kernel, and on i386 each routine takes as many bytes from the stack as
# Windows' own does (tests/abi/tables/exports.txt): read from the return instructions of the linked kernel. A
# routine that returned a structure in memory would show here as well, by four bytes.
use strict;
use warnings;
use lib qw(tests/lib tools);
use Ataport;
use Routines;
use Test::More;

my $kernel = "build/$Ataport::arch/kernel.elf";
my ($code, $disassembly) = command(($ENV{CROSS} // '') . 'objdump', '-d', '--no-show-raw-insn', $kernel);
$code == 0 or BAIL_OUT("objdump: $disassembly");

# Of each function, the bytes that its returns take, each number once.
my (%returns, %hands_on, $function);
for my $line (split /\n/, $disassembly) {
    if ($line =~ /^[0-9a-f]+ <(.+)>:$/) {
        $function = $1;
        $returns{$function} = {};
    } elsif ($line =~ /\tretq?\s*(?:\$0x([0-9a-f]+))?\s*$/) {
        $returns{$function}{ hex($1 // 0) } = 1;
    } elsif ($line =~ /\tjmp\s+\*/) {
        $hands_on{$function} = 1;
    }
}

# Windows' link symbols: _Name@bytes, or _Name for what is called cdecl.
my %bytes;
for my $line (split /\n/, slurp('tests/abi/tables/exports.txt')) {
    my (undef, $name, $symbol, undef, $type) = split /\t/, $line;
    $bytes{$name} = $symbol =~ /@(\d+)$/ ? $1 : 0 if $type eq 'code';
}

my ($checked, $handed_on) = (0, 0);
for my $export (grep { is_export($_) && $_->{stack} ne 'data' } read_routines('port/contract/routines.def')) {
    my $name = $export->{name};
    my $found = $returns{ $export->{symbol} };
    ok($found, "$name is in the kernel") or next;
    next if $Ataport::arch ne 'i386';
    # What a register's own way ends is called with the same arguments (port/access/ports.c, registers.c).
    $handed_on++, next if !%$found && $hands_on{ $export->{symbol} };
    next if !%$found;    # one that never returns
    is(join(' ', sort keys %$found), $bytes{$name} // 0, "$name takes what Windows' does");
    $checked++;
}
cmp_ok($checked + $handed_on, '>=', 60, 'nearly all of them return') if $Ataport::arch eq 'i386';
cmp_ok($handed_on, '<=', 12, 'by themselves, but for accesses to registers') if $Ataport::arch eq 'i386';

done_testing();
