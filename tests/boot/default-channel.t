#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A miniport that serves its controller only (tests/probes/controller_only): another driver, pata by
# default, runs its channels. Disks and a CD by DMA and by PIO, on pc and q35; who is called when, and
# which driver a report names; and what is said when there is nobody for the channels.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use Test::More;

my $probes = 'build/' . ($ENV{ARCH} || 'x86_64') . '/probes';
my $driver = "$probes/controller_only.sys";
my %disks = map { $_ => random_image("$_.img", 1 << 20, $_) } qw(DISK DISK2);
my $cd = random_image('cd.iso', 1 << 20, 'CD');
my %digests = (0 => sha256_of($disks{DISK}), 2 => sha256_of($disks{DISK2}), cd0 => sha256_of($cd));

sub settings {
    my ($name, %keys) = @_;
    my $control_set = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet';
    my $services = "$control_set\\Services";
    my $text = "Windows Registry Editor Version 5.00\n\n[$control_set\\Control\\CriticalDeviceDatabase"
        . "\\PCI#VEN_8086&DEV_7010]\n\"Service\"=\"controller_only\"\n";
    $text .= "\n[$services\\controller_only$_]\n$keys{$_}\n" for sort keys %keys;
    return spill("$scratch/$name", $text);
}

# ------------------------------------------------------------------ data

my $dma = settings('dma.reg');
my $pio = settings('pio.reg', map { ("\\Controller0\\Channel$_" => '"DmaAllowed"=dword:00000000') } 0, 1);
my $commands = join '; ', (map { "sha256 $_" } qw(0 2 cd0)), 'mode 0', 'stop 0.0', 'start 0.0', 'sha256 0 0 8';

for my $case (['pc, DMA', $dma], ['pc, PIO', $pio], ['q35, DMA', $dma, MACHINE => 'q35', CONTROLLER => 'piix4-ide'],
    ['q35, PIO', $pio, MACHINE => 'q35', CONTROLLER => 'piix4-ide']) {
    my ($name, $hive, @machine) = @$case;
    my $run = boot(MINIPORT => $driver, %disks, CDROM => $cd, HIVE => $hive, @machine,
        QEMU_EXTRA => $trace, CMD => $commands);
    exit_code_is($run, 0, $name);
    is(digest_in($run, "sha256 $_"), $digests{$_}, "$_ has the same bytes") for qw(0 2 cd0);
    is(digest_in($run, 'sha256 0 0 8'), sha256_of($disks{DISK}, 0, 4096), 'also after a stop');
    like(output_of($run, 'mode 0'), qr/^  Driver +controller_only\.sys, channels by pata\.sys$/m,
        'the shell says who does what');
    my $seen = commands_seen($run);
    if ($hive eq $dma) {
        like(output_of($run, 'mode 0'), qr/^  Selected +PIO 3, MW DMA 1$/m,
            'in the modes that the controller\'s driver chose');
        is($seen->{'primary master'}, 'READ DMA, LBA28', 'and the registers saw it');
        is($seen->{'secondary master'}, 'PACKET, dma', 'for the CD, too');
    } else {
        like(output_of($run, 'mode 0'), qr/^  Selected +PIO 3$/m, 'in its PIO mode, DMA being forbidden');
        is($seen->{'primary master'}, 'READ MULTIPLE, LBA28', 'and the registers saw it');
        is($seen->{'secondary master'}, 'PACKET, pio', 'for the CD, too');
    }
}

# ------------------------------------------------------------------ who is called, and named

my $run = boot(MINIPORT => $driver, %disks, HIVE => $dma, TRACE => 'calls', CMD => 'log 200');
my @calls;
my $trace = output_of($run, 'log 200');
push @calls, ($1) x ($2 // 1) while $trace =~ /^ .*  call (?!\w*(?:Interrupt|DriverEntry))(\w+).*?(?:, (\d+) times)?$/mg;
is("@calls", join(' ', 'AtaAdapterControl', ('AtaControllerChannelEnabled') x 2,
        ('AtaChannelInitRoutine', 'IdeHwControl') x 2, ('AtaControllerTransferModeSelect', 'IdeHwInitialize') x 2),
    'both drivers are called in the order of the documentation');

# The channel's rules and the controller's are charged to the image that broke them.
$run = boot(MINIPORT => "$driver $probes/registry.sys", %disks,
    HIVE => settings('probe.reg', '' => '"ChannelDriver"="registry"'), CMD => 'devices');
like($run->{console}, qr/^RULE REG-14 controller_only\.sys!\S.* in AtaAdapterControl\(IdeStart\)\)$/m,
    'a report of the controller names its driver');
like($run->{console}, qr/^RULE REG-02 registry\.sys!\S.* in IdeHwControl\(IdeStart\)\)$/m,
    'a report of the channel names the channel\'s');

# ------------------------------------------------------------------ another default, or none

my $second = spill("$scratch/second.sys", slurp("$probes/../pata.sys"));
$run = boot(MINIPORT => "$driver $second", %disks, CMD => 'mode 0; sha256 0',
    HIVE => settings('second.reg', '' => '"ChannelDriver"="second"'));
like(output_of($run, 'mode 0'), qr/channels by second\.sys$/m, 'the registry can name another one');
is(digest_in($run, 'sha256 0'), $digests{0}, 'which reads the disk');

for my $case (['nobody', qr/nobody\.sys is not loaded/],
    ['controller_only', qr/controller_only\.sys has none either/]) {
    my ($name, $reason) = @$case;
    $run = boot(MINIPORT => $driver, %disks, CMD => 'devices; help read',
        HIVE => settings("$name.reg", '' => qq("ChannelDriver"="$name")));
    exit_code_is($run, 0, "$name as channel driver");
    like($run->{console}, qr/controller_only\.sys has no channel interface, and the default channel driver $reason$/m,
        'the start says what is missing');
    like(output_of($run, 'devices'), qr/^PCI \S+ 8086:7010: controller_only, failed: no driver for its channels$/m,
        'and so does `devices`');
}

done_testing();
