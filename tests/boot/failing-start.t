#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A driver, a controller, a channel or a device that does not start or stop as it should, and limits that
# are as low or as high as they can be (tests/probes/starts): each is told in words, and everything else
# works: the other device of the channel, the other channel, the other controller (an AHCI one), and what
# failed, once it is started again.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use Test::More;

my $probes = 'build/' . ($ENV{ARCH} || 'x86_64') . '/probes';
my %disks = map { $_ => random_image("$_.img", 1 << 20, $_) } qw(DISK DISK1 DISK2);
my $cd = random_image('cd.iso', 1 << 20, 'CD');
my $other = random_image('other.img', 1 << 20, 'other');
my %digests = (0 => sha256_of($disks{DISK}), 1 => sha256_of($disks{DISK1}), 2 => sha256_of($disks{DISK2}),
    cd0 => sha256_of($cd), ahci => sha256_of($other));
my @extra = ('-device', 'ahci,id=more', '-drive', "if=none,id=d,snapshot=on,driver=raw,file.driver=file,"
        . "file.filename=$other", '-device', 'ide-hd,drive=d,bus=more.0');

# Each of `reads` is a disk, and each command in `fails` fails; `says` stands on the console.
sub check {
    my ($name, $run, %case) = @_;
    my @fails = @{ $case{fails} || [] };
    exit_code_is($run, @fails ? 1 : 0, "$name: the commands run");
    my ($failed) = $run->{console} =~ /^\d+ of \d+ commands? failed:\n((?:  .*\n)*)/m;
    is(join(', ', map { s/^  //r } split /\n/, $failed // ''), join(', ', @fails), "$name: what fails")
        if @fails;
    like($run->{console}, $_, "$name: told in words") for @{ $case{says} || [] };
    like(output_of($run, 'devices'), $_, "$name: `devices` shows it") for @{ $case{devices} || [] };
    for my $disk (@{ $case{reads} }) {
        is(digest_in($run, "sha256 $disk"), $digests{ $disk eq 4 ? 'ahci' : $disk },
            "$name: disk $disk has the right bytes");
    }
    like(output_of($run, 'rules'), $case{rules} // qr/^No rule was broken/, "$name: rules");
    return;
}

# ------------------------------------------------------------------ drivers and controllers

# The case is the image's name. The AHCI disk's number is the first one behind the places of DISK= to DISK3=.
my @named = (
    [entry_fails => reads => [4], says => [qr/^port: entry_fails\.sys is not used: DriverEntry returned 0xc0000010$/m],
        devices => [qr/8086:7010: no driver, wants entry_fails$/m, qr/^entry_fails\.sys is not used: DriverEntry returned/m]],
    [entry_forgets => reads => [4], says => [qr/^port: entry_forgets\.sys is not used: DriverEntry did not register/m],
        devices => [qr/8086:7010: no driver, wants entry_forgets$/m], rules => qr/^INI-01 +1 time /],
    [adapter_fails => reads => [4], says => [qr/^port: PCI 00:01\.1 .* not started: AtaAdapterControl\(IdeStart\) returned FALSE$/m],
        devices => [qr/8086:7010: adapter_fails, failed: AtaAdapterControl\(IdeStart\) returned FALSE$/m]],
    [adapter_stop_fails => reads => [0, 1, 2, 4], says => [qr/^port: adapter_stop_fails: AtaAdapterControl\(IdeStop\) returned FALSE$/m]],
    [channel_init_fails => reads => [2, 4], says => [qr/^channel_init_fails 0\.0: not started: AtaChannelInitRoutine returned FALSE$/m],
        devices => [qr/channels 0\.0 \(failed to start: AtaChannelInitRoutine returned FALSE\) 0\.1$/m]],
    [sparse => reads => [2, 4], says => [qr/^sparse 0\.3: not started: AtaChannelInitRoutine returned FALSE$/m],
        devices => [qr/0\.0 \(disabled\) 0\.1 0\.2 \(disabled\) 0\.3 \(failed .*?\) 0\.4 \(disabled\) 0\.5 \(disabled\)$/m]],
    [many_channels => reads => [2, 4], says => [qr/^port: many_channels: NumberOfChannels is 255; 32 are used$/m]],
    [no_channels => reads => [4], says => [qr/^port: no_channels: NumberOfChannels is 0; 0 are used$/m]],
    [odd_state => reads => [0, 1, 2, 4]],
    [no_state => reads => [0, 1, 2, 4]],
    [one_sector => reads => [0, 1, 2, 4]],
    [half_a_sector => reads => [0, 1, 2, 4], says => [qr/^  MaximumTransferLength became 256, less than a sector; 131072 is used$/m],
        rules => qr/^INI-06 +1 time /],
);

# A copy of the probe under the case's name, bound to the IDE function.
sub named {
    my ($name) = @_;
    spill("$scratch/$name.$_", slurp("$probes/starts.$_")) for qw(sys lines);
    spill("$scratch/$name.reg", slurp("$probes/starts.reg") =~ s/"starts"/"$name"/r);
    return "$scratch/$name.sys $probes/ahci_probe.sys";
}

for my $row (@named) {
    my ($name, %case) = @$row;
    my $run = boot(MINIPORT => named($name), %disks, QEMU_EXTRA => join("\n", @extra), CMD => join '; ', 'devices',
        'log', 'counters', (map { "sha256 $_" } @{ $case{reads} }), 'counters', 'rules');
    check($name, $run, %case);
    if ($name eq 'sparse') {
        is(join(' ', output_of($run, 'log') =~ /AtaChannelInitRoutine of channel (\d+)/g), '1 3',
            'a channel that is disabled is not started, one in an unknown state is');
    } elsif ($name eq 'one_sector') {
        my ($requests) = $run->{console} =~ /^0 +(\d+) +1\.0 MiB /m;
        cmp_ok($requests // 0, '>=', 2048, 'no request is longer than a sector');
    }
}

# What does not fit one sector is not used; what does, is.
my $run = boot(MINIPORT => named('one_sector'), DISK => $disks{DISK}, CDROM => $cd,
    CMD => 'devices; sha256 0; read cd0 0; rules', QEMU_EXTRA => join "\n", @extra);
check('one_sector and a CD', $run, reads => [0], fails => ['read cd0 0'],
    says => [qr/^one_sector 0\.1: target 0 \(QEMU DVD-ROM\): MaximumTransferLength is less than a sector; not used$/m]);

# ------------------------------------------------------------------ channels and devices

# `Break` has a word for each start of channel 0.0.
sub boot_case {
    my ($break, $commands, %words) = @_;
    my $values = delete $words{values} // '';
    my $hive = spill("$scratch/case.reg", "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\"
            . "CurrentControlSet\\Services\\starts\\Controller0\\Channel0]\n\"Break\"=\"$break\"\n$values");
    return boot(MINIPORT => "$probes/starts.sys", %disks, HIVE => $hive, CMD => "$commands; rules", %words);
}

my $no_start = qr/^starts 0\.0: not started: IdeHwControl\(IdeStart\) returned FALSE$/m;
check('a channel fails to start', boot_case('start_fails',
        'devices; read 0 0; sha256 2; start 0.0; stop 0; start 0; sha256 0; sha256 1'),
    reads => [0, 1, 2], fails => ['read 0 0', 'start 0.0'], says => [$no_start],
    devices => [qr/channels 0\.0 \(failed to start: IdeHwControl\(IdeStart\) returned FALSE\) 0\.1$/m]);
$run = boot_case('- start_fails', 'read 1 0; stop 0; start 0; devices; sha256 2; stop 0; start 0; sha256 0; sha256 1');
check('a channel fails to start again', $run, reads => [0, 1, 2], says => [$no_start],
    devices => [qr/channels 0\.0 \(failed to start: /m]);
check('a channel fails to stop', boot_case('stop_fails', 'stop 0.0; sha256 2; start 0.0; sha256 0; sha256 1'),
    reads => [0, 1, 2], says => [qr/^starts 0\.0: IdeHwControl\(IdeStop\) returned FALSE$/m]);
check('a device is refused', boot_case('initialize_fails',
        'devices; read 0 0; sha256 1; sha256 2; stop 0; start 0; sha256 0'),
    reads => [0, 1, 2], fails => ['read 0 0'],
    says => [qr/^starts 0\.0: target 0 \(QEMU HARDDISK\): IdeHwInitialize returned FALSE; not used$/m,
        qr/^Disk "0" is not used: the driver refused it\.$/m],
    devices => [qr/^0 +0\.0 +QEMU HARDDISK +not used: the driver refused it$/m]);
check('255 targets', boot_case('targets_255', 'sha256 0; sha256 1; sha256 2'), reads => [0, 1, 2],
    says => [qr/^starts 0\.0: MaxTargetId is 255, which stands for all targets; 254 is used$/m]);

for my $count (0, 255) {
    $run = boot_case($count ? 'device_255' : '-', 'sha256 0; sha256 1; sha256 2; irbs; mode 0',
        values => sprintf qq("Overlapped"=dword:%08x\n), $count);
    check("$count requests at once", $run, reads => [0, 1, 2],
        says => [$count ? () : qr/^starts 0\.0: NumberOfOverlappedRequests is 0; 1 is used$/m]);
    my $slots = $count || 1;
    like(output_of($run, 'irbs'), qr/^Channel 0\.0: 0 of $slots IRB@{[$slots == 1 ? "" : "s"]} at/m, 'so many IRBs there are');
    like(output_of($run, 'mode 0'), qr/^  Requests at once +$slots$/m, 'for the device, too');
}

# QEMU: with -icount ten seconds of silence pass in no time; but so they do while a disk works, so that none
# is read here.
$run = boot_case('silent -', 'devices; stop 0; start 0; mode 0; mode 2', QEMU_EXTRA => '-icount shift=0,sleep=off');
check('a driver that completes nothing', $run, reads => [],
    says => [qr/^starts 0\.0: target 0: identify was not completed in 10 s; resetting$/m],
    devices => [qr/channels 0\.0 \(running, without devices\) 0\.1$/m],
    rules => qr/^IRB-09 +4 times [^\n]*\n(?: [^\n]*\n)*(?![A-Z]+-\d)/);
like(output_of($run, "mode $_"), qr/^  Selected +PIO 4, MW DMA 2$/m, "disk $_ is found") for 0, 2;
done_testing();
