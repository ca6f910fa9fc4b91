# SPDX-License-Identifier: MIT
#
# port/contract/routines.def, read for tools and tests.
#
#   my @rows = read_routines('port/contract/routines.def');
#
# A row is a hash: kind (ROUTINE, CALLED_AS, EXPORT, PLACE, CONTEXTS), where ("file:line"), and what the macro's arguments
# are called in the file: name; modules, a list of ataport, pciidex, ntoskrnl; stack: a number of bytes, variadic, ready
# or data; symbol; exported; takes, contexts, rule; note and words. Dies with file and line where a row is no row.
package Routines;

use strict;
use warnings;
use parent 'Exporter';

our @EXPORT = qw(read_routines is_export);

my %columns = (
    CONTEXTS => [qw(name mask note words)],
    ROUTINE => [qw(name modules stack takes contexts rule)],
    CALLED_AS => [qw(name exported takes contexts rule)],
    EXPORT => [qw(name modules stack symbol)],
    PLACE => [qw(name modules offset)],
);
my %modules = (BOTH => [qw(ataport pciidex)], ATAPORT => ['ataport'], PCIIDEX => ['pciidex'], NTOSKRNL => ['ntoskrnl']);

# Is it a row of something that images import?
sub is_export {
    my ($row) = @_;
    return $row->{kind} =~ /^(?:ROUTINE|EXPORT|PLACE)$/;
}

# The arguments of one macro: words, or a string in quotes.
sub arguments {
    my ($text) = @_;
    my @arguments = map { s/\s+/ /gr } $text =~ /\G\s*("[^"]*"|[^,"]+?)\s*(?:,|\z)/g;
    return map { s/^"(.*)"$/$1/r } @arguments;
}

sub check {
    my ($row) = @_;
    my $where = $row->{where};
    die "$where: '$_' is no C name\n" for grep { !/^[A-Za-z_]\w*$/ } @{$row}{ grep { $row->{$_} } qw(name symbol exported) };
    return if !is_export($row);
    my $module = $row->{modules};
    $row->{modules} = $modules{$module} // die "$where: unknown module '$module'\n";
    $row->{stack} = $row->{kind} eq 'PLACE' ? 'data' : lc $row->{stack};
    $row->{symbol} //= $row->{name};
    die "$where: '$row->{stack}' is no number of bytes, VARIADIC or READY\n"
        if $row->{stack} !~ /^(?:\d+|variadic|data|ready)$/ || ($row->{stack} =~ /^\d+$/ && $row->{stack} % 4);
    return;
}

sub read_routines {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    my $text = do { local $/; <$in> };
    close $in;
    # Comments and directives become blanks; lines stay where they are.
    $text =~ s{(/\*.*?\*/|^#[^\n]*)}{$1 =~ s/[^\n]//gr}gems;
    my (%seen, @rows);
    my $line = 1;
    while ($text =~ /\G(\s*)(\S[^(\n]*(?:\(((?:[^()"]|"[^"]*"|\([^()]*\))*)\))?)/g) {
        my ($blanks, $all, $arguments) = ($1, $2, $3);
        $line += $blanks =~ tr/\n//;
        my ($kind) = $all =~ /^(\w+)\(/;
        my $names = $columns{ $kind // '' };
        my @values = defined $arguments ? arguments($arguments) : ();
        die "$path:$line: a row is one of ", join(', ', map { "$_(@{ $columns{$_} })" } sort keys %columns), "\n"
            if !$names || @values != @$names;
        my %row = (kind => $kind, where => "$path:$line");
        @row{@$names} = @values;
        check(\%row);
        die "$row{where}: $row{name} is listed twice, first at $seen{$row{name}}\n" if $seen{ $row{name} };
        $seen{ $row{name} } = $row{where};
        push @rows, \%row;
        $line += $all =~ tr/\n//;
    }
    die "$path: there is no export in it\n" if !grep { is_export($_) } @rows;
    return @rows;
}

1;
