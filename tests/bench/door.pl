#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tests/bench/door.pl [SIZE]        `make door-test` builds first; SIZE, of each disk, is 1G
#
# The door at length: a disk behind pata and one behind ahci, in one session, with and without faults that a retry
# cures. On each: random mixed sizes with checksums, 32 at a time (fio); a file system with files in, out and checked; the
# whole disk out, compared with the image. Then rates, of each disk through the door, and of the same image by qemu-nbd,
# in turn. Prints a line for each, and ends with 1 if one of them is not as it should be.
use strict;
use warnings;
use Cwd ();
use File::Path qw(make_path remove_tree);
use POSIX ();
use Time::HiRes ();

my %factor = ('' => 1, K => 1 << 10, M => 1 << 20, G => 1 << 30);
my ($number, $unit) = ($ARGV[0] // '1G') =~ /^(\d+)([KMG]?)$/ or die "usage: tests/bench/door.pl [SIZE]\n";
my $size = $number * $factor{$unit};
my $arch = $ENV{ARCH} || 'x86_64';
my $top = Cwd::getcwd();
-x './run-qemu.sh' or die "door.pl is started from the top of the tree\n";
my $scratch = "build/door-test/$arch";
my $failed = 0;
my ($session, $input, $output);
$ENV{PATH} = "$ENV{PATH}:/usr/sbin:/sbin";
END { kill TERM => $session if $session; waitpid $session, 0 if $session; }
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

sub say_line { local $| = 1; printf "%-46s %s\n", @_; return }

sub run_quietly {
    my (@words) = @_;
    open my $pipe, '-|', '/bin/sh', '-c', 'exec "$@" 2>&1 </dev/null', 'sh', @words or die "@words: $!\n";
    my $text = do { local $/; <$pipe> } // '';
    close $pipe;
    return ($?, $text);
}

# A step with its time; $amount bytes in it are a rate.
sub step {
    my ($name, $amount, @words) = @_;
    my $from = Time::HiRes::time();
    my ($code, $text) = run_quietly(@words);
    my $seconds = Time::HiRes::time() - $from;
    $failed ||= $code != 0;
    say_line($name, $code ? "FAILED ($code)\n@words\n$text" : sprintf '%.1f s%s', $seconds,
        $amount ? sprintf(', %.1f MiB/s', $amount / $seconds / (1 << 20)) : '');
    return $text;
}

sub fio_words {
    my ($uri, @words) = @_;
    return ('fio', '--name=x', '--ioengine=nbd', "--uri=$uri", "--aux-path=$scratch", '--thread', '--output-format=terse',
        '--terse-version=3', @words);
}

# ------------------------------------------------------------------ the session

sub open_door {
    my (%words) = @_;
    pipe my $from, $input or die "pipe: $!\n";
    pipe $output, my $to or die "pipe: $!\n";
    $session = fork // die "fork: $!\n";
    if (!$session) {
        setpgrp 0, 0;
        @ENV{keys %words} = values %words;
        open STDIN, '<&', $from and open STDOUT, '>&', $to and open STDERR, '>&', $to or POSIX::_exit(2);
        close $_ for $input, $output;
        exec './run-qemu.sh' or POSIX::_exit(2);
    }
    close $_ for $from, $to;
    my $text = '';
    while (my $line = <$output>) {
        $text .= $line;
        return if $line =~ /^NBD, /;
    }
    die "the door did not open:\n$text";
}

# Types a command, and waits for a line; shows those of faults.
sub ask_shell {
    my ($command, $answer) = @_;
    syswrite $input, "$command\r";
    while (my $line = <$output>) {
        say_line('', $line =~ s/\s+$//r =~ s/ at nth=.*//r) if $line =~ /^fault \d.*injected/;
        return if $line =~ $answer;
    }
    die "$command: the session is over\n";
}

sub close_door {
    kill TERM => $session;
    my $text = do { local $/; <$output> } // '';
    waitpid $session, 0;
    undef $session;
    my $code = $? >> 8;
    $failed ||= $code != 0;
    my $cured = () = $text =~ /was injected/g;
    say_line('the session ends', "with $code" . ($cured ? ", and $cured more requests were repeated" : ''));
    return;
}

sub uri { return "nbd+unix:///$_[0]?socket=$scratch/run/nbd.sock" }

# ------------------------------------------------------------------ what is tried

sub try_disk {
    my ($disk, $name, $image) = @_;
    my $text = step("$name: fio, verified", 0, fio_words(uri($disk), qw(--rw=randrw --rwmixwrite=70 --bsrange=512-128k --iodepth=32
        --verify=crc32c --verify_fatal=1 --randseed=7), "--size=$size"));
    my ($line) = $text =~ /^(3;.*)$/m;
    my @field = split /;/, $line // '';
    say_line('', sprintf '%.0f MiB read, %.0f MiB written', $field[5] / 1024, $field[46] / 1024) if @field > 46;
    step("$name: the whole disk out", $size, 'nbdcopy', uri($disk), "$scratch/copy");
    step("$name: is the image", 0, 'cmp', "$scratch/copy", $image);
    step("$name: a file system's files in", 0, qw(mkfs.ext4 -q -F -d docs), "$scratch/copy");
    step("$name: nbdcopy onto the disk", $size, 'nbdcopy', '--flush', "$scratch/copy", uri($disk));
    step("$name: is the image", 0, 'cmp', "$scratch/copy", $image);
    step("$name: nbdcopy out of it", $size, 'nbdcopy', uri($disk), "$scratch/copy");
    step("$name: fsck", 0, qw(fsck.ext4 -fn), "$scratch/copy");
    return;
}

sub rate {
    my ($name, $uri, $writes) = @_;
    for my $kind (['4 KiB random', 4096, '--bs=4k'], ['128 KiB sequential', 131072, '--bs=128k']) {
        my ($what, undef, $block) = @$kind;
        for my $way ('read', $writes ? 'write' : ()) {
            my ($code, $text) = run_quietly(fio_words($uri, '--rw=' . ($what =~ /random/ ? "rand$way" : $way), $block,
                '--iodepth=32', "--size=$size", '--time_based', '--runtime=5'));
            my @field = split /;/, ($text =~ /^(3;.*)$/m)[0] // '';
            my $at = $way eq 'read' ? 6 : 47;
            $failed ||= $code != 0;
            say_line("$name: ${way}s, $what, 32 at a time", $code ? "FAILED\n$text"
                : sprintf '%.1f MiB/s, %d/s', $field[$at] / 1024, $field[$at + 1]);
        }
    }
    return;
}

remove_tree($scratch);
make_path($scratch);
my %image = map { $_ => "$scratch/$_.img" } qw(pata ahci);
for my $path (values %image) {
    open my $file, '>', $path or die "$path: $!\n";
    truncate $file, $size or die "$path: $!\n";
}
my %words = (NBD => 1, WRITE => 1, CONTROLLER => 'piix3-ide ahci', DISK => $image{pata}, DISK2 => "ahci:$image{ahci}",
    HIVE => "$scratch/registry.reg", HISTORY => '', RUN_DIR => "$top/$scratch/run", MODE => 'interactive');
my @faults = ('time-outs 100', 'interrupt lost channel=0.0 every=2000', 'interrupt lost channel=1.3 every=2000');
for my $has_faults (0, 1) {
    open_door(%words);
    ask_shell("fault add $_", qr/^Fault \d is armed/) for $has_faults ? @faults : ();
    try_disk(0, 'pata' . ($has_faults ? ' with faults' : ''), $image{pata});
    try_disk(2, 'ahci' . ($has_faults ? ' with faults' : ''), $image{ahci});
    ask_shell('fault list', qr/^fault \d: interrupt lost channel=1.3.*/) if $has_faults;
    if (!$has_faults) {
        rate("the door, $_->[0]", uri($_->[1]), 1) for ['pata', 0], ['ahci', 2];
    }
    close_door();
}
my $server = fork // die "fork: $!\n";
exec 'qemu-nbd', '--persistent', '--format=raw', '--shared=8', "--socket=$top/$scratch/qemu.sock", $image{pata} or POSIX::_exit(1)
    if !$server;
select undef, undef, undef, 0.1 for grep { !-e "$scratch/qemu.sock" } 1 .. 50;
step('qemu-nbd: nbdcopy out of it', $size, 'nbdcopy', "nbd+unix:///?socket=$scratch/qemu.sock", "$scratch/copy");
rate('qemu-nbd', "nbd+unix:///?socket=$scratch/qemu.sock", 1);
kill TERM => $server;
waitpid $server, 0;
remove_tree($scratch) if !$failed;
exit $failed;
