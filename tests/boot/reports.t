#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What a report of a broken rule looks like, and how it finds the place in the driver's source: by the
# line table beside a ready image, by one made at the start, and without any.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Reports;
use Test::More;

my $probe = 'build/' . ($ENV{ARCH} // 'x86_64') . '/probes/controller_only';
my $marks = marks('tests/probes/controller_only/driver.c');

# A copy of the probe in a folder of its own, changed by objcopy, without a line table. Blanks in the path.
my $count = 0;
sub copy_of {
    my (@options) = @_;
    my $folder = "$scratch/a copy" . ++$count;
    mkdir $folder;
    my ($code, $output) = command(($ENV{CROSS} // '') . 'objcopy', @options, "$probe.sys",
        "$folder/controller_only.sys");
    $code == 0 or BAIL_OUT("objcopy: $output");
    spill("$folder/controller_only.reg", slurp("$probe.reg"));
    return "$folder/controller_only";
}

sub boot_copy {
    my ($copy, %words) = @_;
    my $path = "$copy.sys";
    $path =~ s/ /\\ /g;
    return boot(DISK => 'none', CMD => 'rules', MINIPORT => $path, %words);
}

# ------------------------------------------------------------------ with DWARF

{
    my $run = boot_copy($probe);
    my ($first, @more) = reports($run->{console});
    exit_code_is($run, 0, 'a broken rule is survived');
    is(scalar @more, 4, 'five are reported');
    is_deeply([@{$first}{qw(id driver function file routine context)}],
        ['REG-14', 'controller_only.sys', 'controller_only', 'tests/probes/controller_only/driver.c',
            'AtaPortRegistryAllocateBuffer', 'AtaAdapterControl(IdeStart)'], 'the first line');
    is(scalar(grep { is_marked($marks, $_) } $first, @more), 5, 'they point at the lines that are marked');
    is($first->{words}, 'a miniport without the channel interface does not use the registry routines',
        'the rule in words');
    is($first->{detail}, 'nothing was done', 'what the port did');
    my ($caller, @contexts) = @{ $first->{stack} };
    like($caller, qr{^called from controller_only\.sys!AdapterControl tests/probes/controller_only/driver\.c:\d+$},
        'who called the function');
    is_deeply(\@contexts, ['in AtaAdapterControl(IdeStart)'], 'the context stack');
    my $place = qr{ +1 +controller_only\.sys!controller_only tests/probes/\S+:\d+ \([\w/]+ in AtaAdapterControl\(IdeStart\)\)\n};
    like($run->{console}, qr{^REG-14 +5 times  a miniport .*\n(?:$place){5}}m, '`rules` shows the places');
    like($run->{console}, qr/^1 rule was broken, 5 times in all$/m, 'the last line counts');

    $run = boot_copy($probe, STRICT => 1);
    exit_code_is($run, 3, 'STRICT=1');
    my @strict = reports($run->{console});
    is(scalar @strict, 1, 'stops at the first one');
    is($strict[0]{text}, $first->{text}, 'which is printed whole');
}

# ------------------------------------------------------------------ ready images

{
    my $copy = copy_of();
    my ($first) = reports(boot_copy($copy)->{console});
    ok(is_marked($marks, $first), 'an image without a line table gets one at the start');
    ok(!-e "$copy.lines", 'and nothing is written beside it');

    spill("$copy.lines", "00001000 stale nowhere.c:1\n");
    utime 1, 1, "$copy.lines";
    ($first) = reports(boot_copy($copy)->{console});
    ok(is_marked($marks, $first), 'a table that is older than the image is not used');

    utime undef, undef, "$copy.lines";
    ($first) = reports(boot_copy($copy)->{console});
    is("$first->{function} $first->{file}:$first->{line}", 'stale nowhere.c:1', 'a newer one is');

    spill("$copy.lines", "garbage\n\0\n");
    ($first) = reports(boot_copy($copy)->{console});
    like($first->{text}, qr/^RULE REG-14 controller_only\.sys\+0x[0-9a-f]+ \(controller_only\+0x/,
        'a damaged one tells nothing');
}

{
    my ($first) = reports(boot_copy(copy_of('--strip-debug'))->{console});
    like($first->{text}, qr/^RULE REG-14 controller_only\.sys\+0x[0-9a-f]+ \(controller_only\+0x[0-9a-f]+\) \(/,
        'without DWARF the address is named, and the nearest symbol');
    cmp_ok($first->{rva}, '>', 0, 'relative to the image');
    is($first->{context}, 'AtaAdapterControl(IdeStart)', 'routine and context are as ever');

    ($first) = reports(boot_copy(copy_of('--strip-all'))->{console});
    like($first->{text}, qr/^RULE REG-14 controller_only\.sys\+0x[0-9a-f]+ \(AtaPort/,
        'without symbols the address alone');
}

# ------------------------------------------------------------------ repeats, and callers

{
    my $rules = 'build/' . ($ENV{ARCH} // 'x86_64') . '/probes/rules.sys';
    my $key = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\rules\Controller0';
    my $break = '"Break"="tag_released_twice tag_released_twice"';
    my $hive = spill("$scratch/hive.reg", "Windows Registry Editor Version 5.00\n\n[$key\\Channel0]\n$break\n\n[$key\\Channel1]\n$break\n");
    my $run = boot(DISK => random_image('disk.img', 1 << 20, 1), CDROM => random_image('cd.iso', 1 << 20, 2), MINIPORT => $rules, HIVE => $hive,
        CMD => 'sha256 0; sha256 cd0; stop 0.0; start 0.0; sha256 0; rules');
    my ($report, @more) = reports($run->{console});
    is($report->{id}, 'TAG-03', 'a rule is broken in a line, on two channels and in two starts');
    is(scalar @more, 0, 'it is reported once');
    like($run->{console}, qr/^TAG-03 +3 times .*\n +3 +rules\.sys!tag_released_twice /m, 'and counted each time');
    my @callers = grep { s/^called from // } @{ $report->{stack} };
    my $helper = qr{rules\.sys!probe_occasion tests/probes/base/occasion\.c:\d+};
    like("@callers", qr{^$helper rules\.sys!Probe\w+ tests/probes/base/\w+\.c:\d+(?: rules\.sys!\w+ tests/\S+)*$},
        "the driver's calls that led there are named, up to the port's");
    my ($line) = $callers[0] =~ /:(\d+)$/;
    like((split /\n/, slurp('tests/probes/base/occasion.c'))[$line - 1], qr/armed->run\(/, 'with the line of the call');
}

# Helpers that were inlined have no frames, and are named all the same.
{
    my $folder = "$scratch/inlined";
    mkdir $folder or die "$folder: $!";
    my @source = split /^/, <<'C';
#include "irb.h"

static inline __attribute__((always_inline)) void innermost(void)
{
    AtaPortRegistryAllocateBuffer(NULL, 64); /* innermost */
}

static inline __attribute__((always_inline)) void helper(void)
{
    innermost(); /* helper */
}

ULONG NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    (void)DriverObject, (void)RegistryPath;
    helper(); /* DriverEntry */
    return 0xC0000001;
}
C
    spill("$folder/inlined.c", join '', @source);
    my %lines = map { $source[$_ - 1] =~ m{/\* (\w+) \*/} ? ($1 => $_) : () } 1 .. @source;
    my ($report) = reports(boot(MINIPORT => $folder, DISK => 'none', CMD => 'rules')->{console});
    is("$report->{function}:$report->{line}", "innermost:$lines{innermost}", 'a function that was inlined is the place');
    is(join(' ', grep { /^called/ } @{ $report->{stack} }), join(' ', map { "called from inlined.sys!$_ inlined.c:$lines{$_}" } qw(helper DriverEntry)),
        'and those in which it was are named');
}

done_testing();
