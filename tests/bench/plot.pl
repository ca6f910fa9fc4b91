#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Usage: plot.pl FOLDER
#
# Makes pictures (SVG) of what run.pl has written into FOLDER, by gnuplot; each needs its file:
#     sizes.tsv      throughput.svg    operations and bytes a second, by size and by depth, port and floor
#     latencies.tsv  latency.svg       how many operations took no longer than so many microseconds
#     results.tsv    floor.svg         how many times as long as without the port each workload takes
# and names them. Without gnuplot it says so, which is no failure: the figures are in the tables.
#
# Port and floor, and the depths, differ in the line's dashes and in the points, so that a picture in grey says the same.
use strict;
use warnings;

my ($folder) = @ARGV;
@ARGV == 1 && -d $folder or die "usage: plot.pl FOLDER\n";
if (!grep { -x "$_/gnuplot" } split /:/, $ENV{PATH}) {
    print "No pictures were made: there is no gnuplot here (Debian and Ubuntu have it in gnuplot-nox).\n";
    exit 0;
}

# Rows of a table, by the names in its first line. None: the file is not there.
sub rows_of {
    my ($name) = @_;
    open my $file, '<', "$folder/$name" or return;
    chomp(my @lines = <$file>);
    my @names = split /\t/, shift @lines // '';
    return map { my %row; @row{@names} = split /\t/; \%row } @lines;
}

sub write_file {
    my ($name, @lines) = @_;
    open my $file, '>', "$folder/$name" or die "plot.pl: cannot write $folder/$name: $!\n";
    print {$file} map { "$_\n" } @lines;
    close $file or die "plot.pl: cannot write $folder/$name: $!\n";
}

