#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the guest writes is what the host reads: whole file systems copied by the guest and looked at with
# the ordinary tools, single bytes and ranges compared with what they should be, by DMA and by PIO, in
# every place and addressing.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Fcntl qw(SEEK_SET);
use Witness;
use Test::More;

sub same { return slurp($_[0]) eq slurp($_[1]) ? 1 : 0 }

# ------------------------------------------------------------------ a file system and its files

# A disk without a partition table, so that the tools take it as it is.
my %files = map { $_->[0] => random_image(@$_) } ['SMALL.BIN', 1, 'small'], ['ODD.BIN', 234_567, 'odd'],
    ['LARGE.BIN', 2 << 20, 'large'], ['EMPTY.BIN', 0, 'empty'];
my $fat = sparse_image('fat.img', 4 << 20);
my ($code, $output) = command('mkfs.fat', '-F', '16', '-s', '1', '-n', 'ORIGINAL', $fat);
($code, $output) = command('mcopy', '-i', $fat, values %files, '::/') if $code == 0;
is($code, 0, 'mkfs.fat and mcopy make a disk with files') or diag($output);
my $fat_digest = sha256_of($fat);
my $sectors = (4 << 20) / 512;
my $cd = random_image('cd.iso', 768 << 10, 'cd');
my $cd_sectors = (768 << 10) / 2048;

sub check_copy {
    my ($copy, $name) = @_;
    is(same($copy, $fat), 1, "$name: the same bytes");
    my ($status, $report) = command('fsck.fat', '-n', $copy);
    is($status, 0, 'the file system is clean') or diag($report);
    my $good = 0;
    for my $file (keys %files) {
        unlink "$scratch/out";
        command('mcopy', '-i', $copy, "::/$file", "$scratch/out");
        $good += -e "$scratch/out" && same("$scratch/out", $files{$file});
    }
    is($good, scalar keys %files, 'mcopy gets all files out of it');
    return;
}

my $pio = hive('pio.reg', map { ("Controller0\\Channel$_" => { DmaAllowed => 0 }) } 0, 1);
my @cases = (
    ['pc by DMA', 'DMA', 'dma', MACHINE => 'pc'],
    ['pc by PIO', 'MULTIPLE', 'pio', MACHINE => 'pc', HIVE => $pio],
    ['q35 by DMA', 'DMA', 'dma', MACHINE => 'q35', CONTROLLER => 'piix4-ide'],
    ['isapc', 'MULTIPLE', 'pio', MACHINE => 'isapc'],
);
for my $case (@cases) {
    my ($name, $kind, $packet, @machine) = @$case;
    my $slave = sparse_image('slave.img', 4 << 20);
    my $secondary = sparse_image('secondary.img', 5 << 20);
    my $run = boot(@machine, WRITE => 1, DISK => $fat, DISK1 => $slave, DISK2 => $secondary, CDROM => $cd,
        QEMU_EXTRA => $trace, CMD => "copy 0 0 1 0 $sectors; copy 1 0 2 0 $sectors; "
            . "copy cd0 0 2 $sectors $cd_sectors; rules");
    exit_code_is($run, 0, "$name: a disk copied to the slave, that to the other channel, and a CD behind it");
    is_deeply(commands_seen($run), {
            'primary master' => "READ $kind, LBA28", 'secondary slave' => "WRITE $kind, LBA28",
            'primary slave' => "READ $kind, LBA28; WRITE $kind, LBA28", 'secondary master' => "PACKET, $packet",
        }, 'as it was asked for');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
    check_copy($slave, "$name, primary slave");
    is(sha256_of($secondary, 4 << 20, 768 << 10), sha256_of($cd), 'the CD on the disk');
    is(sha256_of($secondary, (4 << 20) + (768 << 10)), Digest::SHA::sha256_hex("\0" x (256 << 10)), 'and nothing behind it');
    truncate $secondary, 4 << 20;
    check_copy($secondary, "$name, secondary slave");
    ($code, $output) = command('mcopy', '-i', $secondary, $files{'ODD.BIN'}, '::/MORE.BIN');
    ($code, $output) = command('fsck.fat', '-n', $secondary) if $code == 0;
    is($code, 0, 'a file more on the copy, and it is clean still') or diag($output);

    # The session's end writes out the cache of each disk that was written: FLUSH CACHE (EXT) comes last.
    my %last;
    while ($run->{qemu_log} =~ /\@ 0x(1[7f])7 \(Command\); val (0x..); bus \S+ IDEState (\S+)/g) {
        $last{$3} = $2;
    }
    # EDGE: 171
    is((grep { /0xe7|0xea/ } values %last), 2, 'both written disks were flushed at the end');
}
is(sha256_of($fat), $fat_digest, 'the source is as it was');

# ------------------------------------------------------------------ single bytes

# The image as it should be, and the commands that make it so.
my $target = random_image('target.img', 8 << 20, 'target');
my $other = random_image('other.img', 8 << 20, 'other');
my %expected = (0 => slurp($target), 2 => slurp($other));
my @commands;

sub write_bytes {
    my ($disk, $sector, $bytes) = @_;
    push @commands, "write $disk $sector " . join ' ', map { sprintf '%02x', ord } split //, $bytes;
    substr $expected{$disk}, $sector * 512, length $bytes, $bytes;
    return;
}

sub fill_sectors {
    my ($disk, $sector, $count, $byte) = @_;
    push @commands, "fill $disk $sector $count $byte";
    substr $expected{$disk}, $sector * 512, $count * 512, chr($byte) x ($count * 512);
    return;
}

