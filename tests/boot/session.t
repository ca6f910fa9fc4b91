#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A person who is in a hurry: Ctrl-C into everything that takes long, lines that are too long, bytes that
# are no text, commands typed ahead, a channel stopped and started; and its next session. After each the prompt is there and works.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $disk = random_image('disk.img', 8 << 20, 'session');
my $digest = sha256_of($disk);
my $large = sparse_image('large.img', 60 << 30);
my $history = spill("$scratch/history", "mode 0\ndevices\n");
my $session = start(DISK => $disk, DISK1 => $large, HISTORY => $history);
ok($session->expect(qr/^> \z/m), 'a prompt');

sub works {
    my ($name) = @_;
    $session->type("sha256 0 0 100\r");
    return ok($session->expect(qr/(?<![0-9a-f])@{[sha256_of($disk, 0, 51_200)]} .*\n> \z/),
        "$name: the next command works");
}

# ------------------------------------------------------------------ Ctrl-C

my $sectors = (60 << 30) / 512;
my $half = $sectors / 2;
for my $command ("sha256 1", "fill 1 0 $sectors 0", "copy 1 0 1 $half $half", "copy 1 0 1 1 $half") {
    $session->type("$command; help\r");
    $session->expect(qr/\[[#-]+\] +\d+%/);
    $session->type("\cC");
    ok($session->expect(qr/Stopped by Ctrl-C after \S+ \S+ of \S+ .iB\.\n> \z/),
        "$command stops, and what follows it");
    works($command);
}
$session->type("read 0 0 16384\r");
$session->expect(qr/^00000200  /m);
$session->type("\cC");
ok($session->expect(qr/Stopped by Ctrl-C\.\n> \z/), 'a long dump stops');
works('read');
$session->type("bench 0\r");
$session->expect(qr/^bench port /m);
$session->type("\cC");
ok($session->expect(qr/^Stopped by Ctrl-C.*\n> \z/m), 'a benchmark stops');
works('bench');
$session->type("\cC\cC\cC");
works('Ctrl-C at the prompt');

# ------------------------------------------------------------------ odd lines

$session->type('read 0 0 ' . '1' x 5000 . "\r");
ok($session->expect(qr/\n.+\n(?:.+\n)?> \z/), 'a line of 5000 characters');
works('after it');
# Without Ctrl-C and Ctrl-D.
$session->type(join('', map { chr } 0 .. 2, 5 .. 255) . "\r");
ok($session->expect(qr/\n> \z/), 'all bytes that there are');
works('after them');
$session->type("\x15;;; ; ;\r\r\r");
works('lines without a command');
$session->type("help \"read\r");
ok($session->expect(qr/not closed.*\n> \z/), 'a quote that is not closed');
works('after it');

# ------------------------------------------------------------------ typed ahead

my $ahead = join '', map { "sha256 0 $_ 8\r" } 1 .. 40;
$session->type($ahead);
my $found = grep { $session->expect(qr/(?<![0-9a-f])@{[sha256_of($disk, 512 * $_, 4096)]} .*\n/) } 1 .. 40;
is($found, 40, '40 commands that were typed ahead all run');

# ------------------------------------------------------------------ channels

$session->type("stop 0.0; read 0 0; start 0.0; sha256 0\r");
ok($session->expect(qr/no disk "0".*$digest .*\n> \z/is),
    'a channel is stopped, started, and its disk is there');
$session->type("start 0.0; stop 0.9; stop 0.0; stop 0.0; start 0.0; rules\r");
ok($session->expect(
        qr/running already.*no channel "0\.9".*not running.*is running\..*No rule was broken\.\n> \z/s),
    'wrong orders are refused, one by one');

# ------------------------------------------------------------------ the end

$session->type("write 0 3 61; poweroff; read 0 0\r");
my $run = $session->finish;
exit_code_is($run, 0, 'poweroff');
unlike($run->{console}, qr/^00000000 .*\n*\z/m, 'ends the line that it stands in');
is(sha256_of($disk), $digest, 'without WRITE=1 nothing was written');

# ------------------------------------------------------------------ the next session

like(slurp($history), qr{\Amode 0\ndevices\nsha256 1; help\n(?:.*\n)*?read 0 0 16384\n(?:.*\n)*write 0 3 61; poweroff; read 0 0\n\z},
    'all lines were kept');
unlike(slurp($history), qr{^read 0 0 1{5}|^(sha256 .*)\n\1$}m, 'but for those that were too long, or twice the same');
$session = start(DISK => 'none', HISTORY => $history);
$session->expect(qr{^> \z}m);
$session->type("\cRmode\e[F; rules\r");
ok($session->expect(qr{\(reverse-i-search\)`m.*^No rule was broken\.\n> \z}ms), 'Ctrl-R finds a line of another session');
$session->type("\e[A\e[A\e[A\cUrules\r");
ok($session->expect(qr{write 0 3 61; poweroff; read 0 0.*rules\nNo rule was broken\.\n> \z}s), 'and Up, further up');
for (1 .. 200) {
    last if slurp($history) =~ m{^rules\n\z}m;
    select undef, undef, undef, 0.05;    # tools/session is another process
}
$session->kill;
$session->finish;
like(slurp($history), qr{read 0 0\nmode 0; rules\nrules\n\z}, 'a session that is killed has left its lines');

done_testing();
