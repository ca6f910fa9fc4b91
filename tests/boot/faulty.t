#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Drivers with one fault each, of the kind that QEMU forgives: the driver of docs/writing-a-miniport.md, with DMA, and a
# line or two changed. One test of the conformance suite on each names the rule and the line. (Each is tried on one
# ARCH, in turn: they are the same sources, and a build and a boot for each.)
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use Reports;
use Test::More;

my $arch = $ENV{ARCH} // 'x86_64';
my $place = tempdir('faulty-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $source = "$place/faulty/faulty.c";

for my $words (['make', '--no-print-directory', 'new-miniport', 'NAME=faulty', "DIR=$place"],
    map { ['tools/tutorial.pl', $_, $source] } qw(writes dma registry))
{
    my ($code, $output) = command(@$words);
    is($code, 0, "@$words[0, 1]") or BAIL_OUT($output);
}
my $good = slurp($source);

# What is wrong; the rule; the test of the suite that shows it; the text that is replaced, or marked with MARK, pair by
# pair. The line with MARK behind it is the one that has to be reported.
my $start = "BM_COMMAND, direction_of(irb) | BM_START);";
my $complete = "    AtaPortCompleteRequest(channel, irb);\n}\n\n/* Is it one";
my $command = "write_register(channel, REG_COMMAND, task_file->Current.bCommandReg);";
my $data_in = 'AtaPortReadPortBufferUshort((PUSHORT)(PVOID)(channel->command_block + REG_DATA),
                                    (PUSHORT)(PVOID)channel->data, SECTOR_BYTES / 2);';
