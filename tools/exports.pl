#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Makes what follows from port/exports.list:
#
#   exports.pl def ARCH MODULE LIST   a .def file for dlltool: the import library of one module
#   exports.pl table LIST             export_table.c: what the loader looks names up in
#   exports.pl markdown LIST          the list as a table for people
#
# Writes to standard output. ARCH is x86_64 or i386. MODULE is a file name such as pciidex.sys.
use strict;
use warnings;

my %module_file  = (ataport => 'ataport.sys', pciidex => 'pciidex.sys', ntoskrnl => 'ntoskrnl.exe');
my %module_index = (ataport => 'EXPORT_ATAPORT', pciidex => 'EXPORT_PCIIDEX', ntoskrnl => 'EXPORT_NTOSKRNL');

# Returns the exports, sorted by name as strcmp() does. Each: name, modules, stack, symbol.
sub read_list {
    my ($path) = @_;
    my (%seen, @exports);
    open my $in, '<', $path or die "$path: $!\n";
    while (my $line = <$in>) {
        my $where = "$path:$.";
        $line =~ s/#.*//;
        next if $line !~ /\S/;
        my ($name, $modules, $stack, $symbol, @rest) = split ' ', $line;
        die "$where: a line is NAME MODULES STACK [SYMBOL]\n" if !defined $stack || @rest;
        $symbol //= $name;
        die "$where: '$name' is no C name\n" if $name !~ /^[A-Za-z_]\w*$/;
        die "$where: '$symbol' is no C name\n" if $symbol !~ /^(?:[A-Za-z_]\w*|\+0x[0-9a-f]+)$/;
        my @modules = split /,/, $modules;
        for (@modules) {
            die "$where: unknown module '$_'\n" if !$module_file{$_};
        }
        die "$where: '$stack' is no number of bytes, variadic, data or ready\n"
            if $stack !~ /^(?:\d+|variadic|data|ready)$/ || ($stack =~ /^\d+$/ && $stack % 4);
        die "$where: $name is listed twice, first at $seen{$name}\n" if $seen{$name};
        $seen{$name} = $where;
        push @exports, { name => $name, modules => \@modules, stack => $stack, symbol => $symbol };
    }
    close $in;
    die "$path: there is no export in it\n" if !@exports;
    return sort { $a->{name} cmp $b->{name} } @exports;
}

# On i386, gcc -mrtd refers to _Name, clang and the WDK to _Name@N. Both import the bare Name, which
# dlltool writes "==". (dlltool itself puts the first underscore there.)
sub print_def {
    my ($arch, $file, @exports) = @_;
    die "exports.pl: '$arch' is neither x86_64 nor i386\n" if $arch !~ /^(?:x86_64|i386)$/;
    my ($module) = grep { $module_file{$_} eq $file } keys %module_file;
    die "exports.pl: unknown module '$file'\n" if !$module;
    print "LIBRARY $file\nEXPORTS\n";
    for my $export (@exports) {
        my $name = $export->{name};
        next if $export->{stack} eq 'ready' || !grep { $_ eq $module } @{ $export->{modules} };
        print "$name", $export->{stack} eq 'data' ? ' DATA' : '', "\n";
        print "$name\@$export->{stack} == $name\n"
            if $arch eq 'i386' && $export->{stack} =~ /^\d+$/;
    }
}

# What a symbol is does not matter to the table: only its address does.
sub print_table {
    my (@exports) = @_;
    print "/* Made by tools/exports.pl from port/exports.list. */\n",
        "#include \"port/loader/exports.h\"\n#include \"port/shared_page.h\"\n\n";
    print "extern const char $_\[];\n" for grep { !/^\+/ } sort map { $_->{symbol} } @exports;
    print "\nconst struct export_entry export_table[] = {\n";
    for my $export (@exports) {
        my $modules = join ' | ', map { $module_index{$_} } @{ $export->{modules} };
        my $address = $export->{symbol} =~ s/^\+(.*)/(const void *)(SHARED_PAGE_ADDRESS + $1)/r;
        print "    {\"$export->{name}\", $address, $modules},\n";
    }
    print "};\n\nconst size_t export_count = sizeof export_table / sizeof export_table[0];\n";
}

sub print_markdown {
    my (@exports) = @_;
    print "| name | exported by | stack bytes on i386 |\n|---|---|---|\n";
    for my $export (@exports) {
        my $stack = { variadic => 'variadic', data => 'a variable', ready => 'the caller\'s' }
            ->{ $export->{stack} } // $export->{stack};
        printf "| `%s` | %s | %s |\n", $export->{name},
            join(', ', map { $module_file{$_} } @{ $export->{modules} }), $stack;
    }
}

my $usage = "usage: exports.pl def ARCH MODULE LIST | table LIST | markdown LIST\n";
my $what  = shift // die $usage;
if ($what eq 'def' && @ARGV == 3) {
    my ($arch, $module, $list) = @ARGV;
    print_def($arch, $module, read_list($list));
} elsif ($what eq 'table' && @ARGV == 1) {
    print_table(read_list(@ARGV));
} elsif ($what eq 'markdown' && @ARGV == 1) {
    print_markdown(read_list(@ARGV));
} else {
    die $usage;
}
