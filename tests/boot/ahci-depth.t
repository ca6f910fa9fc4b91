#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# ahci.sys with four disks at once, each kept full: 32 queued commands on each, or 32 by DMA or PIO that are issued together
# and carried out one after the other. tests/guest/depth.c reads and writes; the bytes are compared with the files, and
# QEMU's trace is the witness of the depth and of every opcode. Each disk takes its time, so that none ends before all are
# there.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Witness;

my $build = 'build/' . ($ENV{ARCH} || 'x86_64');
my @seen = qw(process_ncq_command ncq_finish ahci_port_write ahci_cmd_done ide_exec_cmd);
my $no_ncq = join '', map { "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\ahci\\Controller0\\Channel$_]\n"
        . "\"NcqDisabled\"=dword:00000001\n\n" } 0 .. 3;
my $hive = spill("$scratch/no-ncq.reg", "Windows Registry Editor Version 5.00\n\n$no_ncq");

# The most queued commands that each port's device had at a time.
sub queued_in {
    my ($run) = @_;
    my (%now, %most);
    while ($run->{qemu_log} =~ /^(process_ncq_command|ncq_finish) ahci\(\S+\)\[(\d)\]/mg) {
        $now{$2} += $1 eq 'ncq_finish' ? -1 : 1;
        $most{$2} = $now{$2} if $now{$2} > ($most{$2} // 0);
    }
    return %most;
}

# The most commands that were issued to a port in PxCI, and not done.
sub issued_in {
    my ($run) = @_;
    my (%now, %most);
    while ($run->{qemu_log} =~ /^ahci_(?:cmd_done ahci\(\S+\)\[(\d)\]|port_write ahci\(\S+\)\[(\d)\]: port write \[reg:PxCI\])/mg) {
        my $port = $1 // $2;
        $now{$port} += defined $1 ? -1 : 1;
        $most{$port} = $now{$port} if $now{$port} > ($most{$port} // 0);
    }
    return %most;
}

# The opcodes of commands that were not queued, but for those of the start and the flush at the end.
sub opcodes_in {
    my ($run) = @_;
    my %seen = map { $_ => 1 } $run->{qemu_log} =~ /^ide_exec_cmd .* cmd 0x([0-9a-f]+)$/mg;
    delete @seen{qw(a1 ec ef ea)};
    return join ' ', sort keys %seen;
}

sub four_disks {
    my ($name, $test, @words) = @_;
    my @disks = map { random_image("disk$_.img", 4 << 20, $_) } 0 .. 3;
    my @before = map { sha256_of($_, 0, 512 * 512) } @disks;
    my $run = boot(BUILD => "$build/guest", MACHINE => 'q35', DISK => 'none',
        STRICT => 1, KARGS => "test=$test", @words, QEMU_EXTRA => join(' ', (map { "-trace $_" } @seen),
            map { "-drive if=none,id=slow$_,format=raw,file=$disks[$_],throttling.iops-total=200 "
                . "-device ide-hd,bus=ide.$_,drive=slow$_,serial=SLOW$_" } 0 .. 3));
    exit_code_is($run, 0, "$name: four disks at once");
    is(scalar(() = $run->{console} =~ /^ok \d/mg), 9, "$name: all checks of the guest");
    for my $disk (0 .. 3) {
        my %digests = $run->{console} =~ /^sha256 SLOW$disk (\d+) 512 ([0-9a-f]{64})/mg;
        is($digests{0}, $before[$disk], "$name: disk $disk is read");
        is(sha256_of($disks[$disk], 4096 * 512, 512 * 512), $digests{4096}, "$name: and what was written is there");
    }
    return $run;
}

my $run = four_disks(queued => 'depth');
my %most = queued_in($run);
cmp_ok($most{$_}, '>=', 31, "port $_ has had 31 queued commands and more at a time") for 0 .. 3;
is(opcodes_in($run), '', 'and no others');

for my $case (['DMA', 'depth', 'c8 ca'], ['PIO', 'depth-pio', '20 30|c4 c5']) {
    my ($name, $test, $opcodes) = @$case;
    $run = four_disks($name => $test, HIVE => $hive);
    is_deeply({ queued_in($run) }, {}, "$name: nothing is queued");
    like(opcodes_in($run), qr/^(?:$opcodes)$/, "$name: the commands are what they should be");
    %most = issued_in($run);
    cmp_ok($most{$_}, '>=', 31, "$name: port $_ has had 31 commands and more in PxCI") for 0 .. 3;
}

done_testing();
