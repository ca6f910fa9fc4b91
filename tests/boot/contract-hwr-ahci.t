#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# HWR of AHCI controllers: cases of tests/probes/ahci_rules, one for each start of the first port's channel. Most issue
# commands of their own while it starts; then the disk is read, and has to have the image's bytes.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Reports;
use Test::More;

my $probes = 'build/' . ($ENV{ARCH} // 'x86_64') . '/probes';
my $marks = marks(glob 'tests/probes/ahci_rules/*.c');
my ($services) = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services';
my $write = 'AtaPortWriteRegisterUlong';

# A case's rule, and the context where it is not the start. A request that is `read 0 0` fails where it says so.
my $start = 'IdeHwControl(IdeStart)';
my @cases = (
    # EDGE: 184
    (map { [$_, 'HWR-22'] } qw(start_without_receiver receiver_off_first receiver_off_too_soon both_off_at_once
        start_too_soon override_while_started link_reset_while_started list_changed_while_started
        fises_changed_while_received issue_while_stopped)),
    (map { [$_, 'HWR-22'] } qw(list_crooked fises_crooked)), # EDGE: 191
    ['table_crooked', 'HWR-22', says => qr/ its table is not aligned to 128 bytes$/m],
    (map { [$_, 'HWR-21'] } qw(list_foreign fises_foreign)),
    # EDGE: 189
    (map { [$_, 'HWR-22', context => 'IdeHwInterrupt'] } qw(acknowledge_backwards acknowledge_half)),
    (map { [$_, undef] } qw(acknowledge_twice acknowledge_in_a_loop acknowledge_masked)),
    (map { [$_, 'HWR-22'] } qw(slot_in_use slot_in_use_queued)), # EDGE: 188
    (map { [$_, 'HWR-22'] } qw(queued_among_others other_among_queued queued_not_active)), # EDGE: 198
    ['issue_after_failure', 'HWR-22'], # EDGE: 185
    (map { [$_, 'HWR-22'] } qw(fis_length_wrong fis_type_wrong write_bit_wrong packet_bit_wrong prefetch_queued tag_wrong
        no_command_bit)),
    ['reset_without_clear_busy', 'HWR-22'], # EDGE: 192
    (map { [$_, 'HWR-22'] } qw(prd_count_even prd_address_odd prd_count_large prd_short prd_missing)), # EDGE: 190
    ['prd_short_queued', 'HWR-22'], # EDGE: 187
    (map { [$_, 'HWR-21', log => qr/case: the command is stopped$/m] }
        qw(table_foreign prd_foreign prd_virtual prd_past_the_end)),
    (map { [$_, 'HWR-19'] } qw(issue_to_nobody issue_to_floating)), # EDGE: 181, 182
    ['issue_to_no_port', 'HWR-19'],                                 # EDGE: 194
    ['issue_to_sleeper', 'HWR-20'],                                 # EDGE: 175
    (map { [$_, 'HWR-21', context => 'IdeHwStartIo', fails => 1] } qw(request_elsewhere request_past_the_end)),
    ['request_too_long', 'HWR-22', context => 'IdeHwStartIo'],
    ['request_halved', 'HWR-22', context => 'IdeHwStartIo', fails => 1],
    ['request_too_far', 'HWR-07', context => 'IdeHwStartIo', fails => 1],
    # The same of queued commands, of which the auditor looks at plain ones in a straight way. (Sectors behind the end QEMU
    # asks of the host, who fails.)
    ['queued_as_it_is', undef],
    (map { [$_, 'HWR-21', context => 'IdeHwStartIo', fails => 1] } qw(queued_elsewhere queued_past_the_end)),
    (map { [$_, 'HWR-22', context => 'IdeHwStartIo', fails => 1] } qw(queued_halved queued_doubled)),
    (map { [$_, 'HWR-22', context => 'IdeHwStartIo'] } qw(queued_without_lba queued_as_a_write)),
    ['address_too_far', 'HWR-07'], # EDGE: 80
    (map { [$_, undef, log => qr/case: done$/m] } qw(several_at_once queued_by_active known_by_interrupt known_by_task_file
        registers_by_bytes registers_as_block failure_recovered link_reset controller_reset software_reset
        sleep_and_reset)), # EDGE: 185, 192
);

my @written = map { slurp($_) =~ /^    \{"(\w+)", AT_/mg } glob 'tests/probes/ahci_rules/*.c';
is(join(' ', sort 'changed_beside_others', map { $_->[0] } @cases), join(' ', sort @written), 'all cases are tried');

my $disk = random_image('disk.img', 1 << 18, 1);
spill("$scratch/hive.reg", join "\n", 'Windows Registry Editor Version 5.00', '', "[$services\\ahci_rules\\Controller0\\Channel0]",
    '"Break"="- ' . join(' ', map { $_->[0] } @cases) . '"', '');
my $run = boot(MINIPORT => "$probes/ahci_rules.sys", MACHINE => 'q35', DISK => $disk,
    HIVE => "$scratch/hive.reg", TIMEOUT => 120,
    CMD => join '; ', 'stop 0.0', 'rules', map { ('start 0.0', 'read 0 0', 'sha256 0', 'stop 0.0', 'rules') } @cases);
exit_code_is($run, 1, 'the guest ends well');

my ($before, @consoles) = split /^> rules$/m, $run->{console};
my ($log_before, @logs) = split /^> rules$/m, $run->{log};
is(@consoles, @cases + 1, 'every case was tried');
is(join('', map { $_->{text} } reports($before)), '', 'without a case no rule is broken');
for my $index (0 .. $#cases) {
    my ($case, $rule, %more) = @{ $cases[$index] };
    my ($console, $log) = ($consoles[$index] // '', $logs[$index] // '');
    my @reports = reports($console);
    my $context = $more{context} // $start;
    is(join('', map { "$_->{id} $_->{routine} in $_->{context}\n" } @reports), $rule ? "$rule $write in $context\n" : '',
        "$case: " . ($rule ? 'is reported' : 'no rule is broken')) or diag($console);
    for my $report (@reports) {
        is($report->{function}, $case, "$case: in its function") or diag($report->{text});
        ok(is_marked($marks, $report), "$case: in the line that is marked") or diag($report->{text});
    }
    my ($read) = $console =~ /^> read 0 0\n(.*?)^> sha256/ms;
    is($read =~ /^0*0 /m ? 0 : 1, $more{fails} // 0, "$case: the first read " . ($more{fails} ? 'fails' : 'succeeds'));
    like($console, qr/^\Q@{[sha256_of($disk)]}\E  /m, "$case: data is right after it");
    like($console, $more{says}, "$case: what is wrong") if $more{says};
    like($log, $more{log}, "$case: what became of the command") if $more{log};
}

# Commands that faults change, several at a time.
spill("$scratch/hive.reg", join "\n", 'Windows Registry Editor Version 5.00', '', "[$services\\ahci_rules\\Controller0\\Channel0]",
    '"Break"="- changed_beside_others"', '');
$run = boot(MINIPORT => "$probes/ahci_rules.sys", MACHINE => 'q35', DISK => $disk, HIVE => "$scratch/hive.reg",
    FAULT => 'identify 27=5858 count=for-ever; error UNC command=40', CMD => 'stop 0.0; start 0.0; sha256 0; rules');
exit_code_is($run, 0, 'faults of several commands');
like($run->{log}, qr/case: done$/m, 'each is as the rules say, and as it was afterwards');
like($run->{console}, qr/^\Q@{[sha256_of($disk)]}\E  /m, 'data is right after it');
like($run->{console}, qr/^FAULT='error UNC command=40': injected 1 time/m, 'both were injected');
like($run->{console}, qr/^No rule was broken/m, 'no rule is held against the driver');

# EDGE: 195: a controller with 32-bit addresses. The auditor sees what it would reach.
my $large = random_image('large.img', 8 << 20, 2);
$run = boot(MINIPORT => "$probes/ahci_probe.sys", MACHINE => 'q35', DISK => $large, QEMU_EXTRA => '-m 5G',
    FAULT => 'read 0/80000000 register=CAP', CMD => 'log; sha256 0; rules');
exit_code_is($run, 0, 'without 64-bit addresses');
like($run->{log}, qr/ahci_probe: ports \w+, interrupt line \d+, 32-bit addresses$/m, 'the driver knows');
like($run->{console}, qr/^\Q@{[sha256_of($large)]}\E  /m, 'data is right');
like($run->{console}, qr/^No rule was broken/m, 'and it reaches no other memory');
done_testing();
