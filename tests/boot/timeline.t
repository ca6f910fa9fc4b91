#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# `make trace` and `make trace-check` on IDE (docs/timeline.md): a read as requests with stages, all register accesses as
# QEMU saw them, and the picture in docs/.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Timeline;

my $disk = random_image('disk.img', 8 << 20, 1);
my $out = "$scratch/trace.json";

my $run = boot(DISK => $disk, TIMELINE => 'check', OUT => $out, CMD => 'read 0 2048 8; reset 0.0; trace off; trace on');
exit_code_is($run, 0, 'a read, with a timeline');
like($run->{console}, qr/^trace-check: [1-9]\d\d+ register accesses, each as QEMU saw it$/m, 'each access is as QEMU saw it');
my $trace = read_timeline($out);
is($trace->{totals}{missing}, 0, 'nothing is missing');
my ($read) = grep { $_->{name} eq '0xc8 READ DMA, device 0, LBA 2048, 8 sectors' } @{ $trace->{requests} };
ok($read, 'the read is there') or $read = { parts => [], args => {} };
is(join(', ', map { $_->{name} } @{ $read->{parts} }), 'queued, built, started, at the device, interrupt, completed', 'with all its stages');
is($read->{args}{status}, 'success', 'and its end');
is_deeply([map { $_->{name} } grep { $_->{category} eq 'gap' && $_->{is_flag} && $_->{ts} > $read->{end} } @{ $trace->{instants} }],
    ['the trace was cleared or switched on'], 'a gap is a flag');
my %seen = map { $_->{name} => 1 } grep { $_->{ts} >= $read->{ts} && $_->{ts} <= $read->{end} } @{ $trace->{instants} };
ok($seen{$_}, "within it: $_")
    for 'LBA Mid <- 0x08', 'Command <- 0xc8 READ DMA, device 0, LBA 2048, 8 sectors', 'call IdeHwInterrupt at DIRQL', 'Status -> 0x50 DRDY DSC';
is(join("\n", picture_words("$scratch/trace.svg")), join("\n", picture_words("$top/docs/one-read-ide.svg")),
    'its picture is that of the documentation') or diag('`make timeline-pictures` makes it anew');

# What a driver does without a request, and what cannot be shown.
my $capture = "$run->{run_dir}/trace.capture";
picture_is($capture, 'set-up', 'ide-set-up');
picture_is($capture, 'reset', 'ide-reset');
for my $which ('WRITE DMA', '99999') {
    my ($code, $said) = command('build/tools/timeline', 'show', $capture, "$scratch/other.json", "$scratch/other.svg", $which);
    is($code, 2, "no picture of $which");
    like($said, qr/^timeline: REQUEST=$which: there is none such among the trace's \d+ requests$/m, 'with a sentence');
}

# One value is another in QEMU's log, and a line is not there.
for my $case (['another value', sub { $_[0] =~ s/(.*\(Device\/Head\); val 0x)e0/${1}f0/s }],
    ['an access less', sub { $_[0] =~ s/(.*\n)bmdma_write[^\n]*\n/$1/s }],
    ['an access more', sub { $_[0] =~ s/(.*\n)(bmdma_write[^\n]*\n)/$1$2$2/s }]) {
    my ($name, $change) = @$case;
    my $log = $run->{qemu_log};
    ok($change->($log), "$name can be made");
    my ($code, $said) = command('build/tools/timeline', 'compare', $capture, spill("$scratch/other.log", $log));
    is($code, 1, "$name is a difference");
    like($said, qr/\Atrace-check: .*\n(?:.*\n)*trace-check: [1-9]\d* differences? in \d+ register accesses\n\z/, 'which is said');
}
done_testing();
