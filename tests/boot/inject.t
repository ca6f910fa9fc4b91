#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Faults by FAULT= and by the shell's `fault`: the examples of docs/faults.md, what is said of them at the end of a run,
# in a time-out, in a report and in the trace; wrong words. (What each fault does: tests/guest/faults.c; the words one
# by one: tests/host/test_fault_words.c.)
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Witness;

my $image = random_image('disk.img', 1 << 20, 'faults');
my $iso = random_image('disk.iso', 1 << 20, 'faults too');
my $digest = sha256_of($image, 0, 4096);

# ------------------------------------------------------------------ the examples

my ($list) = slurp('docs/faults.md') =~ /^## Examples\n\n```\n(.*?)^```/ms;
my @examples = split /\n/, $list // '';
cmp_ok(scalar @examples, '>', 10, 'docs/faults.md has examples');
my $run = boot(DISK => $image, CDROM => $iso, CMD => join('; ', 'fault list',
    map { ('reset 0.0', 'fault add time-outs 100', "fault add $_", 'sha256 0 0 8', 'sha256 0 0 8', 'sha256 0 0 8', 'fault list', 'fault clear', 'sha256 0 0 8') }
        @examples), TIMEOUT => 240);
like(output_of($run, 'fault list'), qr/^No fault is armed\.$/, 'none at first');
for my $example (@examples) {
    my ($part) = $run->{console} =~ /^> fault add \Q$example\E\n(.*?)^> fault clear\n> sha256 0 0 8\n(?=(\w*))/ms;
    like($part // '', qr/^fault \d+: \Q$example\E: injected [1-9]/m, "$example is injected");
    is($2, $digest, 'the disk is right afterwards');
}
like($run->{console}, qr/^FAULT='error UNC command=READ-DMA nth=2': injected 1 time, at nth=2 of \d+ matches$/m, 'the end says it');
like($run->{console}, qr/^FAULT='df rate=1\/3 seed=7': injected \d+ times?, at nth=[\d, ]+ of \d+ matches$/m, 'with what a rate has taken');
like($run->{console}, qr/^pata 0\.0: target 0: read was not completed in 10 s \(fault \d+ was injected: interrupt lost command=READ-DMA\); resetting$/m,
    'a time-out names the fault');
unlike($run->{console}, qr/^RULE /m, 'no rule is held against the driver');

# ------------------------------------------------------------------ from the start on

$run = boot(DISK => $image, CDROM => $iso, CMD => 'mode 0; devices; log 400',
    FAULT => 'identify 63=0000 target=0 channel=0.0; identify 88=0000 channel=0.0; config 42=0000;; identify 10=5858 channel=0.0');
exit_code_is($run, 0, 'FAULT=');
like(output_of($run, 'mode 0'), qr/^  Data +PIO/m, 'a disk whose IDENTIFY data have no DMA');
like($run->{console}, qr/^PCI .* 0\.1 \(disabled\)$/m, 'a channel that the configuration space has off');
like($run->{console}, qr/^FAULT='config 42=0000': injected \d+ time/m, 'the end says both');
like(output_of($run, 'log 400'), qr/ 0\.0  fault \d is injected$/m, 'and so does the trace');

# ------------------------------------------------------------------ what is shown in a device's place

# A millisecond of counted instructions, whatever the host does meanwhile.
$run = boot(DISK => $image, FAULT => 'bsy register=Alternate-Status for=1ms', CMD => 'sha256 0 0 8; log 8191', ACCEL => 'tcg',
    QEMU_EXTRA => '-icount shift=0,sleep=off');
is(digest_in($run, 'sha256 0 0 8'), $digest, 'a device that is busy for a while');
like(output_of($run, 'log 8191'), qr/ 0\.0  (?:Alternate )?Status -> 0xd0 BSY DRDY DSC \(injected\)/, 'shows what one byte can hold');

# ------------------------------------------------------------------ packet commands

$run = boot(DISK => $image, CDROM => $iso, FAULT => 'sense 3/11/00 command=READ(10) nth=2', CMD => 'sha256 cd0 0 8; read cd0 0; sha256 cd0 0 8');
exit_code_is($run, 1, 'sense data');
is(digest_in($run, 'sha256 cd0 0 8'), sha256_of($iso, 0, 16384), 'of the second command, not the first');
like(output_of($run, 'read cd0 0'), qr/medium error/, 'are what the issuer is told');

# ------------------------------------------------------------------ time-outs that are over soon

# Ten seconds are a millisecond, and a disk that needs 300 times as long is not late: it is at work.
$run = boot(DISK => 'none', FAULT => 'time-outs 10000', CMD => 'read 0 0; fault add interrupt lost; read 0 0; fault add bsy; read 0 0; counters; log 1; log',
    QEMU_EXTRA => '-drive if=none,id=slow,driver=null-co,size=1M,read-zeroes=on,latency-ns=300000000 -device ide-hd,bus=ide.0,unit=0,drive=slow');
exit_code_is($run, 0, 'a slow disk');
unlike(output_of($run, 'read 0 0'), qr/not completed/, 'has all the time it needs');
like($run->{console}, qr/^> fault add interrupt lost\n.*\n> read 0 0\npata 0\.0: target 0: read was not completed in 10 s/m, 'a lost interrupt does not');
my ($seconds) = output_of($run, 'log 1') =~ /^ +(\d+\.\d+) /m;    # of the guest's clock
cmp_ok($seconds // 'none', '<', 8, 'have ten seconds');
like(output_of($run, 'log'), qr/ s  pata 0\.0: target 0: the LUN reset has helped, after \d+ ms$/m, 'the log: what has helped');
like(output_of($run, 'log'), qr/ s  pata 0\.0: IdeHwReset took \d+ us, and has ended 1 IRB$/m, 'how long a reset took');
like(output_of($run, 'log'), qr/ s  pata 0\.0: 1 request is repeated after bus reset: read, 1 of 3$/m, 'what is repeated');
like(output_of($run, 'log'), qr/ s  pata 0\.0: target 0: read has succeeded, after 1 repeat$/m, 'and how it ends');
like(output_of($run, 'counters'), qr/^0 has caused 2 resets$/m, 'counters: who has caused it');
like(output_of($run, 'counters'), qr/^ +6 times +a device causes a reset without a success, then it is off line$/m, 'and the limits');

# ------------------------------------------------------------------ AHCI

my $probes = 'build/' . ($ENV{ARCH} // 'x86_64') . '/probes';
my @ahci = (MACHINE => 'q35', MINIPORT => "$probes/ahci_probe.sys", DISK => $image);
my %fails = ('error IDNF' => qr/status 0x51, error 0x10/, 'df' => qr/status 0x70/,
    'read 0 register=PxSSTS' => qr/not there any more/, 'vanish for=20ms' => qr/not there any more/);
my @passes = ('interrupt lost', 'interrupt late for=5ms', 'interrupt early', 'interrupt double', 'interrupt spurious for=2ms',
    'bsy for=10ms', 'write drop register=P0CI', 'bus-master-error', 'error ICRC', 'read 7F/7F register=PxTFD nth=1000', 'float FF for=20ms');
$run = boot(@ahci, CMD => join '; ', map { ('fault add time-outs 100', "fault add $_", 'sha256 0 0 8', 'fault clear', 'sha256 0 0 8') }
    sort(keys %fails), @passes);
for my $fault (sort(keys %fails), @passes) {
    my ($first, $then) = $run->{console} =~ /^> fault add \Q$fault\E\n.*?^> sha256 0 0 8\n(.*?)^> fault clear\n> sha256 0 0 8\n(?:.*devices\n)?(\w*)/ms;
    like($first // '', $fails{$fault} // qr/^\Q$digest\E /m, "AHCI: $fault");
    is($then // '', $digest, 'AHCI: and then without');
    my $may_not = $fault =~ /nth=1000/;
    like($run->{console}, $may_not ? qr/^FAULT='\Q$fault\E': not injected/m : qr/^FAULT='\Q$fault\E': injected 1 time,/m, 'AHCI: as it says');
}
unlike($run->{console}, qr/^RULE /m, 'AHCI: no rule is held against the driver');
$run = boot(@ahci, CMD => 'fault add time-outs 20; fault add write drop register=P0CI; fault add interrupt spurious for=400ms; sha256 0 0 8');
exit_code_is($run, 0, 'AHCI: interrupts of nobody, on a line that channels share');
like($run->{console}, qr/nobody has claimed the last 100 interrupts on its line \(fault \d was injected: /, 'AHCI: are told');
unlike($run->{console}, qr/^RULE /m, 'AHCI: and held against no channel on it');
$run = boot(@ahci, QEMU_EXTRA => '-m 5G', CMD => 'identify 0; devices',
    FAULT => 'identify 27=4142; read 1 register=PI; read 0/80000000 register=CAP; dma above-4g');
exit_code_is($run, 0, 'AHCI, from the start on');
like(output_of($run, 'identify 0'), qr/^  Model +ABMU HARDDISK$/m, 'IDENTIFY data that came by DMA');
like(output_of($run, 'devices'), qr/^PCI .* ahci_probe, channels 0\.0$/m, 'the ports that PI says');
like($run->{console}, qr/^FAULT='dma above-4g': not injected, 0 matches$/m, 'a driver that is told of 32 bits uses no more');
if (($ENV{ARCH} // '') ne 'i386') {    # which uses no memory above 4 GiB
    $run = boot(@ahci, QEMU_EXTRA => '-m 5G', FAULT => 'dma above-4g', CMD => 'devices');
    like($run->{console}, qr/^FAULT='dma above-4g': injected [1-9]/m, 'and one that uses 64 is refused');
}

# ------------------------------------------------------------------ a report

$run = boot(DISK => $image, CDROM => $iso, MINIPORT => "$probes/rules.sys", FAULT => 'read 50/00 register=Bus-Master-Status count=for-ever',
    CMD => 'sha256 0 0 8', HIVE => spill("$scratch/hive.reg", <<'END'));
Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\rules\Controller0\Channel0]
"Break"="int_not_dismissed"
END
like($run->{console}, qr/^RULE INT-01 .*\n(?:  .*\n)*  fault 1 had been injected before: read 50\/00 register=Bus-Master-Status count=for-ever$/m,
    'a report that comes after a fault says so');

# ------------------------------------------------------------------ wrong words

my %wrong = (
    'flaot FF' => qr/^"flaot" is no fault; did you mean float\? Faults are read, write, /m,
    'bsy nht=3' => qr/^"nht=3" is no key of a fault; did you mean nth\? Keys are channel=, /m,
    'read 7F register=Command' => qr/^register=Command: that one is only written; what is read there is Status\.$/m,
);
$run = boot(DISK => $image, CMD => join '; ', 'fault', 'fault add', 'fault list all', map { "fault add $_" } sort keys %wrong);
exit_code_is($run, 1, 'wrong words in the shell');
like($run->{console}, qr/^6 of 6 commands failed:$/m, 'fail');
like(output_of($run, "fault add $_"), $wrong{$_}, "fault add $_") for sort keys %wrong;
$run = boot(DISK => $image, FAULT => 'bsy nth=2; error XX');
exit_code_is($run, 2, 'wrong words of FAULT=');
like($run->{console}, qr/^A fault cannot be injected\. "error XX": what Error shows is UNC, /m, 'are named');
$run = boot(DISK => 'none', BUILD => stub_build(), FAULT => 'x' x 1024);
exit_code_is($run, 2, 'FAULT= that is too long');
like($run->{console}, qr/FAULT= is 1024 characters long/, 'too');

done_testing();
