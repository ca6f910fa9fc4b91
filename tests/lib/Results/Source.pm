# SPDX-License-Identifier: MIT
#
# A driver's sources, for the report of the conformance suite. An image names them as its compiler was told them, or, where
# that was an absolute path, by the file's name alone (tools/lines.c): they are looked for around the driver.
#
#   my $source = Results::Source->new($driver, $image)    the user's path, a folder or a .sys file; and the image that runs
#   $source->path($name)     the file; undef: it was not found
#   $source->lines($name)    its lines, without their ends; none if it was not found
package Results::Source;

use strict;
use warnings;
use Cwd qw(abs_path getcwd);
use Encode ();
use File::Find ();

sub new {
    my ($class, $driver, $image) = @_;
    my ($folder, $name) = $image =~ m{^(.*)/([^/]+)\.sys$};
    my @roots = -d $driver ? ($driver)
        : ($folder, "$folder/..", "$folder/../..", "$folder/../miniport/external/$name.source", getcwd());
    # A name alone may be any file's below: not the whole tree is searched for it, only what is the driver's.
    my @owned = -d $driver ? ($driver) : ($folder, "$folder/../miniport/external/$name.source");
    return bless { roots => [grep { -d } @roots], owned => [grep { -d } @owned] }, $class;
}

sub path {
    my ($self, $name) = @_;
    return $self->{paths}{$name} //= $self->find($name);
}

sub find {
    my ($self, $name) = @_;
    for my $root (@{ $self->{roots} }) {
        return abs_path("$root/$name") if -f "$root/$name";
    }
    my ($last) = $name =~ m{([^/]+)$};
    my @found;
    for my $root (@{ $self->{owned} }) {
        File::Find::find({ no_chdir => 1, follow_fast => 1, follow_skip => 2, wanted => sub {
            my $depth = substr($File::Find::name, length $root) =~ tr{/}{};
            $File::Find::prune = 1 if -d && $depth >= 3;
            push @found, abs_path($_) if m{/\Q$last\E$} && -f;
        } }, $root);
    }
    my %different = map { $_ => 1 } @found;
    return keys %different == 1 ? $found[0] : undef;    # one of several would be a guess
}

sub lines {
    my ($self, $name) = @_;
    my $path = $self->path($name) // return;
    return @{ $self->{lines}{$path} //= do {
        open my $file, '<:raw', $path or return;
        [map { s/[\r\n]+$//r } map { Encode::decode('UTF-8', $_) } <$file>];
    } };
}

1;
