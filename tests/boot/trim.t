#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# `trim`, and writes that are on the medium when they end: what becomes of the image, compared outside, and which
# commands QEMU has seen.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Digest::SHA qw(sha256_hex);
use Test::More;
use Witness;

my @ahci = (MACHINE => 'q35');
my $commands = '-trace ide_exec_cmd';

# The opcodes that matter here, in their order.
sub opcodes_in {
    my ($run) = @_;
    return join ' ', grep { /^(?:06|3d|ce|35|ca|e7|ea|61)$/ }
        $run->{qemu_log} =~ /(?:exec cmd:.* cmd 0x|NCQ op 0x)([0-9a-f]{2})/g;
}
sub blocks_of { my ($path) = @_; return (stat $path)[12] * 512 }

# ------------------------------------------------------------------ trim

for my $case ([pata => MACHINE => 'pc'], [ahci => @ahci]) {
    my ($name, @words) = @$case;
    my $image = random_image('image.img', 8 << 20, $name);
    my $expected = slurp($image);
    my $taken = blocks_of($image);
    my $before = sha256_hex($expected);
    substr $expected, 2048 * 512, 8192 * 512, "\0" x (8192 * 512);

    my $run = boot(@words, DISK => $image, QEMU_EXTRA => $commands, CMD => 'trim 0 2048 8192; sha256 0; rules');
    exit_code_is($run, 0, "$name: sectors are trimmed");
    is(digest_in($run, 'sha256 0'), sha256_hex($expected), 'in the overlay they are zeros, and the others as before');
    is(sha256_of($image), $before, 'the image is as it was');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');

    $run = boot(@words, DISK => $image, WRITE => 1, QEMU_EXTRA => $commands, CMD => 'trim 0 2048 8192');
    exit_code_is($run, 0, "$name: with WRITE=1");
    is(sha256_of($image), sha256_hex($expected), 'it is the image');
    cmp_ok(blocks_of($image), '<=', $taken - (3 << 20), 'which takes less room on the host');
    is((split / /, opcodes_in($run))[0], '06', 'by DATA SET MANAGEMENT');
    like(opcodes_in($run), qr/^06 e[7a]/, 'and a flush before the channel stops');
}

my $qcow2 = "$scratch/image.qcow2";
my $raw = random_image('raw.img', 4 << 20, 'qcow2');
command('qemu-img', 'convert', '-O', 'qcow2', $raw, $qcow2);
my $taken = blocks_of($qcow2);
my $run = boot(DISK => $qcow2, FORMAT => 'qcow2', WRITE => 1, CMD => 'trim 0 0 8192; sha256 0');
is(digest_in($run, 'sha256 0'), sha256_hex("\0" x (4 << 20)), 'a qcow2 image');
cmp_ok(blocks_of($qcow2), '<', $taken, 'takes less room, too');

# More than one command's worth: 64 ranges of 65,535 sectors are in one block of 512 bytes (word 105 names no limit,
# so one is what every device takes).
$run = boot(DISK => sparse_image('large.img', 5 << 30), QEMU_EXTRA => $commands, CMD => 'trim 0 1 10485758');
exit_code_is($run, 0, 'five gigabytes');
is(opcodes_in($run) =~ s/ e[7a]//gr, '06 06 06', 'are three commands');
$run = boot(DISK => sparse_image('large.img', 5 << 30), QEMU_EXTRA => $commands, FAULT => 'identify 105=8 count=for-ever',
    CMD => 'trim 0 1 10485758');
is(opcodes_in($run) =~ s/ e[7a]//gr, '06', 'and one, where a device takes more blocks');

$run = boot(DISK => $raw, CDROM => $raw, FAULT => 'identify 169=0 count=for-ever', QEMU_EXTRA => $commands,
    CMD => 'trim 0 0 8; trim cd0 0 8; trim 0 8191 2; trim 0 8 0; trim 0');
exit_code_is($run, 1, 'what cannot be trimmed');
like(output_of($run, 'trim 0 0 8'), qr/^trim: disk 0 has no TRIM .*word 169/, 'a disk that has no TRIM');
like(output_of($run, 'trim cd0 0 8'), qr/^trim: cd0 is a CD-ROM/, 'a CD');
unlike(opcodes_in($run), qr/06/, 'no command goes out');
$run = boot(DISK => $raw, MACHINE => 'isapc', CMD => 'trim 0 0 8');
like(output_of($run, 'trim 0 0 8'), qr/^trim: its data goes by DMA, which disk 0 is not used with/, 'a controller without DMA');
$run = boot(DISK => $raw, CMD => 'trim 0 8191 2; trim 0 8 0; trim 0');
like(output_of($run, 'trim 0 8191 2'), qr/^trim of 2 sectors at 8191: disk 0 ends after 8192 sectors/, 'beyond the end');
like(output_of($run, 'trim 0 8 0'), qr/the count must be at least 1/, 'no sectors');
like(output_of($run, 'trim 0'), qr/^Usage: trim DISK LBA COUNT/, 'all words are needed');

# ------------------------------------------------------------------ writes that are on the medium when they end

my $fua = 'identify 84=4040 count=for-ever';
for my $case ([pata => MACHINE => 'pc'], [ahci => @ahci], ['isapc' => MACHINE => 'isapc']) {
    my ($name, @words) = @$case;
    my $image = random_image('image.img', 1 << 20, $name);
    my $expected = slurp($image);
    substr $expected, 100 * 512, 2, "\xAB\xCD";
    my @run = (@words, DISK => $image, WRITE => 1, QEMU_EXTRA => "$commands -trace process_ncq_command",
        CMD => 'write 0 100 AB CD fua; read 0 100; write 0 101 00; rules');
    $run = boot(@run);
    exit_code_is($run, 0, "$name: a write that is flushed");
    like(opcodes_in($run), qr/^(?:ca|35|61|) ?e[7a]/, 'since QEMU has nothing else');
    substr $expected, 101 * 512, 1, "\0";
    is(sha256_of($image), sha256_hex($expected), 'the image has it');

    $run = boot(@run, FAULT => $fua);
    exit_code_is($run, 0, "$name: a device that says it forces writes");
    if ($name eq 'ahci') {
        like(opcodes_in($run), qr/^61 (?!e)/, 'a queued one forces itself (which QEMU passes over)');
    } else {
        my $opcode = $name eq 'pata' ? '3d' : 'ce';
        like(opcodes_in($run), qr/^$opcode .*e[7a]/, 'is asked to; when it aborts that, it is a write and a flush');
        is(scalar(() = opcodes_in($run) =~ /$opcode/g), 1, 'from then on');
        like($run->{console} . $run->{log}, qr/it forces no writes; they are flushed/, 'as is said');
    }
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
}

done_testing();
