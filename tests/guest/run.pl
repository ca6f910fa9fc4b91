#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tests/guest/run.pl         the names of the tests that run inside the kernel
#        tests/guest/run.pl NAME    one of them: boots it, and hands on the guest's checks
#        tests/guest/run.pl NAME words    makes what it wants, and prints the words for run-qemu.sh, each ended by a 0
#                                   (`make debug TEST=NAME`)
#
# A test is a row: its name, as in `make test TEST=guest-block-pc`; what the kernel's command line calls it
# (test=..., tests/guest/*.c); what is looked at; and the machine, as words of run-qemu.sh. DISK, DISK1 and CDROM are
# megabytes of random bytes, HIVE is what Services\pata is to find there. Tests that look at more than the guest's checks are
# tests/boot/guest-*.t.
use strict;
use warnings;

my $arch;
BEGIN {
    $arch = $ENV{ARCH} || 'x86_64';
    $0 = "tests/guest/$ARGV[0].t" if @ARGV;    # a test's name is its file's
}

my $built = "build/$arch";
my $no_high_memory = 'i386 uses no memory above 4 GiB (guest-hal-4g has a machine with some)';
my $big_slave = '-drive if=none,id=big,driver=null-co,size=3T,read-zeroes=on '
    . '-device ide-hd,bus=ide.1,unit=1,drive=big';
