# SPDX-License-Identifier: MIT
#
# What every test that starts QEMU shares. A test says
#
#   use lib 'tests/lib';
#   use Ataport;
#   use Test::More tests => 2;
#
#   my $run = boot(DISK => random_image('a.img', 64 << 20, 1), CMD => 'sha256 0');
#   exit_code_is($run, 0, 'the command succeeds');
#   like($run->{console}, qr/^\Q@{[sha256_of("$scratch/a.img")]}\E/m, 'the guest reads what the host wrote');
#
# and is started from the top of the tree, as `make test` does. It owns $scratch, an empty folder in
# build/test/$ARCH/, which is removed when the test passes and kept when it fails, but for large images, which are
# kept with KEEP=1 only. A boot is private: its hive
# is $scratch/registry.reg unless HIVE says otherwise, and nothing of the caller's environment but ARCH,
# CROSS, QEMU, HOSTCC and ACCEL reaches it. When a check fails, the last lines of the boot before it
# and the commands that repeat it are printed.
#
#   boot(WORD => value, ...)      boots, waits for the end. WORDs are run-qemu.sh's; besides these:
#                                   stdin => text     standard input of run-qemu.sh (default: empty)
#                                   terminal => 1     standard files are a terminal's (with start)
#                                   columns => N      its width; nobody knows it otherwise
#                                   TIMEOUT           is 240 by default: a loaded machine is slow
#                                   progress => qr/^at /   lines that are shown at once, on standard error
#                                   plugin => '-plugin ...'   further words of QEMU_EXTRA, with which the boot is the
#                                                     same: they do not stand in what repeats it
#                                   ours_may => qr/IRB-09/   rules that pata.sys and ahci.sys may break in it, which is
#                                                     otherwise a failure: it is to keep them all
#                                 Returns { code, console, log, qemu_log, seconds, run_dir }: run-qemu.sh's
#                                 exit code; all it printed, without carriage returns; debug.log; qemu.log
#   machine_with_ide(MACHINE)     words for that machine with an IDE controller, which has the disks
#   command_of($run)              the command that boots so once more
#   exit_code_is($run, N, name)   a check of the code, which says what the codes mean
#   guest_tap(WORD => value, ...) boots a guest that prints TAP and hands each line on as its own: plan
#                                 first, each check in turn; the end must be code 0. Needs no plan itself,
#                                 and must be all that the test does
#   start(WORD => value, ...)     boots an interactive session (MODE=interactive), returns an object:
#     ->expect(qr/.../, seconds)    waits for that in the output since the last match; true if it came
#     ->type(text)                  sends bytes to the guest's console
#     ->answer(command, seconds)    types it; what it printed up to the next prompt
#     ->qemu(command, word => value, ...)   one of QEMU's machine protocol, with $monitor_words in QEMU_EXTRA;
#                                   what it returns
#     ->kill                        kills QEMU as a power failure would, with SIGKILL
#     ->signal(name)                sends a signal to run-qemu.sh alone
#     ->close_output                nobody reads it any more; what came until then stays
#     ->finish(seconds)             waits for the end; returns what boot returns
#   random_image(name, size, seed)  a file in $scratch of size bytes which depend on the seed alone; its path
#   sparse_image(name, size)        a file in $scratch that is a hole of size bytes; its path
#   sha256_of(path, from, length)   hexadecimal digits; from and length, in bytes, may be left out
#   slurp(path), spill(path, bytes), command(words...)   the last returns (exit code, stdout and stderr)
#   stub_build()                  a BUILD folder with a small kernel for tests of run-qemu.sh itself; it
#                                 prints its command line and modules and ends as KARGS=stub=... tells it
#                                 (tests/boot/stub.c)
package Ataport;

use strict;
use warnings;
use parent 'Exporter';
use Cwd ();
use Digest::SHA ();
use Errno qw(EINTR);
use Fcntl qw(SEEK_SET);
use File::Path qw(make_path remove_tree);
use POSIX ();
use Test::More;
use Time::HiRes ();

our $monitor_words = '-qmp unix:qmp.sock,server=on,wait=off';
our @EXPORT = qw($monitor_words $scratch $top boot command_of machine_with_ide exit_code_is guest_tap start random_image sparse_image sha256_of
    slurp spill command stub_build);

