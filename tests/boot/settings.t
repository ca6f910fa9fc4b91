#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The settings that pata reads from the registry: what each does to the commands that it sends, that the
# data stay right, and that a setting without sense is survived.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use Test::More;

my $disk = random_image('disk.img', 1 << 20, 'settings');
my $image = random_image('disc.iso', 1 << 20, 'disc');
my $digest = sha256_of($disk);
my $large = sparse_image('large.img', 129 << 30);
my $zeros = Digest::SHA::sha256_hex("\0" x (2048 * 512));

# ------------------------------------------------------------------ sectors between two interrupts

my $interrupts = qr/^0\.\d +\d+ +(\d+)/m;
my $run = boot(DISK => $disk, DISK1 => $large, DISK2 => $disk, DISK3 => $large, QEMU_EXTRA => $trace,
    HIVE => hive('single.reg', 'Controller0\Channel0' => { DmaAllowed => 0, MultipleCount => 0 },
        'Controller0\Channel1' => { DmaAllowed => 0, MultipleCount => 1 }),
    CMD => 'sha256 0; sha256 2; counters; sha256 1 0x10000000 2048; sha256 3 0x10000000 2048; '
        . 'write 0 9 01; write 2 9 01; write 1 0x10000009 01; write 3 0x10000009 01; mode 0; mode 2');
exit_code_is($run, 0, 'MultipleCount 0 and 1');
is(digest_in($run, "sha256 $_"), $digest, "disk $_: the same bytes") for 0, 2;
is(digest_in($run, "sha256 $_ 0x10000000 2048"), $zeros, "disk $_: the same bytes") for 1, 3;
is_deeply(commands_seen($run), {
        (map { $_ => 'READ SECTORS, LBA28; WRITE SECTORS, LBA28' } 'primary master', 'secondary slave'),
        (map { $_ => 'READ SECTORS EXT, LBA48; WRITE SECTORS EXT, LBA48' } 'primary slave', 'secondary master'),
    }, 'are commands of one sector a block');
my @counts = output_of($run, 'counters') =~ /$interrupts/g;
cmp_ok($_, '>', 2048, 'with an interrupt for each sector') for @counts;
is(scalar @counts, 2, 'on both channels');

$run = boot(DISK => $disk, DISK2 => $disk, QEMU_EXTRA => $trace,
    HIVE => hive('multiple.reg', 'Controller0\Channel0' => { DmaAllowed => 0, MultipleCount => 8 },
        'Controller0\Channel1' => { DmaAllowed => 0, MultipleCount => 7 }),
    CMD => 'sha256 0; sha256 2; sha256 0 1 21; sha256 2 3 5; counters; mode 0; mode 2');
exit_code_is($run, 0, 'MultipleCount 8 and 7');
is(digest_in($run, "sha256 $_"), $digest, "disk $_: the same bytes") for 0, 2;
is(digest_in($run, 'sha256 0 1 21'), sha256_of($disk, 512, 21 * 512), 'with a last block that is short');
is(digest_in($run, 'sha256 2 3 5'), sha256_of($disk, 3 * 512, 5 * 512), 'twice');
like(output_of($run, 'mode 0'), qr/^  Multiple +8 sectors$/m, 'eight sectors a block');
like(output_of($run, 'mode 2'), qr/^  Multiple +4 sectors$/m, 'seven is no power of two, four is');
@counts = output_of($run, 'counters') =~ /$interrupts/g;
cmp_ok($counts[0], '<', 400, 'an interrupt for eight sectors');
cmp_ok($counts[1], '>', 512, 'an interrupt for four');

# ------------------------------------------------------------------ HighestMode

# PIIX3 has no Ultra DMA, PIIX4 has; a mode in between those that exist means the next slower one.
my @modes = (
    [pc => 0x00, 'PIO 2'], [pc => 0x08, 'PIO 0'], [pc => 0x0B, 'PIO 3'], [pc => 0x0C, 'PIO 4'],
    [pc => 0x20, 'MW DMA 0'], [pc => 0x21, 'MW DMA 1'], [pc => 0x22, 'MW DMA 2'], [pc => 0x42, 'MW DMA 2'],
    [q35 => 0x40, 'Ultra DMA 0'], [q35 => 0x41, 'Ultra DMA 1'], [q35 => 0x45, 'Ultra DMA 2'],
    [q35 => 0x22, 'MW DMA 2'],
);
while (my ($one, $two) = splice @modes, 0, 2) {
    my ($machine, @expected) = ($one->[0], $one->[2], $two->[2]);
    $run = boot(machine_with_ide($machine), DISK => $disk, DISK2 => $disk, CMD => 'sha256 0; sha256 2',
        QEMU_EXTRA => '-trace ide_ioport_write',
        HIVE => hive('mode.reg', 'Controller0\Channel0' => { HighestMode => $one->[1] },
            'Controller0\Channel1' => { HighestMode => $two->[1] }));
    my $name = sprintf '%s: HighestMode %02xh and %02xh', $machine, $one->[1], $two->[1];
    is_deeply([$run->{console} =~ /^disk \d: .*, ([^,\n]+)$/mg], \@expected, "$name are @expected");
    is(join(' ', map { digest_in($run, "sha256 $_") } 0, 2), "$digest $digest", 'the same bytes');
    # The device was told the very mode: SET FEATURES 03h, its code in the sector count.
    my @told = $run->{qemu_log} =~ /\(Features\); val 0x03;.*\n(?:.*\(Sector Count\); val (0x..);.*\n)/g;
    my %told = map { hex $_ => 1 } @told;
    my %codes = ('PIO 0' => 0x00, 'PIO 2' => 0x00, 'PIO 3' => 0x0B, 'PIO 4' => 0x0C, 'MW DMA 0' => 0x20,
        'MW DMA 1' => 0x21, 'MW DMA 2' => 0x22, 'Ultra DMA 0' => 0x40, 'Ultra DMA 1' => 0x41,
        'Ultra DMA 2' => 0x42);
    ok($told{ $codes{ $expected[0] } } && $told{ $codes{ $expected[1] } }, 'and the disks were told so')
        or diag("told: @told");
}

