#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Timelines of more: 32 requests at a time on AHCI, and totals; a rule that is broken, a fault that is injected and a
# reset, as flags; a machine that is faster than its reader; words that cannot be.
#
# Run on x86_64 alone: what differs between ARCHs is in timeline.t.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Timeline;

my $disk = random_image('disk.img', 8 << 20, 1);
my $out = "$scratch/trace.json";

# ------------------------------------------------------------------ depth, and totals

my $run = boot(MACHINE => 'q35', DISK => $disk, TIMELINE => 1, OUT => $out, CMD => 'bench 0 read 128K 32; read 0 2048 8; trace off; counters');
exit_code_is($run, 0, '32 reads at a time');
my $trace = read_timeline($out);
is($trace->{most}, 32, 'they are 32');
is(scalar(grep { $_->{name} =~ /^0xc8 READ DMA|^0x25 READ DMA EXT/ && $_->{args}{status} eq 'success' } @{ $trace->{requests} }), 257, 'and all there');
totals_are($trace, $run->{console});
is(join("\n", picture_words("$scratch/trace.svg")), join("\n", picture_words("$top/docs/one-read-ahci.svg")),
    'a picture is that of the documentation') or diag('`make timeline-pictures` makes it anew');

# ------------------------------------------------------------------ PIO and packets

# In the pictures of docs/sequences.md; their script (tools/timeline-pictures.sh) gives the same commands.
my $hive = spill("$scratch/pio.reg", slurp("$top/tools/timeline/pio.reg"));
$run = boot(DISK => $disk, CDROM => random_image('cd.iso', 1 << 20, 2), TIMELINE => 1, OUT => $out, HIVE => $hive,
    CMD => 'fill 0 2048 5 0; sha256 cd0 16 1; cdb cd0 28000fffffff0000010000 in 2048');
exit_code_is($run, 1, 'a write by PIO, a packet command, and one that fails');
picture_is("$run->{run_dir}/trace.capture", @$_)
    for ['WRITE MULTIPLE', 'ide-pio-write'], ['READ(10), LBA 16', 'ide-packet'], ['READ(10), LBA 2', 'ide-packet-error'];

# ------------------------------------------------------------------ flags

$run = boot(DISK => $disk, MINIPORT => "$top/build/$Ataport::arch/probes/rules.sys", TIMELINE => 'check', OUT => $out,
    CMD => 'read 0 3; read 0 4; fault add read 51 register=Status nth=1 command=C8; read 0 5; reset 0.0', HIVE => spill("$scratch/hive.reg", <<'END'));
Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\rules\Controller0\Channel0]
"Break"="irb_pending"
END
like($run->{console}, qr/^RULE IRB-02 /m, 'a rule is broken');
like($run->{console}, qr/^trace-check: \d+ register accesses, each as QEMU saw it/m, 'all accesses are as QEMU saw them, but for the fault');
$trace = read_timeline($out);
for my $flag (['rule', qr/^rule IRB-02 is broken$/], ['fault', qr/^fault 1 is injected$/], ['register', qr/^Status -> 0x51 .*\(injected\)$/],
    ['reset', qr/^call IdeHwReset /]) {
    my ($category, $name) = @$flag;
    my ($found) = grep { $_->{category} eq $category && $_->{name} =~ $name } @{ $trace->{instants} };
    ok($found && $found->{is_flag}, "a flag: $category");
    is($found && $found->{process}, 'channel 0.0, rules.sys', 'of its channel');
}

# ------------------------------------------------------------------ a reader that is late

# A process may end between two looks.
sub words_of {
    my ($process) = @_;
    open my $file, '<', "/proc/$process/cmdline" or return '';
    return readline($file) // '';
}

my $session = start(DISK => $disk, TIMELINE => 'check', OUT => $out);
$session->expect(qr/> \z/, 60);
# On a busy host it may not have begun yet.
my $reader;
for (1 .. 100) {
    ($reader) = grep { words_of($_) =~ /timeline\0record\0\Q$session->{run_dir}\E\// } map { m{(\d+)$} ? $1 : () } glob '/proc/[0-9]*';
    last if $reader;
    select undef, undef, undef, 0.1;
}
ok($reader, 'the reader is found') or die "there is none\n";
kill STOP => $reader;
$session->answer('bench 0 read 4K 32', 120);
my ($accesses) = $session->answer('counters', 60) =~ /^Register accesses of the drivers: (\d+)/m;
kill CONT => $reader;
$session->type("poweroff\n");
$run = $session->finish(60);
is($run->{code}, 1, 'trace-check fails when entries are missing');
my ($missing) = $run->{console} =~ /^timeline: (\d+) entries are missing: the machine was faster than its reader$/m;
my $text = slurp($out);
like($text, qr/"missing":$missing,/, 'the trace says how many');
is(join(' ', $text =~ /"ph":"i","pid":1,"tid":1,"name":"(\d+ entries are missing)"/g), "$missing entries are missing", 'where they would be');
# Nearly all of the entries that are missing are accesses and six for each of 8,192 requests.
my $lost = $accesses - ($text =~ /"accesses":(\d+)/)[0];
cmp_ok($missing, '>=', $lost, 'at least as many as accesses are missing');
cmp_ok($missing, '<=', $lost + 8 * 8192, 'and not many more');

# ------------------------------------------------------------------ words

for my $case ([{ TIMELINE => 'yes' }, qr/TIMELINE=yes: expected 1, or check/], [{ TIMELINE => 1, REQUEST => '0' }, qr/REQUEST=0: expected the number/],
    [{ TIMELINE => 1, OUT => "$scratch/none/trace.json" }, qr/OUT=.*: there is no folder for it/]) {
    my ($words, $said) = @$case;
    $run = boot(DISK => $disk, CMD => 'devices', %$words);
    is($run->{code}, 2, "refused: @{[map { \"$_=$words->{$_}\" } sort keys %$words]}");
    like($run->{console}, $said, 'with a sentence');
}
done_testing();
