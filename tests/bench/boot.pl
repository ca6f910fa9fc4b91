#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# How long a machine with one disk takes to the shell's prompt: pc with its PIIX3, and q35 with its AHCI controller and
# five empty ports, in turn.
#
# Usage: boot.pl [--starts=N]      (make bench-boot, and the end of make bench)
#
# Each start is seen from the outside, by three moments on the host's clock: QEMU's process begins (a script in front of
# it says so), QEMU translates the kernel's first instruction (`-d in_asm` of that address alone, which it does once,
# right before it carries it out), and the prompt is read from the console. What lies before the second is QEMU and
# firmware. A figure is the median of all starts (20). Disk and hive are build/bench/boot.*, this script's own.
use strict;
use warnings;
use Cwd;
use FindBin;
use Getopt::Long;
use POSIX qw(mkfifo);
use Time::HiRes qw(time);

$ENV{LC_ALL} = 'C';
my $top = Cwd::realpath("$FindBin::Bin/../..");
my $starts = 20;
GetOptions('starts=i' => \$starts) && !@ARGV && $starts > 0 or die "usage: boot.pl [--starts=N]\n";
chdir $top or die "boot.pl: cannot enter $top: $!\n";

sub absolute { return $_[0] =~ m{^/} ? $_[0] : "$top/$_[0]" }

my $arch = $ENV{ARCH} || 'x86_64';
my $build = absolute($ENV{BUILD} || "build/$arch");
my $bench = absolute($ENV{BENCH_BUILD} || 'build/bench');
my $limit_s = 60;

my @machines = (
    ['pc, PIIX3', MACHINE => 'pc'],
    ['q35, AHCI', MACHINE => 'q35'],
);

sub write_file {
    my ($name, $text) = @_;
    open my $file, '>:raw', $name or die "boot.pl: cannot write $name: $!\n";
    print {$file} $text;
    close $file or die "boot.pl: cannot write $name: $!\n";
}

sub median {
    my @sorted = sort { $a <=> $b } @_;
    my $half = int(@sorted / 2);
    return @sorted % 2 ? $sorted[$half] : ($sorted[$half - 1] + $sorted[$half]) / 2;
}

# The 32-bit ELF file that the boot loader enters.
sub entry_address {
    open my $file, '<:raw', "$build/kernel" or die "boot.pl: $build/kernel is missing: run `make`\n";
    read($file, my $header, 28) == 28 or die "boot.pl: $build/kernel is too short\n";
    return unpack 'x24 V', $header;
}

# ------------------------------------------------------------------ one start

# Reads what comes until it holds the pattern; the moment. `left` has what came behind.
sub moment_of {
    my ($file, $pattern, $what) = @_;
    my $deadline = time + $limit_s;
    my $text = '';
    while ($text !~ $pattern) {
        vec(my $ready = '', fileno $file, 1) = 1;
        my $left = $deadline - time;
        die "boot.pl: $what did not come in $limit_s s; the output was:\n$text\n"
            if $left <= 0 || select($ready, undef, undef, $left) <= 0;
        sysread($file, my $bytes, 65536) or die "boot.pl: the run ended before $what came:\n$text\n";
        $text .= $bytes;
    }
    return time;
}

# (seconds from QEMU's start, seconds from the kernel's first instruction)
sub start {
    my (%words) = @_;
    my $entry = entry_address();
    my $fifo = "$bench/boot.fifo";
    open my $events, '+<', $fifo or die "boot.pl: $fifo: $!\n";    # both ends: nobody waits for the other
    pipe my $from_host, my $to_guest or die "boot.pl: pipe: $!\n";
    pipe my $console, my $to_host or die "boot.pl: pipe: $!\n";
    my $pid = fork // die "boot.pl: fork: $!\n";
    if (!$pid) {
        delete @ENV{qw(DISK1 DISK2 DISK3 CDROM CONTROLLER KARGS STRICT TRACE GDB GDB_WAIT CMD MINIPORT FAULT CHECKS WRITE)};
        %ENV = (%ENV, BUILD => $build, DISK => "$bench/boot.img", FORMAT => 'raw', HIVE => "$bench/boot.reg", HIVE_RO => 1,
            RUN_DIR => "$bench/boot.run", HISTORY => '', MODE => 'interactive', TIMEOUT => $limit_s, ACCEL => 'tcg', BOOT_FIFO => $fifo,
            BOOT_QEMU => $ENV{QEMU} || "qemu-system-$arch", QEMU => "$bench/boot-qemu", %words,
            QEMU_EXTRA => sprintf("-d\nin_asm\n-dfilter\n0x%x+1\n-D\n%s", $entry, $fifo));
        open STDIN, '<&', $from_host or POSIX::_exit(2);
        open STDOUT, '>&', $to_host or POSIX::_exit(2);
        open STDERR, '>&', $to_host or POSIX::_exit(2);
        close $_ for $to_guest, $console, $events;
        exec './run-qemu.sh' or POSIX::_exit(2);
    }
    close $_ for $from_host, $to_host;
    my $begin = moment_of($events, qr/^QEMU starts$/m, 'QEMU\'s start');
    my $first = moment_of($events, sprintf('0x0*%x:', $entry), 'the kernel\'s first instruction');
    my $prompt = moment_of($console, qr/\n\r*> /, 'the prompt');
    syswrite $to_guest, "poweroff\r";
    close $to_guest;
    1 while sysread $console, my $rest, 65536;
    waitpid $pid, 0;
    return ($prompt - $begin, $prompt - $first);
}

# ------------------------------------------------------------------ all of them

-f "$build/kernel" or die "boot.pl: $build/kernel is missing: run `make`\n";
write_file("$bench/boot.reg", "Windows Registry Editor Version 5.00\n\n");
write_file("$bench/boot.img", '');
truncate "$bench/boot.img", 64 << 20 or die "boot.pl: $bench/boot.img: $!\n";
write_file("$bench/boot-qemu", qq(#!/bin/sh\necho 'QEMU starts' >"\$BOOT_FIFO"\nexec "\$BOOT_QEMU" "\$@"\n));
chmod 0755, "$bench/boot-qemu";
-p "$bench/boot.fifo" or mkfifo("$bench/boot.fifo", 0600) or die "boot.pl: $bench/boot.fifo: $!\n";

my %seconds;
for my $number (1 .. $starts) {
    for (@machines) {
        my ($name, @words) = @$_;
        printf STDERR "\rstart %u of %u: %-20s", $number, $starts, $name if -t STDERR;
        my @figures = start(@words);
        push @{ $seconds{$name}[$_] }, $figures[$_] for 0, 1;
    }
}
printf STDERR "\r%-40s\r", '' if -t STDERR;

my %median = map { my $name = $_; ($name => [map { median(@$_) } @{ $seconds{$name} }]) } keys %seconds;
printf "%-24s%18s%18s\n", 'to the prompt, ms', 'from the kernel\'s', 'from QEMU\'s start';
printf "%-24s%18s%18s\n", "($starts starts each)", 'first instruction', '';
printf "%-24s%18.1f%18.1f\n", $_->[0], map { $_ * 1000 } @{ $median{ $_->[0] } }[1, 0] for @machines;
my ($pc, $q35) = map { $median{ $_->[0] } } @machines;
printf "%-24s%18.2f%18.2f\n", 'ratio', map { $q35->[$_] / $pc->[$_] } 1, 0;