# ------------------------------------------------------------------ without sense

$run = boot(DISK => $disk, DISK2 => $disk, CMD => 'sha256 0; sha256 2 0 2000; mode 0; mode 2',
    HIVE => hive('odd.reg', 'Controller0\Channel0' => { HighestMode => 0x99, MultipleCount => 0xFFFFFFFF },
        'Controller0\Channel1' => { ForceChs => 2, DmaAllowed => 0xFFFFFFFF, Unknown => 1 },
        'Controller9\Channel0' => { DmaAllowed => 0 }));
exit_code_is($run, 0, 'a mode that does not exist, a block without end, a controller that is not there');
is(digest_in($run, 'sha256 0'), $digest, 'the same bytes');
is(digest_in($run, 'sha256 2 0 2000'), sha256_of($disk, 0, 2000 * 512), 'on both');
like(output_of($run, 'mode 0'), qr/^  Data +bus-master DMA.*^  Multiple +16 sectors$/ms, 'the usual settings');
like(output_of($run, 'mode 2'), qr/^  Data +bus-master DMA.*^  Addressing +CHS/ms, 'every number but 0 is yes');
like($run->{log}, qr/HighestMode 0x99 of channel 0 is no transfer mode/, 'the log names the mode');

# ------------------------------------------------------------------ from one boot to the next

my $key = 'HKLM\SYSTEM\CurrentControlSet\Services\pata\Controller0\Channel';
my @session = (HIVE => "$scratch/kept.reg", DISK => $disk, DISK1 => $disk, CDROM => $image, STRICT => 1);
my @notes = map { my $n = $_; map { "${key}$n $_" } qw(Device0Model Device0Mode Device0Errors Device1Model) } 0, 1;

sub answers { my ($run, @commands) = @_; return map { output_of($run, $_) =~ s/\n\z//r } @commands }

$run = boot(@session, CMD => "registry set ${key}0 HighestMode dword:21; registry set ${key}1 DmaAllowed dword:0; mode 0");
exit_code_is($run, 0, 'settings are changed in the shell');
like(output_of($run, 'mode 0'), qr/^  Data +bus-master DMA, MW DMA 2$/m, 'and not in force yet');
$run = boot(@session, CMD => join '; ', 'mode 0', 'mode cd0', 'rules', map { "registry get $_" } @notes);
like(output_of($run, 'mode 0'), qr/^  Data +bus-master DMA, MW DMA 1$/m, 'but in the next session');
like(output_of($run, 'mode cd0'), qr/^  Data +PIO, PIO 2$/m, 'on both channels');
is_deeply([answers($run, map { "registry get $_" } @notes)],
    ['"QEMU HARDDISK"', 'dword:00000022', 'dword:00000000', '"QEMU HARDDISK"',
        '"QEMU DVD-ROM"', 'dword:00000022', 'dword:00000000', 'The key has no value "Device1Model".'],
    'what the session before noted of each device');
like(output_of($run, 'rules'), qr/^No rule was broken\.$/m, 'by the rules');
$run = boot(@session, CMD => join '; ', "registry delete ${key}0 HighestMode", "registry set ${key}1 DmaAllowed dword:1",
    map { "registry get $_" } @notes);
is_deeply([(answers($run, map { "registry get $_" } @notes))[1, 5]], ['dword:00000021', 'dword:00000000'],
    'the modes that the settings made');
my $size = -s "$scratch/kept.reg";
$run = boot(@session, CMD => 'mode 0; mode cd0');
is(join(' ', map { output_of($run, $_) =~ /^  Data +bus-master DMA, (MW DMA 2)$/m } 'mode 0', 'mode cd0'),
    'MW DMA 2 MW DMA 2', 'the settings go, and the usual modes come back');
cmp_ok(-s "$scratch/kept.reg", '>', $size, 'which is noted');
$size = -s "$scratch/kept.reg";
$run = boot(@session, CMD => 'sha256 0');
is(-s "$scratch/kept.reg", $size, 'what has been noted already is not written again');
$run = boot(@session, HIVE_RO => 1, CMD => 'stop 0.0; start 0.0; sha256 0; rules');
exit_code_is($run, 0, 'a session that may note nothing');
unlike("$run->{console}$run->{log}", qr/Registry\w+:|lost|RULE/, 'is no error');

# Commands that fail: QEMU's blkdebug refuses sector 1000.
my $bad = random_image('bad.img', 4 << 20, 'settings');
my $failing = "-drive if=none,id=failing,driver=raw,file.driver=blkdebug,file.image.driver=file,"
    . "file.image.filename=$bad,file.inject-error.0.event=read_aio,file.inject-error.0.errno=5,"
    . "file.inject-error.0.sector=1000 -device ide-hd,bus=ide.0,unit=0,drive=failing,rerror=report";
$run = boot(DISK2 => $disk, QEMU_EXTRA => $failing, HIVE => "$scratch/kept.reg", CMD => 'read 0 1000; read 0 1; rules');
exit_code_is($run, 1, 'a disk with a sector that cannot be read');
$run = boot(DISK => $disk, HIVE => "$scratch/kept.reg", CMD => "registry get ${key}0 Device0Errors");
like(output_of($run, "registry get ${key}0 Device0Errors"), qr/^dword:0000000[1-9]$/m, 'has its errors counted');

done_testing();
