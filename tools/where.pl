#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tools/where.pl DIRECTORY [NAME LINES]...
#
# Says in words where the CPU was when a run's time was over: what tools/session asked QEMU (DIRECTORY/cpu: the
# registers, and the words on the stack), the drivers' addresses (debug.log) and their line tables. Prints
# nothing if nothing is known.
use strict;
use warnings;
no warnings 'portable';    # of hexadecimal numbers beyond 32 bits

my ($directory, %lines) = @ARGV;
my ($registers, $stack) = map { s/\\r\\n/\n/gr } split /\n/, read_file("$directory/cpu");
my ($at) = ($registers // '') =~ /\b[RE]IP=([0-9a-f]+)/ or exit 0;
my ($is_wide) = $registers =~ /\bRIP=/;
my ($flags) = $registers =~ /\b[RE]FL=([0-9a-f]+)/;
my ($is_halted) = $registers =~ /\bHLT=1/;

# A driver's addresses: from its base on, to the end of its table.
my %base = reverse read_file("$directory/debug.log") =~ /^(\S+)\.sys at 0x([0-9a-f]+)\r?$/mg;

sub read_file {
    my ($path) = @_;
    open my $file, '<:raw', $path or return '';
    local $/;
    return <$file> // '';
}

# "mine.sys!HwStartIo mine.c:275", or nothing for an address that is in no driver.
sub place_in_driver {
    my ($address) = @_;
    for my $base (keys %base) {
        my $rva = $address - hex $base;
        my $name = $base{$base};
        next if $rva < 0x1000 || $rva > 0x1000000;
        my $place;
        for (split /\n/, read_file($lines{$name} // '')) {
            my ($start, $words) = /^([0-9a-f]{8})(?: ([^\t]*))?/ or next;
            return defined $place ? "$name.sys!$place" : undef if hex $start > $rva;
            $place = $words;
        }
        return sprintf '%s.sys+0x%x', $name, $rva if !$lines{$name} || !-s $lines{$name};
    }
    return;
}

# What may be return addresses, the likeliest first: on top of the stack where a function has no frame yet, in the chain
# of the kernel's frames, and anywhere else, where old words lie about, too.
sub return_addresses {
    my @words = ($stack // '') =~ /\b0x([0-9a-f]{16})\b/g;
    @words = map { (substr($_, 8), substr $_, 0, 8) } @words if !$is_wide;
    my ($top) = $registers =~ /\b[RE]SP=([0-9a-f]+)/;
    my ($frame) = $registers =~ /\b[RE]BP=([0-9a-f]+)/;
    my @likely = @words ? $words[0] : ();
    for (my $last = -1; defined $frame && defined $top;) {
        my $index = (hex($frame) - hex $top) / ($is_wide ? 8 : 4);
        last if $index <= $last || $index != int $index || $index + 1 >= @words;
        push @likely, $words[$index + 1];
        ($frame, $last) = ($words[$index], $index);
    }
    return (@likely, @words);
}

sub first_on_stack {
    for my $word (return_addresses()) {
        # A return address; the call before it is what was under way.
        my $place = place_in_driver(hex($word) - 1);
        return $place if defined $place;
    }
    return;
}

my $place = place_in_driver(hex $at);
if (defined $place) {
    print "the CPU was in $place, probably in an endless loop";
    exit 0;
}
my $caller = first_on_stack();
if ($is_halted && hex($flags) & 0x200) {
    print 'the CPU was halted and waited for an interrupt: something that a driver took never ended';
} elsif ($is_halted) {
    print 'the CPU was halted with its interrupts off';
} elsif (defined $caller) {
    print "the CPU was in the port, called from $caller: probably an endless loop there, or an interrupt that is never dismissed";
} else {
    print "the CPU was at 0x$at, in no driver";
}
