#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The door: what the host's tools read and write through the driver is what is on the images. Ready tools (nbdinfo,
# nbdcopy, fio, mkfs, fsck), and a client of ours for what they do not do; how a session with a door ends; what it
# refuses. docs/nbd.md
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Fcntl qw(SEEK_SET);
use JSON::PP ();
use Nbd;
use Test::More;

sub same { return slurp($_[0]) eq slurp($_[1]) ? 1 : 0 }

sub qcow2 {
    my ($name, $size) = @_;
    my ($code, $output) = command('qemu-img', 'create', '-q', '-f', 'qcow2', "$scratch/$name", $size);
    die "qemu-img: $output" if $code != 0;
    return "$scratch/$name";
}

# Waits for the URI; $session->{uri} is it. Sockets have short paths, so tools are given one from the top of the tree.
sub wait_for_door {
    my ($session) = @_;
    my $came = $session->expect(qr/^NBD, .* at nbd\+unix:\/\/\/\?socket=\S+\n/m, 60);
    $session->{socket} = "$session->{run_dir}/nbd.sock" =~ s{^\Q$top\E/}{}r;
    return $came;
}
sub uri { my ($session, $export) = @_; return "nbd+unix:///$export?socket=$session->{socket}" }

sub tool_is_good {
    my ($name, @words) = @_;
    my ($code, $output) = command(@words);
    return is($code, 0, $name) || diag("@words\n$output");
}

# Random sizes and places, 32 at a time, each verified by its checksum.
sub fio_is_good {
    my ($name, $session, $export, $size) = @_;
    return tool_is_good($name, 'fio', '--name=x', '--ioengine=nbd', '--uri=' . uri($session, $export),
        qw(--rw=randrw --rwmixwrite=70 --bsrange=512-64k --iodepth=32 --verify=crc32c --verify_fatal=1 --randseed=7 --group_reporting
        --output-format=terse --thread), "--size=$size", "--aux-path=$scratch");
}

# ------------------------------------------------------------------ pata and ahci in one session

my $disk = random_image('disk.img', (12 << 20) + 512, 'disk');
my $on_ahci = random_image('ahci.img', 12 << 20, 'ahci');
my $lasting = qcow2('lasting.qcow2', '8M');
my $cd = random_image('cd.iso', 3 << 20, 'cd');
my $session = start(NBD => 1, WRITE => 1, CONTROLLER => 'piix3-ide ahci', DISK => $disk, DISK1 => $lasting,
    DISK2 => "ahci:$on_ahci", CDROM => $cd, CMD => 'fill 1 0 16 0x77', MODE => 'interactive');
ok(wait_for_door($session), 'the URI is printed') or diag($session->{text});
like($session->{text}, qr/^> fill 1 0 16 0x77\n(?:.*\n)*NBD, for reading and writing: 0 1 cd0 2 at /m, 'when the commands are done');

my ($code, $output) = command('nbdinfo', '--list', '--json', '--no-content', uri($session, ''));
my %exports = $code == 0 ? map { $_->{'export-name'} => $_ } @{ JSON::PP::decode_json($output)->{exports} } : ();
is(join(' ', sort keys %exports), '0 1 2 cd0', 'nbdinfo lists the disks by the names of the shell') or diag($output);
is(join(' ', map { $exports{$_}{'export-size'} } sort keys %exports), join(' ', (12 << 20) + 512, 8 << 20, 12 << 20, 3 << 20),
    'with their sizes');
is(join(' ', map { "$_:" . ($exports{$_}{'is_read_only'} ? 'ro' : 'rw') . ($exports{$_}{can_multi_conn} ? '' : '!')
        . ($exports{$_}{can_flush} ? '' : '!') . ($exports{$_}{can_fua} ? ' fua' : '') } sort keys %exports), '0:rw fua 1:rw fua 2:rw fua cd0:ro', 'what may be written');
is($exports{cd0}{'block_size_minimum'}, 2048, 'a CD announces its sectors');
is($exports{0}{'block_size_minimum'}, 1, 'a disk takes any number of bytes');
is($exports{2}{description}, 'QEMU HARDDISK', 'and its model');

