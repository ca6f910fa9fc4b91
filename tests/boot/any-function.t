#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A driver can be bound to any PCI function. Test drivers (tests/probes/ahci_probe, tests/probes/bars) run
# AHCI controllers on pc and q35, alone, two on one interrupt line, and beside pata's, and read and
# write memory and port ranges of devices that are no controllers at all.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use List::Util qw(sum);
use Witness;
use Test::More;

my $probes = 'build/' . ($ENV{ARCH} || 'x86_64') . '/probes';
my $ahci = "$probes/ahci_probe.sys";
my %disks = map { $_ => random_image("$_.img", 2 << 20, $_) } qw(DISK DISK1 DISK2 DISK3);
my @digests = map { sha256_of($disks{$_}) } qw(DISK DISK1 DISK2 DISK3);

# ------------------------------------------------------------------ AHCI: memory, INTx, bus master

for my $machine (qw(q35 pc)) {
    my @ahci = (MINIPORT => $ahci, MACHINE => $machine, CONTROLLER => 'ahci');
    my $run = boot(@ahci, %disks, QEMU_EXTRA => '-trace ide*_exec_cmd',
        CMD => 'devices; log; sha256 0; sha256 1; sha256 2; sha256 3; mode 0; counters; rules');
    exit_code_is($run, 0, "$machine: four disks on an AHCI controller");
    is(digest_in($run, "sha256 $_"), $digests[$_], "disk $_ has the same bytes") for 0 .. 3;
    like(output_of($run, 'log'), qr/ahci_probe: ports 0000003f, interrupt line \d+, 64-bit addresses$/m,
        'its registers were read');
    like(output_of($run, 'mode 0'), qr/^  Driver +ahci_probe\.sys\n.*^  Data +bus-master DMA/ms,
        'the driver is ahci_probe.sys');
    like(output_of($run, 'mode 0'), qr/^  Requests at once +8$/m, 'with several requests at a time');
    # EDGE: 206
    like(output_of($run, 'counters'), qr/^0 .* 2\.0 MiB +0 bytes +0 +0 +0$/m, 'without errors or retries');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'or broken rules');
    like($run->{qemu_log}, qr/cmd 0xc8$/m, 'the disks saw READ DMA');
    unlike($run->{qemu_log}, qr/cmd 0x(?:20|c4)$/m, 'and no read by PIO');

    # A stop, a start, a write; and an error.
    my $written = random_image('written.img', 1 << 20, 'written');
    $run = boot(@ahci, DISK => $written, WRITE => 1,
        CMD => 'fill 0 100 16 0xA5; flush 0; stop ' . ($machine eq 'q35' ? '0.0' : '1.0') . '; start '
            . ($machine eq 'q35' ? '0.0' : '1.0') . '; sha256 0; read 0 2048');
    exit_code_is($run, 1, 'the last command was one too many');
    # EDGE: 182, 184
    is(digest_in($run, 'sha256 0'), sha256_of($written), 'what was written is there');
    is(substr(slurp($written), 100 * 512, 16 * 512), "\xA5" x (16 * 512), 'in the right place');
}

# The error of one command does not hurt those behind it.
spill("$scratch/errors.blkdebug", "[inject-error]\nevent = \"read_aio\"\nerrno = \"5\"\nsector = \"64\"\n");
my $run = boot(MINIPORT => $ahci, MACHINE => 'q35', DISK => 'none',
    CMD => 'read 0 63; read 0 64; read 0 65; sha256 0 65 100', QEMU_EXTRA => join "\n", '-drive',
    "if=none,id=bad,driver=raw,snapshot=off,readonly=off,file.driver=blkdebug,file.config=$scratch/errors.blkdebug,"
        . "file.image.driver=file,file.image.filename=$disks{DISK}", '-device', 'ide-hd,bus=ide.0,drive=bad');
# EDGE: 185
exit_code_is($run, 1, 'a bad sector');
like(output_of($run, 'read 0 64'), qr/uncorrect|error|0x?40/i, 'is reported');
is(digest_in($run, 'sha256 0 65 100'), sha256_of($disks{DISK}, 65 * 512, 51200), 'and what lies behind it is read');



# ------------------------------------------------------------------ shared lines

sub extra_disk {
    my ($name, $bus, $image) = @_;
    return ('-drive', "if=none,id=$name,snapshot=on,driver=raw,file.driver=file,file.filename=$image",
        '-device', "ide-hd,drive=$name,bus=$bus");
}

