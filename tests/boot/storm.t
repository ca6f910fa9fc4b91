#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A level-triggered interrupt that nobody dismisses does not hang the machine: the line is masked, the
# rule reported, the channel reset, and other controllers work on (tests/probes/storm).
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Reports;
use Test::More;

my $probes = 'build/' . ($ENV{ARCH} // 'x86_64') . '/probes';
my $marks = marks('tests/probes/storm/driver.c');
my $disk = random_image('disk.img', 2 << 20, 1);

for my $row (['storm', 'INT-01', qr/^TRUE 1000 times in a row/], ['silent', 'INT-02', qr/^nobody has claimed the last \d+/]) {
    my ($name, $rule, $words) = @$row;
    for my $machine (qw(pc q35)) {
        spill("$scratch/$name.sys", slurp("$probes/storm.sys"));
        spill("$scratch/$name.lines", slurp("$probes/storm.lines"));
        spill("$scratch/$name.reg", slurp("$probes/storm.reg") =~ s/"storm"/"$name"/r);
        my $run = boot(machine_with_ide($machine), DISK => $disk, MINIPORT => "$scratch/$name.sys", QEMU_EXTRA => '-device edu',
            CMD => 'sha256 0; counters; rules');
        my ($digest) = $run->{console} =~ /^([0-9a-f]{64})  /m;
        my ($report, @others) = reports($run->{console});
        exit_code_is($run, 0, "$name on $machine: the machine goes on");
        is($digest, sha256_of($disk), 'the disk is read');
        # EDGE: 59
        is($report->{id}, $rule, "$rule is reported");
        like($report->{detail}, $words, 'in words');
        is("$report->{routine} in $report->{context}", 'IdeHwInterrupt in IdeHwInterrupt', 'of IdeHwInterrupt');
        ok(is_marked($marks, $report), 'where it begins') or diag($report->{text});
        is(scalar @others, 0, 'and nothing else');
        like($run->{console}, qr/^$name \d\.0: interrupt line \d+ does not get calm; resetting$/m, 'the channel is reset');
        is(() = $run->{log} =~ /^$name\[0\]: reset$/mg, 1, 'once, since then the line is calm');
        unlike($run->{console}, qr/line \d+ stays masked/, 'and not masked any more');
    }
}

done_testing();
