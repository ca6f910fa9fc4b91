#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Recordings: a run is repeated instruction for instruction, from the recording's own files, on images that nobody
# writes; and in GDB it goes backwards, from what a driver finds broken to the instruction that broke it.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Time::HiRes qw(sleep);

my $arch = $ENV{ARCH} // 'x86_64';
my $is_ide = $arch eq 'x86_64';    # each architecture on one machine: pata on the one, ahci on the other
my $place = "$Ataport::scratch/" . 'replay';
mkdir $place;

sub recording {
    my ($name, @words) = @_;
    return boot(RECORD => 1, OUT => "$place/$name", MACHINE => $is_ide ? 'pc' : 'q35', @words);
}

# ------------------------------------------------------------------ a run, and the same run

my $image = random_image('disk.img', 4 << 20, 'replay');
my $cd = random_image('disk.iso', 1 << 20, 'replay-cd');
my %facts = map { $_ => sha256_of($_) } $image, $cd;
my $hive = "$Ataport::scratch/" . 'recorded.reg';
my $run = recording('run', DISK => $image, CDROM => $cd, HIVE => $hive, FAULT => 'error ICRC nth=5; bsy for=3ms nth=9',
    CMD => 'sha256 0; fill 0 100 64 0x5a; read 0 99 3; flush 0; sha256 cd0 4 20; registry set HKLM\SOFTWARE\x v sz:stored; trace save kept; nonsense');
exit_code_is($run, 1, 'a run is recorded, and ends as a run does');
like($run->{console}, qr{^run-qemu\.sh: recorded in \S+/run: make replay OUT=}m, 'it says where the recording is');
like($run->{console}, qr/^\Q@{[sha256_of($image)]}\E  disk 0/m, 'the guest has read the image');
is(sha256_of($_), $facts{$_}, "$_ was not written") for $image, $cd;
like(slurp($hive), qr/^"v"="stored"/m, 'the registry is as after any run');

my $stored = slurp($hive);
like($run->{console}, qr{^run-qemu\.sh: the trace is in \S+/kept$}m, 'and the trace, which the guest hands over, is there');
my $again = boot(REPLAY => 1, OUT => "$place/run", HIVE => undef);
exit_code_is($again, 1, 'its replay ends as it did');
like($again->{console}, qr/^run-qemu\.sh: replayed as recorded: the same output \(\d+ bytes\), the same memory, the same end$/m,
    'and says that all was the same');
like($again->{console}, qr/^0000c800  5a 5a /m, 'what was printed is printed again');
is(slurp($hive), $stored, 'but nothing is stored again');
unlike($again->{console}, qr/the trace is/, 'and no file made again');
is(sha256_of($image), $facts{$image}, 'nor is the image written');

# ------------------------------------------------------------------ a prompt

# More than the UART's FIFO holds, and more than the guest's own input; all of it is there before the guest is.
my $comment = '# ' . 'x' x 50;
my $typed = boot(RECORD => 1, OUT => "$place/typed", DISK => 'none', MODE => 'interactive', TIMEOUT => 60,
    stdin => "devices; registry list HKLM\\SYSTEM\n" . join('', map { "mode $comment $_\n" } 1 .. 120) . "help read; rules\npoweroff\nrules\n");
