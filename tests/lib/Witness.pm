# SPDX-License-Identifier: MIT
#
# What a run proves: the guest's own words, command by command, and QEMU's trace of the registers as a
# second witness of how each device was driven.
#
#   use lib 'tests/lib';
#   use Ataport;
#   use Witness;
#
#   my $run = boot(DISK => $image, QEMU_EXTRA => $trace, CMD => 'sha256 0');
#   is(digest_in($run, 'sha256 0'), sha256_of($image), 'the same bytes');
#   is_deeply(commands_seen($run), { 'primary master' => 'READ DMA, LBA28' }, 'by DMA alone');
#
#   $trace                     words for QEMU_EXTRA that commands_seen needs
#   commands_seen($run)        for each place that had commands which move data: their names and their
#                              addressing as the registers were written, each kind once, sorted, joined by "; "
#   output_of($run, command)   the lines that a command printed: from its first echo to the next one
#   digest_in($run, command)   the checksum that a `sha256` command printed; '' if it printed none
#   hive(name, 'Controller0\Channel1' => { DmaAllowed => 0 }, ...)
#                              makes a registry file in $scratch with these values of pata; its path
package Witness;

use strict;
use warnings;
use parent 'Exporter';
use Ataport qw($scratch spill);

our @EXPORT = qw($trace commands_seen output_of digest_in hive);

our $trace = '-trace ide_ioport_write -trace ide_atapi_cmd_read';

# ATA/ATAPI-6: commands that move sectors. PACKET commands are named by QEMU's event of a read.
my %names = (
    0x20 => 'READ SECTORS', 0x24 => 'READ SECTORS EXT', 0xC4 => 'READ MULTIPLE',
    0x29 => 'READ MULTIPLE EXT', 0xC8 => 'READ DMA', 0x25 => 'READ DMA EXT',
    0x30 => 'WRITE SECTORS', 0x34 => 'WRITE SECTORS EXT', 0xC5 => 'WRITE MULTIPLE',
    0x39 => 'WRITE MULTIPLE EXT', 0xCA => 'WRITE DMA', 0x35 => 'WRITE DMA EXT',
);

sub commands_seen {
    my ($run) = @_;
    my (%device_register, %place_of_state, %seen);
    for my $line (split /\n/, $run->{qemu_log}) {
        if ($line =~ /^ide_ioport_write .*@ 0x(1[7f])(\d) .*val 0x([0-9a-f]+);.*IDEState (\S+)/) {
            my ($channel, $register, $value, $state) = ($1, $2, hex $3, $4);
            $device_register{$channel} = $value if $register == 6;
            next if $register != 7;
            my $device = $device_register{$channel} // 0;
            my $place = ($channel eq '1f' ? 'primary ' : 'secondary ') . ($device & 0x10 ? 'slave' : 'master');
            $place_of_state{$state} = $place;
            next if !$names{$value};
            my $addressing = !($device & 0x40) ? 'CHS' : $names{$value} =~ /EXT/ ? 'LBA48' : 'LBA28';
            $seen{$place}{"$names{$value}, $addressing"} = 1;
        } elsif ($line =~ /^ide_atapi_cmd_read IDEState: (\S+); read (\w+): (.*)/) {
            next if $3 eq 'LBA=17 nb_sectors=1';    # the firmware, which looks for something to boot
            $seen{ $place_of_state{$1} }{"PACKET, $2"} = 1;
        }
    }
    return { map { $_ => join '; ', sort keys %{ $seen{$_} } } keys %seen };
}

sub output_of {
    my ($run, $command) = @_;
    return $run->{console} =~ /^> \Q$command\E\n(.*?)(?=^> |^\n\d+ of |\z)/ms ? $1 : '(did not run)';
}

sub digest_in {
    my ($run, $command) = @_;
    return output_of($run, $command) =~ /^([0-9a-f]{64}) /m ? $1 : '';
}

sub hive {
    my ($name, %channels) = @_;
    my $text = "Windows Registry Editor Version 5.00\n";
    for my $channel (sort keys %channels) {
        $text .= "\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\pata\\$channel]\n";
        $text .= sprintf "\"%s\"=dword:%08x\n", $_, $channels{$channel}{$_}
            for sort keys %{ $channels{$channel} };
    }
    return spill("$scratch/$name", $text);
}

1;