# ---- whole disks

for my $copy (['0', $disk], ['2', $on_ahci], ['cd0', $cd]) {
    tool_is_good("nbdcopy of $copy->[0]", 'nbdcopy', uri($session, $copy->[0]), "$scratch/copy");
    is(same("$scratch/copy", $copy->[1]), 1, 'is the image');
}

# ---- odd lengths, many at a time

# Pieces of a few bytes that share their sectors, 200 at a time, in an order of their own, some of them whole sectors.
my $zero = Nbd->connect($session->{socket}, '0');
my $wanted = slurp($disk);
is($zero->{size}, length $wanted, 'a client of ours');
my ($at, @pieces) = (1000);
for my $i (0 .. 199) {
    my $length = $i % 10 == 9 ? 512 + (-$at % 512) : 1 + ($i * 37) % 300;
    push @pieces, [$at, join '', map { chr(($i + $_ * 7) & 255) } 1 .. $length];
    $at += $length;
}
@pieces = map { $pieces[$_ * 77 % 200] } 0 .. 199;
$zero->send($Nbd::WRITE, @$_) for @pieces;
is(join('', map { $_ ? "<$_>" : '' } $zero->replies(scalar @pieces)), '', '200 writes of parts of sectors');
substr $wanted, $_->[0], length $_->[1], $_->[1] for @pieces;
my ($error, $bytes) = $zero->read(777, $at - 777 + 99);
is("$error " . ($bytes eq substr($wanted, 777, $at - 777 + 99) ? 'same' : 'other'), '0 same', 'none of which loses another\'s bytes');

# One that the plugin cuts, FUA, and the disk's very end.
my $long = join '', map { pack 'N', $_ * 2654435761 & 0xFFFFFFFF } 1 .. 100_000;
is($zero->write(1 << 20 | 333, $long, $Nbd::FUA), 0, 'a long write that begins and ends within sectors, forced');
substr $wanted, 1 << 20 | 333, length $long, $long;
is($zero->write($zero->{size} - 3, 'end'), 0, 'the last bytes');
substr $wanted, -3, 3, 'end';
is($zero->write($zero->{size} - 2, 'end'), 28, 'a byte more is ENOSPC');
is(($zero->read($zero->{size} - 2, 3))[0], 22, 'and to read EINVAL');
is($zero->zero(5 << 20 | 7, 70_000), 0, 'zeroes');
substr $wanted, 5 << 20 | 7, 70_000, "\0" x 70_000;
is($zero->trim(6 << 20 | 5, (1 << 20) + 700, $Nbd::FUA), 0, 'a trim of parts of sectors, forced');
substr $wanted, (6 << 20) + 512, 1 << 20, "\0" x (1 << 20);
is($zero->flush, 0, 'flush');
($error, $bytes) = map { $zero->read($_->[0], $_->[1]) } [6 << 20, 1 << 20];
is(slurp($disk) eq $wanted, 1, 'and outside the image is all that');

# ---- errors

my $drive = Nbd->connect($session->{socket}, 'cd0');
is($drive->write(0, 'x' x 2048), 1, 'a write to a CD is EPERM');
is(($drive->read(2047, 3))[1], substr(slurp($cd), 2047, 3), 'of which odd lengths can be read all the same');
is(Nbd->connect($session->{socket}, '7'), undef, 'an export that there is not');

# ---- file systems

mkdir "$scratch/files";
spill("$scratch/files/$_", $long x $_) for 1 .. 5;
tool_is_good('a file system', 'mkfs.ext4', '-q', '-d', "$scratch/files", "$scratch/ext4", '12M');
tool_is_good('nbdcopy puts it on a disk', 'nbdcopy', '--flush', "$scratch/ext4", uri($session, '2'));
tool_is_good('and takes it out', 'nbdcopy', uri($session, '2'), "$scratch/copy");
is(same("$scratch/copy", "$scratch/ext4"), 1, 'the same bytes');
tool_is_good('fsck', 'fsck.ext4', '-fn', "$scratch/copy");

# ---- fio, with the prompt at work, and with faults that a retry cures

