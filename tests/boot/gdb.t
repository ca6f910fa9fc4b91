#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Debugging with GDB: stopped in the driver's DriverEntry, then in its IdeHwStartIo, with the IRB's members
# and a stack that reaches from the driver through the port into the shell.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Time::HiRes qw(sleep);

my $arch = $ENV{ARCH} // 'x86_64';

# Waits for the socket that GDB=socket makes, and runs GDB's commands; returns what it printed.
sub gdb {
    my ($run_dir, @commands) = @_;
    for (1 .. 200) {
        last if -S "$run_dir/gdb.sock";
        sleep 0.05;
    }
    # The socket's path could be too long for the system's interface: go there.
    my ($code, $output) = command('sh', '-c', 'cd "$0" && shift && exec "$@"', $run_dir, 'sh',
        qw(timeout 60 gdb -q -nx -batch -x), "$top/tools/gdb/ataport.py",
        '-ex', 'set width 0', '-ex', 'target remote gdb.sock', '-ex', "cd $top", (map { ('-ex', $_) } @commands), "$top/build/$arch/kernel.elf");
    is($code, 0, 'GDB runs the session') or diag($output);
    return $output;
}

# Commands that show a channel's registers, and all that the trace has of the same moment.
sub registers_and_trace {
    my ($channel) = @_;
    return ("ata taskfile $channel", 'echo all of the trace\n', 'ata trace 8191', 'echo end of the trace\n');
}

# Each time that they were shown: what stands there of registers, by their names, and the values of
# the last accesses to them that the trace has.
sub shown_and_traced {
    my ($printed, $channel, $ways, @names) = @_;
    my @both;
    while ($printed =~ /^channel \Q$channel\E:\n((?:  .*\n)+)all of the trace\n(.*?)^end of the trace$/msg) {
        my ($shown, $trace, %traced) = ($1, $2);
        my %last = $trace =~ /^[ \d.+]{20}  \d\.\d  (\w[\w ]*) $ways (0x\w+)/mg; # of equal names the last one counts
        s/^.*^  read last$//ms for $shown;
        my %said = $shown =~ /^    (\w[\w ]*?)  +(0x[0-9a-f]+|n.*)/mg;
        push @both, [{ map { ($_ => $said{$_}) } @names }, { map { ($_ => $last{s/^Px/P0/r}) } @names }];
    }
    return @both;
}

