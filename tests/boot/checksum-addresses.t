#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the guest reads is what the host has, however sectors are addressed: LBA48 across the limits of 28
# and of 32 bits, and CHS in geometries that QEMU is told. By DMA on the primary channel and by PIO on
# the secondary one; QEMU's trace says that it was so.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Fcntl qw(SEEK_SET);
use Witness;
use Test::More;

my $random = random_image('random.img', 16 << 20, 'addresses');
my $bytes = slurp($random);

# A hole of `size` bytes with the random ones at byte offset `at`.
sub disk_with_bytes_at {
    my ($name, $size, $at) = @_;
    my $path = sparse_image($name, $size);
    open my $file, '+<:raw', $path or die "$path: $!";
    seek $file, $at, SEEK_SET or die "$path: $!";
    print {$file} $bytes;
    close $file or die "$path: $!";
    return $path;
}

# ------------------------------------------------------------------ LBA48

# 129 GiB with the random bytes from 4 MiB before sector 2^28 on, and 3 TiB with them from 1 MiB before
# sector 2^32 on.
my $limit_28 = 1 << 28;
my $limit_32 = 1 << 32;
my $first_28 = $limit_28 - (1 << 11);
my $first_32 = $limit_32 - (1 << 11);
my $huge_sectors = 3 << 31;
my $large = disk_with_bytes_at('large.img', 129 << 30, $first_28 * 512);
my $huge = disk_with_bytes_at('huge.img', $huge_sectors * 512, $first_32 * 512);
my $pio = hive('pio.reg', 'Controller0\Channel1' => { DmaAllowed => 0 });

sub sha256_bytes { return Digest::SHA::sha256_hex(substr $bytes, $_[0], $_[1]) }

my $run = boot(DISK => $large, DISK1 => $huge, DISK2 => $huge, DISK3 => $large, HIVE => $pio,
    QEMU_EXTRA => $trace, CMD => join '; ', 'devices', (map { "mode $_" } 0 .. 3),
    (map { ("sha256 $_ $first_28 4096", "sha256 $_ @{[$limit_28 - 1]} 1", "sha256 $_ $limit_28 1",
                "sha256 $_ @{[$limit_28 - 100]} 200") } 0, 3),
    (map { ("sha256 $_ $first_32 4096", "sha256 $_ @{[$limit_32 - 1]} 2", "sha256 $_ @{[$huge_sectors - 1]} 1",
                "read $_ $huge_sectors") } 1, 2));
exit_code_is($run, 1, 'disks of 129 GiB and 3 TiB; only what lies beyond the end fails');
like(output_of($run, 'devices'), qr/^0 .* 129\.0 GiB +@{[129 << 21]} x 512 /m, 'one has its size');
like(output_of($run, 'devices'), qr/^1 .* 3\.0 TiB +$huge_sectors x 512 /m, 'and the other');
like(output_of($run, "mode $_"), qr/^  Data +bus-master DMA.*^  Addressing +(?:LBA48|48)/ms, "disk $_: DMA")
    for 0, 1;
like(output_of($run, "mode $_"), qr/^  Data +PIO.*^  Addressing +(?:LBA48|48)/ms, "disk $_: PIO") for 2, 3;
for my $disk (0, 3) {
    is(digest_in($run, "sha256 $disk $first_28 4096"), sha256_bytes(0, 2 << 20),
        "disk $disk: 2 MiB across the limit of 28 bits");
    is(digest_in($run, "sha256 $disk @{[$limit_28 - 1]} 1"), sha256_bytes((1 << 20) - 512, 512),
        'the last sector below it');
    is(digest_in($run, "sha256 $disk $limit_28 1"), sha256_bytes(1 << 20, 512), 'the first beyond it');
    is(digest_in($run, "sha256 $disk @{[$limit_28 - 100]} 200"), sha256_bytes((1 << 20) - 51_200, 102_400),
        'one command across it');
}
for my $disk (1, 2) {
    is(digest_in($run, "sha256 $disk $first_32 4096"), sha256_bytes(0, 2 << 20),
        "disk $disk: 2 MiB across the limit of 32 bits");
    is(digest_in($run, "sha256 $disk @{[$limit_32 - 1]} 2"), sha256_bytes((1 << 20) - 512, 1024),
        'one command across it');
    is(digest_in($run, "sha256 $disk @{[$huge_sectors - 1]} 1"), Digest::SHA::sha256_hex("\0" x 512),
        'the last sector of all');
    like(output_of($run, "read $disk $huge_sectors"), qr/ends after $huge_sectors sectors/, 'and no more');
}
my $seen = commands_seen($run);
is($seen->{'primary slave'}, 'READ DMA EXT, LBA48', 'the registers saw 48 bits and DMA');
is($seen->{'secondary slave'}, 'READ MULTIPLE EXT, LBA48', 'and PIO');
like($seen->{'primary master'}, qr/^READ DMA EXT, LBA48(?:; READ DMA, LBA28)?$/, 'and DMA on the other');
like($seen->{'secondary master'}, qr/^READ MULTIPLE EXT, LBA48(?:; READ MULTIPLE, LBA28)?$/, 'and PIO');

# ------------------------------------------------------------------ LBA28

