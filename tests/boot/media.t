#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Disks and drives that fail, or are not there: no disk, an empty drive, a medium that comes, goes and
# changes under the guest's hands, sectors that cannot be read or written, a disk that takes its time. Each
# is said in a sentence, and the next command works.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use JSON::PP;
use Witness;
use Test::More;

my $disk = random_image('disk.img', 1 << 20, 'media');
my $digest = sha256_of($disk);

# ------------------------------------------------------------------ no disk

my $run = boot(DISK => 'none', CMD => 'devices; read 0 0; sha256 cd0; flush 0; bench; stop 0.0; start 0.0; '
        . 'counters; irbs; rules');
# EDGE: 1
exit_code_is($run, 1, 'no disk at all: what needs one fails');
like($run->{console}, qr/^No disk was found\.$/m, 'the start says so');
like(output_of($run, 'read 0 0'), qr/\AThere is no disk "0".*\n\z/, 'and the command');
like(output_of($run, 'start 0.0'), qr/^Channel 0\.0 is running/, 'a channel without disks starts again');
like($run->{console}, qr/^4 of 10 commands failed:$/m, 'the rest succeeds');

# A slave alone, on each channel.
$run = boot(DISK1 => $disk, DISK2 => $disk, CMD => 'sha256 1; sha256 2; read 0 0');
# EDGE: 5
exit_code_is($run, 1, 'slaves without masters');
is(digest_in($run, "sha256 $_"), $digest, "disk $_ is read") for 1, 2;

# ------------------------------------------------------------------ an empty drive

for my $hive (undef, hive('pio.reg', 'Controller0\Channel1' => { DmaAllowed => 0 })) {
    my $name = $hive ? 'PIO' : 'DMA';
    $run = boot(DISK2 => $disk, CDROM => 'none', defined $hive ? (HIVE => $hive) : (),
        CMD => 'read cd0 0; sha256 cd0; verify cd0; partitions cd0; cd cd0 capacity; cd cd0 load; '
            . 'copy cd0 0 2 0 1; cd cd0 eject; read cd0 16; devices; identify cd0; mode cd0; sha256 2; rules');
    exit_code_is($run, 1, "an empty drive by $name");
    # EDGE: 7, 133
    like($run->{console}, qr/^cd0: .*, no medium,/m, 'the start says so');
    like(output_of($run, $_), qr/no medium/i, "and $_")
        for 'read cd0 0', 'sha256 cd0', 'cd cd0 capacity', 'read cd0 16', 'devices';
    like(output_of($run, 'identify cd0'), qr/CD-ROM/, 'the drive itself is there');
    is(digest_in($run, 'sha256 2'), $digest, 'the disk beside it is read');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
}

# ------------------------------------------------------------------ a medium that changes

my $one = random_image('one.iso', 1 << 20, 'one');
my $two = random_image('two.iso', 2 << 20, 'two');
my $session;

sub qemu { return $session->qemu(@_) }

sub answer { return $session->answer(@_) }

sub digest_is {
    my ($path, $name) = @_;
    return like(answer('sha256 cd0'), qr/(?<![0-9a-f])@{[sha256_of($path)]} /, $name);
}

$session = start(DISK => $disk, CDROM => $one, QEMU_EXTRA => $monitor_words);
$session->expect(qr/^> \z/m);
digest_is($one, 'a medium in the drive');
qemu('blockdev-change-medium', id => 'cd0', filename => $two, format => 'raw');
# EDGE: 134, 135
digest_is($two, 'another one: the first command after the change reads it');
qemu('blockdev-change-medium', id => 'cd0', filename => $one, format => 'raw');
like(answer('read cd0 0'), qr/^00000000  /m, 'the first sector of the first again');
digest_is($one, 'and all of it');
qemu('eject', id => 'cd0', force => JSON::PP::true);
# EDGE: 138
like(answer('read cd0 0'), qr/no medium/i, 'the medium is taken out');
like(answer('sha256 cd0'), qr/no medium/i, 'twice');
like(answer('sha256 0'), qr/(?<![0-9a-f])$digest /, 'the disk works');
qemu('blockdev-change-medium', id => 'cd0', filename => $two, format => 'raw');
like(answer('cd cd0 capacity'), qr/ 1024 sectors of 2048 bytes/, 'another one is put in');
digest_is($two, 'and read');
like(answer('cd cd0 eject'), qr/open/, 'the guest opens the drive');
like(answer('read cd0 0'), qr/no medium/i, 'and finds nothing in it');
like(answer('cd cd0 load'), qr/closed/, 'closes it');
digest_is($two, 'and has the medium again');
like(answer('stop 0.1'), qr/stopped/, 'its channel is stopped');
qemu('blockdev-change-medium', id => 'cd0', filename => $one, format => 'raw');
like(answer('sha256 cd0'), qr/There is no disk "cd0"/, 'the drive is gone');
like(answer('start 0.1'), qr/running/, 'started');
# EDGE: 136
digest_is($one, 'and the medium that was changed meanwhile is read');

