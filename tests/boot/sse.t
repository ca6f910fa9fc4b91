#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A driver that uses SSE registers wherever the compiler can, in interrupts too: pata, compiled for it. i386
# compilers do so only when they are told to, and then align the stack, which Windows does not, themselves.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use Test::More;

my $built = "build/$Ataport::arch";
(my $folder = "$scratch/build") =~ s{^\Q$top\E/}{};
my ($code, $output) = command('make', '--no-print-directory', "BUILD=$folder",
    'MINIPORT_CFLAGS=-O3 -msse2 -mtune=core2', "$folder/pata.sys");
is($code, 0, 'the driver is compiled') or BAIL_OUT($output);
spill("$folder/$_", slurp("$built/$_")) for qw(kernel ahci.sys);

($code, $output) = command(($ENV{CROSS} // '') . 'objdump', '-d', '--no-show-raw-insn', "$folder/pata.sys");
my $count = () = $output =~ /%xmm/g;
cmp_ok($count, '>=', 20, 'and uses SSE registers');

my $disk = random_image('disk.img', 2 << 20, 1);
my $cd = random_image('cd.iso', 512 << 10, 2);
for my $case (['DMA'], ['PIO', HIVE => hive('pio.reg', map { ("Controller0\\Channel$_" => { DmaAllowed => 0 }) } 0, 1)]) {
    my ($name, @words) = @$case;
    my $run = boot(BUILD => $folder, DISK => $disk, CDROM => $cd, CMD => 'sha256 0; sha256 cd0; rules', @words);
    exit_code_is($run, 0, "$name: commands succeed");
    is(digest_in($run, 'sha256 0'), sha256_of($disk), "$name: the disk's data");
    is(digest_in($run, 'sha256 cd0'), sha256_of($cd), "$name: the CD's data");
}

done_testing();
