#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the guest reads is what the host has, on the pc machine (PIIX3): 16 MiB of random bytes in each of
# the four places, by DMA and by PIO, and a CD by both. QEMU's trace says that it was so.
#
# Run on x86_64 alone: i386 has the other machines.
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
my $commands = join '; ', (map { "sha256 $_" } 0 .. 3), (map { "mode $_" } 0 .. 3), 'counters', 'rules';

# ------------------------------------------------------------------ disks

sub check_disks {
    my ($run, $mode, $command) = @_;
    exit_code_is($run, 0, "four disks: $command");
    is(digest_in($run, "sha256 $_"), $digests[$_], "4 MiB from the $places[$_]") for 0 .. 3;
    like(output_of($run, "mode $_"), $mode, "disk $_ says so") for 0 .. 3;
    # EDGE: 27, 28, 45, 114
    is_deeply(commands_seen($run), { map { $_ => "$command, LBA28" } @places }, 'and the registers saw it');
    like(output_of($run, 'counters'), qr/^0 .* 4\.0 MiB +0 bytes +0 +0 +0$/m, 'without errors or retries');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'or broken rules');
    return;
}

check_disks(boot(%disks, QEMU_EXTRA => $trace, CMD => $commands), qr/^  Data +bus-master DMA/m, 'READ DMA');

# One channel has no DMA at all, the other none because its fastest mode is PIO 4.
my $pio = hive('pio.reg', 'Controller0\Channel0' => { DmaAllowed => 0 },
    'Controller0\Channel1' => { HighestMode => 0x0C });
check_disks(boot(%disks, QEMU_EXTRA => $trace, CMD => $commands, HIVE => $pio), qr/^  Data +PIO, PIO 4$/m,
    'READ MULTIPLE');

# ------------------------------------------------------------------ CD-ROM

for my $case ([dma => qr/^  Data +bus-master DMA/m, undef], [pio => qr/^  Data +PIO/m, $pio]) {
    my ($method, $mode, $hive) = @$case;
    my %extra = defined $hive ? (HIVE => $hive) : ();
    my $run = boot(CDROM => $cd, %extra, QEMU_EXTRA => $trace, CMD => 'sha256 cd0; mode cd0');
    exit_code_is($run, 0, "a CD by $method");
    # EDGE: 8, 31, 121
    is(digest_in($run, 'sha256 cd0'), sha256_of($cd), 'has the same bytes');
    like(output_of($run, 'mode cd0'), $mode, 'the guest says how');
    is_deeply(commands_seen($run), { 'secondary master' => "PACKET, $method" }, 'and the drive saw it');
}

# ------------------------------------------------------------------ a CD beside a disk

my $run = boot(DISK2 => $disks{DISK2}, CDROM => $cd, CMD => 'sha256 2 0 4096; sha256 cd0; sha256 2 0 4096');
# EDGE: 10
is(join("\n", $run->{console} =~ /^([0-9a-f]{64}) /mg),
    join("\n", map { sha256_of(@$_) } [$disks{DISK2}, 0, 2 << 20], [$cd], [$disks{DISK2}, 0, 2 << 20]),
    'a CD and a disk on one channel, in turn');

done_testing();
