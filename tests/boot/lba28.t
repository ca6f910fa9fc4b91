#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Disks at the limit of 28-bit commands, whose last address is 0FFFFFFEh: each sector behind it is reached, by
# commands of 48 bits, and the data is right on both sides. QEMU's trace says which commands the disk was given.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Witness;

my $limit = 1 << 28;    # sectors
# READ DMA, READ, READ MULTIPLE, READ VERIFY; WRITE DMA, WRITE, WRITE MULTIPLE; FLUSH: of 28 bits, and of 48.
my %is_28 = map { $_ => 1 } qw(c8 20 c4 40 ca 30 c5);
my %is_48 = map { $_ => 1 } qw(25 24 29 42 35 34 39);

# The sectors around the limit that there are, each with its own content.
sub disk {
    my ($sectors) = @_;
    my $path = sparse_image("$sectors.img", $sectors * 512);
    open my $file, '+<', $path or die "$path: $!";
    for my $sector ($limit - 3 .. $sectors - 1) {
        seek $file, $sector * 512, 0;
        print {$file} pack 'Q<*', ($sector) x 64;
    }
    close $file or die "$path: $!";
    return $path;
}

# The opcodes that a run's disk was given, without those of start and stop.
sub opcodes {
    my ($run) = @_;
    return map { lc } $run->{qemu_log} =~ /^ide_(?:bus_)?exec_cmd .*cmd 0x([0-9a-fA-F]+)$/mg;
}

my %settings = ('DMA' => undef, 'PIO' => { DmaAllowed => 0 }, 'PIO, sector by sector' => { DmaAllowed => 0, MultipleCount => 0 });
for my $sectors ($limit - 1, $limit, $limit + 1) {
    my $path = disk($sectors);
    my $needs_48 = $sectors >= $limit;
    for my $mode (sort keys %settings) {
        my $setting = $settings{$mode};
        my $first = $limit - 3;
        my $run = boot(DISK => $path, QEMU_EXTRA => '-trace ide*_exec_cmd',
            HIVE => $setting ? hive('mode.reg', 'Controller0\Channel0' => $setting) : "$scratch/none.reg",
            CMD => join('; ', 'mode 0', (map { "read 0 $_" } $first .. $sectors - 1), "sha256 0 $first " . ($sectors - $first),
                "verify 0 $first " . ($sectors - $first), 'fill 0 ' . ($sectors - 2) . ' 2 0x5A', 'flush 0',
                "sha256 0 $first " . ($sectors - $first), 'read 0 ' . $sectors));
        my $name = sprintf '%d sectors (2^28 %+d), by %s', $sectors, $sectors - $limit, $mode;
        exit_code_is($run, 1, "$name: what lies behind the end fails");
        like($run->{console}, qr/^1 of \d+ commands? failed:$/m, 'and nothing else');
        like(output_of($run, 'mode 0'), $needs_48 ? qr/Addressing +LBA48/ : qr/Addressing +LBA28/, 'how it is addressed');
        for my $sector ($first .. $sectors - 1) {
            my $bytes = join ' ', unpack '(H2)*', pack 'Q<', $sector;
            like(output_of($run, "read 0 $sector"), qr/\A[0-9a-f]{10} +\Q$bytes\E /, sprintf 'sector %X is read', $sector);
        }
        my $kept = join '', map { pack 'Q<*', ($_) x 64 } $first .. $sectors - 3;
        my @digests = $run->{console} =~ /^([0-9a-f]{64})\b/mg;
        # EDGE: 78, 79
        is($digests[0], sha256_of($path, $first * 512), 'a read across the limit');
        is($digests[1], Digest::SHA::sha256_hex($kept . "\x5A" x 1024), 'and what a write across it left');
        my @wrong = grep { $needs_48 ? $is_28{$_} : $is_48{$_} } opcodes($run);
        # EDGE: 27, 80
        is("@wrong", '', $needs_48 ? 'no command has 28 bits' : 'no command has 48 bits');
        ok((grep { $needs_48 ? $is_48{$_} : $is_28{$_} } opcodes($run)) >= 6, 'and there were some');
    }
}

done_testing();
