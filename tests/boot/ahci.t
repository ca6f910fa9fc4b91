#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# ahci.sys: disks and a CD on an AHCI controller, of q35 and in a slot of pc; what is written, compared outside; its
# settings and notes; a sector that cannot be read, among commands that are queued. QEMU's trace is the witness of what
# is queued. (What every driver has to do is the conformance suite's: conformance.t.)
#
# Run on x86_64 alone: the suite is run for ahci on i386.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Witness;

my %disks = map { $_ => random_image("$_.img", $_ eq 'DISK' ? 8 << 20 : 2 << 20, $_) } qw(DISK DISK1 DISK2 DISK3);
my $cd = random_image('cd.iso', 2 << 20, 'cd');
my $ncq_trace = '-trace process_ncq_command -trace ide_exec_cmd';

sub queued_in { my ($run) = @_; return scalar(() = $run->{qemu_log} =~ /^process_ncq_command /mg) }
sub plain_in { my ($run, $opcode) = @_; return scalar(() = $run->{qemu_log} =~ /^.*exec cmd:.* cmd 0x$opcode$/mg) }

sub settings {
    my ($name, $values) = @_;
    return spill("$scratch/$name.reg", "Windows Registry Editor Version 5.00\n\n"
        . "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\ahci\\Controller0\\Channel0]\n$values");
}

# ------------------------------------------------------------------ data

for my $machine ('q35', 'pc') {
    my @words = (MACHINE => $machine, CONTROLLER => 'ahci');
    my $run = boot(@words, %disks, QEMU_EXTRA => "-m 5G $ncq_trace",
        CMD => join '; ', (map { "sha256 $_" } 0 .. 3), 'mode 0', 'rules');
    exit_code_is($run, 0, "$machine: four disks");
    is(digest_in($run, "sha256 $_"), sha256_of($disks{ $_ ? "DISK$_" : 'DISK' }), "disk $_ is read") for 0 .. 3;
    cmp_ok(queued_in($run), '>=', (14 << 20) / (128 << 10), 'by queued commands');
    is(plain_in($run, 'c8'), 0, 'and by no others');
    like(output_of($run, 'mode 0'), qr/^  Driver +ahci\.sys\n.*^  Requests at once +32$/ms, '32 at a time');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');

    $run = boot(@words, DISK => $disks{DISK}, CDROM => $cd, CMD => 'sha256 cd0; cd cd0 capacity; sha256 0; read cd0 3');
    exit_code_is($run, 0, "$machine: a CD beside a disk");
    is(digest_in($run, 'sha256 cd0'), sha256_of($cd), 'is read');

    my $written = random_image('written.img', 4 << 20, 'written');
    my $expected = slurp($written);
    substr $expected, 512 * 17, 512 * 300, "\x5A" x (512 * 300);
    substr $expected, 512 * 2048, 512 * 1024, substr $expected, 0, 512 * 1024;
    $run = boot(@words, DISK => $written, WRITE => 1, CMD => 'fill 0 17 300 0x5A; copy 0 0 0 2048 1024; flush 0', QEMU_EXTRA => $ncq_trace);
    exit_code_is($run, 0, "$machine: a disk is written");
    is(Digest::SHA::sha256_hex(slurp($written)), Digest::SHA::sha256_hex($expected), 'with these bytes, and no others');
    cmp_ok(plain_in($run, 'e[7a]'), '>=', 1, 'a flush waits until no queued command is under way');
}

# ------------------------------------------------------------------ settings and notes

my @disk = (MACHINE => 'q35', DISK => $disks{DISK});
my $run = boot(@disk, HIVE => settings('no-ncq', "\"NcqDisabled\"=dword:00000001\n"), QEMU_EXTRA => $ncq_trace, CMD => 'sha256 0; mode 0');
is(digest_in($run, 'sha256 0'), sha256_of($disks{DISK}), 'without queued commands the disk is read, too');
is(queued_in($run), 0, 'there were none');
cmp_ok(plain_in($run, 'c8'), '>=', 64, 'but others');

my $hive = settings('depth', "\"Depth\"=dword:00000002\n");
$run = boot(@disk, HIVE => $hive, QEMU_EXTRA => $ncq_trace, CMD => 'sha256 0; mode 0');
is(digest_in($run, 'sha256 0'), sha256_of($disks{DISK}), 'two at a time');
like(output_of($run, 'mode 0'), qr/^  Requests at once +2$/m, 'as the setting says');
unlike($run->{qemu_log}, qr/^process_ncq_command .*\[tag:(?:[2-9]|[1-3]\d)\]/m, 'no tag is above');
like(slurp($hive), qr/^"Device0Model"="QEMU HARDDISK"\n.*^"Device0Depth"=dword:00000002\n.*^"Device0Errors"=dword:00000000$/ms, 'what was learnt is noted');

# ------------------------------------------------------------------ many at a time

# The most that were under way at once.
sub depth_of {
    my ($run) = @_;
    my ($now, $most) = (0, 0);
    for ($run->{qemu_log} =~ /^(process_ncq_command|ncq_finish) /mg) {
        $now += $_ eq 'ncq_finish' ? -1 : 1;
        $most = $now if $now > $most;
    }
    return $most;
}

sub accesses_of { my ($run, $command) = @_; return output_of($run, $command) =~ /ops=(\d+) .* accesses=(\d+) / ? $2 / $1 : 0 }