# Bits 27:24 stand in the Device register, and a disk counts on in it: what a command leaves there must not
# be taken for what the next one needs. So commands end at a limit of 24 bits, and the next begins before.
my $limit_24 = 1 << 24;
my $middle = disk_with_bytes_at('middle.img', 20 << 30, ($limit_24 - 100) * 512);
{
    open my $file, '+<:raw', $middle or die "$middle: $!";
    print {$file} substr $bytes, 8 << 20;
    close $file or die "$middle: $!";
}
my %pieces = (    # of disk 0 and 2: sector and count => place in the random bytes
    '0 8' => 8 << 20, "@{[$limit_24 - 100]} 100" => 0, '1 8' => (8 << 20) + 512,
    "@{[$limit_24 - 56]} 256" => 44 * 512, '2 9' => (8 << 20) + 1024, "$limit_24 3" => 100 * 512,
    '100 256' => (8 << 20) + 51_200, "@{[$limit_24 - 1]} 1" => 99 * 512, '4 1' => (8 << 20) + 2048,
);
my @pieces = ('0 8', "@{[$limit_24 - 100]} 100", '1 8', "@{[$limit_24 - 56]} 256", '2 9', "$limit_24 3",
    '100 256', "@{[$limit_24 - 1]} 1", '4 1');
$run = boot(DISK => $middle, DISK2 => $middle, HIVE => $pio, QEMU_EXTRA => $trace,
    CMD => join '; ', map { my $disk = $_; map { "sha256 $disk $_" } @pieces } 0, 2);
exit_code_is($run, 0, 'a disk of 20 GiB, back and forth around a limit of 24 bits');
for my $disk (0, 2) {
    for my $piece (@pieces) {
        my ($first, $count) = split / /, $piece;
        is(digest_in($run, "sha256 $disk $piece"), sha256_bytes($pieces{$piece}, $count * 512),
            "disk $disk: $count sectors from $first");
    }
}
is_deeply(commands_seen($run),
    { 'primary master' => 'READ DMA, LBA28', 'secondary slave' => 'READ MULTIPLE, LBA28' }, 'by LBA28');

# ------------------------------------------------------------------ CHS

# Each geometry covers the whole image: 32 x 16 x 64 and 260 x 2 x 63 sectors.
my $other = random_image('other.img', 260 * 2 * 63 * 512, 'chs');
my $geometries = join ' ', map { my ($disk, @chs) = @$_;
    ("-set device.$disk.cyls=$chs[0]", "-set device.$disk.heads=$chs[1]", "-set device.$disk.secs=$chs[2]") }
    ['hd0', 32, 16, 64], ['hd1', 260, 2, 63], ['hd2', 260, 2, 63], ['hd3', 32, 16, 64];
$run = boot(DISK => $random, DISK1 => $other, DISK2 => $other, DISK3 => $random,
    QEMU_EXTRA => "$geometries $trace", CMD => 'sha256 0; sha256 1; sha256 2 28760 4000; sha256 3 28768 4000; '
        . 'mode 0; mode 1; mode 2; mode 3; sha256 0 63 2; sha256 0 1000 250; sha256 0 1 5; '
        . 'sha256 3 1000 250; sha256 3 1 5; read 1 32760; rules',
    HIVE => hive('chs.reg', 'Controller0\Channel0' => { ForceChs => 1 },
        'Controller0\Channel1' => { ForceChs => 1, DmaAllowed => 0 }));
exit_code_is($run, 1, 'four disks by CHS');
is(digest_in($run, 'sha256 0'), sha256_of($random), 'disk 0 as 32/16/64');
is(digest_in($run, 'sha256 1'), sha256_of($other), 'disk 1 as 260/2/63');
is(digest_in($run, 'sha256 2 28760 4000'), sha256_of($other, 28760 * 512, 4000 * 512), 'disk 2 as 260/2/63, to its end');
is(digest_in($run, 'sha256 3 28768 4000'), sha256_of($random, 28768 * 512, 4000 * 512), 'disk 3 as 32/16/64, to its end');
is(digest_in($run, 'sha256 0 63 2'), sha256_bytes(63 * 512, 1024), 'across a track');
for my $disk (0, 3) {
    is(digest_in($run, "sha256 $disk 1000 250"), sha256_bytes(512_000, 128_000), "disk $disk: across heads");
    is(digest_in($run, "sha256 $disk 1 5"), sha256_bytes(512, 2560), 'and back to the first head');
}
like(output_of($run, 'read 1 32760'), qr/ends after 32760 sectors/, 'beyond the last track');
like(output_of($run, "mode $_->[0]"), qr/^  Data +$_->[1].*^  Addressing +CHS $_->[2]$/ms,
    "disk $_->[0] says so")
    for [0, 'bus-master DMA', '32/16/64'], [1, 'bus-master DMA', '260/2/63'], [2, 'PIO', '260/2/63'];
is_deeply(commands_seen($run), {
        (map { $_ => 'READ DMA, CHS' } 'primary master', 'primary slave'),
        (map { $_ => 'READ MULTIPLE, CHS' } 'secondary master', 'secondary slave'),
    }, 'and the registers saw it');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');

done_testing();
