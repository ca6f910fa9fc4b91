#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Routines that speak to the outside, called by a driver from an image: AtaPortDebugPrint with all conversions and
# levels, the system time, the error log, trace notifications, break points; physical addresses; and SSE
# registers, which are a driver's own while interrupts come and go.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Time::HiRes qw(sleep);

my $arch = $ENV{ARCH} || 'x86_64';
my $probe = "build/$arch/probes/behave.sys";
my $services = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services';
my $disk = random_image('disk.img', 4 << 20, 1);

# The case of each start of the first channel and, if there are some, of the second.
sub probe_words {
    my ($first, $second) = @_;
    my $text = "Windows Registry Editor Version 5.00\n\n[$services\\behave\\Controller0\\Channel0]\n\"Break\"=\"$first\"\n";
    $text .= "\n[$services\\behave\\Controller0\\Channel1]\n\"Break\"=\"$second\"\n" if defined $second;
    return (DISK => $disk, CDROM => 'none', MINIPORT => $probe, HIVE => spill("$scratch/hive.reg", $text));
}

# ------------------------------------------------------------------ debug prints

my $run = boot(probe_words('debug_print'), CMD => 'log', STRICT => 1);
exit_code_is($run, 0, 'debug prints');
my @pairs = $run->{log} =~ /^behave\[0\]: \[(.*)\] = \[(.*)\]$/mg;
while (my ($got, $wanted) = splice @pairs, 0, 2) {
    is($got, $wanted, "prints $wanted");
}
is(scalar(() = $run->{log} =~ /^behave\[0\]: \[.*\] = /mg), 9, 'nine lines of conversions');
like($run->{log}, qr/^behave\[0\]: no line feed$/m, 'a line feed is added where there is none');
like($run->{log}, qr/^behave\[0\]: unknown: %y %d$/m, 'an unknown conversion, and what follows, stands as it is');
like($run->{console}, qr/ s  behave: no line feed$/m, '`log` has what is of level 0');
my %levels = ('' => '123', 'debug=2' => '12', 'debug=0' => '', 'debug_mask=0x8' => '3', 'debug_mask=6' => '12');
for my $words (sort keys %levels) {
    $run = boot(probe_words('debug_print'), CMD => 'log', KARGS => $words);
    is(join('', $run->{log} =~ /^behave\[\d\]: level (\d)$/mg), $levels{$words}, "levels with '$words'");
}

# ------------------------------------------------------------------ time, log, trace, break

my $before = time;
$run = boot(probe_words('system'), CMD => 'log; rules', STRICT => 1);
my $after = time;
exit_code_is($run, 0, 'a session goes on after AtaPortDebugBreak');
my ($time) = $run->{log} =~ /^behave\[0\]: time (\d+) goes on$/m;
my $unix = ($time // 0) / 10_000_000 - 11_644_473_600;
ok($unix >= $before - 2 && $unix <= $after + 2, 'the system time is the time of day') or diag("$before $unix $after");
like($run->{console}, qr/ s  behave 0\.0: error log: target 1 unit 0, device error, id 0x42, data aa bb cc$/m,
    '`log` has the error log entry');
like($run->{log}, qr/^0\.0: trace notification 0$/m, 'the trace notification');
like($run->{console}, qr/^behave 0\.0: AtaPortDebugBreak$/m, 'a break point without a debugger is said');
like($run->{log}, qr/^behave\[0\]: after the break$/m, 'and the driver goes on');

my $session = start(MODE => undef, probe_words('system'), GDB => 'socket', GDB_WAIT => 1, CMD => 'read 0 0');
for (1 .. 200) {
    last if -S "$session->{run_dir}/gdb.sock";
    sleep 0.05;
}
$ENV{MINIPORT} = "$top/$probe";    # so that GDB finds the driver's file
my ($code, $output) = command('sh', '-c', 'cd "$0" && shift && exec "$@"', $session->{run_dir}, 'sh',
    qw(timeout 60 gdb -q -nx -batch -x), "$top/tools/gdb/ataport.py", '-ex', 'target remote gdb.sock',
    '-ex', "cd $top", '-ex', 'continue', '-ex', 'continue', '-ex', 'backtrace',
    '-ex', 'delete', '-ex', 'detach', "$top/build/$arch/kernel.elf");
like($output, qr/^A driver called AtaPortDebugBreak/m, 'under GDB, AtaPortDebugBreak stops') or diag($output);
delete $ENV{MINIPORT};
like($output, qr{^#0 .*\bdebug_break\b.*\n(?:#.*\n)*?#\d+ .*\bsystem \(.*tests/probes/behave/cases\.c:\d+}m,
    'below the line of the driver that called it') or diag($output);
exit_code_is($session->finish, 0, 'and the session goes on');

# ------------------------------------------------------------------ a bus change, at the prompt

$session = start(probe_words('- bus_change'));
ok($session->expect(qr/^> $/m), 'a prompt');
$session->type("stop 0.0; start 0.0\r");
ok($session->expect(qr/^behave 0\.0: a bus change was notified; looking for devices\n> $/m),
    'a bus change: the port looks, on a line of its own, and the prompt comes back');
$session->type("sha256 0\rpoweroff\r");
ok($session->expect(qr/\Q@{[sha256_of($disk)]}\E /), 'and the disk that was there is there');
exit_code_is($session->finish, 0, 'the session ends');

# ------------------------------------------------------------------ addresses, SSE

$run = boot(probe_words('physical'), CMD => 'sha256 0; rules', STRICT => 1);
exit_code_is($run, 0, 'physical addresses');
is(join(' ', $run->{log} =~ /^behave\[0\]: physical, .*: (.*)$/mg), 'ok ok ok', 'with an IRB, without, not its own');

# Both channels at work: one waits with its registers full until an interrupt of the other one comes, which is
# that of a disk that takes its time, so that there is always one to come.
my $copy = sparse_image('copy.img', 4 << 20);
$run = boot(probe_words('sse', 'sse'), CDROM => undef, DISK2 => $copy, WRITE => 1,
    CMD => 'copy 0 0 2 0 8192; copy 0 0 3 0 2048; stop 0.0; stop 0.1', WATCHDOG => 0,
    QEMU_EXTRA => '-drive if=none,id=slow,driver=null-co,size=1M,read-zeroes=on,latency-ns=60000000 '
        . '-device ide-hd,drive=slow,bus=ide.1,unit=0');
exit_code_is($run, 0, 'a copy from one channel to the other, with a driver that computes with SSE');
is(sha256_of($copy), sha256_of($disk), 'is right');
is_deeply([$run->{log} =~ /^behave\[0\]: sse: (.*)$/mg], [('interrupted, 0 damaged') x 2],
    'registers survived interrupts whose routine uses them, too');
is(join(' ', $run->{console} =~ /^RULE (\S+)/mg), 'INI-05', 'and SyncWithIsr FALSE is all that is to be said, once for both channels');

done_testing();
