#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Makes what follows from port/contract/routines.def:
#
#   exports.pl def ARCH MODULE LIST   a .def file for dlltool: the import library of one module
#   exports.pl markdown LIST          the list as a table for people
#
# Writes to standard output. ARCH is x86_64 or i386. MODULE is a file name such as pciidex.sys.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Routines;

my %module_file = (ataport => 'ataport.sys', pciidex => 'pciidex.sys', ntoskrnl => 'ntoskrnl.exe');

# The exports, sorted by name as strcmp() does.
sub read_exports {
    my ($path) = @_;
    return sort { $a->{name} cmp $b->{name} } grep { is_export($_) } read_routines($path);
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

my $usage = "usage: exports.pl def ARCH MODULE LIST | markdown LIST\n";
my $what  = shift // die $usage;
if ($what eq 'def' && @ARGV == 3) {
    my ($arch, $module, $list) = @ARGV;
    print_def($arch, $module, read_exports($list));
} elsif ($what eq 'markdown' && @ARGV == 1) {
    print_markdown(read_exports(@ARGV));
} else {
    die $usage;
}