exit_code_is($typed, 0, 'lines from a pipe, at the prompt of a recording');
like($typed->{console}, qr/^> devices; registry list HKLM\\SYSTEM\nThere are no disks\.\n(?:.*\n)*\[HKEY_LOCAL_MACHINE\\SYSTEM\\/m, 'a line that is longer than the FIFO');
my @numbers = $typed->{console} =~ /^> mode \Q$comment\E (\d+)$/mg;
is("@numbers", join(' ', 1 .. 120), 'and many more: none is lost, and none is cut');
like($typed->{console}, qr/^> help read; rules\nread DISK .*\n(?:.*\n)*> poweroff\n/m, 'up to the last');
exit_code_is($again = boot(REPLAY => 1, OUT => "$place/typed", HIVE => undef), 0, 'its replay ends as it did');
like($again->{console}, qr/^run-qemu\.sh: replayed as recorded: /m, 'and all is the same');

my $session = start(RECORD => 1, OUT => "$place/pasted", DISK => $image, TIMEOUT => 120, terminal => 1);
ok($session->expect(qr/\n> \z/), 'the same at a terminal');
$session->type("devices; registry list HKLM\\SYSTEM\rhelp read; rules\rbench 0\r");
ok($session->expect(qr/^read DISK (?:.*\n)*No rule was broken\.\n(?:.*\n)*> bench 0\n/m), 'lines that are pasted all run');
$session->type("$comment\r" x 100);
sleep 0.5;    # more than the FIFO, and the guest's own input, which become full
$session->type("\cCpoweroff\r");
ok($session->expect(qr/^Stopped by Ctrl-C.*\n> poweroff\n/m, 20), 'Ctrl-C overtakes what was typed ahead');
exit_code_is($session->finish, 0, 'and the recording ends');

sub size_on_disk { return 512 * (stat $_[0])[12] }

my $given_up = boot(RECORD => 1, OUT => "$place/given-up", DISK => 'none', MODE => 'interactive', TIMEOUT => 1, CORE => 1);
exit_code_is($given_up, 5, 'a recording whose time is over');
my ($core) = $given_up->{console} =~ /^run-qemu\.sh: the guest's memory is in (\S+),/m;
ok(-s ($core // ''), 'leaves a core');
SKIP: {
    my $zeroes = spill("$place/zeroes", "\0" x (1 << 20));
    command('fallocate', '--dig-holes', $zeroes);
    skip 'no holes can be dug in this file system', 1 if size_on_disk($zeroes) >= 1 << 20;
    cmp_ok(size_on_disk($core // $zeroes), '<', 16 << 20, 'without the zeroes');
}

# ------------------------------------------------------------------ what cannot be replayed

sub is_refused {
    my ($pattern, $what, @words) = @_;
    my $refused = boot(REPLAY => 1, OUT => "$place/run", HIVE => undef, @words);
    exit_code_is($refused, 2, "$what: refused");
    like($refused->{console}, $pattern, 'and it says why');
    return;
}

is_refused(qr/^run-qemu\.sh: RUN_DIR=\S+: is not empty; a recording and a replay want a folder of their own$/m, "the recording's folder as RUN_DIR",
    RUN_DIR => "$place/run");
is_refused(qr/^run-qemu\.sh: REPLAY=1 and CMD=devices: a replay has all that from the recording/m, 'other commands', CMD => 'devices');
is_refused(qr/ holds no recording: `make record` makes one$/m, 'a folder that is none', OUT => $place);
my $head = slurp("$place/run/recording");
spill("$place/run/recording", $head =~ s/^qemu .*/qemu QEMU emulator version 0.1/mr);
is_refused(qr/^run-qemu\.sh: it was recorded with QEMU emulator version 0\.1, and \S+ is QEMU/m, 'another QEMU');
spill("$place/run/recording", $head);
utime 0, 1, $image;
is_refused(qr/^run-qemu\.sh: the image \S+disk\.img was changed since: /m, 'a changed image');
for (['WRITE=1', WRITE => 1], ['NBD=1', NBD => 1], ['TIMELINE=1', TIMELINE => 1], ['GDB=1', GDB => 1]) {
    my ($said, @words) = @$_;
    my $refused = recording('other', DISK => 'none', CMD => 'devices', @words);
    exit_code_is($refused, 2, "$said: no recording");
    like($refused->{console}, qr/^run-qemu\.sh: RECORD=1 and $said: /m, 'and it says why');
}
my $inside = recording('run', DISK => "$place/run/hd0.qcow2", FORMAT => 'qcow2', CMD => 'devices');
exit_code_is($inside, 2, 'a disk that lies in the old recording');
like($inside->{console}, qr{^run-qemu\.sh: OUT=\S+: \S+/hd0\.qcow2 lies there, which this run needs}m, 'is not taken away');
my $nothing = recording('run', DISK => 'none', CMD => 'devices', QEMU_EXTRA => '-device nonsense');
like($nothing->{console}, qr/^run-qemu\.sh: nothing was recorded: QEMU has not started$/m, 'what did not start is no recording');
is(slurp("$place/run/recording"), $head, 'and the old one is still there');
mkdir "$place/full";
spill("$place/full/mine", 'somebody else');
my $full = boot(RECORD => 1, OUT => "$place/full", DISK => 'none', CMD => 'devices');
exit_code_is($full, 2, 'a folder with other files is not touched');

# ------------------------------------------------------------------ backwards

# The driver of docs/writing-a-miniport.md, which keeps its registry buffer, writes into it where it should not, and
# finds out much later.
my ($code, $output) = command('make', '--no-print-directory', 'new-miniport', 'NAME=stray', "DIR=$place");
is($code, 0, 'a driver is made') or diag($output);
my $file = "$place/stray/stray.c";
($code, $output) = command('tools/tutorial.pl', $_, $file) for qw(writes dma registry);
my $source = slurp($file);
my $changes = 0;
for (['    ULONG waited_us;', "    PULONG kept;\n    ULONG calls;\n    ULONG waited_us;"],
    ['    AtaPortRegistryFreeBuffer(channel, buffer);', "    *buffer = 0x600D;\n    channel->kept = buffer;"],
    ["    UCHAR status;\n\n    if (channel->is_resetting)\n",
        "    UCHAR status;\n\n    if (++channel->calls == 12)\n        ((PUCHAR)channel->kept)[1] = 7; /* STRAY */\n    if (channel->is_resetting)\n"],
    ["    case IdeStop:\n", "    case IdeStop:\n        AtaPortRegistryFreeBuffer(channel, channel->kept);\n"],
    ["    UCHAR trouble = select_device(", "    if (channel->calls >= 20 && *channel->kept != 0x600D)\n        AtaPortDebugBreak(channel);\n    UCHAR trouble = select_device("])
{
    my ($from, $to) = @$_;
    $changes += $source =~ s/\Q$from\E/$to/;
}
is($changes, 5, 'and gets its fault');
spill($file, $source);
my ($line) = grep { (split /\n/, $source)[$_ - 1] =~ /STRAY/ } 1 .. ($source =~ tr/\n//);

$run = boot(RECORD => 1, OUT => "$place/stray-run", MINIPORT => "$place/stray", MINIPORT_DEBUG => 1, DISK => $image, CMD => join('; ', map { "verify 0 $_ 1" } 1 .. 30));
exit_code_is($run, 0, 'its run is recorded');
my $script = "$Ataport::scratch/" . 'commands.gdb';
spill($script, <<'GDB');
up 2
frame
set $kept = channel->kept
printf "kept %#x\n", *$kept
watch *$kept
reverse-continue
printf "then %#x\n", *$kept
frame
reverse-stepi
printf "before %#x\n", *$kept
GDB
{
    local @ENV{qw(REPLAY OUT ARCH)} = (1, "$place/stray-run", $arch);
    delete local @ENV{qw(HIVE DISK CMD)};
    ($code, $output) = command('timeout', 120, 'tools/debug.sh', '-batch', '-ex', 'set width 0', '-x', $script);
}
my $there = qr{^#0 .*\bHwInterrupt .*/stray\.c:(\d+)$}m;
like($output, qr/^A driver called AtaPortDebugBreak; `up 2` is its frame\.$/m, 'GDB stops where the driver finds out');
like($output, qr/^kept 0x70d$/m, 'and has what it found');
ok($output =~ $there && ($1 == $line || $1 == $line + 1), "backwards it comes to the write, in line $line") or diag($output);
like($output, qr/^then 0x70d\n(?:.*\n)*before 0x600d$/m, 'before which the value was right');
like($output, qr{^0x[0-9a-f]+\s+$line\s.*STRAY}m, 'at the very instruction');
done_testing();