# Each command takes its time, so that the next ones come meanwhile.
$run = boot(MACHINE => 'q35', DISK => 'none', CMD => 'bench 0 read 64K 32; bench 0 write 64K 32; bench 0 read 4K 0; bench 0 read 4x 1',
    QEMU_EXTRA => "$ncq_trace -trace ncq_finish -drive if=none,id=null,driver=null-co,size=64M,read-zeroes=on,latency-ns=3000000 "
        . '-device ide-hd,bus=ide.0,drive=null');
like(output_of($run, 'bench 0 read 64K 32'), qr/^bench port read-65536-depth-32 ops=512 /m, 'reads, 32 at a time');
like(output_of($run, 'bench 0 write 64K 32'), qr/^bench port write-65536-depth-32 ops=512 /m, 'writes');
is(depth_of($run), 32, 'QEMU has seen so many of them');
like(output_of($run, 'bench 0 read 4K 0'), qr/^Usage: /m, 'none at a time is refused');
like(output_of($run, 'bench 0 read 4x 1'), qr/4x.*\nUsage: /, 'and what is no size');

$run = boot(@disk, CMD => 'bench 0 read 4K 1; bench 0 read 4K 32');
is(accesses_of($run, 'bench 0 read 4K 1'), 7, 'a queued command takes seven accesses');
cmp_ok(accesses_of($run, 'bench 0 read 4K 32'), '<', 7, 'fewer where several end at once');
$run = boot(@disk, HIVE => "$scratch/no-ncq.reg", CMD => 'bench 0 read 4K 1');
is(accesses_of($run, 'bench 0 read 4K 1'), 6, 'another one six');

# ------------------------------------------------------------------ a sector that cannot be read

spill("$scratch/bad.conf", "[inject-error]\nevent = \"read_aio\"\nerrno = \"5\"\nsector = \"1000\"\n");
$run = boot(MACHINE => 'q35', DISK => 'none', QEMU_EXTRA => "$ncq_trace "
    . "-drive if=none,id=bad,format=raw,snapshot=on,file=blkdebug:$scratch/bad.conf:$disks{DISK} -device ide-hd,bus=ide.0,drive=bad",
    CMD => 'read 0 999; read 0 1000; read 0 1001; sha256 0 1024 4096; counters; rules');
exit_code_is($run, 1, 'a sector that cannot be read');
like(output_of($run, 'read 0 1000'), qr/failed at sector 1000: device error, status 0x41, error 0x04/, 'fails by itself, with its own Status and Error');
# EDGE: 186
is(digest_in($run, 'sha256 0 1024 4096'), sha256_of($disks{DISK}, 1024 * 512, 4096 * 512), 'the others are read');
cmp_ok(plain_in($run, '2f'), '>=', 1, 'the device was asked for its log, which QEMU\'s does not keep');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'and no rule was broken');

# ------------------------------------------------------------------ log 10h, which QEMU's disks lack

sub with_faults {
    my ($faults, $commands, %words) = @_;
    return boot(@disk, FAULT => $faults, CMD => $commands, QEMU_EXTRA => $ncq_trace, %words);
}

# EDGE: 186
$run = with_faults('error UNC command=READ-FPDMA-QUEUED nth=3; log failed', 'sha256 0; sha256 0 0 16384; rules');
like(output_of($run, 'sha256 0'), qr/device error, status 0x51, error 0x40/, 'the command that log 10h tells fails, with its Status and Error');
is(digest_in($run, 'sha256 0 0 16384'), sha256_of($disks{DISK}), 'and no other');
is(plain_in($run, '25') + plain_in($run, 'c8'), 0, 'all go as queued commands yet');
like($run->{console}, qr/^FAULT='log failed': injected 1 time/m, 'the log was read once');
for my $log ('NQ', '31') {
    $run = with_faults("error UNC command=READ-FPDMA-QUEUED nth=3; log $log", 'sha256 0; rules');
    is(digest_in($run, 'sha256 0'), sha256_of($disks{DISK}), "log $log: what was under way is repeated");
    cmp_ok(plain_in($run, '25') + plain_in($run, 'c8'), '>=', 1, 'and not queued');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'as is allowed');
}

# ------------------------------------------------------------------ hot plug

# EDGE: 196
$run = with_faults('unplug command=READ-FPDMA-QUEUED nth=3', 'sha256 0; devices; rules');
like(output_of($run, 'sha256 0'), qr/disk 0 is not there any more/, 'a disk is pulled out under its commands');
like(output_of($run, 'devices'), qr/^There are no disks\./m, 'and is gone');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'each of them has ended once');

my @other = (DISK1 => $disks{DISK1});    # which is read meanwhile
$run = with_faults('unplug channel=0.0 command=READ-FPDMA-QUEUED nth=3 for=50ms; identify 27=4E45 channel=0.0 nth=2',
    'sha256 0; sha256 1; devices; sha256 0 0 16384; rules', @other);
like(output_of($run, 'devices'), qr/^0 +0\.0 +NEMU HARDDISK /m, 'another one comes later, and is found');
is(digest_in($run, 'sha256 0 0 16384'), sha256_of($disks{DISK}), 'and read');

$run = with_faults('unplug channel=0.0 command=READ-FPDMA-QUEUED nth=3 for=2ms; identify 27=4E45 channel=0.0 nth=2',
    'sha256 0; sha256 1; devices; rules', @other);
like($run->{console}, qr/a bus change was notified/, 'another one sooner than the first is seen to be gone');
like(output_of($run, 'devices'), qr/^0 +0\.0 +NEMU HARDDISK /m, 'is found, too');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'and no rule was broken');

done_testing();
