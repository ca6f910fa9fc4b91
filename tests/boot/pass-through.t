#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# `ata`, `cdb` and `smart`: commands as somebody has written them, what comes back of them, and QEMU's trace as the
# witness of their opcodes.
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
my $cd = random_image('cd.iso', 2 << 20, 'cd');

# A dump's bytes.
sub bytes_in {
    my ($output) = @_;
    return pack 'H*', join '', map { s/ //gr } $output =~ /^[0-9a-f]{8}  ((?:[0-9a-f]{2} ?| ){1,49}) \|/mg;
}
sub opcodes_in { my ($run) = @_; return $run->{qemu_log} =~ /(?:exec cmd:.* cmd 0x|NCQ op 0x)([0-9a-f]{2})/g }

# ------------------------------------------------------------------ what every device has

for my $case ([pata => MACHINE => 'pc'], [ahci => @ahci]) {
    my ($name, @words) = @$case;
    my $disk = random_image('disk.img', 1 << 20, $name);
    my $expected = slurp($disk);
    my @commands = ('ata 0 0xEC', 'ata 0 read-dma 0 1 5', 'ata 0 "READ DMA EXT" 0 2 0x10 in 1024', 'ata 0 check-power-mode',
        'ata 0 "write dma" 0 1 7 out 512 AABB CC', 'ata 0 write-sectors-ext 0 1 8 out 512', 'ata 0 smart 0xDA 0 0xC24F00',
        'ata 0 read-log-ext 0 1 0', 'ata 0 0x82', 'ata 0 read-dma 0 1 2047', 'ata 0 read-dma 0 1 2048', 'ata 0 flush-cache',
        'ata cd0 identify-packet-device', 'cdb cd0 120000002400 in 36', 'cdb cd0 28 00 00 00 00 10 00 00 01 00 in 2048',
        'cdb cd0 28 00 00 FF 00 10 00 00 01 00 in 2048', 'cdb cd0 FF0000000000', 'cdb cd0 000000000000', 'ata cd0 device-reset', 'ata 0 0x90', 'smart 0', 'rules');
    my $run = boot(@words, DISK => $disk, CDROM => $cd, WRITE => 1, CMD => join('; ', @commands),
        QEMU_EXTRA => '-trace ide_exec_cmd -trace process_ncq_command');
    exit_code_is($run, 1, "$name: commands, some of which fail");
    my %output = map { $_ => output_of($run, $_) } @commands;

    like($output{'ata 0 0xEC'}, qr/^IDENTIFY DEVICE \(0xec\) done, 512 of 512 bytes\.\n  Status 0x50 \(DRDY DSC\)\n/, 'IDENTIFY DEVICE');
    like(bytes_in($output{'ata 0 0xEC'}), qr/EQUMH RADDSI K/, 'its data is shown');
    is(bytes_in($output{'ata 0 read-dma 0 1 5'}), substr($expected, 5 * 512, 512), 'a sector');
    is(bytes_in($output{'ata 0 "READ DMA EXT" 0 2 0x10 in 1024'}), substr($expected, 0x10 * 512, 1024), 'two, by 48 bits');
    like($output{'ata 0 "READ DMA EXT" 0 2 0x10 in 1024'}, qr/^  Count 0x[0-9a-f]{4}  LBA 0x0{10}12  Device 0x[0-9a-f]{2}$/m, 'with registers of so many');
    like($output{'ata 0 check-power-mode'}, qr/^CHECK POWER MODE \(0xe5\) done\.\n.*\n  Count 0xff /, 'a result in Count');
    like($output{'ata 0 smart 0xDA 0 0xC24F00'}, qr/LBA 0x0c24f00/, 'and in LBA');
    like($output{'ata 0 read-log-ext 0 1 0'}, qr/^READ LOG EXT \(0x2f\) failed\.\n  Status 0x41 \(DRDY ERR\)  Error 0x04 \(ABRT\)\n/, 'one that the disk does not know');
    like($output{'ata 0 0x82'}, qr/^Command \(0x82\) failed\./, 'one that nobody knows');
    like($output{'ata 0 read-dma 0 1 2047'}, qr/^READ DMA \(0xc8\) done, 512 of 512/, 'the last sector');
    like($output{'ata 0 read-dma 0 1 2048'}, qr/^READ DMA \(0xc8\) failed\.\n  Status 0x41/, 'none behind it');
    like($output{'ata cd0 identify-packet-device'}, qr/^IDENTIFY PACKET DEVICE \(0xa1\) done/, 'of a CD drive');
    like(bytes_in($output{'cdb cd0 120000002400 in 36'}), qr/QEMU    QEMU DVD-ROM/, 'INQUIRY');
    is(bytes_in($output{'cdb cd0 28 00 00 00 00 10 00 00 01 00 in 2048'}), substr(slurp($cd), 0x10 * 2048, 2048), 'READ(10)');
    like($output{'cdb cd0 28 00 00 FF 00 10 00 00 01 00 in 2048'},
        qr{^READ\(10\) \(0x28\): CHECK CONDITION, ILLEGAL REQUEST: address out of range \(sense 5/21/00\)\.}, 'what sense data says');
    like($output{'cdb cd0 FF0000000000'}, qr/ILLEGAL REQUEST: invalid operation code/, 'of other errors');
    like($output{'cdb cd0 000000000000'}, qr/^TEST UNIT READY \(0x00\): GOOD\.$/m, 'GOOD');
    like($output{'ata cd0 device-reset'}, qr/^DEVICE RESET \(0x08\) done\.\n.*\n  Count 0x01  LBA 0x0eb1401 /, 'DEVICE RESET, which ends without interrupt');
    like($output{'ata 0 0x90'}, qr/^EXECUTE DEVICE DIAGNOSTIC \(0x90\) done\.\n.*\n  Count 0x01  LBA 0x0000001 /, 'EXECUTE DEVICE DIAGNOSTIC, too');
    like($output{'smart 0'}, qr/^Disk 0: healthy, .*^    9  Power-on hours +100 +100 +0  pre-fail 1\n.* 31 C\n/ms, 'SMART');
    like($output{rules}, qr/^No rule was broken/, 'no rule was broken');

    my %seen = map { $_ => 1 } opcodes_in($run);
    is(join(' ', grep { !$seen{$_} } qw(ec c8 25 e5 ca 34 b0 2f 82 e7)), '', 'QEMU has seen each opcode');
    ok(!$seen{60} && !$seen{61}, 'as it was written, not queued');
    substr $expected, 7 * 512, 1024, "\xAA\xBB\xCC" . "\0" x 1021;
    is(sha256_of($disk), sha256_hex($expected), 'what was sent is in the image');
    $run = boot(@words, DISK => $disk, CMD => 'ata 0 write-dma 0 1 9 out 512 11; read 0 9');
    like(output_of($run, 'read 0 9'), qr/^00001200  11 00 /, 'in the overlay, without WRITE=1');
    is(sha256_of($disk), sha256_hex($expected), 'and not in the image');
}

# ------------------------------------------------------------------ what is refused before it is sent

my $disk = random_image('disk.img', 1 << 20, 'refused');
my @refused = (
    ['ata 0 identify-device in 256' => qr/^IDENTIFY DEVICE \(0xec\) moves 512 bytes, not 256\.$/m],
    ['ata 0 flush-cache in 512' => qr/^FLUSH CACHE \(0xe7\) moves no data\.$/m],
    ['ata 0 identify-device out 512' => qr/^IDENTIFY DEVICE \(0xec\) moves its data in\.$/m],
    ['ata 0 write-buffer' => qr/^WRITE BUFFER \(0xe8\) moves data: say `out BYTES` behind it\.$/m],
    ['ata 0 read-dma 0 0 0 in 512' => qr/^READ DMA \(0xc8\) moves 131072 bytes, not 512\.$/m],
    ['ata 0 read-dma-ext 0 0x200 0' => qr/^READ DMA EXT \(0x25\) of 262144 bytes: at most 131072 go at once\.$/m],
    ['ata 0 read-dma 0 0x100 0' => qr/^READ DMA \(0xc8\) has registers of 8 bits/],
    ['ata 0 read-dma 0 1 0x10000000' => qr/^READ DMA \(0xc8\) has registers of 8 bits, and an LBA of 28\.$/m],
    ['ata 0 0x60 0 1 1' => qr/^READ FPDMA QUEUED \(0x60\) is not for `ata`: queued commands/],
    ['ata 0 packet' => qr/`cdb` sends packets/],
    ['ata 0 xx' => qr/^"xx" is no command's name; numbers are like 0xEC\.\nUsage: ata /],
    ['ata 0 raed-dma' => qr{^"raed-dma" is no command's name; did you mean read-dma\?\nUsage: ata }],
    ['ata 0 0x1FF' => qr/larger than a byte/],
    ['ata 0 0xEC 0 1' => qr/^Usage: ata /],
    ['ata 0 0xEC in' => qr/^Usage: ata /],
    ['ata 0 0xE8 out 2 AABBCC' => qr/not made of hexadecimal bytes, or one too many/],
    ['ata 0 nop out 999999 1' => qr/^BYTES goes from 1 to 131072/],
    ['cdb 0 000000000000' => qr/^Disk 0 takes no packets; `ata` sends it commands\.$/m],
    ['cdb cd0 00' => qr/^A CDB has 6 to 16 bytes\.$/m],
    ['cdb cd0 in 5' => qr/^A CDB has 6 to 16 bytes\.$/m],
    ['smart cd0' => qr/^cd0 is a CD-ROM drive, which has no SMART\.$/m],
    ['smart' => qr/^Usage: smart DISK$/m],
);
my $run = boot(DISK => $disk, CDROM => $cd, CMD => join('; ', map { $_->[0] } @refused));
exit_code_is($run, 1, 'what is refused');
like(output_of($run, $_->[0]), $_->[1], $_->[0]) for @refused;

# ------------------------------------------------------------------ disks that are ill, or say nothing of it

my $failing = join '; ', map { "read $_->[0] register=$_->[1] command=B0 count=for-ever" } ['2C', 'LBA_High'], ['F4', 'LBA_Mid'];
$run = boot(DISK => $disk, FAULT => $failing, CMD => 'smart 0');
exit_code_is($run, 1, 'a disk that is about to fail');
like(output_of($run, 'smart 0'), qr/^Disk 0: FAILING, .*^    1  Raw read errors/ms, 'is said to, and its attributes are shown');
$run = boot(DISK => $disk, CMD => 'ata 0 smart 0xD9 0 0xC24F00; smart 0; ata 0 smart 0xD8 0 0xC24F00; ata 0 smart 0xDA 0 0xC24F00');
like(output_of($run, 'smart 0'), qr/^Disk 0 failed SMART RETURN STATUS: .*\nSMART may be off: `ata 0 smart 0xD8 0 0xC24F00` enables it\./,
    'SMART is off, and how it is enabled');
like(output_of($run, 'ata 0 smart 0xDA 0 0xC24F00'), qr/LBA 0x0c24f00/, 'and so it is');
$run = boot(DISK => $disk, FAULT => 'error ABRT command=B0 nth=3', CMD => 'smart 0');
exit_code_is($run, 0, 'a disk without SMART READ THRESHOLDS');
like(output_of($run, 'smart 0'), qr/^Disk 0 failed SMART READ THRESHOLDS: [^\n]*\n  No limits are known, so attributes are not judged\.\n.*Raw read errors/ms,
    'what that means, and its attributes');
$run = boot(DISK => $disk, FAULT => 'identify 82=4020 count=for-ever', CMD => 'smart 0');
like(output_of($run, 'smart 0'), qr/^Disk 0 has no SMART \(IDENTIFY, word 82\)\.$/m, 'a disk without SMART');
$run = boot(DISK => $disk, FAULT => 'identify 84=4020 count=for-ever', CMD => 'smart 0', QEMU_EXTRA => '-trace ide_exec_cmd');
like(output_of($run, 'smart 0'), qr/Disk 0 failed READ LOG EXT of the directory: status 0x41, error 0x04\.$/m, 'logs are asked for where there are any');
ok((grep { $_ eq '2f' } opcodes_in($run)), 'which QEMU aborts');

done_testing();
