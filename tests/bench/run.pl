#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Runs the floor program and the kernel's `bench` command in turn, on the same disk of the same
# machine (both through run-qemu.sh), and prints what an operation costs with the port and without.
#
# Usage: run.pl [--rounds=N] [--cpu=N|none] [--floor-only]
#            the table (make bench)
#        run.pl --accesses [--floor-only]
#            each operation's register accesses, from QEMU's trace (make bench-accesses)
#        run.pl --profile [--workload=NAME] [--by=function|inlined|line] [--program=port|floor]
#            where its instructions go (make bench-profile)
#
# The disk is build/bench/disk.img, which this script makes and whose contents are lost. The hive is
# build/bench/dma.reg or pio.reg, also this script's: no setting of the user's enters the figures.
#
# Times: each round boots the floor, the kernel with DMA and the kernel with PIO; a figure is the
# median of the rounds, a ratio the median of the rounds' ratios. QEMU is held on one CPU, because
# waking a thread on another one costs more than the disk does, and differs from machine to machine.
# Accesses are counted by the programs, instructions by the plugin icount.so in a run of its own.
use strict;
use warnings;
use Cwd;
use FindBin;
use Getopt::Long;

$ENV{LC_ALL} = 'C'; # the words of taskset and binutils are read here

my $top = Cwd::realpath("$FindBin::Bin/../..");
my ($rounds, $cpu, $floor_only, $accesses, $profile) = (5, undef, 0, 0, 0);
my $workload = $ENV{WORKLOAD} || 'dma-read-4k-random';
my ($by, $program) = ($ENV{BY} || 'function', 'port');
GetOptions('rounds=i' => \$rounds, 'cpu=s' => \$cpu, 'floor-only' => \$floor_only,
    'accesses' => \$accesses, 'profile' => \$profile, 'workload=s' => \$workload, 'by=s' => \$by,
    'program=s' => \$program)
    && !@ARGV && $rounds > 0 && $program =~ /^(?:port|floor)$/ or die <<'END';
usage: run.pl [--rounds=N] [--cpu=N|none] [--floor-only]
       run.pl --accesses [--floor-only]
       run.pl --profile [--workload=NAME] [--by=function|inlined|line] [--program=port|floor]
END

