#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The host's side of the history (tools/session_history.c), with a script in QEMU's place that hands lines over as the
# guest does: what the guest gets, what is in the file, several sessions at a time, and files that are of no use.
# Started from the top of the tree.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $file = "$scratch/history file";
my $fake = spill("$scratch/fake-qemu", <<'END');
#!/bin/sh
# Hands over its input, and shows what the guest would get.
for word; do
  case $word in *id=files,path=*) port=${word##*path=} ;; esac
done
[ -z "$RUNS_ON" ] || echo started
cat history >seen
cat >"$port"
[ -z "$RUNS_ON" ] || { echo sent; exec sleep 60; }
exit 33
END
chmod 0755, $fake;

sub lines { return join '', map { "\x04$_\0" } @_ }

# Starts a session that hands over some bytes. Returns its process, and the end of a pipe with what it prints.
sub begin {
    my ($name, $bytes, %environment) = @_;
    mkdir "$scratch/$name";
    spill("$scratch/$name/input", $bytes);
    my $pid = open my $output, '-|' // die "fork: $!";
    if (!$pid) {
        $ENV{$_} = $environment{$_} for keys %environment;
        open STDIN, '<', "$scratch/$name/input" or die;
        open STDERR, '>&', \*STDOUT or die;
        exec "$top/build/tools/session", '-C', "$scratch/$name", '-f', $scratch, '-y', $environment{FILE} // $file, 'history',
            '--', $fake or die;
    }
    return ($pid, $output);
}

# What the guest got, and what the session said.
sub session {
    my ($name, $bytes, %environment) = @_;
    my (undef, $output) = begin($name, $bytes, %environment);
    my $said = do { local $/; <$output> } // '';
    close $output;
    return (-e "$scratch/$name/seen" ? slurp("$scratch/$name/seen") : '(none)', $said, $? >> 8);
}

# ------------------------------------------------------------------ lines

is_deeply([session('first', lines('devices', 'read 0 0'))], ["\n", '', 33], 'a file that is missing is made');
is(slurp($file), "devices\nread 0 0\n", 'lines are in it');
is((stat $file)[2] & 0777, 0600, 'for nobody else to read');
is_deeply([session('second', lines("sha256 caf\xC3\xA9"))], ["devices\nread 0 0\n\n", '', 33], 'the next guest has them');
is(slurp($file), "devices\nread 0 0\nsha256 caf\xC3\xA9\n", 'and adds its own');
session('odd', 'junk' . lines('', "a\tb", 'x' x 5000, 'good') . "\x02name\0text \x04 text\0" . lines('better') . "\x04cut");
is(slurp($file) =~ s/.*\xA9\n//sr, "good\nbetter\n", 'what is no line is none');
is(slurp("$scratch/name"), "text \x04 text", 'a file that is saved is not mistaken for one');
spill($file, "devices\nno end");
session('end', lines('mine'));
is(slurp($file), "devices\nno end\nmine\n", 'behind a line without an end a new one begins');

# ------------------------------------------------------------------ a session that is killed, and several

{
    my ($pid, $output) = begin('killed', lines('the last line'), RUNS_ON => 1);
    while (my $line = <$output>) {
        last if $line =~ m{^sent};
    }
    for (1 .. 100) {
        last if slurp($file) =~ /the last line\n\z/;
        select undef, undef, undef, 0.05;
    }
    like(slurp($file), qr/^the last line\n\z/m, 'a line is in the file while the session runs');
    kill KILL => $pid;
    close $output;
}
{
    unlink $file;
    my %expected = map { my $n = $_; ("s$n" => [map { "session $n line $_ " . 'x' x ($_ * $n) } 1 .. 150]) } 1 .. 6;
    my @running = map { (begin($_, lines(@{ $expected{$_} })))[1] } sort keys %expected;
    for my $output (@running) {
        1 while <$output>;
        close $output;
    }
    my @found = split /\n/, slurp($file);
    is(scalar @found, 900, 'six sessions at a time: all lines are there');
    for my $n (1 .. 6) {
        is_deeply([grep { /^session $n / } @found], $expected{"s$n"}, "those of session $n are whole, and in order");
    }
}

# ------------------------------------------------------------------ long files

spill($file, join '', map { "line $_\n" } 1 .. 1900);
my ($seen, $said) = session('most', '');
is($seen, join('', map { "line $_\n" } 901 .. 1900) . "\n", 'the guest gets the last 1000');
is((() = slurp($file) =~ /\n/g), 1900, 'and the file keeps its others for a while');
chmod 0640, spill($file, join '', map { "line $_\n" } 1 .. 2100);
($seen, $said) = session('long', lines('new'));
is(slurp($file), join('', map { "line $_\n" } 1101 .. 2100) . "new\n", 'a file that has twice as many is shortened');
is((stat $file)[2] & 0777, 0640, 'and is whose it was');
symlink 'history file', "$scratch/link";
spill($file, "line\n" x 2500);
session('behind', lines('new'), FILE => "$scratch/link");
ok(-l "$scratch/link" && slurp($file) eq "line\n" x 1000 . "new\n", 'behind a link, too');

# ------------------------------------------------------------------ files of no use

spill($file, "good\n\0\0\0\0\na\x1B[2Jb\n\nfine\r\nlast line that is long enough\n");
($seen, $said) = session('damaged', lines('new'));
is($seen, "good\nfine\nlast line that is long enough\n\n", 'lines that are no text are passed over');
is($said =~ tr/\n//, 1, 'which is said once');
like($said, qr/^run-qemu\.sh: \Q$file\E: 2 lines of it are no text, and are passed over$/, 'in a sentence');
like(slurp($file), qr/enough\nnew\n\z/, 'and new ones are added');

sub state_of {
    my ($path) = @_;
    return -f $path ? -s $path < 1 << 20 ? slurp($path) : -s $path : '';
}
sub is_of_no_use {
    my ($name, $path, $reason, $expected) = @_;
    my $before = state_of($path);
    my ($got, $sentence, $code) = session($name =~ tr/ /-/r, lines('one', 'two', 'three'), FILE => $path);
    is("$code $got", "33 $expected", "$name: the session goes on");
    like($sentence, qr/^run-qemu\.sh: \Q$path\E .*$reason.*, so this session's lines are not kept \(HISTORY=\)\n\z/, 'and it is said once');
    is(state_of($path), $before, 'nothing is written');
    return;
}
is_of_no_use('a folder', $scratch, qr/./, "\n");
is_of_no_use('no folder', "$scratch/none/history", qr/No such file/, "\n");
is_of_no_use('a device', '/dev/null', qr/no ordinary file/, "\n");
system('mkfifo', "$scratch/pipe") == 0 or die;
is_of_no_use('a pipe', "$scratch/pipe", qr/no ordinary file/, "\n");
is_of_no_use('an image', random_image('image', 100_000, 1), qr/most of it is no text/, "\n");
is_of_no_use('a huge one', sparse_image('huge', 1 << 40), qr/more than 8 MiB/, "\n");
SKIP: {
    skip 'root may write everything', 3 if $> == 0;
    chmod 0400, spill("$scratch/only", "devices\n");
    is_of_no_use('a file to be read only', "$scratch/only", qr/Permission denied/, "devices\n\n");
}
{
    spill($file, "devices\n");
    open my $held, '<', $file or die;
    flock $held, 2;
    ($seen, $said) = session('held', lines('new', 'newer'));
    like($said, qr/^run-qemu\.sh: .* cannot be written \(.*\n\z/, 'a file that somebody has locked is not waited for for ever');
    is("$seen" . slurp($file), "devices\n\ndevices\n", 'but is read');
}

done_testing();
