#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The register accesses of each operation, as QEMU saw them.
#
# Reads QEMU's log, written with
#     -plugin icount.so,out=FILE,begin=...,end=...,log=on -d plugin
#     -trace 'ide_*' -trace 'bmdma_*' -D LOG
# or, of AHCI, -trace 'ahci_*' -trace handle_cmd_fis_dump; and prints each different sequence of accesses between the marks, the most frequent first,
# numbered, with the register's name and what the value says. A value that was not always the same
# is `..`. The last lines count accesses between one interval's end and the next one's begin: an
# operation that leaves work behind shows there (as does what a program does between two workloads).
#
# QEMU 7.2 has events for every register of PIIX3's and PIIX4's bus master: bmdma_read and
# bmdma_write (command and status), bmdma_addr_read and bmdma_addr_write (the PRD table's address);
# what bmdma_cmd_writeb says was said by bmdma_write. `memory_region_ops_read` and `_write` show all
# port accesses of the machine, those of the interrupt controller and the console among them.
#
# Usage: accesses.pl [--count] [--max=N] LOG
#     --count   only one line a sequence: intervals, accesses, data accesses, commands
#     --max=N   no more than N sequences (8)
use strict;
use warnings;
use Getopt::Long;

my ($count_only, $max) = (0, 8);
GetOptions('count' => \$count_only, 'max=i' => \$max) && @ARGV == 1
    or die "usage: accesses.pl [--count] [--max=N] LOG\n";

# QEMU's names of registers => those of ATA/ATAPI-6.
my %name = (
    'Error' => 'Error',
    'Features' => 'Features',
    'Sector Count' => 'Sector Count',
    'Sector Number' => 'LBA Low',
    'Cylinder Low' => 'LBA Mid',
    'Cylinder High' => 'LBA High',
    'Device/Head' => 'Device',
    'Status' => 'Status',
    'Command' => 'Command',
    'Alt Status' => 'Alternate Status',
    'Device Control' => 'Device Control',
    'Data: Word' => 'Data (16 bits)',
    'Data: Long' => 'Data (32 bits)',
);
my %bus_master = (0 => 'Bus Master Command', 2 => 'Bus Master Status');
my %command = (
    0x20 => 'READ SECTORS', 0x24 => 'READ SECTORS EXT', 0x25 => 'READ DMA EXT',
    0x29 => 'READ MULTIPLE EXT', 0x30 => 'WRITE SECTORS', 0x34 => 'WRITE SECTORS EXT',
    0x35 => 'WRITE DMA EXT', 0x39 => 'WRITE MULTIPLE EXT', 0xA0 => 'PACKET',
    0xC4 => 'READ MULTIPLE', 0xC5 => 'WRITE MULTIPLE', 0xC8 => 'READ DMA', 0xCA => 'WRITE DMA',
    0x60 => 'READ FPDMA QUEUED', 0x61 => 'WRITE FPDMA QUEUED', 0xE7 => 'FLUSH CACHE', 0xEA => 'FLUSH CACHE EXT', 0xEC => 'IDENTIFY DEVICE',
);

# [mask, what it says] of registers whose bits have names.
my @status_bits = ([0x80, 'BSY'], [0x40, 'DRDY'], [0x20, 'DF'], [0x10, 'DSC'], [0x08, 'DRQ'],
    [0x01, 'ERR']);
my %bits = (
    'Status' => \@status_bits,
    'Alternate Status' => \@status_bits,
    'Bus Master Command' => [[0x08, 'to memory'], [0x01, 'start']],
    'PxIS' => [[0x01, 'register FIS'], [0x02, 'PIO set-up FIS'], [0x08, 'set device bits FIS']],
    'Bus Master Status' => [[0x04, 'interrupt'], [0x02, 'error'], [0x01, 'active']],
);

sub meaning {
    my ($register, $value) = @_;
    return $command{$value} // '' if $register eq 'Command';
    return '' unless $bits{$register};
    my @said = map { $_->[1] } grep { $value & $_->[0] } @{$bits{$register}};
    return @said ? join(', ', @said) : $register =~ /Master Command/ ? 'stop' : '';
}

