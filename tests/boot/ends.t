#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# How a run is ended from outside: keys of a terminal, signals, a reader that has gone, a script that was
# killed. No key is QEMU's own, QEMU never stays behind, and what has to be looked at afterwards is.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Time::HiRes qw(sleep time);

my $stub = stub_build();

sub echo { return start(BUILD => $stub, DISK => 'none', KARGS => 'stub=echo', @_) }

# Process ids of what works for a session: QEMU, whose directory is the session's, and those beside it, which are told.
sub processes {
    my ($session) = @_;
    return grep {
        (readlink "/proc/$_/cwd" // '') eq $session->{run_dir} || arguments($_) =~ /\0\Q$session->{run_dir}\E[\/\0]/
    } map { m{(\d+)} } glob '/proc/[0-9]*';
}

sub arguments {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/cmdline" or return '';
    local $/;
    return readline($file) // '';
}

sub process_named {
    my ($session, $name) = @_;
    my ($found) = grep { (readlink "/proc/$_/exe" // '') =~ m{/\Q$name\E[^/]*$} } processes($session);
    return $found // die "no process $name";
}

sub nothing_stays {
    my ($session, $name) = @_;
    my $deadline = time + 5;
    sleep 0.05 while processes($session) && time < $deadline;
    return is(scalar(processes($session)), 0, $name);
}

# ------------------------------------------------------------------ keys

SKIP: {
    skip 'there are no pseudo terminals here', 10 if !-w '/dev/ptmx' || !glob '/dev/pts/*';
    my $session = echo(terminal => 1);
    ok($session->expect(qr/^Ctrl-\] X ends QEMU, Ctrl-C goes to the guest\.$/m), 'a terminal: the start says which keys end it');
    ok($session->expect(qr/command line \[/), 'the guest is there');
    my $settings = POSIX::Termios->new;
    $settings->getattr(fileno $session->{input});
    my $flags = $settings->getlflag;

    # Each key after Ctrl-A, which QEMU's multiplexer would take, and after Ctrl-].
    my @keys = grep { chr !~ /q/ } 0 .. 255;
    my $typed = join '', map({ "\001" . chr } @keys), map({ "\x1d" . chr } grep { chr !~ /x|\x1d/i } @keys);
    my $arrived = 1;
    for (my $at = 0; $at < length $typed; $at += 32) {
        my $part = substr $typed, $at, 32;
        $session->type($part);
        $arrived &&= $session->expect(join '', map { sprintf '<%02x>', ord } split //, $part);
    }
    ok($arrived, 'all keys are the guest\'s, those after Ctrl-A and Ctrl-] too');
    $session->type("\x1d\x1dx");
    ok($session->expect(qr/<1d><1d><78>/), 'and a doubled Ctrl-]');
    $session->type("\x1dx");
    exit_code_is($session->finish(20), 0, 'Ctrl-] X ends it');
    like($session->{console}, qr/<78>\s*\z/, 'without a word');

    $session = start(BUILD => $stub, DISK => 'none', KARGS => 'stub=hang', CMD => 'a', terminal => 1);
    $session->expect(qr/command line/);
    $session->type('x' x 200_000);
    $session->type("\x1dX");
    exit_code_is($session->finish(20), 5, 'a lost guest that reads nothing: the same, which is no success');
    like($session->{console}, qr/ended with Ctrl-\] X before the commands were done/, 'as is said');

    my $image = random_image('disk.img', 1 << 20, 'keys');
    my $digest = sha256_of($image);
    $session = start(DISK => $image, terminal => 1);
    $session->expect(qr/^> \z/m);
    $session->type("fill 0 0 16 0x77\r");
    $session->expect(qr/\n> \z/);
    $session->type("ead 0 0\001r\r");
    ok($session->expect(qr/^00000000  77 77/m), 'Ctrl-A goes to the beginning of the line');
    $session->type("\001s\001c\001b\001h\ncommit all\r\001x\x15poweroff\r");
    exit_code_is($session->finish(30), 0, 'the end');
    is(sha256_of($image), $digest, 'and a session that may not write has not written');
}

# ------------------------------------------------------------------ signals

my %numbers = (HUP => 1, INT => 2, QUIT => 3, PIPE => 13, TERM => 15);
for my $signal (sort keys %numbers) {
    my $session = echo();
    $session->expect(qr/command line/);
    $session->signal($signal);
    exit_code_is($session->finish(60), 128 + $numbers{$signal}, "SIG$signal");
    nothing_stays($session, 'and QEMU has ended');
}

# What is looked at when a run ends by itself is looked at now: here that the registry's file was replaced.
my $key = 'HKEY_LOCAL_MACHINE\SYSTEM\Test';
for my $signal (qw(INT TERM HUP KILL)) {
    my $hive = spill("$scratch/$signal.reg", "Windows Registry Editor Version 5.00\n");
    my $session = start(DISK => 'none', MINIPORT => 'none', HIVE => $hive);
    $session->expect(qr/^> /m);
    spill("$hive.edited", "Windows Registry Editor Version 5.00\n; edited\n");
    rename "$hive.edited", $hive;
    $session->type("registry set $key late dword:5\rhelp read\r");
    $session->expect(qr/^Usage|^read DISK/m, 10);
    $session->signal($signal);
    exit_code_is($session->finish(20), $signal eq 'KILL' ? 128 + 9 : 2, "SIG$signal, and something is missing");
    like($session->{console}, qr/was replaced while the session ran/, 'is said');
    like(slurp("$hive.session"), qr/"late"=dword:00000005/, 'what was stored is kept');
}

# ------------------------------------------------------------------ processes that are killed

my $session = echo();
$session->expect(qr/command line/);
$session->signal('KILL');
nothing_stays($session, 'run-qemu.sh is killed: QEMU ends');
$session->finish(20);

for (['session', 'what stands beside QEMU is killed'], ['registry', 'what has the registry is killed']) {
    my ($program, $what) = @$_;
    $session = echo();
    $session->expect(qr/command line/);
    kill KILL => process_named($session, $program);
    exit_code_is($session->finish(20), 2, $what);
    nothing_stays($session, 'and QEMU ends with it');
}

$session = echo();
$session->expect(qr/command line/);
kill KILL => process_named($session, 'qemu-system');
exit_code_is($session->finish(20), 2, 'QEMU is killed');
like($session->{console}, qr/run-qemu\.sh: QEMU was ended by signal 9$/m, 'which is said');

# ------------------------------------------------------------------ nobody reads

for my $what (qw(echo hang)) {
    $session = start(BUILD => $stub, DISK => 'none', KARGS => "stub=$what", MODE => undef, CMD => 'a', TIMEOUT => 60);
    $session->expect(qr/command line.*\}/s);
    my $began = time;
    $session->close_output;
    exit_code_is($session->finish(20), 141, "its reader goes away while the guest does stub=$what");
    cmp_ok(time - $began, '<', 10, 'ends the run at once');
    nothing_stays($session, 'and QEMU');
}
{
    local %ENV = (%ENV, DISK => random_image('long.img', 32 << 20, 'long'), CMD => 'read 0 0 65536', TIMEOUT => 100,
        HIVE => "$scratch/registry.reg");
    my $began = time;
    my ($code, $output) = command('sh', '-c', './run-qemu.sh 2>/dev/null | head -n 40 | tail -n 1');
    like($output, qr/^00000\w+  /, 'a long dump into head');
    cmp_ok(time - $began, '<', 30, 'ends when head does');
}

done_testing();
