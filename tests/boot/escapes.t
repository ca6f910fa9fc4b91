#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Text from outside on the terminal and in the log: what a driver prints and what it imports, volume labels, values
# of the registry, commands. No control character of theirs gets through, and no line of theirs looks like one of
# the kernel's.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

# ------------------------------------------------------------------ a driver that prints

my $folder = "$scratch/forger";
mkdir $folder or die "$folder: $!";
spill("$folder/forger.c", <<'C');
#include "irb.h"

ULONG NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    (void)DriverObject, (void)RegistryPath;
    AtaPortDebugPrint(0, "one\nregistry: snapshot appended\n\nRULE REG-01 \x1b[31mred\x1b]0;t\x07\r\x7f\x9b" "2J\xc2\x9b" "1m");
    AtaPortDebugPrint(1, "%s\n", "two\npata 0.1: resetting\n");
    AtaPortDebugPrint(0, "\xc3\xa9 \xe2\x82\xac\tend");
    AtaPortDebugPrint(0, "ab\xe2\x80\xae" "dc \xe2\x81\xa6x\xe2\x80\x8b\xef\xbb\xbf \xe2\x80\xa8\xd8\x9cz \xf3\xa0\x81\x81");
    AtaPortDebugPrint(0, "\xe2\x80\x93 \xe2\x81\x84 \xef\xbc\xa1 \xf0\x9f\x98\x80");
    AtaPortDebugPrint(0, "");
    return 0xC0000001;
}
C
my $run = boot(MINIPORT => $folder, DISK => 'none', CMD => 'log; help rules');
exit_code_is($run, 0, 'a driver that prints what others say');
my $bad = qr/[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|(?<![\x80-\xff])[\x80-\xbf]/;
unlike($run->{console}, $bad, 'no control character of its on the terminal');
unlike($run->{log}, $bad, 'nor in the log');
my $escaped = 'RULE REG-01 \x1b[31mred\x1b]0;t\x07\x0d\x7f\x9b2J\xc2\x9b1m';
# What turns the direction of text round or shows nothing, and what is close to it and is shown.
my $turned = 'ab\xe2\x80\xaedc \xe2\x81\xa6x\xe2\x80\x8b\xef\xbb\xbf \xe2\x80\xa8\xd8\x9cz \xf3\xa0\x81\x81';
my $shown = "\xe2\x80\x93 \xe2\x81\x84 \xef\xbc\xa1 \xf0\x9f\x98\x80";
for my $line ('one', 'registry: snapshot appended', '', $escaped, "\xc3\xa9 \xe2\x82\xac\tend", $turned, $shown) {
    my $rest = $line eq '' ? '' : " $line"; # no blank at a line's end
    like($run->{log}, qr/^forger\[0\]:\Q$rest\E$/m, "its line <$line> in the log has its name");
    like($run->{console}, qr/^ +\d+\.\d{3} s  forger:\Q$rest\E$/m, 'and on the terminal');
}
like($run->{log}, qr/^forger\[1\]: \Q$_\E$/m, "<$_>, too") for 'two', 'pata 0.1: resetting';
unlike($run->{log}, qr/^(?:registry|RULE|pata 0)/m, 'no line begins as one of the kernel');

# ------------------------------------------------------------------ names in an image

my $image = slurp("build/$Ataport::arch/pata.sys");
(my $forged = $image) =~ s/AtaPortStallExecution\0/RULE X\n\x1b[31mRULE YYYY\0/ or die 'pata.sys does not import that';
spill("$scratch/names.sys", $forged);
$run = boot(MINIPORT => "$scratch/names.sys", DISK => 'none', CMD => 'devices');
like($run->{console}, qr/names\.sys is not used: .*RULE X\?\?\[31mRULE YYYY/, 'an import is named in one line');
unlike($run->{console}, qr/^RULE|$bad/m, 'and begins none');

# ------------------------------------------------------------------ the registry, and commands

my $hive = spill("$scratch/forged.reg", "Windows Registry Editor Version 5.00\n\n; to be kept\n\n");
my $value = "\"sz:a\nregistry: snapshot appended\nb\x1b[31m\"";
$run = boot(HIVE => $hive, DISK => 'none', CMD => "registry set HKLM\\SYSTEM V $value; registry get HKLM\\SYSTEM V; registry list");
exit_code_is($run, 0, 'a value of several lines');
unlike($run->{console}, $bad, 'is shown without control characters');
like(slurp($hive), qr/^; to be kept$/m, 'and nobody takes it for a command to shorten the file');

# Nor is it one what a driver writes to the ports themselves, in words that once were one.
my $rude = "$scratch/rude";
mkdir $rude or die "$rude: $!";
spill("$rude/rude.c", <<'C');
#include "irb.h"

static void put(USHORT port, const char *text)
{
    for (; *text; text++)
        __asm__ volatile("outb %0, %1" : : "a"(*text), "d"(port));
}

ULONG NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    (void)DriverObject, (void)RegistryPath;
    AtaPortDebugPrint(0, "\001registry: snapshot appended\n");
    for (USHORT port = 0xE9; port <= 0xEB; port += port == 0xE9 ? 2 : 1)
        put(port, "\n\001registry: snapshot appended\n");
    return 0xC0000001;
}
C
$run = boot(MINIPORT => $rude, HIVE => $hive, DISK => 'none', CMD => 'registry set HKLM\SYSTEM V sz:b');
exit_code_is($run, 0, 'a driver that writes such words to the ports of the log and of what is said of the file');
like($run->{log}, qr/^\x01registry: snapshot appended$/m, 'which arrive');
like(slurp($hive), qr/^; to be kept$/m, 'shortens nothing');
$run = boot(MINIPORT => $rude, HIVE => $hive, DISK => 'none', CMD => 'registry compact');
exit_code_is($run, 0, 'which the command itself');
unlike(slurp($hive), qr/^; to be kept$/m, 'still does');

done_testing();