fio_is_good('fio through pata', $session, '0', '2M');
my $busy = fork // die "fork: $!";
if (!$busy) {
    open STDOUT, '>', '/dev/null' and open STDERR, '>&', \*STDOUT or POSIX::_exit(1);
    exec 'fio', '--name=x', '--ioengine=nbd', '--uri=' . uri($session, '2'), qw(--rw=randread --bs=4k --iodepth=32 --size=12M
        --runtime=60 --time_based --thread), "--aux-path=$scratch" or POSIX::_exit(1);
}
like($session->answer('identify 0'), qr/QEMU HARDDISK/, 'the prompt works while fio does');
like($session->answer('counters'), qr/\n> \z/, 'again and again');
kill TERM => $busy;
waitpid $busy, 0;
fio_is_good('fio through ahci', $session, '2', '2M');
$session->answer("fault add $_") for 'time-outs 100', 'interrupt lost channel=0.0 every=15', 'interrupt lost channel=1.3 every=15';
fio_is_good('fio through pata, with faults', $session, '0', '1M');
fio_is_good('fio through ahci, with faults', $session, '2', '1M');
is(scalar(() = $session->answer('fault list') =~ /^fault \d: interrupt lost .*: injected \d+ times?\b/mg), 2, 'which were injected')
    or diag($session->answer('fault list'));

# ---- a power failure

my $one = Nbd->connect($session->{socket}, '1');
$session->answer('fault clear');
my $kept = join '', map { chr($_ & 255) x 4096 } 1 .. 1024;
is($one->write(0, $kept), 0, 'four megabytes are written');
is($one->flush, 0, 'and flushed');
$session->kill;
is($session->finish->{code}, 137, 'the power fails');
command('qemu-img', 'convert', '-O', 'raw', $lasting, "$scratch/copy");
is(substr(slurp("$scratch/copy"), 0, 4 << 20) eq $kept, 1, 'nothing that was flushed is lost');

# ------------------------------------------------------------------ read-only; the host means harm

$disk = random_image('disk.img', 4 << 20, 'disk');
my $digest = sha256_of($disk);
$session = start(NBD => 1, MACHINE => 'q35', DISK => $disk, terminal => 1);
ok(wait_for_door($session), 'q35') or diag($session->{text});
like($session->{text}, qr/^NBD, read-only: 0 at /m, 'without WRITE=1');
$zero = Nbd->connect($session->{socket}, '');
is($zero->{flags} & $Nbd::READ_ONLY, $Nbd::READ_ONLY, 'is announced');
is(join(' ', $zero->write(0, 'x'), $zero->trim(0, 4096), $zero->zero(0, 4096)), '1 1 1', 'write, trim and zero are EPERM');

