#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the shell says of one of a thing, what numbers it takes for bytes, and what `help`, `counters`, `mode` and
# `identify` tell.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Witness;

my $disk = random_image('one.img', 512, 'one');
my $run = boot(DISK => $disk, CMD => 'read 0 1; identify 0; sha256 0; counters; irbs; help bench; fill 0 0 1 AA');
exit_code_is($run, 1, 'a disk of one sector');
like(output_of($run, 'read 0 1'), qr/ends after 1 sector$/m, 'ends after one');
like(output_of($run, 'identify 0'), qr/^  Capacity +1 sector, 512 bytes$/m, 'has one');
like(output_of($run, 'identify 0'), qr/^  In use +MW DMA 2$/m, 'and is in the mode that it says');
like(output_of($run, 'irbs'), qr/ 0 of 1 IRB at the driver/, 'and one IRB');
like(output_of($run, 'counters'), qr/^Interrupts of the console: \d+$/m, 'the console counts its own interrupts');
like(output_of($run, 'help bench'), qr/\{read,write\}-\{4k-random,128k-seq\}/, 'the workloads of bench are named');
like(output_of($run, 'fill 0 0 1 AA'), qr/hexadecimal one begins with 0x/, 'a number without 0x: what is meant');

# One byte of the registry's file, and one that a full disk kept.
my $registry = "$top/build/tools/registry";
my $small = spill("$scratch/small.reg", "\n");
my ($code, $output) = command($registry, 'compact', $small);
is("$code $output", "0 $small: 1 byte became 37; as it was: $small.old\n", 'a file of one byte');

$disk = random_image('bytes.img', 1 << 20, 'bytes');
my @writes = ('0x5A', '0x5a 0XA5', '5A', '0x5A6B', '5a6b 0x7C', '10');
my @expected = map { pack 'H*', $_ } qw(5a 5aa5 5a 5a6b 5a6b7c 10);
for my $number (0 .. $#writes) {
    random_image('bytes.img', 1 << 20, 'bytes');
    $run = boot(DISK => $disk, WRITE => 1, CMD => "write 0 0 $writes[$number]");
    exit_code_is($run, 0, "write 0 0 $writes[$number]");
    is(unpack('H*', substr slurp($disk), 0, length $expected[$number]), unpack('H*', $expected[$number]), 'writes these bytes');
}
$run = boot(DISK => $disk, CMD => join '; ', map { "write 0 0 $_" } '0x', '0x5', '0x5G', '0x5A0x6B', '""');
like($run->{console}, qr/^5 of 5 commands failed:$/m, 'what is no byte is refused');

# An ISA machine has no bus master, whatever modes its disk has.
$run = boot(MACHINE => 'isapc', DISK => $disk, CMD => 'mode 0; devices; identify 0');
like(output_of($run, 'mode 0'), qr/^  Data +PIO, PIO \d$/m, 'no DMA without a bus master, says mode');
like(output_of($run, 'identify 0'), qr/^  In use +PIO \d$/m, 'and identify');

done_testing();
