#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The hang watchdog, CPU-02: a routine of a driver's that does not come back ends the run, interrupts on or off, on
# each machine, with its line (tests/probes/rules/hang.c). `make hang-test` (HANGS=all) tries all routines, on all machines, with the
# limit of five seconds, and by the wall clock.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Reports;
use Test::More;

my $arch = $ENV{ARCH} // 'x86_64';
my $probe = "build/$arch/probes/rules";
my $control = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet';
my $disk = random_image('disk.img', 1 << 20, 1);
my $marks = marks('tests/probes/rules/hang.c');
my $is_all = ($ENV{HANGS} // '') eq 'all';

# DriverEntry has its case from the image's name, all others from the registry.
sub words_of {
    my ($case, %words) = @_;
    my $name = $case =~ /entry/ ? $case : 'rules';
    my %path = map { $_ => "$scratch/$name.$_" } qw(sys lines reg);
    spill($path{$_}, slurp("$probe.$_")) for qw(sys lines);
    my @ids = ('PCI#VEN_8086&DEV_7010', 'PCI#VEN_8086&DEV_7111', '*PNP0600');
    spill($path{reg}, "Windows Registry Editor Version 5.00\n\n" . join "\n", map {
        "[$control\\Control\\CriticalDeviceDatabase\\$_]\n\"Service\"=\"$name\"\n" } @ids);
    my $hive = spill("$scratch/hive.reg", "Windows Registry Editor Version 5.00\n\n"
        . "[$control\\Services\\rules\\Controller0\\Channel0]\n\"Break\"=\"$case\"\n");
    return (DISK => $disk, CDROM => 'none', MINIPORT => $path{sys}, HIVE => $hive, CMD => 'sha256 0; sha256 0', %words);
}

sub boot_case { my (@words) = @_; return boot(words_of(@words)) }

my %routines = (
    entry => 'DriverEntry in DriverEntry',
    start_io => 'IdeHwStartIo in IdeHwStartIo',
    interrupt => 'IdeHwInterrupt in IdeHwInterrupt',
    timer => 'IDE_HW_DPC in timer routine',
    control => 'IdeHwControl in IdeHwControl(IdeStart)',
    poll => 'IdeHwStartIo in IdeHwStartIo',
    halt => 'IdeHwInterrupt in IdeHwInterrupt',
    stall => 'IDE_HW_DPC in timer routine',
);

# The run was stopped by the watchdog, and all is there that helps.
sub is_stopped {
    my ($case, $what, $run) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($routine) = $case =~ /^hang_(\w+?)(?:_on|_off)?$/;
    my @reports = grep { $_->{id} eq 'CPU-02' } reports($run->{console});
    my $report = $reports[0] // { text => 'nothing', routine => '', context => '', function => '' };
    exit_code_is($run, 4, "$case, $what: ends the run");
    is(@reports, 1, 'with one report of CPU-02');
    is("$report->{routine} in $report->{context}", $routines{$routine}, 'of the routine');
    is($report->{function}, $case, 'in its function');
    ok(is_marked($marks, $report), 'at the marked line') or diag($report->{text});
    my $place = qr/rules\.sys|\Q$case\E\.sys/;
    like($run->{console}, qr/^STOPPED: a driver does not come back: (?:$place)!$case tests\/probes\/rules\/hang\.c:\d+ \(in \w+, for [\d.]+ s\)$/m,
        'which is the last word');
    like($run->{console}, qr/^STOPPED: .*\n[RE]AX [0-9a-f]+ .*\n(?:.*\n)*?The last entries of the trace .*:\n(?:.*\n)+back trace:\n(?:.*\n)*?\s+#\d+ .*!$case /m,
        'with registers, trace and back trace');
    return;
}

my $short = 'watchdog=400';
if ($is_all) {
    for my $machine (qw(pc q35 isapc)) {
        for my $case (map { ("hang_${_}_on", "hang_${_}_off") } qw(entry start_io interrupt timer control)) {
            my $run = boot_case($case, machine_with_ide($machine));
            is_stopped($case, $machine, $run);
            cmp_ok($run->{seconds}, '<', 10, 'within ten seconds');
            cmp_ok($run->{seconds}, '>', 5, 'and not before five');
        }
    }
    done_testing();
    exit;
}

# Each routine and each machine once, one with the true limit, one under STRICT.
for (
    ['hang_entry_on', 'isapc'], ['hang_start_io_off', 'pc'], ['hang_interrupt_on', 'q35'],
    ['hang_timer_off', 'isapc', STRICT => 1], ['hang_control_on', 'pc'], ['hang_poll', 'q35'], ['hang_halt', 'pc'],
) {
    my ($case, $machine, @words) = @$_;
    is_stopped($case, "on $machine", boot_case($case, machine_with_ide($machine), KARGS => $short, @words));
}
{
    my $run = boot_case('hang_start_io_off', MACHINE => 'isapc');
    is_stopped('hang_start_io_off', 'with the true limit', $run);
    cmp_ok($run->{seconds}, '>', 5, 'which is five seconds');

    # Twelve times as long with stalls, which by themselves are not judged.
    $run = boot_case('hang_stall', KARGS => 'watchdog=200');
    is_stopped('hang_stall', 'twelve times as long', $run);
    like($run->{console}, qr/^STOPPED: .*, for 2\.4 s\)$/m, 'which is said');
}

SKIP: {
    skip 'there are no pseudo terminals here', 7 if !-w '/dev/ptmx' || !glob '/dev/pts/*';
    my $session = start(words_of('hang_interrupt_off', KARGS => $short), CMD => undef, terminal => 1);
    $session->expect(qr/^> /m);
    $session->type("sha256 0\r");
    is_stopped('hang_interrupt_off', 'on a terminal', $session->finish(60));
}
{
    my $run = boot_case('hang_poll', KARGS => $short, CHECKS => 'off');
    exit_code_is($run, 4, 'CHECKS=off');
    unlike($run->{console}, qr/^RULE/m, 'has no reports of rules');
    like($run->{console}, qr/^STOPPED: a driver does not come back: rules\.sys!hang_poll tests\/\S+:\d+ \(in IdeHwStartIo, /m,
        'and the driver is stopped all the same');
}

# ------------------------------------------------------------------ TIMEOUT=, and no watchdog

{
    # The guest's time runs faster: it has had far more than five seconds.
    my $run = boot_case('hang_start_io_off', QEMU_EXTRA => '-icount shift=8', WATCHDOG => 0, TIMEOUT => 3);
    exit_code_is($run, 5, 'WATCHDOG=0: until the time is over');
    unlike($run->{console}, qr/CPU-02/, 'no rule says so');
    like($run->{console}, qr/^STOPPED: from outside, in rules\.sys!hang_start_io_off tests\/probes\/rules\/hang\.c:\d+ \(in IdeHwStartIo\)\n[RE]AX (?:.*\n)*?The last entries of the trace .*:\n(?:.*\n)+back trace:\n/m,
        'and the guest says all the same where it is');
    like($run->{console}, qr/^run-qemu\.sh: time-out: the guest was stopped after 3 s \(TIMEOUT=\); in rules\.sys!hang_start_io_off tests\/\S+ \(in IdeHwStartIo\); the kernel's log is /m,
        'as the last line does');

    my $session = start(DISK => $disk, TIMEOUT => 8);
    $session->expect(qr/^> /m);
    $run = $session->finish(60);
    exit_code_is($run, 5, 'a guest that waits for a command');
    like($run->{console}, qr/^STOPPED: from outside, in no driver \(hal_wait_for_interrupt\+0x/m, 'is in no driver');
}

done_testing();