# Within double quotes of gnuplot's, where the text is plain (noenhanced).
sub quoted {
    my ($text) = @_;
    return '"' . $text =~ s/(["\\])/\\$1/gr . '"';
}

# A block of data that a plot has by its name.
sub data {
    my ($name, @points) = @_;
    return ("\$$name << END", (map { join ' ', @$_ } @points), 'END');
}

my @made;

sub draw {
    my ($name, $height, @script) = @_;
    write_file("$name.plot", "set terminal svg noenhanced size 900,$height background rgb \"white\" font \"sans-serif,14\"",
        'set output ' . quoted("$folder/$name.svg"), 'set grid lc rgb "#d0d0d0" lw 0.5', 'set border 3', 'set tics nomirror', @script);
    system('gnuplot', "$folder/$name.plot") == 0 or die "plot.pl: gnuplot does not take $folder/$name.plot\n";
    push @made, "$folder/$name.svg";
}

# What the port's lines and the floor's look like; the index tells two of each apart.
my %style = (
    port => ['lc rgb "#000000" lw 2.5 dt 1 pt 7 ps 0.9', 'lc rgb "#000000" lw 1.2 dt 1 pt 5 ps 0.8'],
    floor => ['lc rgb "#808080" lw 2.5 dt (8,5) pt 6 ps 0.9', 'lc rgb "#808080" lw 1.2 dt (3,4) pt 4 ps 0.8'],
);
my %title = (port => 'with the port', floor => 'without (floor)');

# ------------------------------------------------------------------ throughput

sub draw_throughput {
    my @rows = rows_of('sizes.tsv') or return;
    my (@script, @by_size, @by_depth);

    for my $program (qw(port floor)) {
        my $index = 0;
        for my $depth (32, 1) {
            my @points = map { [$_->{bytes} / 1024, $_->{bytes} / 1048576 / ($_->{ns} / 1e9)] } sort { $a->{bytes} <=> $b->{bytes} }
                grep { $_->{program} eq $program && $_->{depth} == $depth } @rows;
            push @script, data("size_${program}_$depth", @points);
            push @by_size, "\$size_${program}_$depth using 1:2 with linespoints $style{$program}[$index++] title "
                . quoted("$title{$program}, $depth at a time");
        }
        my @points = map { [$_->{depth}, 1e9 / $_->{ns}] } sort { $a->{depth} <=> $b->{depth} }
            grep { $_->{program} eq $program && $_->{bytes} == 4096 } @rows;
        push @script, data("depth_$program", @points);
        push @by_depth, "\$depth_$program using 1:2 with linespoints $style{$program}[0] title " . quoted($title{$program});
    }
    draw('throughput', 860, @script, 'set multiplot layout 2,1', 'set logscale x 2', 'set key left top reverse Left', 'set yrange [0:*]',
        'set title "Queued reads on AHCI, of a disk that is nothing at all: throughput by size"', 'set xlabel "size of a read (KiB)"',
        'set ylabel "throughput (MiB/s)"', 'plot ' . join(', ', @by_size), 'set title "The same, of 4 KiB: reads by depth"',
        'set xlabel "reads at a time"', 'set ylabel "reads a second"', 'plot ' . join(', ', @by_depth), 'unset multiplot');
}

# ------------------------------------------------------------------ latency

# How many of the values, in per cent, are no larger: a point wherever that changes by a thousandth at least.
sub distribution {
    my @sorted = sort { $a <=> $b } @_;
    my ($last, @points) = (-1);
    for my $i (0 .. $#sorted) {
        next if $i < $#sorted && ($sorted[$i + 1] == $sorted[$i] || ($i - $last) * 1000 < @sorted);
        push @points, [$sorted[$i], 100 * ($i + 1) / @sorted];
        $last = $i;
    }
    return @points;
}

sub draw_latency {
    my @rows = rows_of('latencies.tsv') or return;
    my (@script, @plots, %us);

    push @{ $us{"$_->{program} $_->{bytes} $_->{depth}"} }, $_->{us} for @rows;
    for my $program (qw(port floor)) {
        my $index = 0;
        for my $kind (sort { ($b =~ /(\d+)$/)[0] <=> ($a =~ /(\d+)$/)[0] } grep { /^$program / } keys %us) {
            my (undef, $bytes, $depth) = split ' ', $kind;
            my $name = $kind =~ tr/ /_/r;
            push @script, data("latency_$name", distribution(@{ $us{$kind} }));
            push @plots, "\$latency_$name using 1:2 with lines " . $style{$program}[$index++] =~ s/ p[ts] \S+//gr . ' title '
                . quoted(sprintf '%s, %u KiB, %u at a time', $title{$program}, $bytes / 1024, $depth);
        }
    }
    draw('latency', 520, @script, 'set logscale x', 'set key right bottom reverse Left', 'set yrange [0:100]',
        'set title "How long a queued read takes on AHCI, of a disk that is nothing at all"',
        'set xlabel "from IdeHwStartIo (without: from PxSACT) to the end of the read (us)"', 'set ylabel "reads that took no longer (%)"', 'plot ' . join(', ', @plots));
}

# ------------------------------------------------------------------ against the floor

sub draw_floor {
    my (%ns, @order, @points);

    for (rows_of('results.tsv')) {
        my $name = "$_->{disk}: $_->{workload}";
        push @order, $name unless $ns{$name};
        $ns{$name}{ $_->{program} } = $_->{ns};
    }
    @order = grep { $ns{$_}{port} && $ns{$_}{floor} } @order or return;
    for my $i (0 .. $#order) {
        my $ratio = $ns{ $order[$i] }{port} / $ns{ $order[$i] }{floor};
        push @points, [sprintf('%.3f', $ratio), $#order - $i, quoted($order[$i]), sprintf '"%.2f"', $ratio];
    }
    draw('floor', 110 + 26 * @order, data('ratio', @points), 'set xrange [0:*]', "set yrange [-0.7:$#order.7]", 'unset key', 'set style fill solid 1',
        'set title "How many times as long as without the port"', 'set xlabel "time with the port / time without (1: as fast)"',
        'set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb "#000000" lw 1 dt (4,4) front', 'set boxwidth 0.6',
        'plot $ratio using (0):2:(0):1:($2-0.3):($2+0.3):ytic(3) with boxxyerror lc rgb "#b0b0b0", '
            . '$ratio using 1:2:4 with labels left offset 0.5,0');
}

draw_throughput();
draw_latency();
draw_floor();
print @made ? "Pictures: @made\n" : "No pictures were made: $folder has no figures.\n";
