#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tools/near-words.pl           misspelt words in the environment; run-qemu.sh asks
#        tools/near-words.pl NAME...   misspelt names on make's command line; the Makefile asks
#
# Words come by name, and a name that nobody knows is ignored: `make run DISK=x WIRTE=1` would write nothing,
# and not say so. Names each that is unknown and close to one of the words below, and ends with 1 then. The
# environment is full of names that are none of our business, so "close" is a slip of the hand there: two letters
# swapped, one too many, one missing inside a word, another digit, but not "NODE" for "MODE". What is on make's
# command line was typed for us: one wrong letter is close, and so is another word for the same thing.
use strict;
use warnings;

my @run_words = qw(ACCEL ARCH BUILD CDROM CHECKS CMD CONTROLLER CORE DISK DISK1 DISK2 DISK3 FAULT FORMAT GDB GDB_WAIT HISTORY HIVE
    HIVE_RO KARGS MACHINE MINIPORT MODE NBD OUT QEMU QEMU_EXTRA RECORD REPLAY REQUEST RUN_DIR STRICT TIMELINE TIMEOUT TRACE WATCHDOG WRITE);
my @make_words = qw(CASE CROSS DIR FUZZ FUZZ_SECONDS HOSTCC JOBS KILLS MINIPORT_CC MINIPORT_CFLAGS MINIPORT_CROSS MINIPORT_DEBUG NAME NBD_SIZE
    REGISTRY_ARENA REPORT RUNS SEED SOAK_FAULTS SOAK_REQUESTS TEST V WERROR);
my %is_word = map { $_ => 1 } @run_words, @make_words;

my %other_words = (
    COMMAND => 'CMD', COMMANDS => 'CMD', CMDLINE => 'KARGS', APPEND => 'KARGS', CD => 'CDROM', CDS => 'CDROM', DVD => 'CDROM',
    ISO => 'CDROM', DRIVER => 'MINIPORT', DRIVERS => 'MINIPORT', SYS => 'MINIPORT', IMAGE => 'DISK', IMAGES => 'DISK',
    IMG => 'DISK', HDA => 'DISK', HDD => 'DISK', DRIVE => 'DISK', REG => 'HIVE', REGISTRY => 'HIVE');

# Without one of its letters: does the longer name become the shorter one, and where?
sub extra_letter {
    my ($longer, $shorter) = @_;
    for my $at (0 .. length($longer) - 1) {
        return $at if substr($longer, 0, $at) . substr($longer, $at + 1) eq $shorter;
    }
    return;
}

sub is_near {
    my ($name, $word, $is_typed) = @_;
    my $difference = length($name) - length $word;
    return 0 if abs $difference > 1 || length $word < 3;
    if ($difference == 0) {
        my @differ = grep { substr($name, $_, 1) ne substr $word, $_, 1 } 0 .. length($word) - 1;
        my ($wrong, $right) = map { my $text = $_; join '', map { substr $text, $_, 1 } @differ } $name, $word;
        return $differ[1] == $differ[0] + 1 && $wrong eq reverse $right if @differ == 2;
        return @differ == 1 && (length $word >= ($is_typed ? 4 : 6) || "$wrong$right" =~ /^(?:\d\d|CK|KC)$/);
    }
    if ($difference < 0) {
        my $at = extra_letter($word, $name) // return 0;
        return length $word >= 4 && ($is_typed || $at > 0 && ($at < length $name || length $word >= 5));
    }
    my $at = extra_letter($name, $word) // return 0;
    return length $word >= 5 || ($at == length $word && $name =~ /[S\d]$/) || $name =~ /(.)\1/ && $word !~ /\Q$1$1\E/;
}

my $is_typed = @ARGV > 0;
my @names = $is_typed ? @ARGV : grep { /^[A-Z0-9_]+$/ } keys %ENV;
my @words = (@run_words, $is_typed ? @make_words : ());
my $found = 0;
for my $name (sort grep { !$is_word{$_} } @names) {
    my $upper = uc $name;
    my ($near) = $is_word{$upper} ? $upper : $is_typed && $other_words{$upper} || grep { is_near($upper, $_, $is_typed) } @words;
    defined $near or next;
    print $is_typed ? '' : 'run-qemu.sh: ', "$name= is not known here. Is $near= meant?\n";
    $found = 1;
}
exit $found;
