#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Where the instructions of an operation go: folds what tests/bench/icount.c wrote by function or by
# source line, lists one function's code with its counts, or shows the way of one operation.
#
# Usage: profile.pl --image=FILE[@BASE] [--image=...] WHAT
#     --profile=FILE                 (profile= of the plugin) instructions an operation, by function
#     --profile=FILE --by=inlined    ... by function, inlined ones too
#     --profile=FILE --by=line       ... by source line
#     --profile=FILE --annotate=NAME ... of each instruction of one function
#     --path=FILE                    (path= of the plugin) functions in the order they ran; the
#                                    figure is the number of instructions until the next one ran
#     --top=N                        no more than N rows (40)
#
# CROSS in the environment is the prefix of the binutils that know the images' machine.
#
# An image is an ELF or PE file with symbols. BASE is where it was loaded, if not where it was
# linked.
use strict;
use warnings;
no warnings 'portable'; # addresses have 64 bits
use Cwd;
use Getopt::Long;

$ENV{LC_ALL} = 'C'; # binutils' words are read here

my $usage = "usage: profile.pl --image=FILE[\@BASE]... --profile=FILE [--by=inlined|line]\n"
    . "                  [--annotate=NAME]\n"
    . "       profile.pl --image=FILE[\@BASE]... --path=FILE\n";
my ($profile, $path, $annotate, $by, $top) = (undef, undef, undef, 'function', 40);
my @image_options;
GetOptions('image=s' => \@image_options, 'profile=s' => \$profile, 'path=s' => \$path,
    'annotate=s' => \$annotate, 'by=s' => \$by, 'top=i' => \$top)
    && !@ARGV && @image_options && (defined $profile xor defined $path)
    && $by =~ /^(?:function|inlined|line)$/ or die $usage;