# Is what is shown of each what the trace has? `none`: what is said without an access.
sub registers_are_traced {
    my ($name, $both, $none) = @_;
    my ($shown, $traced) = @{ $both // [{}, {}] };
    my %wanted = map { ($_ => $traced->{$_} // $none) } keys %$traced;
    cmp_ok(scalar(grep { defined } values %$traced), '>', 3, "$name: there is something to compare");
    is_deeply($shown, \%wanted, "$name is what the trace has");
}

my %words = (GDB => 'socket', GDB_WAIT => 1, CMD => 'read 0 100', DISK => random_image('disk.img', 1 << 20, 3));

# One session for all that a driver's author does. The sector is another one in the end: what is set counts.
my $cd = random_image('cd.iso', 1 << 16, 4);
my $session = start(MODE => undef, ours_may => qr/HWR-|IRB-/, %words, CDROM => $cd);    # ends by itself, after the command
my $output = gdb($session->{run_dir}, 'continue', 'info line', 'backtrace',
    'break-irb READ DMA 90..110', 'continue', 'printf "function %#x\n", Irb->Function', 'print *Irb', 'backtrace',
    'print IRB_FLAGS_DATA_IN', 'ata irb Irb', 'ata irbs', 'ata controllers', 'ata channel 0.0', 'ata queue', 'ata context', 'ata timers',
    'ata buffers', 'ata rules IRB-01', 'ata registry HKLM\SYSTEM\CurrentControlSet\Control\CriticalDeviceDatabase', 'break-access "LBA Low"', 'continue',
    'info args', 'info locals', 'set var Value = 101', 'break-access off', 'break-access "Bus Master Command" 01/01', 'continue', 'ata prd 0.0', 'break-access off',
    'tbreak interrupt_serve', 'continue', 'backtrace', registers_and_trace('0.0'), registers_and_trace('0.1'),
    'set var trace_entries[(trace_next - 1) % 65536].head = TRACE_PORT_BUFFER << 16 | 1 << 24 | 0x1f1', 'echo a buffer\n', 'ata taskfile 0.0',
    'set var port_controllers[0].channels[1].irbs.slots[1].page.irb.Cdb[9] = 0xab', 'ata irbs all', 'break-access Status 50', 'continue', 'backtrace 2', 'ata trace 12',
    'break-access off', 'delete', 'detach');
my $run = $session->finish;
exit_code_is($run, 0, 'the guest goes on and ends');
my $sector = substr slurp($words{DISK}), 101 * 512, 16;
like($run->{console}, qr/^0000c800  \Q@{[join ' ', map { join ' ', unpack '(H2)*', $_ } substr $sector, 0, 8]}\E/m,
    'with what was set: another sector is read') or diag($run->{console});

like($output, qr/^pata\.sys is loaded at 0x[0-9a-f]+$/m, 'the driver is found when it is loaded');
like($output, qr{^Temporary breakpoint \d+, DriverEntry\b.*\bminiport/pata/driver\.c:\d+}m,
    'GDB stops in its DriverEntry, with file and line');
like($output, qr/^#0 +(?:0x[0-9a-f]+ in )?DriverEntry\b.*\n(?:#.*\n)*?#\d+ .*\bkernel_main\b/m,
    'called from the kernel');
like($output, qr{^IdeHwStartIo gets IRB 0x[0-9a-f]+: read, 0xc8 READ DMA, device 0, LBA 100, 1 sector$}m, 'then in IdeHwStartIo, for one request');
like($output, qr/^function 0x102$/m, "the IRB's function can be read");
like($output, qr/Function = 0x102 read,\n(?:.*\n)*? *IrbStatus = 0x0 pending,\n(?:.*\n)*? *IdeTaskFile = \{\n *Current = .*\bCommand 0xc8 READ DMA,/, 'and all its members, in words');
like($output, qr{^#0 +(?:0x[0-9a-f]+ in )?PataStartIo\b.*\n(?:#\d .*\b(?:hal_call|call_fast)\b.*\n)*#\d .*\bport/request/\w+\.c:\d+\n}m,
    "the driver's caller is the port's request code");
like($output, qr{^#\d+ .*\bport/block_run\.c:\d+\n(?:#.*\n)*?#\d+ .*\bkernel_main\b.*\bboot/main\.c:\d+}m,
    'and the stack goes on through the port to the kernel');
like($output, qr/^\$\d+ = (?:64|0x40)$/m, 'macros are known by name');

# What each command has to say of that moment.
my $irb = qr/0x[0-9a-f]+/;
my @said = (
    ['ata irb', qr/^IRB $irb\n +state +slot \d of channel 0\.0: active\n/m],
    ['its function', qr/^ +Function +0x102 read \(IRB_FUNCTION_ATA_READ\)\n +command +0xc8 READ DMA, device 0, LBA 100, 1 sector\n/m],
    ['its flags', qr/^ +IrbFlags +0x43 DRDY_REQUIRED USE_DMA DATA_IN$/m],
    ['ata irbs', qr/^0\.0 +\d +$irb +active +0 +read +0xc8 READ DMA, device 0, LBA 100, 1 sector +pending$/m],
    ['ata controllers', qr/^0 +00:01\.1 +8086:7010 +010180 +pata +started +0\.0 0\.1$/m],
    ['ata channel', qr/^ +registers +Status 0x1f7, Alternate Status 0x3f6, Bus Master Status 0x[0-9a-f]+$/m],
    ['ata queue', qr/^channel 0\.0: 1 at the driver of at most \d$/m],
    ['ata context', qr/^  in IdeHwStartIo of channel 0\.0, at DIRQL, pata\.sys, IRB $irb$/m],
    ['ata timers', qr/^\d+\.\d{6} +channel 0\.0: a second, for time-outs of requests$/m],
    ['ata buffers', qr{^0\.0 +live +$irb +\d+ bytes +\d+ +miniport/pata/\w+\.c:\d+$}m],
    ['ata rules', qr/^IRB-01: \w+/m],
    ['ata registry', qr/^\[.*PCI#CC_0101\]\n"Service"="pata"$/m],
    ['an access', qr/^AtaPortWritePortUchar: LBA Low <- 0x64; `frame \d` is the driver$/m],
    ["the port's arguments", qr/^At = .*\nValue = 100\b/m],
    ["the port's locals", qr/^reg = /m],
    ['ata prd', qr/^  0 +0x[0-9a-f]+ +512 bytes +the last one$/m],
    ['ata taskfile', qr/^    command +0xc8 READ DMA, device 0, LBA 101, 1 sector, in flight$/m],
    ['a read', qr/^AtaPortReadPortUchar: Status -> 0x50(?:; `frame 1` is the driver)?\n#0 .*(?:\n#1 .*)?\bPataInterrupt\b/m],
    ['ata trace', qr/^ +0\.0  Status -> 0x50 DRDY DSC$/m],
);
like($output, $_->[1], $_->[0]) for @said;

# What was read last, of a disk, and of a CD drive, which has answered a packet command.
my @read = ('Error', 'Sector Count', 'LBA Low', 'LBA Mid', 'LBA High', 'Device', 'Alternate Status', 'Bus Master Status');
for my $channel ('0.0', '0.1') {
    my @both = shown_and_traced($output, $channel, qr/->/, @read);
    registers_are_traced("ata taskfile $channel", $both[0], 'never read');
}
like($output, qr/^    Sector Count +0x02 I\/O$/m, 'the Interrupt Reason in words');
like($output, qr/^0\.1 .* READ CAPACITY: 25(?: 00){8} ab /m, 'a CDB as hexadecimal digits are elsewhere');
my $buffer = 'by a buffer routine, of which the trace has no value';
like($output, qr/^a buffer\nchannel .*\n(?:  .*\n)+?  read last\n(?:    Status.*\n)*    Error +$buffer\n    Sector Count +\w/m, 'a register that a buffer routine has read');

# ------------------------------------------------------------------ interrupts and crashes

# A session up to a crash, or what the commands say.
sub crash {
    my ($words, @commands) = @_;
    my $crashed = start(MODE => undef, GDB => 'socket', GDB_WAIT => 1, %$words);
    my $printed = gdb($crashed->{run_dir}, @commands);
    $crashed->finish;
    return $printed;
}

my $mark = qr/#\d+ +<signal handler called>\n/;
my $to_the_start = qr/(?:#.*\n)*?#\d+ .*\bkernel_main\b.*\n#\d+ .*\bhal_start\b/;

# The registers are those of the interrupted code when its frame pointer leads to the same callers.
like($output, qr/^#\d+ .*\binterrupt_common\b.*\n$mark#\d+ .* at \S+:\d+\n$to_the_start/m,
    'a trace from an interrupt goes through interrupt_common to what was interrupted, and to the start');

my $in_exception = qr/^#\d+ .*\bhal_exit\b.*\n(?:#.*\n)*#\d+ .*\bexception_common\b.*\n$mark/m;
my $would_end = qr/^The kernel would end here: an exception\b/m;
my $probe = "build/$arch/probes/rules.sys";
my $key = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\rules\Controller0\Channel0';
sub hive_of {
    return spill("$scratch/break.reg", qq{Windows Registry Editor Version 5.00\n\n[$key]\n"Break"="$_[0]"\n});
}
{
    local $ENV{MINIPORT} = $probe; # for GDB
    my $source = 'tests/probes/rules/fatal.c';
    my ($line) = map { $_->[0] } grep { $_->[1] =~ /FATAL: fatal_write/ } do { my $i = 0; map { [++$i, $_] } split /\n/, slurp($source) };
    my %probed = (DISK => $words{DISK}, MINIPORT => $probe, HIVE => hive_of('fatal_write'), CMD => 'sha256 0');
    $output = crash(\%probed, 'continue', 'continue', 'backtrace');
    like($output, $would_end, 'a crash stops in GDB');
    like($output, qr/$in_exception#\d+ .*\bfatal_write\b.* at \Q$source\E:$line\n#\d+ .*\bprobe_occasion\b.*\n#\d+ .*\bProbeInterrupt\b/m,
        'and the trace leads to the line of the driver, and its callers');
    like($output, qr/\bProbeInterrupt\b.*\n(?:#.*\n)*?#\d+ .*\binterrupt_common\b.*\n$mark$to_the_start/,
        'and on, through the interrupt in which it ran');

    # The same without a debugger: what it leaves is looked at afterwards.
    my $failed = boot(%probed, CORE => 1);
    exit_code_is($failed, 4, 'without GDB it ends');
    my ($core) = $failed->{console} =~ /^run-qemu\.sh: the guest's memory is in (\S+), to be looked at: gdb -x/m;
    ok(defined $core && -s $core, 'and leaves a core, and says where') or diag($failed->{console});
    cmp_ok(-s $core // 0, '<', 16 << 20, 'which has no more than what was used of the memory');
    my (undef, $opened) = command(qw(timeout 60 gdb -q -nx -batch -x tools/gdb/ataport.py), (map { ('-ex', $_) } 'set width 0', 'info locals', 'backtrace',
        'ata context', 'ata irbs', 'ata taskfile', 'ata prd', 'ata trace 40', 'ata controllers', 'ata timers'), "build/$arch/kernel.elf", $core // '');
    like($opened, qr/^rules\.sys is loaded at 0x[0-9a-f]+$/m, 'GDB finds the drivers in it');
    like($opened, qr/^#\d+ .*\bfatal_write\b.* at \Q$source\E:$line\n$line\t/m, 'stands at the line that failed');
    like($opened, qr/$in_exception#\d+ .*\bfatal_write\b.*\n(?:#.*\n)*?#\d+ .*\bProbeInterrupt\b.*\n(?:#.*\n)*?#\d+ .*\binterrupt_common\b.*\n$mark$to_the_start/,
        'and shows how it came there');
    for (['ata context', qr/^  in IdeHwInterrupt of channel 0\.0, at DIRQL, rules\.sys$/m],
        ['ata irbs', qr/^0\.0 +\d +0x[0-9a-f]+ +active +0 +read +0xc8 READ DMA, device 0, LBA 0, 256 sectors +pending$/m],
        ['ata taskfile', qr/^    command +0xc8 READ DMA, device 0, LBA 0, 256 sectors, \w+/m], ['ata prd', qr/^  1 +0x[0-9a-f]+ +\d+ bytes/m],
        ['ata trace', qr/^ +\d+\.\d{6} .*0\.0  Command <- 0xc8 READ DMA, device 0, LBA 0, 256 sectors$/m], ['ata controllers', qr/^0 .* rules +started/m],
        ['ata timers', qr/: a second, for time-outs of requests$/m])
    {
        like($opened, $_->[1], "$_->[0] works there as well");
    }

    # A driver may have written over anything: each command says so, or shows what there is, and none of them hangs.
    my $whole = slurp($core);
    my @used = grep { substr($whole, $_, 8) ne "\0" x 8 } map { 8 * $_ } 0x2000 / 8 .. length($whole) / 8 - 1;
    srand 3;
    for my $count (10_000, 100_000) {
        my $bytes = $whole;
        substr($bytes, $used[rand @used], 8) = rand() < 0.5 ? substr($whole, $used[rand @used], 8) : rand() < 0.5 ? "\xFF" x 8 : pack 'V2', rand 65536, 0
            for 1 .. $count;
        my ($code, $said) = command(qw(timeout 30 gdb -q -nx -batch -x tools/gdb/ataport.py), (map { ('-ex', $_) } 'ata context', 'ata irbs', 'ata queue',
            'ata taskfile', 'ata prd', 'ata trace 40', 'ata controllers', 'ata channel 0.0', 'ata timers', 'ata buffers', 'ata rules',
            'ata registry HKLM\SYSTEM'), "build/$arch/kernel.elf", spill("$scratch/damaged.core", $bytes));
        cmp_ok($code, '<', 2, "a core with $count words overwritten: all commands end");
        unlike($said, qr/Traceback|Python Exception|Error occurred in Python|Error while executing/, 'with what they find, or a sentence');
    }

    $probed{HIVE} = hive_of('tag_released_twice');
    $output = crash({ %probed, STRICT => 1 }, 'continue', 'break-rule TAG-03', 'break-rule CTX-01', 'continue', 'continue', 'backtrace');
    like($output, qr/^The kernel would end here: a rule was broken\b/m, 'so does a broken rule under STRICT=1');
    like($output, qr/^#\d+ .*\btag_released_twice\b/m, 'with the driver in the trace');
    like($output, qr/^Rule TAG-03 is broken, by AtaPortReleaseQueueTag: .*; `frame (\d+)` is the driver$/m, 'break-rule stops before that');
}

# The kernel's own ones, one of each way in: on the stack, on one of its own, without an error code and with one.
my %kernel_words = (BUILD => "build/$arch/guest", DISK => $words{DISK}, CMD => 'devices');
for (['null', 'guest_fail_hal'], ['divide', 'guest_fail_hal'], ['selector', 'guest_fail_hal'], ['stack', 'recurse']) {
    my ($how, $function) = @$_;
    $output = crash({ %kernel_words, KARGS => "test=fail-$how" }, "file build/$arch/guest/kernel.elf", 'continue', 'continue', 'backtrace 14', 'backtrace -4');
    my $last = $how eq 'stack' ? qr/#\d+ .*\brecurse\b/ : $to_the_start;
    like($output, qr/$in_exception(?:#.*\bhal_\w+ .*\n)?#\d+ .*\b$function\b.*\n$last/m, "$how: the trace goes to where it happened, and on");
    like($output, qr/\bkernel_main\b.*\n#\d+ .*\bhal_start\b/, "$how: and ends at the start");
}

# An NMI comes from outside.
$output = crash({ %words }, 'break PataStartIo', 'continue', 'delete', 'monitor nmi', 'continue', 'backtrace');
like($output, qr/$in_exception#\d+ .* at \S+:\d+\n$to_the_start/m, 'an NMI: the trace goes to what it interrupted, and on');

# ------------------------------------------------------------------ AHCI

# Both queued commands and others; a command is in memory when it is issued.
{
    local $ENV{MINIPORT} = "build/$arch/ahci.sys";
    $output = crash({ %words, MACHINE => 'q35', MINIPORT => $ENV{MINIPORT} }, 'continue', 'break-irb 90..110', 'continue', 'break-access P0CI', 'continue',
        'ata irb', 'ata prd 0.0', 'ata taskfile 0.0', 'ata channel 0.0', 'break-access off', 'break-access PxIS', 'continue', 'backtrace', 'ata trace 8',
        registers_and_trace('0.0'), 'echo as it is\n', 'ata taskfile 0.1',
        # A buffer routine whose unit is a part of PxTFD and of PxSIG; then one that reads PxSIG as a
        # unit, which would have an entry of its own.
        'set var $at = (unsigned) port_controllers[0].mapped[0].base - port_controllers[0].mapped[0].offset + 0x122 & 0xffff',
        'set var trace_entries[(trace_next - 2) % 65536].head = TRACE_REGISTER_BUFFER << 16 | 4 << 24 | $at',
        'set var trace_entries[(trace_next - 2) % 65536].value = 1', 'echo a buffer\n', 'ata taskfile 0.0',
        'set var trace_entries[(trace_next - 2) % 65536].head += 2', 'echo aligned\n', 'ata taskfile 0.0',
        'set var trace_entries[(trace_next + 1) % 65536].head = 0x10000', 'echo a full ring\n', 'ata taskfile 0.1',
        'set var trace_entries[(trace_next - 1) % 65536].head = 1 << 24', 'echo ports switched on\n', 'ata taskfile 0.0',
        'set var trace_entries[(trace_next - 1) % 65536].head = 2 << 24', 'echo switched on\n', 'ata taskfile 0.0', 'set var trace_steps[TRACE_REGISTER_READ] = 0', 'echo switched off\n', 'ata taskfile 0.0');
    for (['break-irb', qr/^IdeHwStartIo gets IRB 0x[0-9a-f]+: read, .*, LBA 100, 1 sector$/m],
        ['break-access', qr/^AtaPortWriteRegisterUlong: P0CI <- 0x00000001; `frame \d` is the driver$/m],
        ['ata prd', qr/^  port 0, command list at 0x[0-9a-f]+\n  slot 0: .*, 1 PRD, to memory, 0 bytes moved\n    command FIS  0x60 READ FPDMA QUEUED, device 0, LBA 100, 1 sector, tag 0\n    PRD 0 +0x[0-9a-f]+: 512 bytes$/m],
        ['ata taskfile', qr/^    PxCMD +0x[0-9a-f]{8} FRE (?:\w+ )*ST$/m], ['the FISes', qr/^    register FIS +Status 0x50 DRDY DSC$/m],
        ['a read of a register', qr/^AtaPortReadRegisterUlong: PxIS -> 0x[0-9a-f]{8}.*\n(?:#.*\n)*#\d+ .*\binterrupt_common\b/m],
        ['ata trace', qr/^ +0\.0  P0CI <- 0x00000001$|^ +0\.0  P0SACT <- 0x00000001$/m])
    {
        like($output, $_->[1], "AHCI: $_->[0]");
    }
    my @both = shown_and_traced($output, '0.0', qr/(?:->|<-)/, map { "Px$_" } qw(CLB CLBU FB FBU IS IE CMD TFD SIG SSTS SCTL SERR SACT CI));
    registers_are_traced('AHCI: ata taskfile', $both[0], 'neither written nor read');
    is_deeply([@{ $both[0][0] // {} }{qw(PxIS PxSACT PxCI)}], [qw(0x00000008 0x00000001 0x00000001)], 'of the command that was issued');
    # What the trace does not have, and the auditor does not keep.
    my $some = qr/(?:    Px.*\n)*?/;
    for (['as it is', 'neither written nor read', 'neither written nor read'], ['a buffer', $buffer, '0x00000001'],
        ['aligned', 'neither written nor read', '0x00000001'], ['a full ring', 'neither written nor read', 'not in the trace any more'],
        ['ports switched on', '0x00000017 FRE POD SUD ST', '0x00000001'],
        ['switched on', '0x00000017 FRE POD SUD ST', 'not since the trace was cleared or switched on'],
        ['switched off', '0x00000017 FRE POD SUD ST', 'not recorded: the trace is off, or leaves it out'])
    {
        my ($when, $kept, $other) = @$_;
        my $name = $when =~ /switched/ ? 'PxCMD' : 'PxSIG';
        like($output, qr/^\Q$when\E\nchannel .*\n  port .*\n$some    $name +\Q$kept\E\n$some    PxCI +\Q$other\E$/m, "AHCI: the trace, $when");
    }
}

# ------------------------------------------------------------------ GDB=1, and make debug

$session = start(GDB => 1, DISK => 'none', CHECKS => 'off');
ok($session->expect(qr/^GDB: target remote 127\.0\.0\.1:(\d+) /m), 'GDB=1 says which port it opened');
my ($port) = $session->{text} =~ /127\.0\.0\.1:(\d+)/;
ok($session->expect(qr/^> /m), 'and the guest runs as usual');
my ($code, $printed) = command(qw(timeout 60 gdb -q -nx -batch -x tools/gdb/ataport.py),
    '-ex', "target remote 127.0.0.1:$port", '-ex', 'backtrace', '-ex', 'drivers', '-ex', 'info line PataStartIo',
    (map { ('-ex', $_) } 'ata taskfile', 'ata prd', 'ata rules', 'ata irbs', 'help ata'),
    '-ex', 'detach', "$top/build/$arch/kernel.elf");
like($printed, qr/^#\d+ .*\bkernel_main\b/m, 'GDB finds the kernel there');
like($printed, qr{^Line \d+ of "miniport/pata/\w+\.c" starts at address 0x}m, 'and the driver that is loaded');
is(scalar(() = $printed =~ /^The checks are off \(CHECKS=off\): accesses are not recorded\b/mg), 2, 'with CHECKS=off nothing of the wire is recorded, and that is said');
like($printed, qr/^The checks are off \(CHECKS=off\): no broken rule is recorded\.$/m, 'nor of rules');
unlike($printed, qr/^No rule was broken/m, 'of which nothing more is said then');
my @listed = sort map { /^ata (\w+) -- \S/ } split /\n/, $printed;
is("@listed", 'buffers channel context controllers irb irbs prd queue registry rules taskfile timers trace', '`help ata` says what each is for');
$session->type("poweroff\r");
exit_code_is($session->finish, 0, 'and leaves it as it was');

{
    local @ENV{qw(DISK HIVE)} = ('none', "$scratch/registry.reg");
    ($code, $printed) = command(qw(timeout 60 tools/debug.sh -batch -ex backtrace));
}
is($code, 0, 'what `make debug` runs');
like($printed, qr{^#0 .*\bDriverEntry\b.*\bminiport/pata/driver\.c}m, 'stops in DriverEntry');
my ($left) = $printed =~ m{ (build/run/debug\.\d+)/console};
ok(defined $left && !-e $left, 'and leaves nothing behind');

done_testing();