# In the midst of a long command: it fails, and gives no digest of two discs.
sub bytes_read {
    my ($stats) = grep { $_->{qdev} =~ /cd0/ } @{ qemu('query-blockstats') };
    return $stats->{stats}{rd_bytes};
}

my $long = sparse_image('long.iso', 640 << 20);
for my $command ('sha256 cd0', 'verify cd0') {
    qemu('blockdev-change-medium', id => 'cd0', filename => $long, format => 'raw');
    answer('cd cd0 capacity');
    my $before = bytes_read();
    $session->type("$command\r");
    select undef, undef, undef, 0.005 while bytes_read() < $before + 300_000;
    qemu('blockdev-change-medium', id => 'cd0', filename => $two, format => 'raw');
    $session->expect(qr/> \z/, 60);
    like($session->{text}, qr/\Q$command\E\n(?:[0-9a-f]{8} .*\n|\n)*.*\bthe medium in cd0 was changed\b.*\n> \z/,
        # EDGE: 139
        "a change during `$command` makes it fail");
}
digest_is($two, 'the next command reads the new medium');
like(answer('rules'), qr/^No rule was broken/m, 'no rule was broken');
$session->type("poweroff\r");
exit_code_is($session->finish, 0, 'the end');

# A medium of less than a sector: the drive answers FFFFFFFFh, which is no last sector.
$run = boot(DISK => 'none', CDROM => random_image('short.iso', 1024, 'short'),
    CMD => 'devices; cd cd0 capacity; sha256 cd0; read cd0 0; partitions cd0');
exit_code_is($run, 1, 'a medium of half a sector');
like(output_of($run, $_), qr/names no size of its medium/, "`$_` believes in no capacity")
    for 'cd cd0 capacity', 'sha256 cd0', 'read cd0 0', 'partitions cd0';

# ------------------------------------------------------------------ sectors that fail

# QEMU's blkdebug fails reads of sector 1000, writes of sector 3000, and every flush after a write.
sub failing_disk {
    my ($path) = @_;
    my $file = "file.driver=blkdebug,file.image.driver=file,file.image.filename=$path";
    my $number = 0;
    for my $error ([read_aio => 1000], [write_aio => 3000], [flush_to_disk => undef]) {
        $file .= ",file.inject-error.$number.event=$error->[0],file.inject-error.$number.errno=5";
        $file .= ",file.inject-error.$number.sector=$error->[1]" if defined $error->[1];
        $number++;
    }
    return "-drive if=none,id=failing,driver=raw,$file "
        . '-device ide-hd,bus=ide.0,unit=0,drive=failing,rerror=report,werror=report';
}

