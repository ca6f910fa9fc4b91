# SPDX-License-Identifier: MIT
#
# Which lines of a driver ran: the instructions that tests/report/coverage.c counted, and the image's line table
# (tools/lines.c). The driver is as it was given: optimised, and without a word of ours in it.
#
# A line ran as often as that of its instructions that ran most often; one whose code was inlined or moved into another's
# is counted where its code is, and a line of which the compiler left nothing is none. A place at which something was
# inlined ran when that did. Lines of the interface's inline functions, and of what we link with a driver, are not its own.
#
#   my ($plugin, $reason) = plugin_words($kernel)     QEMU's words for the plugin, or why there is no coverage
#   my $coverage = measure($image, \%boots)           of the boots, by test; a string says why there is none:
#                                                       files    { name => { line => { test => count } } }
#                                                       functions { name => { function => [lines] } }
#   lines_of($coverage, $file, $which)                { line => count } of these tests: sub { is this one of them? }
#   totals($coverage, $which)                         (lines, of which ran)
#   write_info($coverage, $source, $path, sets...)    lcov's format: [name => $which] each; returns the files without source
package Results::Coverage;

use strict;
use warnings;
use parent 'Exporter';
use Cwd ();

our @EXPORT_OK = qw(plugin_words measure lines_of totals write_info);

sub output_of { my (@words) = @_; return (Ataport::command(@words))[1] }

sub plugin_words {
    my ($kernel) = @_;
    return (undef, "ACCEL=$ENV{ACCEL}: the host's own CPU runs the driver, and nobody sees its instructions")
        if ($ENV{ACCEL} // 'tcg') !~ /^(?:tcg|)$/;
    my $plugin = Cwd::abs_path('build/tools/coverage.so') // return (undef, 'build/tools/coverage.so was not built');
    my $file = $plugin =~ s/,/,,/gr;
    my $qemu = $ENV{QEMU} || "qemu-system-$ENV{ARCH}";
    my $answer = output_of($qemu, qw(-M none -display none -plugin), "$file,probe=on");
    return (undef, "this QEMU takes no plugin: $1") if $answer !~ /^coverage: yes$/m && $answer =~ /^(?:\S+: )?(.*)/m;
    my ($end) = output_of(($ENV{CROSS} // '') . 'nm', "$kernel.elf") =~ /^0*([0-9a-f]+) \w hal_kernel_end$/m;
    return defined $end ? "-plugin $file,out=coverage,above=0x$end" : (undef, "$kernel.elf does not say where it ends");
}

# The line table: [first RVA, [function, file, line], ...], in order.
sub table {
    my ($image) = @_;
    my @table;
    for (split /\n/, output_of('build/tools/lines', $image)) {
        my ($rva, $rest) = /^([0-9a-f]{8})(?:[ \t](.*))?$/ or next;
        push @table, [hex $rva, map { /^([^=\s]\S*) (.*):(\d+)$/ ? [$1, $2, $3] : () } split /\t/, $rest // ''];
    }
    return @table;
}

sub is_foreign { my ($file) = @_; return $file =~ m{(?:^|/)(?:include/ddi|miniport/support)/} }

# What a boot's plugin counted of the image, in order: [RVA, bytes, count].
sub instructions {
    my ($boot, $size) = @_;
    return if !defined $boot->{base} || !defined $boot->{coverage};
    no warnings 'portable';    # addresses are of 64 bits
    open my $file, '<', $boot->{coverage} or return;
    my @found;
    while (<$file>) {
        my ($address, $bytes, $count) = split;
        my $rva = hex($address) - $boot->{base};
        push @found, [$rva, $bytes, $count] if $rva >= 0 && $rva < $size;
    }
    return sort { $a->[0] <=> $b->[0] } @found;
}

# How often each place of the table ran in this boot.
sub counts {
    my ($table, $boot) = @_;
    my @counts = (0) x @$table;
    my $at = 0;
    for my $instruction (instructions($boot, $table->[-1][0] + 4096)) {
        my ($rva, $bytes, $count) = @$instruction;
        $at++ while $at < $#$table && $table->[$at + 1][0] <= $rva;
        for (my $place = $at; $place < @$table && $table->[$place][0] < $rva + $bytes; $place++) {
            $counts[$place] = $count if $count > $counts[$place];
        }
    }
    return @counts;
}

sub measure {
    my ($image, $boots) = @_;
    my @table = table($image);
    @table or return 'the image has no line numbers that are understood here (DWARF, as gcc and clang write it with -g)';
    my (%files, %functions);
    for my $place (@table) {
        for my $frame (grep { !is_foreign($_->[1]) } @$place[1 .. $#$place]) {
            my ($function, $file, $line) = @$frame;
            $files{$file}{$line} //= {};
            $functions{$file}{$function}{$line} = 1;
        }
    }
    my $is_measured = 0;
    for my $test (keys %$boots) {
        for my $boot (@{ $boots->{$test} }) {
            next if !defined $boot->{coverage};
            $is_measured = 1;
            my @counts = counts(\@table, $boot);
            my %most; # of its places, for each line
            for my $place (grep { $counts[$_] } 0 .. $#table) {
                for my $frame (grep { !is_foreign($_->[1]) } @{ $table[$place] }[1 .. $#{ $table[$place] }]) {
                    my $most = \$most{ $frame->[1] }{ $frame->[2] };
                    $$most = $counts[$place] if $counts[$place] > ($$most // 0);
                }
            }
            for my $file (keys %most) {
                $files{$file}{$_}{$test} += $most{$file}{$_} for keys %{ $most{$file} };
            }
        }
    }
    $is_measured or return 'no boot left any';
    return { files => \%files, functions => \%functions };
}

sub lines_of {
    my ($coverage, $file, $which) = @_;
    my $lines = $coverage->{files}{$file};
    my %counts;
    for my $line (keys %$lines) {
        $counts{$line} = 0;
        $counts{$line} += $lines->{$line}{$_} for grep { $which->($_) } keys %{ $lines->{$line} };
    }
    return \%counts;
}

sub totals {
    my ($coverage, $which, @files) = @_;
    my ($all, $ran) = (0, 0);
    for my $file (@files ? @files : keys %{ $coverage->{files} }) {
        my @counts = values %{ lines_of($coverage, $file, $which) };
        $all += @counts;
        $ran += grep { $_ } @counts;
    }
    return ($all, $ran);
}

sub write_info {
    my ($coverage, $source, $path, @sets) = @_;
    open my $out, '>:utf8', $path or die "$path: $!\n";
    my @missing;
    for my $file (sort keys %{ $coverage->{files} }) {
        my $found = $source->path($file);
        push @missing, $file if !defined $found;
        next if !defined $found;
        for my $set (@sets) {
            my ($name, $which) = @$set;
            my $counts = lines_of($coverage, $file, $which);
            print {$out} "TN:$name\nSF:$found\n", (map { "DA:$_,$counts->{$_}\n" } sort { $a <=> $b } keys %$counts),
                'LF:' . keys(%$counts) . "\nLH:" . (grep { $_ } values %$counts) . "\nend_of_record\n";
        }
    }
    close $out or die "$path: $!\n";
    return @missing;
}

1;
