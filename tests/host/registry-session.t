#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# `registry session`, which has the registry's file while a guest runs, with a small program in the place of
# QEMU: who may write, what is said of the file afterwards, and how it ends.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Time::HiRes qw(sleep time);

my $tool = "$top/build/tools/registry";
my $header = "Windows Registry Editor Version 5.00\n";
my $hive = "$scratch/hive.reg";
my $copy = "$scratch/copy.reg";
my ($appended, $repeated) = (0x444E5041, 0x44505052); # lib/journal.h

# What stands for QEMU: finds the ports among its words, and does what it is told.
my $guest = spill("$scratch/guest.pl", <<'PERL');
my $does = shift;
my ($file, $talk) = map { "@ARGV" =~ m{id=$_,path=(/dev/fd/\d+)} ? $1 : undef } qw(journal messages);
sub to { my ($path, $bytes) = @_; open my $out, '>>:raw', $path or die "$path: $!"; syswrite $out, $bytes }
sub append { to($file, $_[0]) }
sub tell_host { to($talk, pack 'L< L< Q<', $_[0], 16, $_[1]) }
$| = 1;
eval $does;
die $@ if $@;
PERL

sub session {
    my ($access, $does) = @_;
    return command($tool, 'session', "--$access", '--copy', $copy, $hive, '--', $^X, $guest, $does);
}

# Has the file until it is told to end.
sub begin {
    my ($access, $does) = @_;
    my $pid = fork // die "fork: $!";
    exec $tool, 'session', "--$access", '--copy', "$copy.other", $hive, '--', $^X, $guest,
        "open my \$f, '>', '$scratch/ready'; $does" if !$pid;
    my $deadline = time + 60;
    sleep 0.01 while !-e "$scratch/ready" && time < $deadline;
    unlink "$scratch/ready";
    return $pid;
}

sub finish { my ($pid, $signal) = @_; kill $signal => $pid; waitpid $pid, 0; return $? }

# ------------------------------------------------------------------ who may write

my ($code, $output) = session('write', 'print "words @ARGV"; exit 33');
is($code, 33, 'a missing file: it ends as the command does');
is(slurp($hive), "$header\n", 'it is made');
is(slurp($copy), slurp($hive), 'and copied');
like($output, qr/^words -chardev file,id=journal,path=\S+,append=on -device isa-debugcon,iobase=0xea,readback=0x4a,chardev=journal -chardev/,
    'QEMU is told the ports');
($code, $output) = session('read', 'print "words @ARGV"; exit 33');
is("$code $output", '33 words ', 'a session that reads has none');

my $other = begin('write', 'sleep 60');
($code, $output) = session('write', 'exit 33');
is("$code $output", "118 run-qemu.sh: HIVE=$hive: another session is writing it; with HIVE_RO=1 it is only read\n", 'a second one is refused');
($code, $output) = session('write-or-read', 'print "words @ARGV"; exit 33');
is("$code $output", "33 HIVE   only read: another session is writing  $hive\nwords ", 'or only reads');
is((session('read', 'exit 35'))[0], 35, 'as may any other');
is(finish($other, 'TERM'), (128 + 15) << 8, 'a signal is the command\'s');
$other = begin('write', 'sleep 1');
is((session('write', 'exit 33'))[0], 33, 'one that is about to end is waited for');
waitpid $other, 0;
is(finish(begin('write', 'sleep 60'), 'KILL'), 9, 'the program is killed');
is((session('write', 'exit 33'))[0], 33, 'and what it started ends and leaves the file');

for (['text', "hello\n"], ['only a comment', "; to do\n"], ['a key', "[HKEY_LOCAL_MACHINE]\n"]) {
    my ($name, $bytes) = @$_;
    spill($hive, $bytes);
    ($code, $output) = session('write', 'exit 33');
    like("$code $output", qr/^118 run-qemu\.sh: HIVE=\Q$hive\E: does not begin as a registry file does/, "$name is not written");
    is((session('read', 'exit 33'))[0], 33, 'only read');
}
spill($hive, '');
is((session('write', 'exit 33'))[0], 33, 'an empty one is written');

