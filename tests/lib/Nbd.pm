# SPDX-License-Identifier: MIT
#
# A small NBD client, for what the ready ones do not do: many requests at a time that meet each other, odd lengths,
# requests that a polite client would not send. (NBD's protocol: fixed newstyle, simple replies.)
#
#   use lib 'tests/lib';
#   use Nbd;
#
#   my $disk = Nbd->connect("$session->{run_dir}/nbd.sock", '0');   # undef if there is no such export
#   $disk->{size}, $disk->{flags} (NBD_FLAG_...), $disk->{block} ([minimum, preferred, maximum])
#   my ($error, $bytes) = $disk->read(offset, length);               # error 0, or NBD's number
#   my ($error) = $disk->write(offset, bytes, $Nbd::FUA);
#   my ($error) = $disk->flush;   ->trim(offset, length, flags)   ->zero(offset, length, flags)
#   $disk->send($Nbd::WRITE, offset, bytes) ...; my @errors = $disk->replies(count);    # many at a time
package Nbd;

use strict;
use warnings;
use Ataport qw($top);
use IO::Socket::UNIX;

our ($READ, $WRITE, $FLUSH, $TRIM, $ZERO) = (0, 1, 3, 4, 6);
our ($FUA, $READ_ONLY, $MULTI_CONN) = (1, 2, 256);

sub take {
    my ($self, $length) = @_;
    my $bytes = '';
    while (length $bytes < $length) {
        my $count = sysread $self->{socket}, $bytes, $length - length $bytes, length $bytes;
        return if !$count && !$!{EINTR};
    }
    return $bytes;
}

sub put {
    my ($self, $bytes) = @_;
    while (length $bytes) {
        my $count = syswrite $self->{socket}, $bytes;
        return if !defined $count && !$!{EINTR};
        substr $bytes, 0, $count // 0, '';
    }
    return 1;
}

# The socket's path must be short, so it is taken from the top of the tree.
sub connect {
    my ($class, $path, $export) = @_;
    $path =~ s{^\Q$top\E/}{};
    my $self = bless { cookie => 0, socket => IO::Socket::UNIX->new(Peer => $path) }, $class;
    $self->{socket} or return;
    my $hello = $self->take(18) // return;
    $hello =~ /^NBDMAGICIHAVEOPT/ or return;
    $self->put(pack 'N', 3);
    my $wanted = pack 'N/a* n n', $export, 1, 3;    # and the block sizes
    $self->put(pack 'a8 N N/a*', 'IHAVEOPT', 7, $wanted);
    while (1) {
        my (undef, undef, $type, $length) = unpack 'Q> N N N', $self->take(20) // return;
        my $data = $length ? $self->take($length) : '';
        return if $type & 0x80000000;
        return $self if $type == 1;
        my ($kind) = unpack 'n', $data;
        (undef, $self->{size}, $self->{flags}) = unpack 'n Q> n', $data if $kind == 0;
        $self->{block} = [(unpack 'n N N N', $data)[1 .. 3]] if $kind == 3;
    }
}

sub send {
    my ($self, $type, $offset, $what, $flags) = @_;
    my $length = $type == $WRITE ? length $what : $what;
    my $cookie = ++$self->{cookie};
    $self->{lengths}{$cookie} = $type == $READ ? $length : 0;
    $self->put(pack('N n n Q> Q> N', 0x25609513, $flags // 0, $type, $cookie, $offset, $length)
        . ($type == $WRITE ? $what : ''));
    return $cookie;
}

# Cookie, error, data; nothing: the server is gone.
sub reply {
    my ($self) = @_;
    my (undef, $error, $cookie) = unpack 'N N Q>', $self->take(16) // return;
    my $length = delete $self->{lengths}{$cookie};
    return ($cookie, $error, $length && !$error ? $self->take($length) : '');
}

# The errors of so many, in the order in which they were sent.
sub replies {
    my ($self, $count) = @_;
    my %errors;
    for (1 .. $count) {
        my ($cookie, $error) = $self->reply or last;
        $errors{$cookie} = $error;
    }
    return map { $errors{$_} } sort { $a <=> $b } keys %errors;
}

sub ask {
    my ($self, @words) = @_;
    $self->send(@words);
    my (undef, @answer) = $self->reply;
    return @answer;
}

sub read { my ($self, $offset, $length) = @_; return $self->ask($READ, $offset, $length) }
sub write { my ($self, $offset, $bytes, $flags) = @_; return ($self->ask($WRITE, $offset, $bytes, $flags))[0] }
sub flush { my ($self) = @_; return ($self->ask($FLUSH, 0, 0))[0] }
sub trim { my ($self, $offset, $length, $flags) = @_; return ($self->ask($TRIM, $offset, $length, $flags))[0] }
sub zero { my ($self, $offset, $length, $flags) = @_; return ($self->ask($ZERO, $offset, $length, $flags))[0] }

1;