my $target = random_image('failing.img', 4 << 20, 'failing');
my $expected = slurp($target);
substr $expected, 3500 * 512, 1, "\1";
for my $hive (undef, hive('pio.reg', 'Controller0\Channel0' => { DmaAllowed => 0 }),
    hive('single.reg', 'Controller0\Channel0' => { DmaAllowed => 0, MultipleCount => 0 }))
{
    my $name = !$hive ? 'DMA' : $hive =~ /pio/ ? 'PIO' : 'PIO, sector by sector';
    random_image('failing.img', 4 << 20, 'failing');
    $run = boot(DISK1 => $disk, QEMU_EXTRA => failing_disk($target), defined $hive ? (HIVE => $hive) : (),
        CMD => 'read 0 1000; sha256 0 999 1; sha256 0; sha256 0 1001 500; write 0 3000 01; write 0 3500 01; '
            . 'flush 0; sha256 0 3000 1; sha256 1; counters; rules');
    exit_code_is($run, 1, "sectors that fail by $name");
    # EDGE: 150
    like(output_of($run, 'read 0 1000'), qr/\A.*\b1000\b.*error.*\n\z/, 'a read: one sentence with the sector');
    like(output_of($run, 'sha256 0'), qr/\A.*\bsectors? \d+.*error.*\n\z/, 'a long one');
    # EDGE: 152
    is(digest_in($run, 'sha256 0 999 1'), sha256_of($target, 999 * 512, 512), 'the sector before is read');
    is(digest_in($run, 'sha256 0 1001 500'), sha256_of($target, 1001 * 512, 500 * 512), 'and those behind');
    like(output_of($run, 'write 0 3000 01'), qr/\A.*\b3000\b.*error.*\n\z/, 'a write');
    # EDGE: 157
    like(output_of($run, 'flush 0'), qr/\Aflush.*error.*\n\z/, 'a flush');
    is(digest_in($run, 'sha256 1'), $digest, 'the other disk of the channel works');
    like(output_of($run, 'counters'), qr/^0 +\d.* ([1-9]\d*) +\d+ +0$/m, 'the errors are counted');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
    is(slurp($target) eq $expected, 1, 'only what succeeded was written');
}

# What was written and cannot be flushed is a failure of the session, whoever flushes.
for my $end ('stop 0.0', 'poweroff', 'read 0 0') {
    $run = boot(DISK => "none", QEMU_EXTRA => failing_disk($target), CMD => "write 0 1 00; $end");
    exit_code_is($run, 1, "a flush that fails at the end, after $end");
}

# ------------------------------------------------------------------ a disk that takes its time

# Two seconds for each request, which is slow and no error; the prompt comes all the same.
$run = boot(DISK1 => $disk, CMD => 'read 0 0; sha256 1; counters; rules',
    QEMU_EXTRA => '-drive if=none,id=slow,driver=null-co,size=1M,read-zeroes=on,latency-ns=2000000000 '
        . '-device ide-hd,bus=ide.0,unit=0,drive=slow');
# EDGE: 30
exit_code_is($run, 0, 'a disk that needs two seconds for a request');
like(output_of($run, 'read 0 0'), qr/^00000000  00/, 'is waited for');
is(digest_in($run, 'sha256 1'), $digest, 'the other disk of the channel works');
like(output_of($run, 'counters'), qr/^0 +\d.* 0 +0 +0$/m, 'nothing timed out');

# ------------------------------------------------------------------ one that never answers

# (QEMU itself reads a disk whose geometry it has to guess.) A minute for each request stands for a driver that has lost it: Ctrl-C brings the prompt at once, for each command.
$session = start(DISK => 'none', QEMU_EXTRA => '-drive if=none,id=lost,driver=null-co,size=16M,read-zeroes=on,'
        . 'latency-ns=60000000000 -device ide-hd,bus=ide.0,unit=0,drive=lost,cyls=32,heads=16,secs=63');
$session->expect(qr/^> \z/m);
for my $command ('read 0 0', 'sha256 0', 'verify 0', 'partitions 0', 'fill 0 0 8 1', 'write 0 0 00', 'copy 0 0 0 8 1',
    'bench 0', 'identify 0')
{
    my $from = $session->{position};
    $session->type("$command\r");
    $session->expect(qr/\Q$command\E\n/);
    select undef, undef, undef, 0.1;
    my $began = time;
    $session->type("\x03");
    ok($session->expect(qr/^> \z/m, 5), "Ctrl-C ends `$command` at once");
    my $said = $command eq 'identify 0' ? qr/^The device does not answer/m : qr/^Stopped by Ctrl-C\b/m;
    like(substr($session->{text}, $from), $said, 'and it says so');
}
like(answer('irbs'), qr/^  slot \d+ +0 +read +at the driver, \d+ s left, nobody waits for it$/m,
    'the driver still has the first one');
$session->kill;

done_testing();
