#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Edge cases of devices (tests/edge-cases.tsv) that options of QEMU and its monitor bring about: sizes and strings,
# accesses that fail once or in their turn, a host whose disk is full, a machine that stands still, interrupts that
# come late, a clock that has nothing to do with the CPU's speed.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use Test::More;

# Words for a disk of its own: a back end by its options, at bus.unit, with properties.
sub disk_words {
    my ($place, $backend, @properties) = @_;
    my ($bus, $unit) = split /\./, $place;
    return "-drive if=none,id=disk$bus$unit,$backend -device "
        . join(',', 'ide-hd', "bus=ide.$bus", "unit=$unit", "drive=disk$bus$unit", @properties);
}

sub empty_disk { my ($size) = @_; return "driver=null-co,read-zeroes=on,size=$size" }

# ------------------------------------------------------------------ what IDENTIFY says

my $run = boot(DISK => 'none',
    QEMU_EXTRA => join(' ', disk_words('0.0', empty_disk(511), 'serial=0123456789ABCDEFGHIJKLMN', 'model=A', 'ver=123456789'),
        disk_words('0.1', empty_disk(1025), 'physical_block_size=4096'), disk_words('1.0', empty_disk(0)),
        disk_words('1.1', empty_disk('9G'), 'write-cache=off')),
    CMD => 'devices; identify 0; identify 1; identify 2; read 0 0; read 0 1; read 1 2; read 1 3; read 3 0; verify 2 0x11fffff 1');
exit_code_is($run, 1, 'sectors behind the end of small disks are not read');
like($run->{console}, qr/^3 of 10 commands failed:\n  read 0 1\n  read 1 3\n  read 3 0$/m, 'and all others are');    # EDGE: 21
like(output_of($run, 'devices'), qr/^$_->[0] +0\.\d +\S.* $_->[1] x 512 /m, "a disk of $_->[1] sectors")
    for [0, 1], [1, 3], [3, 0];
like(output_of($run, 'identify 0'), qr/^  Model +A\n  Serial number +0123456789ABCDEFGHIJ\n  Firmware +12345678$/m,
    'strings are those of the words, less their blanks');    # EDGE: 19
like(output_of($run, 'identify 1'), qr/^  Sector +512 bytes, physically 4096 \(512e\)$/m, 'large physical sectors');    # EDGE: 93
like(output_of($run, 'identify 2'), qr/write cache \(off\)/, 'a write cache that is off');    # EDGE: 173
like(output_of($run, 'identify 2'), qr/^  Capacity +18874368 sectors.*^  CHS geometry +16383\/16\/63/ms,
    'a geometry that ends before the disk does');    # EDGE: 92

# ------------------------------------------------------------------ accesses that fail

my $disk = random_image('disk.img', 2 << 20, 'disk');

# A copy of it, with rules of blkdebug.
sub failing {
    my ($place, $how, @rules) = @_;
    my %numbers;
    my $image = spill("$scratch/$place.img", slurp($disk));
    my $backend = "driver=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename=$image";
    for my $rule (@rules) {
        my ($kind, @words) = @$rule;
        my $number = $numbers{$kind}++ // 0;
        $backend .= join '', map { ",file.$kind.$number.$_" } @words;
    }
    return disk_words($place, $backend, @$how);
}
my @report = ('rerror=report', 'werror=report');
my @third_write = map { ['set-state', 'event=write_aio', "state=$_", 'new_state=' . ($_ + 1)] } 1, 2;
$run = boot(DISK => 'none', QEMU_EXTRA => join(' ',
        failing('0.0', \@report, ['inject-error', 'event=read_aio', 'errno=5', 'sector=100', 'once=on']),
        failing('0.1', \@report, ['inject-error', 'event=write_aio', 'errno=5', 'state=3', 'once=on'], @third_write),
        failing('1.0', \@report, ['inject-error', 'event=write_aio', 'errno=28', 'sector=200']),
        failing('1.1', ['rerror=ignore'], ['inject-error', 'event=read_aio', 'errno=5', 'sector=300'])),
    CMD => 'read 0 100; sha256 0 100 1; write 1 1 11; write 1 2 22; write 1 3 33; write 1 4 44; sha256 1 1 4; '
        . 'write 3 200 01; write 3 201 02; flush 3; sha256 2 300 1; sha256 2 301 1; rules');
exit_code_is($run, 1, 'accesses that fail');
like($run->{console}, qr/^3 of 13 commands failed:\n  read 0 100\n  write 1 3 33\n  write 3 200 01$/m, 'are those, and no others');
is(digest_in($run, 'sha256 0 100 1'), sha256_of($disk, 100 * 512, 512), 'what fails once is read after that');    # EDGE: 151
{
    my $sectors = slurp($disk);
    substr $sectors, $_ * 512, 1, chr(17 * $_) for 1, 2, 4;
    is(digest_in($run, 'sha256 1 1 4'), Digest::SHA::sha256_hex(substr $sectors, 512, 4 * 512),
        'of four writes the third fails');    # EDGE: 153
}
like(output_of($run, 'write 3 200 01'), qr/\b200\b.*error/, 'a host that has no room left');    # EDGE: 154
# EDGE: 156
isnt(digest_in($run, 'sha256 2 300 1'), sha256_of($disk, 300 * 512, 512), 'an error that nobody tells is seen by the data alone');
is(digest_in($run, 'sha256 2 301 1'), sha256_of($disk, 301 * 512, 512), 'which is right behind it');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');

# ------------------------------------------------------------------ a machine that stands still, and a disk that grows