our $top = Cwd::getcwd();
our ($name) = $0 =~ m{([^/]+?)(?:\.t)?$};
our $arch = $ENV{ARCH} || 'x86_64';
our $scratch = join '/', "$top/build/test/$arch", grep({ length } $ENV{TEST_GROUP} // ''), $name;

my @dropped_words = qw(BUILD BUILD_PHASE CDROM CHECKS CMD CONTROLLER DISK DISK1 DISK2 DISK3 FAULT FORMAT GDB GDB_WAIT HISTORY HIVE
    HIVE_RO KARGS MACHINE MINIPORT MODE NBD OUT QEMU_EXTRA RECORD REPLAY REQUEST RUN_DIR STRICT TIMELINE TIMEOUT TRACE WATCHDOG WRITE TEST V
    MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES MAKEFILES);

my $boot_count = 0;
my %running;       # process id of each run-qemu.sh that has not ended
my $reported = 0;  # failed checks that have been explained
my $last_run;      # the latest boot
my $passes_on_tap = 0;
my $output_is_wrong = 0;    # in a way that no test asks about
my @images;        # that random_image and sparse_image made

-x "$top/run-qemu.sh" or BAIL_OUT('tests are started from the top of the tree');
if (!$^C) {    # `perl -c` only reads
    remove_tree($scratch);
    make_path($scratch);
}
delete @ENV{@dropped_words};
$ENV{LC_ALL} = 'C';                               # tests read what programs say
$ENV{HISTORY} = '';                                # nobody wants to find a test's lines
$ENV{PATH} = "$ENV{PATH}:/usr/sbin:/sbin";        # where a user's has not what makes file systems
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);    # END kills what runs
$SIG{PIPE} = 'IGNORE';

# ------------------------------------------------------------------ running the guest

sub start {
    my (%words) = @_;
    return launch(MODE => 'interactive', stdin => undef, %words);
}

sub machine_with_ide {
    my ($machine) = @_;
    return (MACHINE => $machine, $machine eq 'q35' ? (CONTROLLER => 'piix4-ide') : ());
}

# A pseudo terminal's two ends; the numbers are Linux's TIOCSPTLCK and TIOCGPTN.
sub pseudo_terminal {
    my $number = pack 'i', 0;
    open my $master, '+<', '/dev/ptmx' or die "/dev/ptmx: $!";
    ioctl $master, 0x40045431, $number or die "TIOCSPTLCK: $!";
    ioctl $master, 0x80045430, $number or die "TIOCGPTN: $!";
    my $path = '/dev/pts/' . unpack 'i', $number;
    open my $slave, '+<', $path or die "$path: $!";
    return ($master, $slave);
}

sub boot {
    my (%words) = @_;
    return launch(stdin => '', %words)->finish;
}

# Starts run-qemu.sh in a process group of its own, so that all of it can be ended.
sub launch {
    my (%words) = @_;
    explain_failures();
    my $stdin = delete $words{stdin};
    my $ours_may = delete $words{ours_may};
    my $plugin = delete $words{plugin};
    my $is_terminal = delete $words{terminal};
    my $columns = delete $words{columns};
    my $progress = delete $words{progress};
    my $directory = "$scratch/run" . ++$boot_count;
    my %environment = (HIVE => "$scratch/registry.reg", TIMEOUT => 240, CORE => 0, RUN_DIR => $directory, %words);
    delete $environment{$_} for grep { !defined $environment{$_} } keys %environment;
    $environment{QEMU_EXTRA} = join ' ', $environment{QEMU_EXTRA} // (), $plugin if $plugin;
    # The project may lie in a folder whose path has blanks.
    $environment{MINIPORT} =~ s{\Q$top\E}{$top =~ s/ /\\ /gr}ge if defined $environment{MINIPORT};
    my $extra = $environment{QEMU_EXTRA} // "\n";
    if ($top =~ / / && $extra !~ /\n/) {
        $extra =~ s/\Q$top\E/\0/g;
        $environment{QEMU_EXTRA} = join "\n", map { s/\0/$top/gr } split ' ', $extra;
    }

    my ($from_host, $to_guest, $from_guest, $to_host);
    if ($is_terminal) {
        ($to_guest, $from_host) = pseudo_terminal();
        open $from_guest, '<&', $to_guest or die "terminal: $!";
        $to_host = $from_host;
    } else {
        pipe $from_host, $to_guest or die "pipe: $!";
        pipe $from_guest, $to_host or die "pipe: $!";
    }
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        $is_terminal ? POSIX::setsid() : setpgrp 0, 0;
        $SIG{$_} = 'DEFAULT' for qw(PIPE QUIT);    # what runs in the background has QUIT ignored
        @ENV{keys %environment} = values %environment;
        open STDIN, '<&', $from_host or POSIX::_exit(2);
        ioctl STDIN, 0x540E, 0 or POSIX::_exit(2) if $is_terminal;    # TIOCSCTTY: Ctrl-C comes from there
        ioctl STDIN, 0x5414, pack 'S4', 24, $columns, 0, 0 or POSIX::_exit(2) if $columns;    # TIOCSWINSZ
        open STDOUT, '>&', $to_host or POSIX::_exit(2);
        open STDERR, '>&', $to_host or POSIX::_exit(2);
        close $_ for $to_guest, $from_guest;
        exec { "$top/run-qemu.sh" } "$top/run-qemu.sh" or POSIX::_exit(2);    # no shell
    }
    $running{$pid} = 1;
    close $_ for $from_host, $to_host;
    my $session = bless {
        pid => $pid, input => $to_guest, output => $from_guest, text => '', position => 0,
        words => \%words, ours_may => $ours_may, progress => $progress, shown => 0, run_dir => $environment{RUN_DIR},
        began => Time::HiRes::time(), limit => ($environment{TIMEOUT} // '') =~ /^(\d+)/ ? $1 : 240,
    }, 'Ataport::Session';
    $last_run = $session;
    if (defined $stdin) {
        syswrite $to_guest, $stdin;
        close $to_guest;
        delete $session->{input};
    }
    return $session;
}

