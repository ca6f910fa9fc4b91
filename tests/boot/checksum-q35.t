#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the guest reads is what the host has, with a PIIX4 on the q35 machine: 16 MiB of random bytes in
# each of the four places by DMA, and by PIO on both channels beside a CD.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use Test::More;

my @words = qw(DISK DISK1 DISK2 DISK3);
my @places = ('primary master', 'primary slave', 'secondary slave', 'secondary master');
my %disks = map { $_ => random_image("$_.img", 4 << 20, $_) } @words;
my @digests = map { sha256_of($disks{$_}) } @words;
my $cd = random_image('cd.iso', 2 << 20, 'CD');
my @q35 = (MACHINE => 'q35', CONTROLLER => 'piix4-ide', QEMU_EXTRA => $trace);

# ------------------------------------------------------------------ DMA

my $run = boot(@q35, %disks, CMD => 'devices; sha256 0; sha256 1; sha256 2; sha256 3; mode 3; counters');
exit_code_is($run, 0, 'four disks by DMA');
like(output_of($run, 'devices'), qr/^PCI \S+ 8086:7111: pata,/m, 'behind a PIIX4');
is(digest_in($run, "sha256 $_"), $digests[$_], "4 MiB from the $places[$_]") for 0 .. 3;
like(output_of($run, 'mode 3'), qr/^  Data +bus-master DMA/m, 'the guest says how');
is_deeply(commands_seen($run), { map { $_ => 'READ DMA, LBA28' } @places }, 'and the registers saw it');
like(output_of($run, 'counters'), qr/^$_ .* 4\.0 MiB +0 bytes +0 +0 +0$/m, "disk $_: no errors") for 0 .. 3;

$run = boot(@q35, CDROM => $cd, CMD => 'sha256 cd0');
is(digest_in($run, 'sha256 cd0'), sha256_of($cd), 'a CD by DMA');
is_deeply(commands_seen($run), { 'secondary master' => 'PACKET, dma' }, 'and the drive saw it');

# ------------------------------------------------------------------ PIO

delete $disks{DISK3};
$run = boot(@q35, %disks, CDROM => $cd, CMD => 'sha256 0; sha256 1; sha256 2; sha256 cd0; mode 2; mode cd0',
    HIVE => hive('pio.reg', 'Controller0\Channel0' => { HighestMode => 0x0B },
        'Controller0\Channel1' => { DmaAllowed => 0 }));
exit_code_is($run, 0, 'three disks and a CD by PIO');
is(digest_in($run, "sha256 $_"), $digests[$_], "4 MiB from the $places[$_]") for 0 .. 2;
is(digest_in($run, 'sha256 cd0'), sha256_of($cd), 'and the CD');
like(output_of($run, 'mode 2'), qr/^  Data +PIO, PIO 4$/m, 'the guest says how');
like(output_of($run, 'mode cd0'), qr/^  Data +PIO/m, 'of the CD too');
is_deeply(commands_seen($run),
    { 'secondary master' => 'PACKET, pio', map { $_ => 'READ MULTIPLE, LBA28' } @places[0 .. 2] },
    'and the registers saw it');
is_deeply([$run->{console} =~ /^disk \d: .* (PIO \d)$/mg], ['PIO 3', 'PIO 3', 'PIO 4'],
    'each channel in its fastest mode');

done_testing();
