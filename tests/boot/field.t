#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What drivers in the field rely on beyond the documentation (tests/probes/field): looked at around every
# call of a driver that reads two disks and a CD, and a few of their habits.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Reports;
use Witness;
use Test::More;

my $probes = 'build/' . ($ENV{ARCH} || 'x86_64') . '/probes';
my %disks = map { $_ => random_image("$_.img", 1 << 20, $_) } qw(DISK DISK1);
my $cd = random_image('cd.iso', 1 << 20, 'CD');

sub values_of {
    my ($service, $channel, @values) = @_;
    return spill("$scratch/hive.reg", join "\n", 'Windows Registry Editor Version 5.00', '',
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\$service\\Controller0\\Channel$channel]", @values, '');
}

# ------------------------------------------------------------------ around every call

my $run = boot(MINIPORT => "$probes/field.sys", %disks, CDROM => $cd,
    HIVE => values_of('field', 0, '"IrbExtension"=dword:00001234', '"Overlapped"=dword:00000005'),
    CMD => 'sha256 0; sha256 1; sha256 cd0; stop 0.0; start 0.0; sha256 0; irbs; rules');
exit_code_is($run, 0, 'a driver that looks at everything');
is(digest_in($run, 'sha256 0'), sha256_of($disks{DISK}), 'reads a disk');
is(digest_in($run, 'sha256 1'), sha256_of($disks{DISK1}), 'another one');
is(digest_in($run, 'sha256 cd0'), sha256_of($cd), 'and a CD');
like(output_of($run, 'irbs'), qr/^Channel 0\.0: 0 of 5 IRBs/m,
    'NumberOfOverlappedRequests is final when the uncached extension is asked for');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
my @seen = $run->{log} =~ /^field\[0\]: expectation: (.*)$/mg;
is(scalar @seen, 19, 'all expectations were looked at');
like($_, qr/: seen [1-9]\d*, failed 0$/, s/: seen.*//r) for @seen;

# ------------------------------------------------------------------ habits

# The same image under another name has no case by name, only those of `Break`.
spill("$scratch/habits.$_", slurp("$probes/field.$_")) for qw(sys lines);
spill("$scratch/habits.reg", slurp("$probes/field.reg") =~ s/"field"/"habits"/r);
my @habits = (MINIPORT => "$scratch/habits.sys", DISK => $disks{DISK});

$run = boot(@habits, HIVE => values_of('habits', 0, '"Break"="hoarder"'),
    CMD => 'sha256 0; stop 0.0; start 0.0; rules');
exit_code_is($run, 0, 'a driver that asks for registry buffers and keeps them');
is(digest_in($run, 'sha256 0'), sha256_of($disks{DISK}), 'works');
is(join(' ', sort map { $_->{id} } reports($run->{console})), 'REG-02 REG-07', 'and both offences are reported');

$run = boot(@habits, HIVE => values_of('habits', 0, '"Break"="patient"'), CMD => 'rules',
    QEMU_EXTRA => '-icount shift=0,sleep=off');    # QEMU: time that nobody works in passes at once
like($run->{console}, qr/^habits 0\.0: target 0: identify was not completed in 25 s; resetting$/m,
    'IdeHwBuildIo may raise TimeOutValue');
unlike($run->{console}, qr/was not completed in 10 s/, 'and it holds');

$run = boot(@habits, CDROM => 'none', CMD => 'cd cd0 capacity; rules',
    HIVE => values_of('habits', 1, '"Break"="sense"', '"IrbExtension"=dword:00000100'));
like($run->{log}, qr/^habits\[0\]: sense: ok$/m, 'a request-sense IRB is complete');
like($run->{console}, qr/^cd0: .* no medium/m, 'and its data arrives');
like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
done_testing();