sub copy_sectors {
    my ($source, $from, $disk, $to, $count) = @_;
    push @commands, "copy $source $from $disk $to $count";
    substr $expected{$disk}, $to * 512, $count * 512, substr $expected{$source}, $from * 512, $count * 512;
    return;
}

my $last = (8 << 20) / 512 - 1;
for my $disk (0, 2) {
    write_bytes($disk, 0, "\x01");
    write_bytes($disk, 5, 'abc');
    write_bytes($disk, 7, join '', map { chr($_ & 255) } 1 .. 511);
    write_bytes($disk, 9, join '', map { chr($_ * 7 & 255) } 1 .. 512);
    write_bytes($disk, 11, join '', map { chr($_ * 5 & 255) } 1 .. 513);
    write_bytes($disk, 14, join '', map { chr($_ * 3 & 255) } 1 .. 1100);
    write_bytes($disk, $last, 'the end');
    fill_sectors($disk, 100, 1, 0x5A);
    fill_sectors($disk, 201, 1001, 0xA5);
    fill_sectors($disk, $last - 1, 1, 0);
    copy_sectors($disk, 3000, $disk, 3001, 999);
    copy_sectors($disk, 5001, $disk, 5000, 999);
    copy_sectors($disk, 7000, 2 - $disk, 7777, 257);
}
for my $hive (undef, $pio) {
    my $name = $hive ? 'PIO' : 'DMA';
    random_image('target.img', 8 << 20, 'target');
    random_image('other.img', 8 << 20, 'other');
    my $run = boot(WRITE => 1, DISK => $target, DISK2 => $other, defined $hive ? (HIVE => $hive) : (),
        CMD => join '; ', @commands);
    exit_code_is($run, 0, "writes and fills of odd lengths by $name");
    is(slurp($target) eq $expected{0}, 1, 'the first disk is what it should be');
    is(slurp($other) eq $expected{2}, 1, 'and the second');
}
random_image('target.img', 8 << 20, 'target');
my $before = sha256_of($target);
my $run = boot(DISK => $target, DISK2 => $other, CMD => join '; ', @commands, 'flush 0');
exit_code_is($run, 0, 'the same without WRITE=1');
is(sha256_of($target), $before, 'changes nothing');

# ------------------------------------------------------------------ CHS, LBA28 and LBA48

my $pio_on_second = hive('second.reg', 'Controller0\Channel1' => { DmaAllowed => 0 });
my $geometry = '-set device.hd0.cyls=32 -set device.hd0.heads=8 -set device.hd0.secs=64';
my $limit = 1 << 28;
my $large = sparse_image('large.img', 129 << 30);
for my $dma (1, 0) {
    my $name = $dma ? 'DMA' : 'MULTIPLE';
    my $chs = random_image('chs.img', 8 << 20, 'chs');
    my $wanted = slurp($chs);
    substr $wanted, 63 * 512, 1024, "\x77" x 1024;
    substr $wanted, 1000 * 512, 3, 'chs';
    substr $wanted, $last * 512, 512, "\x99" x 512;
    $run = boot(WRITE => 1, DISK => $chs, DISK2 => $large, QEMU_EXTRA => "$geometry $trace",
        CMD => 'fill 0 63 2 0x77; write 0 1000 63 68 73; ' . "fill 0 $last 1 0x99; "
            . "fill 2 $limit 2048 $dma; write 2 @{[$limit - 2]} " . '4c 42 41 34 38 ' x 205,
        HIVE => hive('chs.reg', 'Controller0\Channel0' => { ForceChs => 1, DmaAllowed => $dma },
            'Controller0\Channel1' => { DmaAllowed => $dma }));
    exit_code_is($run, 0, "CHS and LBA48: $name");
    is(slurp($chs) eq $wanted, 1, 'the CHS disk is what it should be');
    my $seen = commands_seen($run);
    # EDGE: 89
    like($seen->{'primary master'}, qr/^READ $name, CHS; WRITE $name, CHS$/, 'written by CHS');
    like($seen->{'secondary slave'}, qr/\bWRITE $name EXT, LBA48\b/, 'and by LBA48');
    is(sha256_of($large, ($limit - 2) * 512, 1025 + 2048 * 512 - 1),
        Digest::SHA::sha256_hex('LBA48' x 205 . chr($dma) x (2048 * 512 - 1)),
        'which filled sectors beyond the limit of 28 bits, and wrote bytes across it');
}

# The last sector below a limit of 24 bits and the first of all, in turn: bits 27:24 must be written anew.
my $middle = sparse_image('middle.img', 20 << 30);
$run = boot(WRITE => 1, DISK => $middle, DISK2 => sparse_image('second.img', 20 << 30), HIVE => $pio_on_second,
    CMD => join '; ', map { ("write $_ 0xffffff 6c 61 73 74", "write $_ 0 66 69 72 73 74",
            "fill $_ 0xffff80 128 1", "fill $_ 1 1 2", "write $_ 0xffffff 4c 41 53 54",
            "copy $_ 0 $_ 0x1000000 1") } 0, 2);
exit_code_is($run, 0, 'writes around a limit of 24 bits');
for my $path ($middle, "$scratch/second.img") {
    open my $file, '<:raw', $path or die "$path: $!";
    my $found = '';
    for my $place ([0, 5], [0xFFFFFF, 4], [0x1000000, 5]) {
        seek $file, $place->[0] * 512, SEEK_SET or die "$path: $!";
        read $file, $found, $place->[1], length $found;
    }
    is($found, 'firstLASTfirst', 'are where they belong');
    is(sha256_of($path, 512, 1024), Digest::SHA::sha256_hex("\2" x 512 . "\0" x 512), 'and what follows, too');
}

done_testing();