sub lines_of {
    my (@command) = @_;
    $command[0] = ($ENV{CROSS} // '') . $command[0];
    open my $pipe, '-|', @command or die "profile.pl: cannot run $command[0]: $!\n";
    my @lines = <$pipe>;
    close $pipe or die "profile.pl: `@command` failed\n";
    chomp @lines;
    return @lines;
}

# The address that a PE file was linked for; 0 for any other file, whose symbols are already right.
sub link_base {
    my ($file) = @_;
    open my $handle, '<:raw', $file or die "profile.pl: cannot read $file: $!\n";
    read $handle, my $head, 4096;
    return 0 unless substr($head, 0, 2) eq 'MZ';
    my $optional = unpack('V', substr $head, 0x3C, 4) + 24;
    my $is_pe32_plus = unpack('v', substr $head, $optional, 2) == 0x20B;
    return $is_pe32_plus ? unpack('Q<', substr $head, $optional + 24, 8)
        : unpack('V', substr $head, $optional + 28, 4);
}

# ------------------------------------------------------------------ symbols

my @symbols; # [address where it was loaded, name, image], by address
my @images = map { load_image($_) } @image_options;
# Where several names have one address, the last one is found: the one with the fewest underscores
# in front, since those are the linker's and the compiler's.
@symbols = sort { $a->[0] <=> $b->[0] || underscores($b) <=> underscores($a) } @symbols;

sub underscores { return length(($_[0][1] =~ /^(_*)/)[0]) }

sub load_image {
    my ($file, $base) = $_[0] =~ /^(.*?)(?:@(?:0x)?([0-9a-fA-F]+))?$/;
    (my $short = $file) =~ s{.*/}{};
    my $image = {file => $file, name => $short, shift => 0};
    $image->{shift} = hex($base) - link_base($file) if defined $base;
    for (lines_of('nm', '--defined-only', $file)) {
        my ($address, $type, $name) = /^([0-9a-f]+) (\S) (\S+)/ or next;
        next unless $type =~ /^[tTwW]$/ && $name !~ /^\./;
        push @symbols, [hex($address) + $image->{shift}, $name, $image];
    }
    return $image;
}

# The symbol that an address belongs to: the nearest one below it, in an image's reach.
sub symbol_of {
    my ($address) = @_;
    my ($low, $high) = (0, scalar @symbols);
    while ($low < $high) {
        my $middle = ($low + $high) >> 1;
        if ($symbols[$middle][0] <= $address) { $low = $middle + 1 } else { $high = $middle }
    }
    my $symbol = $low ? $symbols[$low - 1] : undef;
    return $symbol && $address - $symbol->[0] < 0x100000 ? $symbol : undef;
}

sub name_of {
    my ($address) = @_;
    my $symbol = symbol_of($address) or return sprintf 'unknown (%#x)', $address & ~0xFFF;
    return @images > 1 ? "$symbol->[2]{name}!$symbol->[1]" : $symbol->[1];
}

# ------------------------------------------------------------------ the profile

my ($intervals, %count) = (0);

sub read_profile {
    open my $handle, '<', $profile or die "profile.pl: cannot read $profile: $!\n";
    while (<$handle>) {
        $intervals = $1 if /^# intervals=(\d+)/;
        $count{hex $1} = $2 if /^0x([0-9a-f]+) (\d+)/;
    }
    die "profile.pl: $profile holds no interval\n" unless $intervals;
}

sub print_rows {
    my ($rows, $heading) = @_;
    my @names = sort { $rows->{$b} <=> $rows->{$a} || $a cmp $b } keys %$rows;
    my ($total, $sum) = (0, 0);
    $total += $_ for values %$rows;
    printf "%10.1f  instructions per operation (%d operations)\n\n", $total / $intervals,
        $intervals;
    printf "%10s  %6s  %6s  %s\n", 'per op', 'share', 'sum', $heading;
    for my $name (@names[0 .. ($top < @names ? $top : @names) - 1]) {
        $sum += $rows->{$name};
        printf "%10.1f  %5.1f%%  %5.1f%%  %s\n", $rows->{$name} / $intervals,
            100 * $rows->{$name} / $total, 100 * $sum / $total, $name;
    }
    printf "%10s  %d more\n", '', @names - $top if @names > $top;
}

sub by_function {
    my %rows;
    $rows{name_of($_)} += $count{$_} for keys %count;
    print_rows(\%rows, 'function');
}

# With inlined code counted where it was written: by line, or by the function it was written in.
sub by_source {
    my ($with_line) = @_;
    my (%rows, %of_image);
    for my $address (keys %count) {
        my $symbol = symbol_of($address);
        if ($symbol) { push @{$of_image{$symbol->[2]{file}}}, $address }
        else { $rows{name_of($address)} += $count{$address} }
    }
    for my $image (@images) {
        my @addresses = @{$of_image{$image->{file}} // []};
        while (my @some = splice @addresses, 0, 500) {
            my @answers = lines_of('addr2line', '-f', '-e', $image->{file},
                map { sprintf '%#x', $_ - $image->{shift} } @some);
            for my $address (@some) {
                my ($function, $place) = splice @answers, 0, 2;
                $rows{source_name($address, $function, $place, $with_line)} += $count{$address};
            }
        }
    }
    print_rows(\%rows, $with_line ? 'line  function' : 'function, inlined ones too');
}

sub source_name {
    my ($address, $function, $place, $with_line) = @_;
    my $outer = name_of($address);
    my $bare = symbol_of($address)->[1];
    my $name = $function eq '??' || $function eq $bare || "_$function" eq $bare ? $outer
        : $with_line ? "$function in $outer" : $function;
    return $name unless $with_line;
    $place =~ s/ \(discriminator \d+\)//;
    $place =~ s{/\./}{/}g;
    my $here = getcwd();
    $place =~ s{^\Q$here\E/}{};
    return "$place  $name";
}

sub annotate_function {
    my @found = grep { $symbols[$_][1] eq $annotate } 0 .. $#symbols;
    die "profile.pl: no function $annotate\n" unless @found;
    for my $index (@found) {
        my ($start, $name, $image) = @{$symbols[$index]};
        my ($next) = grep { $_->[0] > $start } @symbols[$index + 1 .. $#symbols];
        my $end = $next && $next->[2] == $image ? $next->[0] : $start + 4096;
        my @code = lines_of('objdump', '-d', '-l', '--no-show-raw-insn',
            sprintf('--start-address=%#x', $start - $image->{shift}),
            sprintf('--stop-address=%#x', $end - $image->{shift}), $image->{file});
        for my $line (@code) {
            if ($line =~ /^\s*([0-9a-f]+):\s/) {
                my $times = $count{hex($1) + $image->{shift}};
                printf "%8s %s\n", $times ? sprintf('%.2f', $times / $intervals) : '', $line;
            } elsif ($line =~ m{([^/]+:\d+)(?: \(discriminator \d+\))?$}) {
                printf "%8s %s\n", '', $1;
            }
        }
    }
}

# ------------------------------------------------------------------ the path

# The depth is guessed from the names alone: a function that is already open was returned to.
sub print_path {
    my (@open, @runs);
    open my $handle, '<', $path or die "profile.pl: cannot read $path: $!\n";
    while (<$handle>) {
        my ($address) = /^0x([0-9a-f]+)/ or next;
        my $symbol = symbol_of(hex $address);
        my $name = name_of(hex $address);
        if (@runs && $runs[-1][0] eq $name && !($symbol && $symbol->[0] == hex $address)) {
            $runs[-1][2]++;
            next;
        }
        my ($level) = grep { $open[$_] eq $name } reverse 0 .. $#open;
        if (defined $level && !($symbol && $symbol->[0] == hex $address)) { $#open = $level }
        else { push @open, $name }
        push @runs, [$name, $#open, 1];
    }
    my $total = 0;
    $total += $_->[2] for @runs;
    print "$total instructions\n\n";
    printf "%6d  %s%s\n", $_->[2], '  ' x $_->[1], $_->[0] for @runs;
}

if (defined $path) { print_path() }
else {
    read_profile();
    if (defined $annotate) { annotate_function() }
    elsif ($by ne 'function') { by_source($by eq 'line') }
    else { by_function() }
}
