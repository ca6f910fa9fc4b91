# SPDX-License-Identifier: MIT
#
# Reads the tables of the miniport interface: tab-separated, the first line names the columns. Each row
# becomes a hash; rows that hold for the Vista kit only are left out, as the headers follow Windows 7.
package Tables;
use strict;
use warnings;

sub read_table {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    chomp(my $first = <$in> // die "$path: empty\n");
    my @columns = split /\t/, $first;
    my @rows;
    while (my $line = <$in>) {
        chomp $line;
        next if $line eq '';
        my @cells = split /\t/, $line, -1;
        die "$path:$.: " . @cells . " cells, not " . @columns . "\n" if @cells != @columns;
        my %row;
        @row{@columns} = @cells;
        push @rows, \%row if ($row{wdk} // '') ne '6001';
    }
    close $in;
    return \@rows;
}

# All tables of a folder.
sub read_all {
    my ($folder) = @_;
    my %file = (
        members   => 'abi-structs.tsv',
        constants => 'abi-constants.tsv',
        later     => 'later-constants.tsv',
        routines  => 'abi-routines.tsv',
        spellings => 'spellings.tsv',
        types     => 'nt-types.tsv',
        exports   => 'exports.txt',
    );
    my %tables = map { $_ => read_table("$folder/$file{$_}") } keys %file;
    push @{ $tables{constants} }, @{ delete $tables{later} };
    return \%tables;
}

1;
