#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What a driver's bad pointers end in: with the kernel, when they lead to nobody's memory, and the last
# words name the driver's line (tests/probes/rules/fatal.c), as they do for an `int` instruction; with STRICT=1, when they break a rule; and
# with nothing at all under CHECKS=off, as far as the memory is plain memory.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $probe = 'build/' . ($ENV{ARCH} // 'x86_64') . '/probes/rules.sys';
my $control = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet';
my $key = "$control\\Services\\rules\\Controller0\\Channel0";
my $disk = random_image('disk.img', 1 << 20, 1);

sub boot_case {
    my ($cases, %words) = @_;
    my $hive = spill("$scratch/hive.reg",
        "Windows Registry Editor Version 5.00\n\n[$key]\n\"Break\"=\"$cases\"\n\n"
        . "[$control\\Control\\CriticalDeviceDatabase\\*PNP0600]\n\"Service\"=\"rules\"\n");
    return boot(DISK => $disk, CDROM => 'none', MINIPORT => $probe, HIVE => $hive, CMD => 'sha256 0; sha256 0',
        %words);
}

# The marked lines.
my $source = 'tests/probes/rules/fatal.c';
my %line;
my $number = 0;
for (split /\n/, slurp($source)) {
    $number++;
    $line{$1} = $number if m{/\* FATAL: (\w+) \*/};
}

my $is_64 = ($ENV{ARCH} // 'x86_64') eq 'x86_64';
my $refused = 'did what the processor refuses: an access to an address that no memory can have, a misaligned one of SSE';
my $unknown = qr/rules\.sys, which the port had called/; # no place is known where the instruction pointer went astray
for (
    ['fatal_write', 'IdeHwInterrupt', 'made a write at 0x10'],
    ['fatal_copy', 'AtaPortCopyMemory', 'made a read at 0'],
    ['fatal_call', 'IDE_HW_DPC', 'made a jump at 0'],
    ['fatal_call_wild', 'IdeHwStartIo', 'made a jump at ' . ($is_64 ? '0x12345678000000' : '0x20')],
    ['fatal_return', 'IdeHwStartIo', 'made a jump at 0x18', $unknown],
    ['fatal_middle', 'IDE_HW_DPC', 'made a jump at 0x28', $unknown],
    ['fatal_undefined', 'IdeHwInterrupt', 'caused an exception: invalid instruction'],
    ['fatal_division', 'IdeHwStartIo', 'caused an exception: division error'],
    ['fatal_selector', 'IdeHwStartIo', $refused],
    ['fatal_trap_flag', 'IdeHwStartIo', 'caused an exception: debug exception'],
    ['fatal_stack', 'IdeHwStartIo', 'caused an exception: double fault', qr/rules\.sys!fall \Q$source\E:\d+/],
    ['fatal_nowhere', 'AtaPortMoveMemory', $is_64 ? $refused : 'made a write at 0x10'],
    ['fatal_fill', 'AtaPortReadPortBufferUshort', 'made a write at 0x20'],
    ['fatal_kernel_code', 'IdeHwStartIo', "made a write at 0x100400, which is the kernel's code"],
    ['fatal_interrupt_table', 'IdeHwStartIo', qr/made a write at 0x[0-9a-f]+, which is memory of the kernel's that can only be read/],
) {
    my ($case, $routine, $did, $place) = @$_;
    $place //= qr/rules\.sys!$case \Q$source\E:$line{$case}/;
    my $run = boot_case($case);
    exit_code_is($run, 4, "$case: ends the kernel");
    like($run->{console}, qr/^A driver's bug that cannot be survived: $place \(in $routine\)\n$did\b/m,
        "$case: its line is named");
    like($run->{console}, qr/^EXCEPTION: [\w ]+ \(vector /m, "$case: with the exception");
    unlike($run->{log}, qr/ran on/, "$case: and the driver does not run on");
}

# `int` instructions: each ends as what it is, at its own line, on both kinds of interrupt controllers. What a device's
# interrupt comes through is nobody else's way to a handler, whether the CPU's interrupts are on or off.
my $means = {
    fatal_breakpoint => 'int 0x3, a breakpoint',
    fatal_fast_fail => 'int 0x29, a fast fail with code 2: the stack cookie of a function was overwritten',
    fatal_fast_fail_odd => 'int 0x29, a fast fail with code 4660: a reason that is not known',
    fatal_assertion => 'int 0x2c, an assertion',
    fatal_debug_service => 'int 0x2d, a kernel debugger',
    fatal_no_gate => 'int 0x80, which means nothing',
    fatal_page_fault => 'int 0xe, which',
    fatal_double_fault => 'int 0x8, which',
    fatal_no_device => 'int 0x7, which',
    fatal_disk_line => 'int 0x3e, which',
    fatal_disk_line_off => 'int 0x3e, which',
    fatal_clock_line => 'int 0x40, which',
    fatal_spurious => 'int 0xff, which',
};
for my $case (sort keys %$means) {
    my @machines = $case =~ /line|fast_fail$/ ? ('pc', 'isapc') : 'pc';
    for my $machine (@machines) {
        my $run = boot_case($case, MACHINE => $machine);
        exit_code_is($run, 4, "$case on $machine: ends the kernel");
        like($run->{console}, qr/^A driver's bug that cannot be survived: rules\.sys!$case \Q$source\E:$line{$case} \(in \w+\)\nexecuted \Q$means->{$case}\E/m,
            'its line is named, and what it means');
        like($run->{console}, qr/^EXCEPTION: (?:breakpoint|software interrupt) \(.*\) in rules\.sys!$case \Q$source\E:$line{$case}$/m,
            'the exception is at the same place');
        unlike($run->{log}, qr/ran on/, 'and the driver does not run on');
    }
}

{
    my $run = boot_case('fatal_bug_check');
    exit_code_is($run, 4, 'KeBugCheckEx ends the kernel');
    like($run->{console}, qr/^PANIC: .* rules\.sys!fatal_bug_check \Q$source\E:$line{fatal_bug_check} stopped the system: KeBugCheckEx 0xf7, a stack cookie was overwritten \(0x1, 0x2, 0x3, 0x4\)$/m,
        'with the line that called it');
}

{
    my $run = boot_case('memory_irb_read', STRICT => 1);
    exit_code_is($run, 3, 'STRICT=1 ends at the first access');
    like($run->{console}, qr/^RULE IRB-03 rules\.sys!memory_irb_read /m, 'which is reported');
}

# Each start of the channel has the next case.
{
    my @cases = qw(memory_write_behind memory_read_freed memory_irb_read memory_data_read memory_data_write
        memory_list_completed);
    my $run = boot_case("@cases", CHECKS => 'off',
        CMD => join '; ', 'sha256 0', ('stop 0.0', 'start 0.0', 'sha256 0') x @cases);
    my $digest = sha256_of($disk);
    exit_code_is($run, 0, 'CHECKS=off');
    unlike("$run->{log}$run->{console}", qr/^RULE|^\d+ rules? w/m, 'nothing is reported');
    is(() = $run->{console} =~ /^$digest /mg, @cases + 1, 'and the channel works');
}

done_testing();
