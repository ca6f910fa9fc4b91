#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Runs the floor program and the kernel's `bench` command in turn, on the same disk of the same
# machine (both through run-qemu.sh), and prints what an operation costs with the port and without:
# on IDE by DMA and PIO, on AHCI with queued commands and with plain ones, one and 32 at a time, on a
# disk that is nothing at all and on a file. Then queued reads of more sizes and depths, and the time of each of some
# thousand, for pictures (plot.pl).
#
# Usage: run.pl [--rounds=N] [--cpu=N|none] [--controller=ide|ahci] [--floor-only]
#            the table (make bench)
#        run.pl --pictures [--rounds=N] [--cpu=N|none]
#            only what the pictures of sizes and latencies are made of
#        run.pl --accesses [--controller=ide|ahci] [--floor-only]
#            each operation's register accesses, from QEMU's trace (make bench-accesses)
#        run.pl --profile [--workload=NAME] [--by=function|inlined|line] [--program=port|floor]
#            where its instructions go (make bench-profile); of AHCI queued-read-4096-depth-32, or
#            another of these four with queued- or plain- before it
#
# The disk is build/bench/disk.img, which this script makes and whose contents are lost. The hives
# are build/bench/*.reg, also this script's: no setting of the user's enters the figures.
#
# Times: each round boots each program for each kind of command; a figure is the median of the rounds,
# a ratio the median of the rounds' ratios. QEMU is held on one CPU, because waking a thread on
# another one costs more than the disk does, and differs from machine to machine. Accesses are counted
# by the programs, instructions by the plugin icount.so in runs of their own: those of an operation,
# or, where several are under way together, all of them divided.
use strict;
use warnings;
use Cwd;
use FindBin;
use Getopt::Long;
use List::Util qw(sum);

$ENV{LC_ALL} = 'C'; # the words of taskset and binutils are read here

my $top = Cwd::realpath("$FindBin::Bin/../..");
my ($rounds, $cpu, $floor_only, $accesses, $profile, $controller, $pictures) = (5, undef, 0, 0, 0, '', 0);
my $workload = $ENV{WORKLOAD} || 'dma-read-4k-random';
my ($by, $program) = ($ENV{BY} || 'function', 'port');
GetOptions('rounds=i' => \$rounds, 'cpu=s' => \$cpu, 'floor-only' => \$floor_only,
    'accesses' => \$accesses, 'pictures' => \$pictures, 'profile' => \$profile, 'workload=s' => \$workload, 'by=s' => \$by,
    'program=s' => \$program, 'controller=s' => \$controller)
    && !@ARGV && $rounds > 0 && $program =~ /^(?:port|floor)$/ && $controller =~ /^(?:ide|ahci|)$/
    or die <<'END';
usage: run.pl [--rounds=N] [--cpu=N|none] [--controller=ide|ahci] [--floor-only]
       run.pl --pictures [--rounds=N] [--cpu=N|none]
       run.pl --accesses [--controller=ide|ahci] [--floor-only]
       run.pl --profile [--workload=NAME] [--by=function|inlined|line] [--program=port|floor]
END