for my $machine (qw(pc q35)) {
    # PIRQs go round with the device number, which is hexadecimal here, modulo 4.
    my $run = boot(MINIPORT => $ahci, machine_with_ide($machine), DISK => $disks{DISK},
        CMD => 'log; devices; sha256 0; sha256 4; sha256 5; copy 4 0 5 64 512; sha256 5 64 512; counters; rules',
        QEMU_EXTRA => join "\n", '-device', 'ahci,id=first,addr=8', extra_disk('a', 'first.0', $disks{DISK1}),
        '-device', 'ahci,id=second,addr=c', extra_disk('b', 'second.0', $disks{DISK2}));
    exit_code_is($run, 0, "$machine: pata and two AHCI controllers");
    my @lines = output_of($run, 'log') =~ /interrupt line (\d+)/g;
    # EDGE: 54
    is($lines[0], $lines[1], "which share interrupt line $lines[0]");
    is(digest_in($run, "sha256 $_->[0]"), $digests[$_->[1]], "disk $_->[0]") for [0, 0], [4, 1], [5, 2];
    is(digest_in($run, 'sha256 5 64 512'), sha256_of($disks{DISK1}, 0, 512 * 512),
        'a copy from one to the other');
    my $in_vain = sum(output_of($run, 'counters') =~ /^[12]\.\d +\d+ +\d+ +(\d+) /mg);
    cmp_ok($in_vain, '>', 0, 'a channel is asked for another\'s interrupts');
    cmp_ok($in_vain, '<=', 12, 'but hardly ever: who claimed last is asked first');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
}

# All ports of a controller share one line, and one routine may serve them all: thousands of interrupts that are another
# channel's are no offence (INT-01), nor a line that does not get calm.
spill("$scratch/ahci_any.$_", slurp("$probes/ahci_probe.$_")) for qw(sys lines);
spill("$scratch/ahci_any.reg", slurp('tests/probes/ahci_probe/ahci_probe.reg') =~ s/"ahci_probe"/"ahci_any"/r);
$run = boot(MINIPORT => "$scratch/ahci_any.sys", MACHINE => 'q35', %disks,
    CMD => 'bench 1; bench 2; sha256 0; sha256 1; sha256 2; sha256 3; counters; rules');
# EDGE: 181
exit_code_is($run, 0, 'one routine serves all ports');
is(digest_in($run, "sha256 $_"), $digests[$_], "disk $_ has the same bytes") for 0 .. 3;
my ($claims) = output_of($run, 'counters') =~ /^0\.0 +\d+ +(\d+) /m;
cmp_ok($claims // 0, '>', 2000, 'that of the first one');
unlike($run->{console}, qr/does not get calm/, 'its line is left alone');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'and no rule was broken');

# ------------------------------------------------------------------ ranges of all kinds

# QEMU: with 128 MiB of memory a range of 2 GiB has no room below 4 GiB, and goes above; how far, the firmware
# decides.
for my $case (['pc', '64K', qr/00000000f\w{7}/], ['q35', '64K', qr/00000000f\w{7}/],
    ['q35', '2G', qr/(?!0{8})\w{16}/]) {
    my ($machine, $size, $place) = @$case;
    my $run = boot(MINIPORT => "$probes/bars.sys", MACHINE => $machine, DISK => $disks{DISK},
        CMD => 'log; devices; sha256 0; rules', QEMU_EXTRA => '-device pci-testdev '
            . "-object memory-backend-ram,size=$size,id=m,share=on -device ivshmem-plain,memdev=m");
    exit_code_is($run, 0, "$machine: registers, ports, and $size of memory");
    my $log = output_of($run, 'log');
    like($log, qr/range 0 memory \w{16} 1000$/m, 'a range of registers');
    like($log, qr/range 1 ports 000000000000\w{4} 100$/m, 'a range of ports');
    like($log, $size eq '2G' ? qr/range 2 memory $place 80000000$/m : qr/range 2 memory $place 10000$/m,
        'a 64-bit prefetchable range');
    is(join(', ', $log =~ /case (.*)$/mg), 'registers: ok, ports: ok, memory: ok, end of memory: ok',
        'all can be read and written in all widths');
    like(output_of($run, 'devices'), qr/1b36:0005: bars, channels \S+ \(failed to start: it has no interrupt line\)$/m,
        'a function without interrupt has no channel');
    is(digest_in($run, 'sha256 0'), $digests[0], 'the disk beside them works');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
}
done_testing();
