#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# docs/writing-a-miniport.md, typed: every command of it in its order, in a home of its own, with the changes
# that its differences make. What the document shows is what happens.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use File::Temp qw(tempdir);
use Test::More;

my $arch = $ENV{ARCH} // 'x86_64';
my $document = slurp('docs/writing-a-miniport.md');
my $home = tempdir('tutorial-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $source = "$home/work/mydisk/mydisk.c";
mkdir "$home/work" or die;
local @ENV{qw(HOME ARCH HIVE)} = ($home, $arch, "$scratch/registry.reg");

# The commands: blocks of the shell, and the lines that change the source. The whole suite is run when the driver is
# finished; before, it is most of those tests that need no faults at each access. (conformance.t has others of the new driver.)
my @blocks = $document =~ /^(?:```sh\n(.*?)```$|    (tools\/tutorial\.pl .*?)$)/msg;
@blocks = grep { defined } @blocks;
my $done = 0;
my $suite = qr/^make test MINIPORT=\S+$/m;
my ($new) = grep { /$suite/ } @blocks;
s/($suite)/$1 TEST=r/ for grep { $_ eq $new && !$done++ } @blocks;

my %output;    # of each line
for my $block (@blocks) {
    my $variables = '';
    for my $line (split /\n/, $block) {
        $line =~ /^[A-Z]+=\S+$/ and $variables .= "$line\n" and next;
        (my $code, $output{$line}) = command('bash', '-c', "$variables$line");
        is($code, 0, $line) or diag($output{$line});
        pretend_mistake() if $line =~ /^make test/ && $block =~ /TEST=r$|$suite/m && !$output{mistake};
    }
}

# The mistake that the document makes, and puts right again.
sub pretend_mistake {
    my $before = slurp($source);
    my ($code, $printed) = command('tools/tutorial.pl', 'mistake', $source);
    is($code, 0, 'the mistake') or diag($printed);
    (undef, $output{mistake}) = command('bash', '-c', q(make run MINIPORT=~/work/mydisk CMD='read 0 0'));
    spill($source, $before);
    return;
}

sub output_like {
    my ($line, $pattern, $name) = @_;
    my ($found) = grep { index($_, $line) == 0 } sort keys %output;
    return like($output{ $found // '' } // "there is no line $line", $pattern, $name);
}

output_like('make run MINIPORT=~/work/mydisk CMD=\'devices', qr/^00000000  (?:[0-9a-f]{2} ){8}/m, 'the first sector is read');
my ($devices) = $document =~ /^```\n(mydisk 0\.1: .*?)^```$/ms;
my ($printed) = map { tr/\r//dr } grep { /^> devices/m } $output{q(make run MINIPORT=~/work/mydisk CMD='devices; read 0 0')};
ok(index($printed, $devices) >= 0, 'what the document shows of it') or diag("$printed\n---\n$devices");
my ($report) = $document =~ /^(RULE IRB-06 .*)$/m;
like($output{mistake}, qr/^\Q$report\E\r?$/m, 'the report of the mistake is the one in the document');
output_like('make run MINIPORT=~/work/mydisk CMD=\'write 0 5', qr/^00000a00  ca fe 00 /m, 'a sector is written');
output_like('make run MINIPORT=~/work/mydisk CMD=\'mode 0; sha256', qr/^  Data +bus-master DMA/m, 'data goes by DMA');
output_like('make run MINIPORT=~/work/mydisk HIVE=~/work/settings.reg CMD=\'mode 0', qr/^  Data +PIO/m,
    'the setting keeps it from that');
my $whole = $output{'make test MINIPORT=~/work/mydisk'};
unlike($whole, qr/^not tested: writes/m, 'the suite has tested the finished driver with writes') if $whole;
unlike(join('', values %output), qr/^\d+ rules? w/m, 'no rule was broken') if delete $output{mistake};

# ------------------------------------------------------------------ steps out of order

my ($code, $output) = command('tools/tutorial.pl', 'dma', $source);
isnt($code, 0, 'a step that was done already');
like($output, qr/was the step before it done, or this one already\?/, 'is refused');
($code, $output) = command('tools/tutorial.pl', 'nothing', $source);
like($output, qr/^There is no step nothing; there are: mistake writes dma registry$/m, 'an unknown one, too');

done_testing();