chdir $top or die "run.pl: cannot enter $top: $!\n";
my $bench = absolute($ENV{BENCH_BUILD} || 'build/bench');
my $build = absolute($ENV{BUILD} || 'build/' . ($ENV{ARCH} || 'x86_64'));
my $disk = "$bench/disk.img";
my $nm = ($ENV{CROSS} // '') . 'nm';
my $disk_mib = 64;

# A boot: which program, where its marks and symbols are, what run-qemu.sh is told, and by which
# words on its command line, or commands, it runs all its workloads or one.
my %programs = (
    floor => {program => 'floor', build => "$bench/floor", elf => "$bench/floor/kernel",
        words => {MINIPORT => 'none'}},
    port => {program => 'port', build => $build, elf => "$build/kernel.elf", words => {}},
);
my %boots = ('ide-floor' => {%{$programs{floor}}});
for my $kind (qw(dma pio)) {
    $boots{"ide-$kind"} = {%{$programs{port}}, hive => "$kind.reg", commands => 'bench 0 write'};
}

my %queues = map { my ($size, $depth) = @$_; ("read-$size-depth-$depth" => "bench 0 read $size $depth") }
    [4096, 1], [4096, 32], [131072, 1], [131072, 32];
# The same that the floor's sweep=1 has, and those of which each operation's time is noted.
my @sweep = ((map { [4096, $_] } 1, 2, 4, 8, 16, 32), map { my $size = $_ << 10; map { [$size, $_] } 1, 32 } 8, 16, 32, 64, 128);
my @timed = ([4096, 1], [4096, 32]);
my @queues = sort { ($a =~ /read-(\d+)/)[0] <=> ($b =~ /read-(\d+)/)[0] || $a cmp $b } keys %queues;
my %disks = (
    file => {},
    null => {DISK => 'none', QEMU_EXTRA => "-blockdev\nnull-co,node-name=null,read-zeroes=on,size="
        . ($disk_mib << 20) . "\n-device\nide-hd,drive=null,bus=ide.0"},
);
for my $disk (keys %disks) {
    for my $kind (qw(queued plain)) {
        my %words = (MACHINE => 'q35', %{$disks{$disk}});
        $boots{"ahci-$disk-$kind-floor"} = {%{$programs{floor}}, floor_words => "drive=ahci kind=$kind",
            words => {%words, %{$programs{floor}{words}}}, prefix => "$kind-"};
        $boots{"ahci-$disk-$kind-port"} = {%{$programs{port}}, hive => "$kind.reg",
            words => \%words, prefix => "$kind-",
            commands => join('; ', @queues{@queues})};
    }
}

# Tables: boots that are compared with each other.
my @tables = grep { $_->{name} =~ /^$controller/ } (
    {name => 'ide', title => 'IDE, file', boots => [qw(ide-floor ide-dma ide-pio)]},
    map { my $disk = $_; {name => "ahci-$disk", title => "AHCI, $disk",
            boots => [map { my $kind = $_; map { "ahci-$disk-$kind-$_" } qw(floor port) }
                qw(queued plain)]} } qw(null file),
);
for my $table (@tables) {
    @{$table->{boots}} = grep { !$floor_only || $boots{$_}{program} eq 'floor' } @{$table->{boots}};
}

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
    write_file("$bench/queued.reg", $header);
    write_file("$bench/plain.reg", $header
        . "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\ahci\\Controller0\\Channel0]\n"
        . "\"NcqDisabled\"=dword:00000001\n");
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
# More: `only` is a workload; floor_words, and extra words for QEMU.
sub boot {
    my ($name, %more) = @_;
    my $boot = $boots{$name};
    my $commands = $more{commands} // ($more{only} && $queues{$more{only}} || $boot->{commands});
    my @floor_words = ($boot->{floor_words} // (), $more{floor_words} // (),
        $more{only} ? "workload=$more{only}" : ());
    local %ENV = %ENV;
    delete @ENV{qw(DISK1 DISK2 DISK3 CDROM CONTROLLER KARGS MACHINE STRICT TRACE GDB GDB_WAIT MODE MINIPORT
        QEMU_EXTRA)};
    %ENV = (%ENV, DISK => $disk, FORMAT => 'raw', WRITE => 1, BUILD => $boot->{build},
        RUN_DIR => "$bench/run", TIMEOUT => 300, %{$boot->{words}});
    delete @ENV{qw(FORMAT WRITE)} if $ENV{DISK} eq 'none';
    %ENV = (%ENV, HIVE => "$bench/" . ($boot->{hive} // 'dma.reg'), HIVE_RO => 1);
    if ($boot->{program} eq 'floor') { $ENV{KARGS} = join ' ', @floor_words }
    else { $ENV{CMD} = $commands }
    $ENV{QEMU_EXTRA} = join "\n", $ENV{QEMU_EXTRA} // (), @{$more{extra} // []};
    $ENV{ACCEL} = 'tcg' if $more{extra}; # plugins are TCG's

    my $output = `./run-qemu.sh </dev/null 2>&1`;
    my $code = $? >> 8;
    $output =~ s/\r//g;
    die "run.pl: $name ended with $code:\n$output\n" if $code;
    ${$more{output}} = $output if $more{output};
    my @lines;
    while ($output =~ /^bench $boot->{program} (\S+) (.*)$/mg) {
        my ($workload_name, $rest) = (($boot->{prefix} // '') . $1, $2);
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
# had operations; of one workload whose operations are under way together, fewer.
# Returns workload => {first, last, counts => [instructions of each interval], each => of an operation}.
sub count_once {
    my ($name, %more) = @_;
    my @lines = boot($name, %more, extra => [plugin_words($name, @{$more{words} // []})]);
    open my $file, '<', "$bench/$name.icount" or die "run.pl: $bench/$name.icount: $!\n";
    my @counts = map { /^interval 0 (\d+)/ ? $1 : () } <$file>;
    my ($expected, %of) = (0);
    for my $line (@lines) {
        my $first = $expected;
        my $intervals = $more{only} ? @counts : $line->{ops};
        $expected += $intervals;
        next if $expected > @counts;
        my @of_it = @counts[$first .. $expected - 1];
        $of{$line->{workload}} = {first => $first, last => $expected - 1, counts => \@of_it,
            each => $intervals == $line->{ops} ? median(@of_it) : sum(@of_it) / $line->{ops}};
    }
    die "run.pl: $name: $expected operations, but the marks were passed " . @counts . " times\n"
        if $expected != @counts;
    return \%of;
}

# The same of all its workloads.
sub count_instructions {
    my ($name) = @_;
    return count_once($name) unless $boots{$name}{prefix};
    return {map { %{count_once($name, only => $_)} } @queues};
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
    printf "%-27s %-6s %12s %12s %12s %12s %15s\n", $title, $who, map { $_ // '-' } @figures;
}

sub progress {
    printf STDERR "\r%-50s%s", $_[0], $_[0] eq '' ? "\r" : '' if -t STDERR;
}

sub measure {
    my ($table) = @_;
    my (%measured, %instructions, @order);
    for my $round (1 .. $rounds) {
        for my $name (@{$table->{boots}}) {
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
    for my $name (@{$table->{boots}}) {
        progress("instructions: $name");
        my $of = count_instructions($name);
        $instructions{$_}{$boots{$name}{program}} = $of->{$_}{each} for keys %$of;
    }
    progress('');
    return (\@order, \%measured, \%instructions);
}

# Prints it. Returns the same as lines of a file.
sub table {
    my ($table) = @_;
    my ($order, $measured, $instructions) = measure($table);
    my $results = '';

    print_row($table->{title}, '', 'operations/s', 'ns', 'accesses', 'data', 'instructions');
    print_row('', '', '', 'each', 'each', 'accesses', 'each');
    for my $name (@$order) {
        my $title = $name;
        for my $who (qw(port floor)) {
            my $runs = $measured->{$name}{$who} or next;
            my %figure = map { my $key = $_; $key => median(map { $_->{$key} } @$runs) }
                qw(ns accesses data);
            my $count = $instructions->{$name}{$who};
            print_row($title, $who, with_commas(1e9 / $figure{ns}), with_commas($figure{ns}),
                with_commas($figure{accesses}), with_commas($figure{data}),
                defined $count ? with_commas($count) : undef);
            $results .= join("\t", $table->{name}, $name, $who, map { sprintf '%.1f', $_ } $figure{ns},
                $figure{accesses}, $figure{data}, $count // 0) . "\n";
            $title = '';
        }
        print_ratio($measured->{$name}, $instructions->{$name});
    }
    return $results;
}

sub tables {
    my $results = "disk\tworkload\tprogram\tns\taccesses\tdata_accesses\tinstructions\n";
    for my $table (@tables) {
        $results .= table($table);
        print "\n";
    }
    write_file("$bench/results.tsv", $results);
    pictures() unless $floor_only || $controller eq 'ide';
}

sub pictures {
    sweep();
    latencies();
    system($^X, "$FindBin::Bin/plot.pl", $bench) == 0 or die "run.pl: plot.pl failed\n";
}

# ------------------------------------------------------------------ for pictures

# Queued reads of several sizes and depths, on the disk that is nothing at all: sizes.tsv.
sub sweep {
    my (%ns, $results);
    my %more = (port => {commands => join '; ', map { "bench 0 read $_->[0] $_->[1]" } @sweep}, floor => {floor_words => 'sweep=1'});

    for my $round (1 .. $rounds) {
        for my $program (qw(floor port)) {
            progress("sizes and depths, round $round of $rounds: $program");
            push @{$ns{$_->{workload}}{$program}}, $_->{ns_total} / $_->{ops}
                for boot("ahci-null-queued-$program", %{$more{$program}});
        }
    }
    progress('');
    $results = "program\tbytes\tdepth\tns\n";
    for my $program (qw(port floor)) {
        $results .= join("\t", $program, @$_, sprintf '%.1f', median(@{$ns{"queued-read-$_->[0]-depth-$_->[1]"}{$program}})) . "\n"
            for @sweep;
    }
    write_file("$bench/sizes.tsv", $results);
}

# How long each took: the port's by its trace, from IdeHwStartIo to the end, in microseconds.
sub latencies_of_port {
    my ($file) = @_;
    my (%begun, @us);

    open my $lines, '<', $file or die "run.pl: $file: $!\n";
    while (my $line = <$lines>) {
        my ($time, $slot, $what) = $line =~ /^\s*(\d+\.\d+).* IRB in slot (\d+) (begins: read|ends: success)/ or next;
        if ($what =~ /^begins/) { $begun{$slot} = $time }
        elsif (defined $begun{$slot}) { push @us, ($time - delete $begun{$slot}) * 1e6 }
    }
    return @us;
}

# latencies.tsv: each of the last operations.
sub latencies {
    my $results = "program\tbytes\tdepth\tus\n";
    my $row = sub { join("\t", @_[0 .. 2], sprintf '%.1f', $_[3]) . "\n" };
    my ($output, %us);

    progress('the time of each');
    unlink glob "$bench/run/latencies-*";
    boot('ahci-null-queued-port', commands => join '; ', 'trace on irbs',
        map { ('trace clear', "bench 0 read $_->[0] $_->[1]", "trace save latencies-$_->[0]-$_->[1]") } @timed);
    boot('ahci-null-queued-floor', floor_words => 'latencies=1', output => \$output);
    push @{$us{$1}}, map { $_ / 1000 } split ' ', $2 while $output =~ /^latencies floor (\S+) (.*)$/mg;
    progress('');
    for my $pair (@timed) {
        my $name = join '-', @$pair;
        $results .= $row->('port', @$pair, $_) for latencies_of_port("$bench/run/latencies-$name");
        $results .= $row->('floor', @$pair, $_) for @{$us{"read-$pair->[0]-depth-$pair->[1]"}};
    }
    write_file("$bench/latencies.tsv", $results);
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

# Of AHCI, those of one command at a time: what several share has no order of its own.
sub show_accesses {
    my @names = grep { $_ ne 'ide-pio' && !/^ahci-file/ } map { @{$_->{boots}} } @tables;
    for my $name (@names) {
        my ($log, $is_ahci) = ("$bench/$name.log", $boots{$name}{prefix});
        boot($name, floor_words => 'divide=100', only => $is_ahci ? $queues[0] : undef,
            extra => [plugin_words($name, 'log=on'), '-d', 'plugin', '-D', $log,
                map { ('-trace', $_) } $is_ahci ? ('ahci_*', 'handle_cmd_fis_dump') : ('ide_*', 'bmdma_*')]);
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
    my ($kind, $only) = $workload =~ /^(queued|plain)-(.*)/;
    my $name = $kind ? "ahci-null-$kind-$program"
        : $program eq 'floor' ? 'ide-floor' : $workload =~ /^pio-/ ? 'ide-pio' : 'ide-dma';
    my $of = count_once($name, only => $only)->{$workload}
        or die "run.pl: $name has no workload $workload\n";
    # A typical operation for the path: in the second half, with the median number of instructions.
    my ($typical, $half) = (median(@{$of->{counts}}), int(@{$of->{counts}} / 2));
    my ($nearest) = sort { abs($of->{counts}[$a] - $typical) <=> abs($of->{counts}[$b] - $typical)
        || $a <=> $b } $half .. $#{$of->{counts}};
    count_once($name, only => $only, words => ["profile=$bench/$name.profile", "first=$of->{first}",
        "last=$of->{last}", "path=$bench/$name.path",
        'path_interval=' . ($of->{first} + $nearest)]);
    my @images = ("--image=$boots{$name}{elf}", $program eq 'floor' ? () : driver_images());
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
elsif ($pictures) { pictures() }
else { tables() }
