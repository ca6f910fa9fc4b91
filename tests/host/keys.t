#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# How `session` hands over what is typed (tools/session_keys.c), with a script in QEMU's place: a guest that has room for
# some bytes at a time gets each of them once and in order, Ctrl-C when it has room for nothing else, and keys whole or
# not at all. Started from the top of the tree.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use POSIX ();
use Time::HiRes qw(sleep time);

my $fake = spill("$scratch/fake-qemu", <<'END_OF_SCRIPT');
#!/bin/sh
# Room comes through one named pipe, keys go through the other, until nobody has room any more.
grep '^Sig' /proc/self/status >signals
for word; do
  case $word in *id=files,path=*) port=${word##*path=} ;; esac
done
if [ -n "$IS_DEAF" ]; then
  exec <&-
  for other in 3 4 5 6 7 8 9; do
    [ "$other" = "${port##*/}" ] || eval "exec $other<&-"
  done
  echo >keys
  cat rooms >"$port"
else
  exec 3<&0
  cat <&3 3<&- >keys &
  cat rooms >"$port" 3<&-
  kill $!
fi
exit 33
END_OF_SCRIPT
chmod 0755, $fake;

my ($pid, $master, $slave, $keys, $rooms);

sub begin {
    my ($name, $environment, @words) = @_;
    my $folder = "$scratch/$name";
    mkdir $folder;
    system('mkfifo', "$folder/keys", "$folder/rooms") == 0 or die;
    ($master, $slave) = Ataport::pseudo_terminal();
    $pid = fork // die "fork: $!";
    if (!$pid) {
        POSIX::setsid();
        $SIG{PIPE} = 'DEFAULT';
        %ENV = (%ENV, %$environment);
        open STDIN, '<&', $slave or die;
        exec "$top/build/tools/session", '-C', $folder, '-t', 60, '-f', $folder, @words, '--', $fake or die;
    }
    open $keys, '<', "$folder/keys" or die;
    open $rooms, '>', "$folder/rooms" or die;
    $rooms->autoflush;
    for (my $termios = POSIX::Termios->new; ; sleep 0.01) {
        $termios->getattr(fileno $slave);
        last if !($termios->getlflag & POSIX::ICANON());
    }
    return;
}

sub conclude {
    close $rooms;
    waitpid $pid, 0;
    return $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
}

sub room { return print {$rooms} "\x06" x $_[0] }

# What came, when nothing more comes.
sub received {
    my ($count) = @_;
    my $text = '';
    while (1) {
        vec(my $ready = '', fileno $keys, 1) = 1;
        last if select($ready, undef, undef, length $text < $count ? 10 : 0.1) <= 0;
        last if !sysread $keys, $text, 65536, length $text;
    }
    return $text;
}

# Types, and waits until `session` has read it: nothing is left of it for some time.
sub type {
    my ($text) = @_;
    for (my $at = 0; $at < length $text;) {
        $at += syswrite($master, $text, 1000, $at) // die "terminal: $!";
    }
    for (my $quiet = 0; $quiet < 5; sleep 0.02) {
        my $left = pack 'i', 0;
        ioctl $slave, 0x541B, $left or die "FIONREAD: $!";
        $quiet = unpack('i', $left) == 0 ? $quiet + 1 : 0;
    }
    return;
}

sub is_same {
    my ($got, $expected, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $common = 0;
    $common++ while $common < length $expected && substr($got, $common, 1) eq substr $expected, $common, 1;
    ok($got eq $expected, $what) or diag(sprintf '%u bytes, %u expected; other from %u on', length $got, length $expected, $common);
    return;
}

# ------------------------------------------------------------------ room

begin('counted', {}, '-r', 'record');
type('nobody has asked ');
is(received(0), '', 'what the guest has no room for waits');
room(16);
is(received(15), 'nobody has aske', 'all of its room but the last is for it');
type("\cC");
is(received(1), "\cC", 'which is for Ctrl-C, that overtakes what waits');
type("\cC");
is(received(0), '', 'once');
room(1);
is(received(1), "\cC", 'and again when there is room again');
type('then more');
room(16);
is(received(9), 'then more', 'then it goes on');
type("\cCabcde");
is(received(6), "\cCabcde", 'and Ctrl-C takes no other place where there is room');

my $text = join '', map { "$_\n" } 1 .. 40_000;
my $got = '';
for (my $at = 0; $at < length $text; $at += 30_000) {
    type(substr $text, $at, 30_000);
    my $count = $at + 30_000 < length $text ? 28_000 : length($text) - length $got;
    room($count);
    $got .= received($count);
}
is_same($got, $text, length($text) . ' bytes arrive, in order, while others wait');

# ------------------------------------------------------------------ keys that do not fit

my $held = 'x' x 65_533;
type($held);
type("\e[8;24;80t");
type("\e[A\xC3\xA9\eOAz");
room(length $held);
is_same(received(length $held), $held, 'as much as may wait does');
room(3);
is(received(3), "\e[A", 'and keys are dropped whole, among others those that would fit');
type("\xC3\xA9");
room(2);
is(received(2), "\xC3\xA9", 'until there is a place again');
type('x' x 65_535);
type("\xC3\xA9\eb\e[5~\e[");
room(65_535);
received(65_535);
type('B,');
room(4);
is(received(1), ',', 'also where the first part is dropped before there is a place again');
is(conclude(), 33, 'all that in one session');

# ------------------------------------------------------------------ nobody reads

for my $words ([], ['-r', 'record']) {
    begin("deaf@$words", { IS_DEAF => 1 }, @$words);
    received(1);
    room(16);
    type('key');
    is(conclude(), 33, "a key that nobody reads any more ends nothing (@$words)");
    my ($blocked, $ignored) = slurp("$scratch/deaf@$words/signals") =~ /^SigBlk:\s*(\w+)\nSigIgn:\s*(\w+)$/m;
    is((hex(substr $blocked, -8) | hex substr $ignored, -8) & 1 << 12, 0, 'and QEMU has SIGPIPE as ever');
}
done_testing();