chdir $top or die "run.pl: cannot enter $top: $!\n";
my $bench = absolute($ENV{BENCH_BUILD} || 'build/bench');
my $build = absolute($ENV{BUILD} || 'build/' . ($ENV{ARCH} || 'x86_64'));
my $disk = "$bench/disk.img";
my $nm = ($ENV{CROSS} // '') . 'nm';
my $disk_mib = 64;

# A boot: which program, how it is started, where its marks and symbols are.
my %boots = (
    'floor' => {program => 'floor', build => "$bench/floor", elf => "$bench/floor/kernel"},
    map {
        my %port = (program => 'port', build => $build, elf => "$build/kernel.elf");
        ("port-$_" => {%port, hive => "$_.reg"})
    } qw(dma pio),
);
my @boots = $floor_only ? ('floor') : ('floor', 'port-dma', 'port-pio');

sub absolute { return $_[0] =~ m{^/} ? $_[0] : "$top/$_[0]" }

sub median {
    my @sorted = sort { $a <=> $b } @_;
    my $half = int(@sorted / 2);
    return @sorted % 2 ? $sorted[$half] : ($sorted[$half - 1] + $sorted[$half]) / 2;
}

# ------------------------------------------------------------------ preparation

sub write_file {
    my ($name, $text) = @_;
    open my $file, '>:raw', $name or die "run.pl: cannot write $name: $!\n";
    print {$file} $text;
    close $file or die "run.pl: cannot write $name: $!\n";
}

sub prepare {
    for ("$bench/floor/kernel", "$bench/icount.so", $floor_only ? () : "$build/kernel") {
        -f $_ or die "run.pl: $_ is missing: run `make bench`\n";
    }
    # Every block is written once, so that no operation meets a hole of the file.
    open my $random, '<:raw', '/dev/urandom' or die "run.pl: /dev/urandom: $!\n";
    read($random, my $mib, 1 << 20) == 1 << 20 or die "run.pl: /dev/urandom gives too little\n";
    write_file($disk, $mib x $disk_mib);
    my $header = "Windows Registry Editor Version 5.00\n\n";
    write_file("$bench/dma.reg", $header);
    write_file("$bench/pio.reg", $header
        . "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\pata\\Controller0\\Channel0]\n"
        . "\"DmaAllowed\"=dword:00000000\n");
    pin();
}

# Holds this process, and every QEMU that it starts, on the last CPU that it may use.
sub pin {
    return if defined $cpu && $cpu eq 'none';
    if (!defined $cpu) {
        my ($list) = `taskset -cp $$ 2>/dev/null` =~ /:\s*(\S+)/;
        return warn "run.pl: no taskset, so QEMU's threads may run on several CPUs\n" unless $list;
        ($cpu) = $list =~ /(\d+)$/;
    }
    system("taskset -cp $cpu $$ >/dev/null") == 0 or die "run.pl: --cpu=$cpu: taskset failed\n";
}

# ------------------------------------------------------------------ one boot

# Runs one boot and returns its `bench` lines: {workload, ops, ns_total, ...}, in their order.
sub boot {
    my ($name, %more) = @_;
    my $boot = $boots{$name};
    local %ENV = %ENV;
    delete @ENV{qw(DISK1 DISK2 DISK3 CDROM KARGS STRICT TRACE GDB GDB_WAIT MODE MINIPORT)};
    %ENV = (%ENV, DISK => $disk, FORMAT => 'raw', WRITE => 1, BUILD => $boot->{build},
        RUN_DIR => "$bench/run", TIMEOUT => 300, QEMU_EXTRA => join "\n", @{$more{extra} // []});
    %ENV = (%ENV, HIVE => "$bench/" . ($boot->{hive} // 'dma.reg'), HIVE_RO => 1,
        CMD => 'bench 0 write');
    %ENV = (%ENV, MINIPORT => 'none', KARGS => $more{floor_words} // '') if $name eq 'floor';
    $ENV{ACCEL} = 'tcg' if $more{extra}; # plugins are TCG's

    my $output = `./run-qemu.sh </dev/null 2>&1`;
    my $code = $? >> 8;
    $output =~ s/\r//g;
    die "run.pl: $name ended with $code:\n$output\n" if $code;
    my @lines;
    while ($output =~ /^bench $boot->{program} (\S+) (.*)$/mg) {
        my ($workload_name, $rest) = ($1, $2);
        push @lines, {workload => $workload_name, $rest =~ /(\w+)=(\d+)/g};
    }
    for my $line (@lines) {
        defined $line->{$_} or die "run.pl: $name, $line->{workload}: no $_=\n"
            for qw(ops ns_total accesses);
    }
    die "run.pl: $name printed no `bench $boot->{program}` line:\n$output\n" unless @lines;
    return @lines;
}

sub plugin_words {
    my ($name, @words) = @_;
    my %mark = reverse map { /^([0-9a-f]+) \S (bench_mark_\w+)$/ ? ($1, $2) : () }
        split /\n/, `$nm '$boots{$name}{elf}'`;
    die "run.pl: $boots{$name}{elf} has no bench_mark_begin and bench_mark_end\n"
        unless $mark{bench_mark_begin} && $mark{bench_mark_end};
    die "run.pl: both marks of $name are one function: give them the attribute noipa\n"
        if $mark{bench_mark_begin} eq $mark{bench_mark_end};
    s/,/,,/g for @words;
    (my $plugin = "$bench/icount.so") =~ s/,/,,/g;
    (my $out = "$bench/$name.icount") =~ s/,/,,/g;
    return ('-plugin', join ',', $plugin, "out=$out", "begin=0x$mark{bench_mark_begin}",
        "end=0x$mark{bench_mark_end}", @words);
}

# Runs one boot with the plugin. The intervals come in the order of the workloads, as many as each
# had operations. Returns workload => {first, last, counts => [instructions of each interval]}.
sub count_instructions {
    my ($name, %more) = @_;
    my @lines = boot($name, %more, extra => [plugin_words($name, @{$more{words} // []})]);
    open my $file, '<', "$bench/$name.icount" or die "run.pl: $bench/$name.icount: $!\n";
    my @counts = map { /^interval 0 (\d+)/ ? $1 : () } <$file>;
    my ($expected, %of) = (0);
    for my $line (@lines) {
        my $first = $expected;
        $expected += $line->{ops};
        next if $expected > @counts;
        $of{$line->{workload}} = {first => $first, last => $expected - 1,
            counts => [@counts[$first .. $expected - 1]]};
    }
    die "run.pl: $name: $expected operations, but the marks were passed " . @counts . " times\n"
        if $expected != @counts;
    return \%of;
}

# ------------------------------------------------------------------ the table

sub with_commas {
    my ($number) = @_;
    my $text = $number >= 100 ? sprintf '%.0f', $number : sprintf '%.1f', $number;
    $text =~ s/\.0$//;
    1 while $text =~ s/^(\d+)(\d{3})/$1,$2/;
    return $text;
}

sub print_row {
    my ($title, $who, @figures) = @_;
    printf "%-19s %-6s %12s %12s %12s %12s %15s\n", $title, $who, map { $_ // '-' } @figures;
}

sub progress {
    printf STDERR "\r%-40s%s", $_[0], $_[0] eq '' ? "\r" : '' if -t STDERR;
}

sub table {
    my (%measured, %instructions, @order);
    for my $round (1 .. $rounds) {
        for my $name (@boots) {
            progress("round $round of $rounds: $name");
            for my $line (boot($name)) {
                my ($ops, $to) = ($line->{ops}, $measured{$line->{workload}} //= {});
                push @order, $line->{workload} unless grep { $_ eq $line->{workload} } @order;
                push @{$to->{$boots{$name}{program}}},
                    {ns => $line->{ns_total} / $ops, accesses => $line->{accesses} / $ops,
                     data => ($line->{data_accesses} // 0) / $ops};
            }
        }
    }
    for my $name (@boots) {
        progress("instructions: $name");
        my $of = count_instructions($name);
        $instructions{$_}{$boots{$name}{program}} = median(@{$of->{$_}{counts}}) for keys %$of;
    }
    progress('');

    print_row('', '', 'operations/s', 'ns', 'accesses', 'data', 'instructions');
    print_row('', '', '', 'each', 'each', 'accesses', 'each');
    my $results = "workload\tprogram\tns\taccesses\tdata_accesses\tinstructions\n";
    for my $name (@order) {
        my $title = $name;
        for my $who (qw(port floor)) {
            my $runs = $measured{$name}{$who} or next;
            my %figure = map { my $key = $_; $key => median(map { $_->{$key} } @$runs) }
                qw(ns accesses data);
            my $count = $instructions{$name}{$who};
            print_row($title, $who, with_commas(1e9 / $figure{ns}), with_commas($figure{ns}),
                with_commas($figure{accesses}), with_commas($figure{data}),
                defined $count ? with_commas($count) : undef);
            $results .= join("\t", $name, $who, map { sprintf '%.1f', $_ } $figure{ns},
                $figure{accesses}, $figure{data}, $count // 0) . "\n";
            $title = '';
        }
        print_ratio($measured{$name}, $instructions{$name});
    }
    write_file("$bench/results.tsv", $results);
}

sub print_ratio {
    my ($runs, $count) = @_;
    my ($port, $floor) = @$runs{qw(port floor)};
    return unless $port && $floor;
    my $ratio = sub {
        my ($key) = @_;
        my @ratios = map { $floor->[$_]{$key} ? $port->[$_]{$key} / $floor->[$_]{$key} : () }
            0 .. $#$floor;
        return @ratios ? sprintf '%.2f', median(@ratios) : undef;
    };
    my $ns = $ratio->('ns');
    my $instructions = $count->{floor} && $count->{port}
        ? sprintf('%.2f', $count->{port} / $count->{floor}) : undef;
    print_row('', 'ratio', sprintf('%.2f', 1 / $ns), $ns, $ratio->('accesses'), $ratio->('data'),
        $instructions);
}

# ------------------------------------------------------------------ accesses and profile

sub show_accesses {
    for my $name (grep { $_ ne 'port-pio' } @boots) {
        my $log = "$bench/$name.log";
        boot($name, floor_words => 'divide=100',
            extra => [plugin_words($name, 'log=on'), '-d', 'plugin', '-D', $log,
                '-trace', 'ide_*', '-trace', 'bmdma_*']);
        print "\n$name\n\n";
        system($^X, "$FindBin::Bin/accesses.pl", $log) == 0 or die "run.pl: accesses.pl failed\n";
    }
}

# Where a loaded driver's image lies: the kernel's log says so.
sub driver_images {
    open my $log, '<', "$bench/run/debug.log" or return;
    my %base = map { /\b(\w+\.sys)\b.*?\b0x([0-9a-fA-F]+)/ ? ($1, $2) : () } reverse <$log>;
    return map { "--image=$build/$_\@$base{$_}" } grep { -f "$build/$_" } sort keys %base;
}

sub show_profile {
    my $name = $program eq 'floor' ? 'floor' : $workload =~ /^pio-/ ? 'port-pio' : 'port-dma';
    my $of = count_instructions($name)->{$workload}
        or die "run.pl: $name has no workload $workload\n";
    # A typical operation for the path: in the second half, with the median number of instructions.
    my ($typical, $half) = (median(@{$of->{counts}}), int(@{$of->{counts}} / 2));
    my ($nearest) = sort { abs($of->{counts}[$a] - $typical) <=> abs($of->{counts}[$b] - $typical)
        || $a <=> $b } $half .. $#{$of->{counts}};
    count_instructions($name, words => ["profile=$bench/$name.profile", "first=$of->{first}",
        "last=$of->{last}", "path=$bench/$name.path",
        'path_interval=' . ($of->{first} + $nearest)]);
    my @images = ("--image=$boots{$name}{elf}", $name eq 'floor' ? () : driver_images());
    my @script = ($^X, "$FindBin::Bin/profile.pl", @images);
    print "$workload: all operations\n\n";
    system(@script, "--profile=$bench/$name.profile", "--by=$by") == 0
        or die "run.pl: profile.pl failed\n";
    print "\nthe way of one operation: ";
    system(@script, "--path=$bench/$name.path") == 0 or die "run.pl: profile.pl failed\n";
    print "\none function, instruction by instruction:\n    tests/bench/profile.pl @images "
        . "--profile=$bench/$name.profile --annotate=NAME\n";
}

prepare();
if ($accesses) { show_accesses() }
elsif ($profile) { show_profile() }
else { table() }