my @tests = (
    # Block requests that the shell cannot make.
    ['guest-block-pc', 'block', 'by DMA, on a PIIX3', DISK => 8],
    ['guest-block-q35', 'block', 'by Ultra DMA, on a PIIX4', DISK => 8, MACHINE => 'q35', CONTROLLER => 'piix4-ide'],
    ['guest-block-isapc', 'block', 'by PIO, on the ISA bus', DISK => 8, MACHINE => 'isapc'],
    ['guest-block-pio', 'block', 'by PIO, one sector a block, on a PIIX3', DISK => 8,
        HIVE => { 'Controller0\Channel0' => { DmaAllowed => 0, MultipleCount => 0 } }],
    ['guest-block-chs', 'block', 'on a disk that is addressed by CHS', DISK => 8,
        HIVE => { 'Controller0\Channel0' => { ForceChs => 1 } }],
    ['guest-block-4g', 'block', 'with buffers above 4 GiB, which a bus master of 32 bits cannot reach', DISK => 8,
        MACHINE => 'q35', CONTROLLER => 'piix4-ide', QEMU_EXTRA => '-m 4G', not_on_i386 => $no_high_memory],
    ['guest-block-ahci', 'block', 'through a driver that takes several at a time and reaches memory above 4 GiB', DISK => 8,
        MACHINE => 'q35', MINIPORT => "$built/probes/ahci_probe.sys", QEMU_EXTRA => '-m 4G'],
    ['guest-buffers-probe', 'buffers', 'through the driver of the probes: buffers longer than 64 KiB in one piece, and'
            . ' scattered ones of as many pieces as the port ever hands out', DISK => 8, MINIPORT => "$built/probes/rules.sys"],
    # A read across a disk's end is what this one asks for.
    ['guest-edges', 'edges', 'what disks and drives answer to commands that the block layer does not send', DISK => 8, DISK1 => 1,
        CDROM => 1, ours_may => qr/HWR-07/, QEMU_EXTRA => $big_slave],

    ['guest-faults', 'faults', 'that are injected: what a request comes to, and which one it is', DISK => 1],
    ['guest-edge-faults', 'edge-faults', 'what they do on purpose, by faults that are injected', DISK => 8, DISK1 => 1, CDROM => 1,
        QEMU_EXTRA => $big_slave],

    # The port, below a driver inside the kernel (puppet.c).
    ['guest-cancel', 'cancel', 'requests that are given up: at the driver, in a queue, and what comes late'],
    ['guest-contexts', 'contexts', 'from where each exported routine may be called, and with whose extension, as'
            . ' port/contract/routines.def says'],
    ['guest-dump', 'dump', 'dump mode from a miniport\'s side, beside controllers in normal mode, and a time-out there', DISK => 1,
        QEMU_EXTRA => '-drive if=none,id=slow,driver=null-co,size=1M,read-zeroes=on,latency-ns=2500000000 '
            . '-device ide-hd,drive=slow,bus=ide.1,unit=0'],
    ['guest-identify', 'identify', 'what the port makes of a drive\'s size and transfer modes'],
    ['guest-issuers', 'issuers', 'IRBs that few issue: SMART and logs, forced writes, ADAPTER_FLUSH and SHUTDOWN'],
    ['guest-limits', 'limits', 'how many requests are under way: what the driver lowers, and buffers of the port for odd ones'],
    ['guest-medium', 'medium', 'media that change under the port\'s hands, and what READ CAPACITY says'],
    ['guest-order', 'order', 'the routines of a miniport in the order and at the levels that the port calls them'],
    ['guest-power', 'power', 'power of devices, channels and controllers'],
    ['guest-queues', 'queues', 'paused queues, requests that end all at once, devices that come and go'],
    ['guest-recovery', 'recovery', 'what becomes of devices that fail again and again: slower modes, PIO, off line',
        FAULT => 'time-outs 100'],
    ['guest-sequence', 'sequence', 'the order of block requests that overlap, and of flushes'],
    ['guest-results', 'results', 'what an IRB brings back beside its data: registers, sense data, members that are the port\'s'],
    ['guest-units', 'units', 'many targets, and targets of several logical units'],
    ['guest-routines', 'routines', 'queue tags, configuration space, registers and ports in all forms, memory, addresses, time',
        DISK => 1],
    ['guest-states', 'states', 'the steps of the state machines, as the trace has them'],
    ['guest-statuses', 'statuses', 'what the port does upon a status: busy IRBs of every kind, LUN resets, device 1, request sense',
        FAULT => 'time-outs 100'],
    ['registry', 'registry', 'the registry routines as a driver calls them; the channels belong to one that has no buffer while'
            . ' it runs', DISK => undef, MINIPORT => "$built/probes/rules.sys"],

    # The HAL.
    ['guest-hal-pc', 'hal', 'the pc machine, with a PCI device that interrupts', QEMU_EXTRA => '-device edu', DISK => 'none'],
    ['guest-hal-q35', 'hal', 'the q35 machine, whose PCI interrupts come by other lines', MACHINE => 'q35', DISK => 'none',
        QEMU_EXTRA => '-device edu'],
    ['guest-hal-isapc', 'hal', 'the isapc machine, without PCI and IOAPIC', MACHINE => 'isapc', DISK => 'none'],
    ['guest-hal-4g', 'hal', 'half of the memory lies above 4 GiB', MACHINE => 'q35', QEMU_EXTRA => '-m 4G', DISK => 'none'],
    ['guest-loans', 'loans', 'pages that are lent for one instruction, and gates', DISK => 'none'],
);

if (!@ARGV) {
    print "$_->[0]\n" for @tests;
    exit 0;
}
my ($row) = grep { $_->[0] eq $ARGV[0] } @tests or die "tests/guest/run.pl: there is no test $ARGV[0]\n";
my ($name, $test, $about, %words) = @$row;
if (defined(my $reason = delete $words{not_on_i386})) {
    print("1..0 # SKIP $reason\n"), exit 0 if $arch eq 'i386';
}
require lib;
lib->import('tests/lib');
require Ataport;
Ataport->import;
require Witness;
for my $word (grep { ($words{$_} // '') =~ /^\d+$/ } qw(DISK DISK1 CDROM)) {
    $words{$word} = Ataport::random_image(lc "$word.img", $words{$word} << 20, $word);
}
$words{HIVE} = Witness::hive('hive.reg', %{ $words{HIVE} }) if $words{HIVE};
%words = (BUILD => "$built/guest", KARGS => "test=$test", %words);
if (($ARGV[1] // '') eq 'words') {
    $| = 1;
    print map { "$_=$words{$_}\0" } grep { defined $words{$_} } sort keys %words;
    require POSIX;
    POSIX::_exit(0);    # the images stay
}
print "# $about\n";
Ataport::guest_tap(%words);
