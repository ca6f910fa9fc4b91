#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Drivers with one fault each in what they do when something goes wrong: the driver of docs/writing-a-miniport.md, with DMA,
# and a line or two changed, as in faulty.t. The report alone has to say what is wrong: rule, line, and a sentence. (Each is
# tried on one ARCH, in turn.)
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use File::Temp qw(tempdir);
use Reports;
use Test::More;

my $arch = $ENV{ARCH} // 'x86_64';
my $place = tempdir('relapse-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $source = "$place/relapse/relapse.c";
my $disk = random_image('disk.img', 1 << 20, 'recovery');
my $other = random_image('other.img', 8 << 20, 'meanwhile');

for my $words (['make', '--no-print-directory', 'new-miniport', 'NAME=relapse', "DIR=$place"],
    map { ['tools/tutorial.pl', $_, $source] } qw(writes dma registry))
{
    my ($code, $output) = command(@$words);
    is($code, 0, "@$words[0, 1]") or BAIL_OUT($output);
}
my $good = slurp($source);

# What is wrong; the words of the run; the rule and what the report's sentence says; the texts that are replaced, pair by
# pair. The lines with MARK behind them are those that have to be reported.
my @faults = (
    ['IdeHwReset forgets a request',
        [FAULT => 'time-outs 100; interrupt lost command=READ-DMA', CMD => 'sha256 0 0 8'],
        ['IRB-10', qr/it was still outstanding; the port ended it/],
        '    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);' => '',
        "static BOOLEAN NTAPI HwReset(PVOID ChannelExtension)\n{" => "static BOOLEAN NTAPI HwReset(PVOID ChannelExtension)MARK\n{"],
    ['an interrupt after the reset completes what the reset has ended',
        [FAULT => 'time-outs 100; interrupt lost command=READ-DMA; interrupt spurious command=SRST for=2s',
            DISK2 => $other, CMD => 'ata 0 0xC8 0 1 0 in 512; sha256 2'],
        ['IRB-01', qr/is not outstanding: a reset has ended it/],
        "    channel->irb = NULL;\n    channel->modes_set = 0;" => '    channel->modes_set = 0;',
        "    AtaPortCompleteRequest(channel, irb);\n}" => "    AtaPortCompleteRequest(channel, irb);MARK\n}"],
    ['PIO goes on when DMA was selected again',
        [CMD => 'fault add bus-master-error count=3; sha256 0 0 8; mode 0; reset 0.0; sha256 0 0 8; mode 0'],
        ['HWR-26', qr/by PIO: the port has asked for READ DMA \(0xc8\), device 0, LBA 0, 8 sectors, and a mode of DMA is selected/],
        "    BOOLEAN dma_allowed;\n" => "    BOOLEAN dma_allowed;\n    BOOLEAN by_pio;\n",
        "    channel->modes_set |= (UCHAR)(1u << DeviceParameters->TargetId);\n    return TRUE;" =>
            "    channel->modes_set |= (UCHAR)(1u << DeviceParameters->TargetId);\n"
            . "    if (!(DeviceParameters->TransferModeSupported & DMA_SUPPORT))\n        channel->by_pio = TRUE;\n    return TRUE;",
        '    UNREFERENCED_PARAMETER(ChannelExtension);

    if (IRB_FOR_DATA_TRANSFER(Irb) && !is_dma(Irb))' => '    struct channel *channel = ChannelExtension;

    if (channel->by_pio && Irb->IdeTaskFile.Current.bCommandReg == IDE_COMMAND_READ_DMA)
        Irb->IdeTaskFile.Current.bCommandReg = IDE_COMMAND_READ;
    if (IRB_FOR_DATA_TRANSFER(Irb) && !is_dma(Irb))',
        'AtaPortWritePortUchar(channel->command_block + offset, value);' =>
            'AtaPortWritePortUchar(channel->command_block + offset, value);MARK'],
);

# The source with a fault, or undef where one of its places is not there once.
sub with_fault {
    my ($rule, @changes) = @_;
    my $text = $good;
    while (my ($old, $new) = splice @changes, 0, 2) {
        my $count = () = $text =~ /\Q$old\E/g;
        diag("this is there $count times:\n$old"), return if $count != 1;
        $new =~ s{MARK}{ /* BREAKS: $rule */}g;
        $text =~ s/\Q$old\E/$new/;
    }
    return $text;
}

my $turn = $arch eq 'i386' ? 1 : 0;
for my $fault (@faults) {
    my ($what, $words, $expected, @changes) = @$fault;
    next if $turn++ % 2 && !$ENV{ALL_FAULTS};
    my ($rule, $sentence) = @$expected;
    my $text = with_fault($rule, @changes);
    next if !ok(defined $text, "a driver with a fault: $what");
    spill($source, $text);
    my ($code, $built) = command('tools/build-miniport.sh', "$place/relapse");
    is($code, 0, 'is built') or diag($built), next;
    my $run = boot(DISK => $disk, MACHINE => 'pc', MINIPORT => "build/$arch/external/relapse.sys", @$words);
    my ($report) = grep { $_->{id} eq $rule } reports($run->{console});
    ok($report, "$rule is what it is told") or diag($run->{console}), next;
    ok(is_marked(marks($source), $report), 'with the line') or diag($report->{text});
    like($report->{text}, $sentence, 'and a sentence');
}

done_testing();
