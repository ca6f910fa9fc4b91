# SPDX-License-Identifier: MIT
#
# The layers of port/, as port/layers.list says: which file is in which.
package Layers;
use strict;
use warnings;

# Layers->new(FILE). Dies where a line names something twice.
sub new {
    my ($class, $list) = @_;
    my ($folder) = $list =~ m{^(.*)/};
    my $self = bless {list => $list, folder => $folder, rank => {}, layer => {}, line => {}, used => {}}, $class;
    my %rank;
    open my $in, '<', $list or die "$list: $!\n";
    while (<$in>) {
        s/#.*//;
        my ($layer, @names) = split or next;
        $rank{$layer} //= keys %rank;
        for my $name (map { "$folder/$_" } @names) {
            die "$list:$.: $name is named twice\n" if defined $self->{rank}{$name};
            $self->{rank}{$name} = $rank{$layer};
            $self->{layer}{$name} = $layer;
            $self->{line}{$name} = $.;
        }
    }
    return $self;
}

# The entry that a file of the folder belongs to: its own, or that of the nearest folder above. undef: none.
sub entry {
    my ($self, $file) = @_;
    my $name = $file =~ s{\.\w+$}{}r;
    until (defined $self->{rank}{$name}) {
        $name =~ s{[^/]*/?$}{} && $name =~ m{^\Q$self->{folder}\E/.} or return;
    }
    $self->{used}{$name} = 1;
    return $name;
}

sub is_inside { my ($self, $file) = @_; return index($file, "$self->{folder}/") == 0 }

# Why a file may not see another one of the folder; undef if it may.
sub objection {
    my ($self, $file, $other) = @_;
    my ($low, $high) = map { $self->entry($_) } $file, $other;
    return if !defined $low || !defined $high || $self->{rank}{$low} <= $self->{rank}{$high};
    return "$self->{layer}{$low} is below $self->{layer}{$high}, where $other is";
}

# Entries that no file was asked for: [line, name].
sub unused {
    my ($self) = @_;
    return map { [$self->{line}{$_}, $_] }
        sort { $self->{line}{$a} <=> $self->{line}{$b} || $a cmp $b } grep { !$self->{used}{$_} } keys %{$self->{rank}};
}

1;