my @faults = (
    # Descriptors and the bus master.
    ['no end mark', 'HWR-10', 'read', 'next[-1].flags = LAST_DESCRIPTOR;' => '', $start => "${start}MARK"],
    ['an end mark at the first element', 'HWR-10', 'read', 'next[-1].flags =' => 'first->flags =', $start => "${start}MARK"],
    ['elements across 64 KiB', 'HWR-09', 'read', 'BOUNDARY - address % BOUNDARY' => 'BOUNDARY', $start => "${start}MARK"],
    ['an odd length', 'HWR-09', 'read', '(USHORT)count;' => '(USHORT)(count | 1);', $start => "${start}MARK"],
    ['the table is not aligned', 'HWR-10', 'read',
        'first = irb->IrbExtension' => 'first = (PVOID)((PUCHAR)irb->IrbExtension + 2)',
        'irb, irb->IrbExtension, &length' => 'irb, (PUCHAR)irb->IrbExtension + 2, &length',
        'define DESCRIPTOR_COUNT 128' => 'define DESCRIPTOR_COUNT 127',
        'DESCRIPTOR_COUNT * sizeof' => '(DESCRIPTOR_COUNT + 1) * sizeof', $start => "${start}MARK"],
    ['the direction is the wrong way round', 'HWR-11', 'read', 'DATA_IN ? BM_TO_MEMORY : 0' => 'DATA_IN ? 0 : BM_TO_MEMORY',
        $start => "${start}MARK"],
    ['start before the command', 'HWR-11', 'read',
        "        prepare_bus_master(channel, irb);\n" => '',
        $command => "if (is_dma(irb)) {\n        prepare_bus_master(channel, irb);\n"
            . "        AtaPortWritePortUchar(channel->bus_master + BM_COMMAND, direction_of(irb) | BM_START);MARK\n    }\n    $command",
        "    if (is_dma(irb))\n        AtaPortWritePortUchar(channel->bus_master + $start\n    else if" => '    if (!is_dma(irb) &&',
        ' (irb->IrbFlags & IRB_FLAGS_DATA_OUT)
        write_first' => ' (irb->IrbFlags & IRB_FLAGS_DATA_OUT))
        write_first',
        "    if (is_dma(irb))\n    channel->irb = irb;" => '    channel->irb = irb;'],
    ['the bus master is never stopped', 'HWR-12', 'read',
        'AtaPortWritePortUchar(channel->bus_master + BM_COMMAND, direction_of(irb)); /* stops */' => '',
        $complete => $complete =~ s/\);\n/);MARK\n/r],
    ['the interrupt bit is never cleared', 'INT-01', 'read',
        'AtaPortReadPortUchar(status) | BM_INTERRUPT | BM_ERROR' => 'AtaPortReadPortUchar(status) & 0x60',
        'HwInterrupt(PVOID ChannelExtension)' => 'HwInterrupt(PVOID ChannelExtension)MARK'],
    ['the bus master is stopped at once', 'HWR-12', 'read',
        "BM_COMMAND, direction_of(irb) | BM_START);\n    else if" => "$start\n    if (is_dma(irb))\n"
            . "        AtaPortWritePortUchar(channel->bus_master + BM_COMMAND, direction_of(irb));MARK\n    else if"],
    ['nobody asks whether the bus master has failed', 'HWR-13', 'read',
        'UCHAR bus_master_status = AtaPortReadPortUchar(channel->bus_master + BM_STATUS);' => 'UCHAR bus_master_status = BM_INTERRUPT;',
        'AtaPortReadPortUchar(status) | BM' => '0x60 | BM', $complete => $complete =~ s/\);\n/);MARK\n/r],
    ['the table\'s virtual address', 'HWR-21', 'read',
        'AtaPortConvertPhysicalAddressToUlong(table));' => '(ULONG)((ULONG_PTR)irb->IrbExtension & 0xFFFFFFF0u) + 0 * table.LowPart);',
        $start => "${start}MARK"],

    # The task file.
    ['Status is polled while the command is in flight', 'HWR-15', 'read',
        "    settle(channel);\n    if (is_dma(irb))" => "    settle(channel);\n    read_register(channel, REG_STATUS);\n    if (is_dma(irb))",
        'return AtaPortReadPortUchar(channel->command_block + offset);' =>
            'return AtaPortReadPortUchar(channel->command_block + offset);MARK'],
    ['the sector behind the one that was meant', 'HWR-27', 'read',
        'REG_LBA_LOW, registers->bSectorNumberReg' => 'REG_LBA_LOW, (UCHAR)(registers->bSectorNumberReg + 1)', $complete => $complete =~ s/\);\n/);MARK\n/r],
    ['a word too few', 'HWR-05', 'start', $data_in => $data_in =~ s{2\);}{2 - 1);}r, $complete => $complete =~ s/\);\n/);MARK\n/r],
    ['a word too many', 'HWR-05', 'read', $data_in => $data_in =~ s{,}{,MARK}r =~ s{2\);}{2 + 1);}r],
    ['data is read when there is none', 'HWR-05', 'errors',
        "    if (status & STATUS_FAILED) {\n        irb->AtaError" => "    if (0) {\n        irb->AtaError",
        '(!(status & IDE_STATUS_DRQ))' => '(0)', 'channel->bus_master && channel->dma_allowed' => 'FALSE',
        $data_in => $data_in =~ s{,}{,MARK}r],
    ['SRST is not waited for', 'HWR-04', 'reset',
        '    AtaPortRequestTimer(channel, reset_tick, RESET_SETTLE_US);' =>
            '    alternate_status(channel);
    AtaPortRequestTimer(channel, reset_tick, RESET_SETTLE_US);', 'return AtaPortReadPortUchar(channel->control);' =>
            'return AtaPortReadPortUchar(channel->control);MARK'],
    ['SRST is too short', 'HWR-04', 'reset', "    AtaPortStallExecution(RESET_PULSE_US);\n" => '',
        "    AtaPortWritePortUchar(channel->control, IDE_DC_DISABLE_INTERRUPTS);\n    /* Longer" =>
            "    AtaPortWritePortUchar(channel->control, IDE_DC_DISABLE_INTERRUPTS);MARK\n    /* Longer"],
    ['a mode that was never set', 'HWR-14', 'read',
        '(ULONG)IdentifyData->UltraDMAActive << UDMA0 |' => 'UDMA_MODE2 |',
        'AtaPortWritePortUchar(channel->command_block + offset, value);' =>
            'AtaPortWritePortUchar(channel->command_block + offset, value);MARK'],
    ['a request ends before its command does', 'HWR-25', 'write',
        "        write_first_sector(channel);\n}" => "        write_first_sector(channel);\n    else if (!IRB_FOR_DATA_TRANSFER(irb))\n"
            . "        complete(channel, irb, IRB_STATUS_SUCCESS);\n}", $complete => $complete =~ s/\);\n/);MARK\n/r],
    ['a request succeeds whose command has failed', 'HWR-25', 'errors',
        "complete(channel, irb, IRB_STATUS_DEVICE_ERROR);\n    } else" => "complete(channel, irb, IRB_STATUS_SUCCESS);\n    } else",
        $complete => $complete =~ s/\);\n/);MARK\n/r],
    ['nothing is done when the power comes back', 'HWR-17', 'power', "        return HwReset(channel);\n    case IdePowerDown" => '    case IdePowerDown',
        'AtaPortWritePortUchar(channel->command_block + offset, value);' =>
            'AtaPortWritePortUchar(channel->command_block + offset, value);MARK'],
    ['registers are written behind the command', 'HWR-01', 'read',
        "$command\n    settle(channel);" => "$command\n    settle(channel);\n    write_register(channel, REG_FEATURES, 0);",
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
    my ($what, $rule, $test, @changes) = @$fault;
    next if $turn++ % 2 && !$ENV{ALL_FAULTS};
    my $text = with_fault($rule, @changes);
    next if !ok(defined $text, "a driver with a fault: $what");
    spill($source, $text);
    remove_tree("$top/build/test/$arch/conformance-faulty"); # what hung with another fault is not to end this one
    my ($code, $built) = command('tools/build-miniport.sh', "$place/faulty");
    is($code, 0, 'is built') or diag($built), next;
    local @ENV{qw(MINIPORT MACHINE CONFORMANCE_LIMIT)} = ("build/$arch/external/faulty.sys", 'pc', 20);
    ($code, my $output) = command($^X, "tests/conformance/$test.t");
    isnt($code, 0, "fails $test.t");
    $output =~ s/^# //mg;
    my ($report) = reports($output);
    is($report->{id}, $rule, "$rule is what it is told") or diag($output);
    ok($report && is_marked(marks($source), $report), 'with the line') or diag($report->{text} // 'no report', $text =~ /(.*BREAKS.*)/);
}

done_testing();