sub Ataport::Session::read_some {
    my ($self, $seconds) = @_;
    vec(my $ready = '', fileno($self->{output}), 1) = 1;
    return 1 if select($ready, undef, undef, $seconds) <= 0;
    my $count = sysread $self->{output}, my $bytes, 65536;
    return $!{EINTR} if !defined $count;
    $bytes =~ tr/\r//d;
    $self->{text} .= $bytes;
    $self->show_progress if $self->{progress};
    return $count;
}

sub Ataport::Session::show_progress {
    my ($self) = @_;
    while (substr($self->{text}, $self->{shown}) =~ /\A(.*)\n/) {
        my $line = $1;
        $self->{shown} += length($line) + 1;
        print STDERR "$line\n" if $line =~ $self->{progress};
    }
    return;
}

sub Ataport::Session::expect {
    my ($self, $pattern, $seconds) = @_;
    my $deadline = Time::HiRes::time() + ($seconds // 120);
    my $open = 1;
    while (1) {
        pos($self->{text}) = $self->{position};
        if ($self->{text} =~ /$pattern/g) {
            $self->{position} = pos $self->{text};
            return 1;
        }
        my $left = $deadline - Time::HiRes::time();
        return 0 if $left <= 0 || !$open;
        $open = $self->read_some($left);
    }
}

sub Ataport::Session::type {
    my ($self, $text) = @_;
    return syswrite $self->{input}, $text;
}

# The socket's path must be short, so it is taken from here.
sub Ataport::Session::qemu {
    my ($self, $command, %arguments) = @_;
    if (!$self->{monitor}) {
        require IO::Socket::UNIX;
        require JSON::PP;
        (my $path = "$self->{run_dir}/qmp.sock") =~ s{^\Q$top\E/}{};
        $self->{monitor} = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!";
        $self->{monitor}->getline;
        $self->qemu('qmp_capabilities');
    }
    my $monitor = $self->{monitor};
    print {$monitor} JSON::PP::encode_json({ execute => $command, arguments => \%arguments }), "\n";
    while (my $line = <$monitor>) {
        die "$command: $line" if $line =~ /^\{"error"/;
        return JSON::PP::decode_json($line)->{return} if $line =~ /^\{"return"/;
    }
    die "$command: QEMU is gone";
}

sub Ataport::Session::answer {
    my ($self, $command, $seconds) = @_;
    my $from = $self->{position};
    $self->type("$command\r");
    my $came = $self->expect(qr/\Q$command\E\n(?:.*\n)*> \z/, $seconds // 30);
    return $came ? substr($self->{text}, $from) : '(no prompt)';
}

sub Ataport::Session::kill {
    my ($self) = @_;
    kill KILL => -$self->{pid};
    return;
}

sub Ataport::Session::signal {
    my ($self, $signal) = @_;
    kill $signal => $self->{pid};
    return;
}

sub Ataport::Session::close_output {
    my ($self) = @_;
    close $self->{output};
    open $self->{output}, '<', '/dev/null' or die "/dev/null: $!";
    return;
}

# What is counted in messages. Of one there are not many.
my $things = qr/(?:arguments|batches|buffers|bytes|channels|characters|commands|deletions|directories|disks|imports|interrupts
    |IRBs|keys|lines|pages|partitions|pieces|problems|registers|reports|requests|rules|sections|sectors|units|values|writes)/x;

sub Ataport::Session::finish {
    my ($self, $seconds) = @_;
    # What a run is given itself, and some time for its end.
    my $deadline = Time::HiRes::time() + ($seconds // $self->{limit} + 360);
    close delete $self->{input} if $self->{input};
    while (1) {
        my $left = $deadline - Time::HiRes::time();
        if ($left <= 0) {
            $self->{text} .= "# run-qemu.sh did not end and was killed\n";
            $self->kill;
            last;
        }
        last if !$self->read_some($left);
    }
    waitpid $self->{pid}, 0;
    my $code = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    kill KILL => -$self->{pid};
    delete $running{ $self->{pid} };
    $self->{seconds} = Time::HiRes::time() - $self->{began};
    $self->{code} = $code;
    $self->{console} = $self->{text};
    my $directory = $self->{run_dir};
    $self->{log} = -e "$directory/debug.log" ? slurp("$directory/debug.log") : '';
    $self->{qemu_log} = -e "$directory/qemu.log" ? slurp("$directory/qemu.log") : '';
    $self->{log} =~ tr/\r//d;
    my ($broken) = grep { !$self->{ours_may} || !/$self->{ours_may}/ }
        "$self->{console}\n$self->{log}" =~ /^(RULE \S+ (?:pata|ahci)\.sys.*)$/mg;
    if (defined $broken) {
        $output_is_wrong = 1;
        print STDERR "# our drivers keep all rules, but: $broken\n";
        explain_run($self);
    }
    my ($many) = grep { !/^(?:ok|not ok|#)/ && /(?<![\w.,:;%+-])1 $things\b(?! \d)/ } split /\n/, "$self->{console}\n$self->{log}";
    if (defined $many) {
        $output_is_wrong = 1;
        print STDERR "# says one of many (lib/plural.h): $many\n";
    }
    return $self;
}

my %meanings = (
    0 => 'success', 1 => 'a command failed', 2 => 'wrong usage, or the fault of the host',
    3 => 'a rule was broken', 4 => 'kernel assertion or exception',
    5 => 'triple fault, lost guest or time-out',
);

sub exit_code_is {
    my ($run, $expected, $test_name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $meaning = $meanings{ $run->{code} } // 'killed, or not from run-qemu.sh';
    my $passed = is($run->{code}, $expected, $test_name);
    diag("run-qemu.sh ended with $run->{code}: $meaning") if !$passed;
    return $passed;
}

# The guest's lines become this test's. A guest that stops early has printed its plan, so prove notices.
sub guest_tap {
    my (%words) = @_;
    $passes_on_tap = 1;
    my $run = boot(%words);
    my $plan_seen = 0;
    my $failed = 0;
    for my $line (split /\n/, $run->{console}) {
        $plan_seen ||= $line =~ /^1\.\.\d+$/;
        next if !$plan_seen || $line !~ /^(?:1\.\.\d|(?:not )?ok\b|Bail out!|#)/;
        $failed ||= $line =~ /^not ok\b(?!.*# (?:TODO|SKIP))/;
        print "$line\n";
    }
    if (!$plan_seen) {
        print "1..1\nnot ok 1 - the guest printed no plan\n";
        $failed = 1;
    }
    if ($failed || $run->{code} != 0) {
        print STDERR "# run-qemu.sh ended with $run->{code}: " . ($meanings{ $run->{code} } // 'killed') . "\n";
        explain_run($run);
        exit 1;
    }
    return $run;
}

# ------------------------------------------------------------------ explaining a failure

sub quoted {
    my ($text) = @_;
    return $text if $text =~ m{^[\w/.,:=+-]+$};
    $text =~ s/'/'\\''/g;
    return "'$text'";
}

sub command_of {
    my ($run) = @_;
    my %words = (ARCH => $arch, %{ $run->{words} });
    return join ' ', (map { "$_=" . quoted($words{$_}) } grep { defined $words{$_} } sort keys %words), './run-qemu.sh';
}

sub explain_run {
    my ($run) = @_;
    my @lines = grep { !/^sha256 / } split /\n/, $run->{text};
    splice @lines, 0, @lines - 40 if @lines > 40;
    print STDERR "# ---- the last lines of the boot before this\n";
    print STDERR "# | $_\n" for @lines;
    print STDERR "# ---- that boot again: ", command_of($run), "\n" if %{ $run->{words} };
    my $driver = $ENV{TEST_GROUP} ? " MINIPORT=$run->{words}{MINIPORT}" : '';
    (my $files = $scratch) =~ s{^\Q$top\E/}{};
    print STDERR "# ---- the test again:  make test ARCH=$arch$driver TEST=$name    (its files are in $files)\n";
    print STDERR "# ---- its large images are removed; with KEEP=1 it keeps them\n" if large_images();
    return;
}

# What would fill a disk when many tests fail, and is made anew by each run.
sub large_images {
    return $ENV{KEEP} ? () : grep { (-s $_ // 0) > 8 << 20 } @images;
}

sub explain_failures {
    my $failed = grep { !$_ } Test::More->builder->summary;
    if ($failed > $reported) {
        explain_run($last_run // { text => '', words => {} });
    }
    $reported = $failed;
    return;
}

END {
    return if $^C;
    my $code = $? || ($output_is_wrong ? 1 : 0);
    for my $pid (keys %running) {
        kill KILL => -$pid;
        waitpid $pid, 0;
    }
    explain_failures();
    my $is_passing = $passes_on_tap ? $code == 0 : Test::More->builder->is_passing && $code == 0;
    $is_passing ? remove_tree($scratch) : unlink large_images();
    $? = $code;
}

# ------------------------------------------------------------------ files

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!";
    local $/;
    return <$file> // '';
}

sub spill {
    my ($path, $bytes) = @_;
    open my $file, '>:raw', $path or die "$path: $!";
    print {$file} $bytes;
    close $file or die "$path: $!";
    return $path;
}

sub sparse_image {
    my ($file_name, $size) = @_;
    my $path = "$scratch/$file_name";
    spill($path, '');
    push @images, $path;
    truncate $path, $size or die "$path: $!";
    return $path;
}

# A megabyte from SHA-512 in counter mode; each further megabyte is that one with its number mixed in.
sub random_image {
    my ($file_name, $size, $seed) = @_;
    my $path = "$scratch/$file_name";
    push @images, $path;
    my $megabyte = join '', map { Digest::SHA::sha512("$seed:$_") } 1 .. (1 << 20) / 64;
    open my $file, '>:raw', $path or die "$path: $!";
    for (my ($number, $left) = (0, $size); $left > 0; $number++, $left -= 1 << 20) {
        my $block = $megabyte ^ (Digest::SHA::sha512("$seed/$number") x (1 << 14));
        print {$file} $left < 1 << 20 ? substr($block, 0, $left) : $block;
    }
    close $file or die "$path: $!";
    return $path;
}

sub sha256_of {
    my ($path, $from, $length) = @_;
    my $digest = Digest::SHA->new(256);
    open my $file, '<:raw', $path or die "$path: $!";
    seek $file, $from // 0, SEEK_SET or die "$path: $!";
    my $left = $length // (-s $file) - ($from // 0);
    while ($left > 0) {
        my $count = read $file, my $bytes, $left < 1 << 20 ? $left : 1 << 20;
        die "$path: ends early" if !$count;
        $digest->add($bytes);
        $left -= $count;
    }
    return $digest->hexdigest;
}

sub command {
    my (@words) = @_;
    open my $pipe, '-|', '/bin/sh', '-c', 'exec "$@" 2>&1 </dev/null', 'sh', @words or die "@words: $!";
    local $/;
    my $output = <$pipe> // '';
    close $pipe;
    return ($? >> 8, $output);
}

sub stub_build {
    my $folder = "$scratch/stub";
    return $folder if -e "$folder/kernel";
    make_path($folder);
    my $flags = '-m32 -march=i686 -O1 -ffreestanding -nostdlib -fno-pic -no-pie -fno-stack-protector '
        . '-fno-asynchronous-unwind-tables -Wall -Wextra '
        . '-Wl,--build-id=none -Wl,-z,noexecstack -Wl,-Ttext=0x100000';
    my ($code, $output) = command(($ENV{CROSS} // '') . 'gcc', split(' ', $flags),
        '-o', "$folder/kernel", "$top/tests/boot/stub.c");
    $code == 0 or BAIL_OUT("the stub kernel cannot be built:\n$output");
    spill("$folder/$_.sys", 'not a driver') for qw(pata ahci);
    return $folder;
}

1;