# In the memory that guest and host share: what the plugin would never write.
open my $memory, '+<:raw', "$session->{run_dir}/door.memory" or die "door.memory: $!";
sub poke {
    my ($slot, @words) = @_;    # state operation export flags offset length
    seek $memory, 4096 + 64 * $slot, SEEK_SET;
    syswrite $memory, pack 'V4 Q<2', @words;
    return;
}
sub slot_error {
    my ($slot) = @_;
    sysseek $memory, 4096 + 64 * $slot, SEEK_SET;
    sysread $memory, my $bytes, 64;
    return join ' ', (unpack 'V4 Q<2 V', $bytes)[0, 6];
}
poke(60, 1, 1, 0, 0, 0, 512);
poke(61, 1, 0, 0, 0, (4 << 20) - 1, 512);
is(($zero->read(0, 512))[0], 0, 'a read');
is(slot_error(60), '2 4', 'after which a write is refused by the guest, too');
is(slot_error(61), '2 3', 'and a read beyond the end');
is(sha256_of($disk), $digest, 'the image is as it was');
poke(62, 1, 0, 0, 0, 0, 131073);
($error) = $zero->read(0, 512);
ok($error == 0 || $error == 108 || $error == 5, 'a read that comes with nonsense');
ok($session->expect(qr/\bdoor: the host's side has asked for no bytes, or more than a slot has, in slot 62; the door is closed$/m, 20),
    'closes the door, in words');
is(($zero->read(0, 512))[0], 108, 'then it is ESHUTDOWN');
like($session->answer('read 0 0'), qr/^0+ /m, 'and the shell goes on');
$session->type("\x1dx");
exit_code_is($session->finish, 0, 'until the end key');
is(join(' ', grep { -e "$session->{run_dir}/$_" } qw(door.memory nbd.sock)), '', 'nothing is left');

# ------------------------------------------------------------------ SIGTERM

$session = start(NBD => 1, MODE => undef, WRITE => 1, DISK => $disk, CMD => 'identify 0');
ok(wait_for_door($session), 'without a prompt') or diag($session->{text});
$zero = Nbd->connect($session->{socket}, '0');
$zero->send($Nbd::WRITE, $_ << 16, chr(65 + $_) x 65536) for 0 .. 31;
my (undef, $first) = $zero->reply;
$session->signal('TERM');
my %count = ($first => 1);
while (my (undef, $how) = $zero->reply) {
    $count{$how}++;
}
my $run = $session->finish(60);
exit_code_is($run, 0, 'SIGTERM while 32 requests are under way');
like($run->{console}, qr/^The host ends the session\.$/m, 'is told');
my $image = slurp($disk);
is(scalar(grep { substr($image, $_ << 16, 65536) eq chr(65 + $_) x 65536 } 0 .. 31) >= ($count{0} // 0), 1, 'what was answered is there')
    or diag(explain(\%count));
is(join(' ', grep { $_ != 0 && $_ != 108 } keys %count), '', 'what was refused is ESHUTDOWN');

# When the guest has most likely not come to its prompt, and while a command runs that takes longer than this test may.
for my $case (['as soon as the door is open'], ['while a command runs', 'bench 0 write 4K 1; bench 0', qr/^bench port write/m]) {
    my ($when, $command, $sign) = @$case;
    $session = start(NBD => 1, WRITE => 1, DISK => $disk);
    ok($session->expect(qr/^NBD, .*\bnbd\+unix:/m, 60), 'a door');
    if ($command) {
        $session->type("$command\n");
        ok($session->expect($sign, 60), $command);
    }
    $session->signal('TERM');
    $run = $session->finish(60);
    exit_code_is($run, 0, "SIGTERM $when");
    like($run->{console}, qr/^The host ends the session\.$/m, 'is told');
}

# ------------------------------------------------------------------ poweroff, from a pipe; a server that does not start

$run = boot(NBD => 1, DISK => $disk, stdin => "identify 0\npoweroff\n");
exit_code_is($run, 0, 'standard input is the prompt\'s, which ends with poweroff');
like($run->{console}, qr/^NBD, read-only: 0 at .*\n(?:.*\n)*> identify 0\n.*QEMU HARDDISK/m, 'when the door is open');

mkdir "$scratch/bin";
spill("$scratch/bin/nbdkit", "#!/bin/sh\necho nbdkit: error: out of order >&2\nexit 1\n");
chmod 0755, "$scratch/bin/nbdkit";
$run = boot(NBD => 1, DISK => $disk, PATH => "$scratch/bin:$ENV{PATH}");
exit_code_is($run, 2, 'a server that does not start');
like($run->{console}, qr/the NBD server has ended, and the session with it: nbdkit: error: out of order$/m, 'is the end, in words');

# ------------------------------------------------------------------ wrong usage

for my $case ([qr/isapc machine has no PCI bus/, MACHINE => 'isapc'], [qr/in no recording/, QEMU_EXTRA => '-icount 3,rr=record,rrfile=x'],
    [qr/expected 1 or 0/, NBD => 2], [qr/shorter RUN_DIR=/, RUN_DIR => "$scratch/" . 'long' x 40]) {
    my ($sentence, @words) = @$case;
    $run = boot(NBD => 1, DISK => $disk, @words);
    exit_code_is($run, 2, "wrong usage: $words[0]=" . substr $words[1], 0, 20);
    like($run->{console}, $sentence, 'with a sentence');
}

done_testing();