# One access: direction, register, port (or offset), value. Nothing for a line that is none.
sub parse_access {
    my ($line) = @_;
    if ($line =~ /^ide_\w+ IDE PIO (rd|wr) @ 0x([0-9a-f]+) \(([^)]*)\); val 0x([0-9a-f]+)/) {
        return [$1 eq 'rd' ? 'read' : 'write', $name{$3} // $3, uc $2, hex $4];
    }
    if ($line =~ /^bmdma_(?:read|write) bmdma: (read|write)b 0x([0-9a-f]+) : 0x([0-9a-f]+)/) {
        return [$1, $bus_master{hex $2} // "Bus Master +$2", '+' . hex $2, hex $3];
    }
    if ($line =~ /^bmdma_addr_(read|write) .*?0x([0-9a-f]+)/) {
        return [$1, 'Bus Master PRD Table', '+4', hex $2];
    }
    # A port's register, or one of the controller's.
    if ($line =~ /^ahci_\w+_(read|write)\w* .*\[reg:(\w+)\] @ 0x([0-9a-f]+): 0x([0-9a-f]+)/) {
        return [$1, $2, '+' . uc $3, hex $4];
    }
    return;
}

# A sequence: accesses, with runs at the data port folded into one row.
# Rows are [direction, register, port, value or undef when it varies, repetitions].
my (%sequences, $open, @rows, @opcodes, %gaps); # @opcodes: of the FISes that were sent
my ($intervals, $gap, $unfinished) = (0, 0, 0);

sub close_interval {
    # Values are part of a sequence's identity only where they say what is done, not where.
    my $key = join ' ', @opcodes,
        map { join ',', @$_[0 .. 2, 4], $_->[1] =~ /Command$/ ? $_->[3] : '' } @rows;
    my $same = $sequences{$key}
        //= {rows => [map { [@$_] } @rows], opcodes => [@opcodes], first => $intervals, times => 0};
    for my $i (0 .. $#rows) {
        my ($seen, $value) = ($same->{rows}[$i][3], $rows[$i][3]);
        $same->{rows}[$i][3] = undef if defined $seen && (!defined $value || $seen != $value);
    }
    $same->{times}++;
    $intervals++;
}

# How often the first $length rows stand at the start, one after the other.
sub repetitions {
    my ($length, @all) = @_;
    my @keys = map { join ',', map { $_ // '..' } @$_ } @all;
    my $times = 1;
    $times++ while ($times + 1) * $length <= @keys
        && join(' ', @keys[0 .. $length - 1])
            eq join(' ', @keys[$times * $length .. ($times + 1) * $length - 1]);
    return $times;
}

sub print_rows {
    my (@all) = @_;
    my $number = 1;
    while (@all) {
        my ($length, $times) = (1, 1);
        for my $try (1 .. 3) {
            my $found = $try * 2 <= @all ? repetitions($try, @all) : 1;
            ($length, $times) = ($try, $found) if $found > 2 && $found * $try > $length * $times;
        }
        my @block = @all[0 .. $length - 1];
        my $registers = grep { $_->[1] !~ /^Data / } @block;
        printf "       %d times, %d to %d:\n", $times, $number, $number + $times * $registers - 1
            if $times > 1;
        for my $row (@block) {
            my ($direction, $register, $port, $value, $in_a_row) = @$row;
            my $is_data = $register =~ /^Data /;
            my $text = sprintf '%5s  %-5s  %-20s  %4s  %s  %s', $is_data ? '' : $number++,
                $direction, $register, $port,
                $is_data ? "$in_a_row times" : defined $value ? sprintf('%02X', $value) : '..',
                defined $value ? meaning($register, $value) : '';
            $text =~ s/\s+$//;
            print "$text\n";
        }
        $number += ($times - 1) * $registers;
        splice @all, 0, $length * $times;
    }
}

open my $log, '<', $ARGV[0] or die "accesses.pl: cannot read $ARGV[0]: $!\n";
while (my $line = <$log>) {
    $line =~ s/^\d+@\d+\.\d+://; # with -msg timestamp=on
    if ($line =~ /^mark begin /) {
        $unfinished++ if $open;
        $gaps{$gap}++ if $intervals;
        ($open, $gap, @rows) = (1, 0);
        @opcodes = ();
    } elsif ($line =~ /^mark end /) {
        close_interval() if $open;
        $open = 0;
    } elsif ($line =~ /^0x00: 27 80 ([0-9a-f]{2}) /) {
        push @opcodes, hex $1;
    } elsif (my $access = parse_access($line)) {
        if (!$open) {
            $gap++;
            next;
        }
        my $last = $rows[-1];
        if ($last && $access->[1] =~ /^Data / && $last->[1] eq $access->[1]
            && $last->[0] eq $access->[0]) {
            $last->[4]++;
            $last->[3] = undef;
        } else {
            push @rows, [@$access, 1];
        }
    }
}
close $log;
die "accesses.pl: $ARGV[0] has no marks: was it written with log=on and -d plugin?\n"
    unless $intervals;

my @order = sort { $b->{times} <=> $a->{times} || $a->{first} <=> $b->{first} } values %sequences;
my $shown = 0;
for my $sequence (@order) {
    last if $shown++ == $max;
    my @all = @{$sequence->{rows}};
    my ($registers, $data_accesses) = (0, 0);
    for my $row (@all) {
        if ($row->[1] =~ /^Data /) { $data_accesses += $row->[4] } else { $registers++ }
    }
    my @commands = map { sprintf '%s (%s)', $command{$_ // -1} || 'command',
            defined $_ ? sprintf('%02X', $_) : '..' }
        @{$sequence->{opcodes}}, map { $_->[3] } grep { $_->[1] eq 'Command' } @all;
    printf "%s: %d accesses%s; %d of %d intervals, the first is %d\n",
        @commands ? join(', ', @commands) : 'no command', $registers,
        $data_accesses ? " and $data_accesses to the data port" : '', $sequence->{times},
        $intervals, $sequence->{first};
    next if $count_only;
    print_rows(@all);
}
printf "%d more sequences\n", @order - $max if @order > $max;
for my $accesses (sort { $gaps{$b} <=> $gaps{$a} || $a <=> $b } keys %gaps) {
    printf "between intervals: %d accesses, %d times\n", $accesses, $gaps{$accesses};
}
print "intervals that never ended: $unfinished\n" if $unfinished;