# ------------------------------------------------------------------ what the guest says

my $note = "; a comment\n";
for my $case (
    # What it does; the code; what is said; is the file shortened?
    ['a guest that stores', 'append("\n"); tell_host(APPENDED, 1); exit 33', 33, qr/\A\z/, 0],
    ['one that has the file repeated', 'append("\n"); tell_host(APPENDED, 1); tell_host(REPEATED, 1); exit 35', 35, qr/ became \d+; as it was: /, 1],
    ['and stores more', 'append("\n"); tell_host(REPEATED, 1); append("\n"); tell_host(APPENDED, 2); exit 33', 33, qr/ became /, 1],
    ['one that is killed then', 'append("\n"); tell_host(REPEATED, 1); kill KILL => $$; sleep 9', 137, qr/ became /, 1],
    ['what is no message', 'append("\n"); to($talk, "\nregistry: snapshot appended\n" . "APNDRPPD" x 9); exit 33', 33, qr/\A\z/, 0],
    ['a message after that', 'append("\n"); to($talk, "x" x 37); tell_host(REPEATED, 1); exit 33', 33, qr/ became /, 1],
    ['half a message', 'append("\n"); to($talk, pack "L< L< S<", REPEATED, 16, 1); exit 33', 33, qr/\A\z/, 0],
    ['one that says too little', 'append("\n" x 9); tell_host(APPENDED, 1); exit 33', 33, qr/\A\z/, 0],
    ['a file that lacks something', 'append("\n"); tell_host(APPENDED, 10); exit 33', 118, qr/the guest stored 10 bytes, and the file lacks 9 of them/, 0],
    ['that is not shortened', 'append("\n"); tell_host(REPEATED, 10); exit 33', 118, qr/lacks 9 of them/, 0],
    ['and a guest that ended worse', 'append("\n"); tell_host(APPENDED, 10); exit 41', 41, qr/lacks 9 of them/, 0],
    ['a file that cannot be shortened', 'append("nonsense\n"); tell_host(REPEATED, 9); exit 33', 118, qr/stays as it is, until those lines are right/, 0],
    # Nobody stands beside QEMU any more, and it still writes.
    ['a QEMU that outlives its parent', 'exit 33 if fork; close STDOUT; sleep 1; append("\n"); tell_host(REPEATED, 1)', 33, qr/ became /, 1],
) {
    my ($name, $does, $expected, $said, $is_short) = @$case;
    $does =~ s/APPENDED/$appended/g, $does =~ s/REPEATED/$repeated/g;
    spill($hive, "$header$note");
    ($code, $output) = session('write', $does);
    is($code, $expected, $name);
    like($output, $said, 'what is said');
    is(slurp($hive) =~ /\Q$note\E/ ? 0 : 1, $is_short, $is_short ? 'it is shortened' : 'it is not shortened');
}

# ------------------------------------------------------------------ another file has its name

my $replace = qq(open my \$f, ">", "$hive.edited"; print {\$f} "edited\\n"; close \$f; rename "$hive.edited", "$hive"; );
for (['the first time', "$hive.session"], ['and once more', "$hive.session1"]) {
    my ($name, $kept) = @$_;
    spill($hive, $header);
    ($code, $output) = session('write', "$replace append(\"; kept\n\"); tell_host($repeated, 7); exit 33");
    is("$code $output", "118 run-qemu.sh: HIVE=$hive was replaced while the session ran. The file that the session wrote is now $kept\n",
        "a file that is replaced, $name");
    is(slurp($hive), "edited\n", 'is left alone');
    is(slurp($kept), "$header; kept\n", 'and the other one kept');
}
spill($hive, $header);
($code, $output) = session('write', "$replace exit 33");
is("$code $output", '33 ', 'where nothing was stored, nothing is said');

done_testing();
