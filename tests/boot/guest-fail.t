#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# How the kernel ends when it fails itself: each fatal error has its report, with the function it happened in
# and a back trace with names, and its exit code.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $build = 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest';

# The error, what the report's first lines say, the innermost functions of the back trace.
my @panics = (
    ['null', qr/EXCEPTION: page fault .* in guest_fail_hal\+.*\nread at address 0x8: nothing is mapped/,
        'guest_fail_hal'],
    ['text', qr/EXCEPTION: page fault .* in guest_fail_hal\+.*\nwrite at address 0x\w+: .*read-only/,
        'guest_fail_hal'],
    ['execute', qr/EXCEPTION: page fault .*\nexecution at address 0x\w+: .*data/,
        '0x[0-9a-f]+ guest_fail_hal'],
    ['stack', qr/EXCEPTION: double fault .* in recurse.*\nthe boot stack has overflowed/,
        'recurse recurse recurse'],
    ['divide', qr/EXCEPTION: division error .* in guest_fail_hal\+/, 'guest_fail_hal'],
    ['opcode', qr/EXCEPTION: invalid instruction .* in guest_fail_hal/, 'guest_fail_hal'],
    ['selector', qr/EXCEPTION: general protection fault .* in guest_fail_hal\+/, 'guest_fail_hal'],
    ['assert', qr/PANIC: \S+\.c:\d+: .*seed \+ 1u == 2 \(0x1, 0x2\)/, 'guest_fail_hal'],
    ['writable-code', qr/PANIC: \S+\.c:\d+: .*both writable and executable/,
        '(?:entry_flags )?hal_protect guest_fail_hal'],
    ['state', qr/PANIC: \S+\.c:\d+: recovery of channel 1\.0: 'reset' may not be followed by 'reset'\n(?:.*\n)*.* recovery of channel 1\.0: reset -> reset$/m,
        'state_refuse .*channel_reset guest_fail_state'],
);
my $disk = random_image('disk.img', 1 << 20, 'fail');
for my $case (@panics) {
    my ($how, $report, $functions) = @$case;
    my $run = boot(BUILD => $build, KARGS => "test=fail-$how", DISK => $disk);
    exit_code_is($run, 4, "$how: the kernel's own fault");
    like($run->{console}, $report, 'says what happened');
    my @trace = $run->{console} =~ /^ +#\d+ +0x[0-9a-f]+ ([^\s+.]+)/mg;
    like("@trace", qr/^$functions/, 'the back trace begins where it happened') or diag($run->{console});
    like("@trace", $how eq 'stack' ? qr/recurse/ : qr/ guest_test kernel_main hal_start$/,
        'and leads to the start');
    my ($entries) = $run->{console} =~ /^The last entries of the trace .*:\n((?: {2}.*\n)*? +\d+\.\d{6} .*\n(?: {2}.*\n)*)/m;
    my $shown = 0;
    $shown += /, (\d+) times$/ ? $1 : 1 for split /\n/, $entries // '';
    ok($shown > 24 && $shown <= 32, 'the trace is shown, 32 entries of it, some of which have no words') or diag($entries);
    is($run->{log} =~ /^(?:EXCEPTION|PANIC): .*back trace:/ms ? 1 : 0, 1, 'and all of it is in the log');
}

my $run = boot(BUILD => $build, KARGS => 'test=fail-triple', DISK => $disk);
exit_code_is($run, 5, 'a triple fault');
like($run->{console}, qr/triple fault/, 'is called one');
$run = boot(BUILD => $build, KARGS => 'test=fail-hang', DISK => $disk, TIMEOUT => 3);
exit_code_is($run, 5, 'a hang');
like($run->{console}, qr/time-out.* 3 s/, 'is a time-out');
$run = boot(BUILD => $build, KARGS => 'test=no-such-test', DISK => $disk);
exit_code_is($run, 2, 'a test that does not exist');
like($run->{console}, qr/names no test/, 'is called so');
$run = boot(BUILD => $build, DISK => $disk, QEMU_EXTRA => '-cpu qemu64,nx=off');
exit_code_is($run, 2, 'a CPU without no-execute pages');
like($run->{console}, qr/^This CPU cannot run the kernel: it needs .*no-execute/m, 'is refused with words');
exit_code_is(boot(KARGS => 'test=hal', DISK => $disk), 2, 'and the kernel that is shipped has no tests');

done_testing();
