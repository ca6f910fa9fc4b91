#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# AtaPortRegistryAllocateBuffer, FreeBuffer, and the reads and writes that use the buffer: a probe
# (tests/probes/registry) breaks every rule about them in every context, and says what came back. Here
# stands which cases there are, and what the port reports in each: rule, routine and context; the lines
# are those that the probe has marked.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Reports;
use Test::More;

my $probes = 'build/' . ($ENV{ARCH} // 'x86_64') . '/probes';
my $services = 'HKLM\SYSTEM\CurrentControlSet\Services\registry\Controller0';

# ------------------------------------------------------------------ what is expected

my %routines = (
    A => 'AtaPortRegistryAllocateBuffer', F => 'AtaPortRegistryFreeBuffer', R => 'AtaPortRegistryRead',
    W => 'AtaPortRegistryWrite', D => 'AtaPortRegistryWriteDeferred', C => 'IdeHwControl',
);

# All five routines are refused for one reason; or each for its own, and a deferred write for $deferred,
# which may be '' where it is allowed.
sub all_for {
    my ($rule) = @_;
    return map { "$rule $_" } qw(A F R W D);
}

sub refused {
    my ($deferred) = @_;
    # EDGE: 210
    return ('REG-01 A', 'REG-03 F', 'REG-09 R', 'REG-09 W', $deferred ? "$deferred D" : ());
}

my $start = 'IdeHwControl(IdeStart)';
my $stop = 'IdeHwControl(IdeStop)';
my @outside = ('REG-08 R', 'REG-08 W', 'REG-08 D');
my @allowed = map { [$_, $start] } qw(size_0 size_1 size_7 size_8 size_4095 size_4096 size_4097
    size_arena size_arena_and_1 size_2_gib size_rounds_to_0 size_largest);

# With a buffer a deferred write is allowed in some routines; without one it fails there, too.
sub contexts {
    my ($prefix, $without_buffer) = @_;
    my @rows = (
        ['start_io', 'IdeHwStartIo', refused($without_buffer)],
        ['interrupt', 'IdeHwInterrupt', refused($without_buffer)],
        ['worker', 'worker routine', refused('REG-10')],
        ['synchronized', 'synchronized routine', refused('REG-10')],
        ['controller_sync', 'controller-synchronized routine', refused('REG-10')],
        ['timer', 'timer routine', refused('REG-10')],
        ['reset', 'IdeHwReset', refused($without_buffer)],
        ['mode_select', 'AtaControllerTransferModeSelect', refused('REG-10')],
        ['mode_select_controller', 'AtaControllerTransferModeSelect', all_for('CTX-09')],
        ['initialize', 'IdeHwInitialize', refused($without_buffer)],
    );
    return map { ["$prefix$_->[0]", @{$_}[1 .. $#$_]] } ['build_io', 'IdeHwBuildIo', all_for('CTX-01')],
        @rows;
}

# Name, context, and the reports in their order, "RULE routine" or "RULE routine in context".
my @cases = (
    ['in_driver_entry', 'DriverEntry', (all_for('CTX-10')) x 3],
    ['in_adapter_control', 'AtaAdapterControl(IdeStart)', all_for('CTX-09')],
    ['in_channel_enabled', 'AtaControllerChannelEnabled', all_for('CTX-09')],
    ['in_channel_init', 'AtaChannelInitRoutine'],
    @allowed,
    ['second_buffer', $start, ('REG-02 A') x 3],
    (map { ["free_$_", $start, 'REG-04 F'] } qw(null stack inside before page behind not_memory)),
    ['free_twice', $start, ('REG-04 F') x 2],
    ['overrun_in_slack', $start, 'REG-05 R', 'REG-05 F'],
    ['read_values', $start],
    ['read_missing', $start],
    ['read_too_short', $start, ('REG-13 R') x 3],
    ['read_length', $start],
    ['read_stored_otherwise', $start],
    ['read_other_type', $start, ('REG-12 R') x 3],
    ['write_values', $start],
    ['write_other_type', $start, ('REG-12 W', 'REG-12 D') x 7],
    ['bad_names', $start],
    (map { ["outside_$_", $start, @outside] } qw(before behind wholly_before wholly_behind too_long stack
        null longest wraps at_the_top no_length freed)),
    ['deferred_until_freed', $start],
    ['deferred_last_wins', $start],
    ['deferred_changed', $start, 'REG-11 F'],
    ['deferred_too_many', $start],
    ['deferred_forgotten', $start],
    ['dump_mode', $start, all_for('CTX-08')],
    ['exhausted_in_channel_init', 'AtaChannelInitRoutine'],
    ['in_other_channels_init', 'AtaChannelInitRoutine', refused('REG-10')],
    ['exhausted', $start, 'REG-04 F', 'REG-08 R'],
    ['in_other_channels_start', $start, refused('REG-10')],
    contexts('in_', ''),
    ['in_stop', $stop],
    ['left_behind', $stop, 'REG-07 C'],
    ['never_freed', $start, 'REG-02 A', 'REG-08 R', 'REG-02 A', 'REG-08 R', "REG-07 C in $stop"],
    ['other_channels_buffer', $start, 'REG-04 F', @outside],
    contexts('without_buffer_in_', 'REG-08'),
    ['in_adapter_control_stop', 'AtaAdapterControl(IdeStop)', refused('REG-10')],
);

# The reports of a case as they are printed, and the number of every rule's.
my %counts;

sub expected_reports {
    my ($case) = @_;
    my ($name, $context, @reports) = @$case;
    my $text = '';
    for my $report (@reports) {
        my ($rule, $routine, $where) = $report =~ /^(\S+) (\S)(?: in (.*))?$/;
        $text .= "$rule $routines{$routine} in " . ($where // $context) . "\n";
        $counts{$rule}++;
    }
    return $text;
}

# ------------------------------------------------------------------ what came out

# A report as the test's table has it, and what is wrong with its place.
sub told {
    my ($marks, $report) = @_;
    # A key's routine has two names: as drivers call it, and as it is exported.
    my $routine = $report->{routine} =~ m{^AtaPortRegistry(?:ControllerKey|ChannelSubkey)(\w+)/(AtaPortRegistry\1)$} ? $2
        : $report->{routine} =~ m{^AtaPortRegistry(?:Read|Write)} ? "$report->{routine} alone" : $report->{routine};
    my $text = "$report->{id} $routine in $report->{context}\n";
    return is_marked($marks, $report) ? $text : $text . "    not on a marked line: $report->{text}";
}

# debug.log as a list of cases: { name, result, reports }. Reports outside of cases: { name => '' }.
sub cases_of {
    my ($marks, $log) = @_;
    my $between = { name => '', result => '', reports => '' };
    my @found;
    my $case = $between;
    for my $line (split /\n/, $log) {
        if ($line =~ /^\w+\[0\]: case (\w+): begin$/) {
            $case = { name => $1, result => 'not ended', reports => '' };
            push @found, $case;
        } elsif ($line =~ /^\w+\[0\]: case (\w+): (ok|not ok: .*)$/) {
            $case->{result} = $1 eq $case->{name} ? $2 : "ended as $1";
            $case = $between;
        } elsif ($line =~ /^RULE /) {
            my $report = report_head($line);
            $case->{reports} .= $report ? told($marks, $report) : "$line\n";
        }
    }
    return ($between->{reports}, @found);
}

my $boots = 0;

sub boot_probe {
    my (%words) = @_;
    # The request that is never answered takes 10 s until the channel is reset. With this clock, which
    # does not wait while the guest does nothing, they are none.
    return boot(
        HIVE => "$scratch/hive" . ++$boots . '.reg', # what one boot has stored is not there in the next
        ACCEL => 'tcg', QEMU_EXTRA => '-icount shift=0,sleep=off',
        DISK => sparse_image('disk.img', 8 << 20), MINIPORT => "$probes/registry.sys",
        CMD => "registry buffers; stop 0.0; registry get $services\\Channel0 StartIo; "
            . "registry get $services\\Channel0 Reset; registry get $services\\Channel0 ChangedFirst; "
            . "stop 0.1; registry get $services\\Channel1 LeftFirst; registry get $services\\Channel1 LeftLast; "
            . 'start 0.1; stop 0.1; start 0.1; start 0.0; stop 0.1; registry buffers; registry export; rules',
        %words,
    );
}

# Every case ran, in the script's order, and nothing in it failed.
sub results_are {
    my ($name, @found) = @_;
    is(join(' ', map { $_->{name} } @found), join(' ', map { $_->[0] } @cases), "$name: all cases run");
    is(join("\n", map { "$_->{name}: $_->{result}" } grep { $_->{result} ne 'ok' } @found), '',
        "$name: every routine does what it should");
    return;
}

my $marks = marks(glob 'tests/probes/registry/*.c');

# ------------------------------------------------------------------ with all checks

{
    my $run = boot_probe();
    my ($between, @found) = cases_of($marks, $run->{log});
    my %found = map { $_->{name} => $_ } @found;

    exit_code_is($run, 0, 'a driver that breaks every rule is survived');
    results_are('checks on', @found);
    for my $case (@cases) {
        my ($name, $context, @reports) = @$case;
        is($found{$name} ? $found{$name}{reports} : '(did not run)', expected_reports($case),
            @reports ? "$name: reported" : "$name: nothing is reported");
    }
    is($between, join('', map { "$_ IdeHwStartIo in IdeHwStartIo\n" } qw(IRB-09 IRB-19)),
        'outside the cases, only the requests that the probe never answers');
    @counts{qw(IRB-09 IRB-19)} = (2, 2);
    is_deeply([unreported($marks, reports($run->{log}))], [], 'every marked line is reported');
    is_deeply([grep { $_->{driver} ne 'registry.sys' } reports($run->{log})], [], 'all of them the probe\'s');
    my %shown = $run->{console} =~ /^([A-Z]{3}-\d\d) +(\d+) times?  /mg;
    $counts{$_}-- for map { /^(\S+)/ } refused('REG-10');    # the controller stops after the last command
    is_deeply(\%shown, \%counts, '`rules` counts what was broken');

    like($run->{console}, qr/^Arena: 64 pages of 4096 bytes, 0 free$/m, 'one channel had the whole arena');
    my @values = (['Channel0 StartIo', 'c0de0001'], ['Channel0 Reset', 'c0de000a'],
        ['Channel0 ChangedFirst', '00000002'], ['Channel1 LeftFirst', '00001ef7'],
        ['Channel1 LeftLast', '0000be41']);
    like($run->{console}, qr/^> registry get \Q$services\E\\\Q$_->[0]\E\ndword:$_->[1]$/m,
        "registry get ... $_->[0]") for @values;
    like($run->{console}, qr/^Arena: 64 pages of 4096 bytes, 64 free$/m,
        'in the end every page is free again');
    like($run->{console}, qr/^registry 0\.0: AtaPortRegistry(?:ControllerKey|ChannelSubkey)Read\/AtaPortRegistryRead: value "$_": the stored value is of another type .*, or of another length$/m,
        "$_: the user is told that it is not used") for qw(Number Bytes Text Odd Half);
    like($run->{console}, qr/^"Many63"=dword:0000003f$/m, 'the registry has what was written');
    unlike($run->{console}, qr/^"Refused"=/m, 'and nothing that was refused');
    like($run->{console}, qr/AtaPortRegistryAllocateBuffer\($_\): .+ \(pages free: 0 of 64\)$/m,
        "AtaPortRegistryAllocateBuffer($_) says why there is no buffer") for 1, 4096, 262_144;
}

# ------------------------------------------------------------------ strict, and without checks

{
    my $run = boot_probe(STRICT => 1);
    my ($between, @found) = cases_of($marks, $run->{log});
    exit_code_is($run, 3, 'STRICT=1 ends at the first broken rule');
    is(scalar @found, 1, 'which is in the first case');
    is($found[0]{reports}, "CTX-10 $routines{A} in DriverEntry\n",
        'and is the last thing said');

    $run = boot_probe(CHECKS => 'off');
    ($between, @found) = cases_of($marks, $run->{log});
    exit_code_is($run, 0, 'CHECKS=off');
    results_are('checks off', @found);
    unlike("$run->{log}$run->{console}", qr/^RULE|^\d+ rules? w/m, 'nothing is reported');
}

# ------------------------------------------------------------------ without the channel interface

{
    my $run = boot(DISK => 'none', CMD => 'rules', MINIPORT => "$probes/controller_only.sys");
    my ($between, @found) = cases_of(marks(glob 'tests/probes/controller_only/*.c'), $run->{log});
    exit_code_is($run, 0, 'a driver without the channel interface');
    is("$found[0]{name}: $found[0]{result}", 'controller_only: ok', 'is refused the registry');
    is($found[0]{reports}, join('', map { "REG-14 $routines{$_} in AtaAdapterControl(IdeStart)\n" } qw(A F R W D)), 'which is reported');
}

# ------------------------------------------------------------------ a driver that keeps the rules

{
    my $image = random_image('pata.img', 8 << 20, 1);
    my $digest = sha256_of($image);
    my $run = boot(DISK => $image, STRICT => 1, CMD => 'sha256 0; registry buffers; stop 0.0; stop 0.1; '
            . 'start 0.1; start 0.0; sha256 0; registry buffers; rules');
    exit_code_is($run, 0, 'pata.sys under STRICT=1');
    is(() = $run->{console} =~ /^$digest /mg, 2, 'reads its disk, before and after a stop');
    is(() = $run->{console} =~ /^Arena: 64 pages of 4096 bytes, 62 free$/mg, 2,
        'has one page for each channel, which it gives back');
    like($run->{console}, qr/^No rule was broken\.$/m, 'and breaks no rule');
}

done_testing();