# Time stands still, too: longer than a request may take, it is not late. (The longer time for one ARCH alone.)
my $arch = $ENV{ARCH} || 'x86_64';
my $second = random_image('second.img', 1 << 20, 'second');
my $session = start(DISK => 'none', QEMU_EXTRA => join ' ', $monitor_words,
    disk_words('0.0', empty_disk('1M') . ',latency-ns=200000000'), disk_words('0.1', "format=raw,file=$second"));
$session->expect(qr/^> \z/m);
$session->qemu('query-status');
$session->type("sha256 0\r");
$session->expect(qr/sha256 0\n/);
$session->qemu('stop');
my $digest = Digest::SHA::sha256_hex("\0" x (1 << 20));
ok(!$session->expect(qr/$digest/, $arch eq 'x86_64' ? 10.5 : 1), 'the machine stands still');
$session->qemu('cont');
ok($session->expect(qr/$digest .*\n> \z/), 'when it goes on, the read ends well');    # EDGE: 155
like($session->answer('counters'), qr/^0 .* 0 +0 +0$/m, 'and has not been late');

like($session->answer('read 1 2048'), qr/ends after 2048 sectors/, 'a disk of 1 MiB');
$session->qemu('block_resize', device => 'disk01', size => 2 << 20);
like($session->answer('stop 0.0'), qr/stopped/, 'grows');
$session->answer('start 0.0');
like($session->answer('devices'), qr/^1 .* 4096 x 512 /m, 'which its channel sees when it is started');    # EDGE: 95
like($session->answer('read 1 4095'), qr/^001ffe00 /m, 'the new last sector is read');
$session->qemu('block_resize', device => 'disk01', size => 1 << 20);
like($session->answer('read 1 4095'), qr/error/, 'and is an error when it shrinks');
like($session->answer('read 1 2047'), qr/^000ffe00 /m, 'the others are read');
$session->type("poweroff\r");
exit_code_is($session->finish, 0, 'the end');

# ------------------------------------------------------------------ time

# Writes whose interrupts come a millisecond late at times, on a CPU of a thousandth of the speed, and on a fast one.
my $cd = random_image('cd.iso', 64 << 10, 'cd');
for my $shift (1, 6) {
    my $target = sparse_image('target.img', 2 << 20);
    $run = boot(WRITE => 1, DISK => $disk, DISK1 => $target, CDROM => $cd,
        HIVE => hive('pio.reg', map { ("Controller0\\Channel$_" => { DmaAllowed => 0, MultipleCount => 0 }) } 0, 1),
        QEMU_EXTRA => "-win2k-hack -icount shift=$shift $trace",
        CMD => 'copy 0 0 1 0 64; flush 1; stop 0.0; start 0.0; sha256 1 0 64; sha256 cd0; counters; rules');
    exit_code_is($run, 0, "2^$shift ns for an instruction, and late interrupts");
    is(digest_in($run, 'sha256 1 0 64'), sha256_of($disk, 0, 64 * 512), 'what is written is right');    # EDGE: 42, 49, 50
    is(digest_in($run, 'sha256 cd0'), sha256_of($cd), 'a CD is read');
    like(output_of($run, 'counters'), qr/^1 .* 0 +0 +0$/m, 'nothing was late');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
}
# PACKET is written with DMA in Features at most: no overlap.
my ($packets, @features) = (0);
while ($run->{qemu_log} =~ /\@ 0x17([17]) \((?:Features|Command)\); val 0x(..)/g) {
    push(@features, hex $2), next if $1 eq '1';
    $packets += hex $2 == 0xA0 && !(($features[-1] // 0) & 2);
}
cmp_ok($packets, '>', 5, 'packets are not overlapped');    # EDGE: 147

# ------------------------------------------------------------------ AHCI

my $ahci = 'build/' . ($ENV{ARCH} || 'x86_64') . '/probes/ahci_probe.sys';
$run = boot(MINIPORT => $ahci, MACHINE => 'q35', DISK => $disk, CDROM => 'none',
    QEMU_EXTRA => '-device ide-cd,bus=ide.4', CMD => 'devices; sha256 0; rules; log 1');
exit_code_is($run, 0, 'a packet device at a port, and ports without any');
is(digest_in($run, 'sha256 0'), sha256_of($disk), 'the disk is read');
is((() = output_of($run, 'devices') =~ /^\d+ +\d\.\d /mg), 1, 'is the only one, without a slave beside it');    # EDGE: 197
my ($seconds) = output_of($run, 'log 1') =~ /^ +(\d+\.\d+) /m;    # of the guest's clock
cmp_ok($seconds // 'none', '<', 8, 'and nobody was waited for');    # EDGE: 181, 183

# Faults between driver and controller: of six ports two are there, with a hole between them; and addresses of 32 bits.
$run = boot(MINIPORT => $ahci, MACHINE => 'q35', DISK => $disk, DISK1 => $second, DISK2 => $cd,
    FAULT => 'read 9/3F register=PI count=for-ever; read 0/80000000 register=CAP count=for-ever',
    CMD => 'log; devices; sha256 0; sha256 2; rules');
exit_code_is($run, 0, 'a controller with holes between its ports');
like(output_of($run, 'log'), qr/ahci_probe: ports 00000009, interrupt line \d+, 32-bit addresses$/m, 'which its driver has read');    # EDGE: 195
is(join(' ', output_of($run, 'devices') =~ /^(\d+) +\d\.\d /mg), '0 2', 'has the devices of the others');    # EDGE: 194
is(digest_in($run, 'sha256 0'), sha256_of($disk), 'the first one is read');
is(digest_in($run, 'sha256 2'), sha256_of($cd), 'and the other');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');

done_testing();
