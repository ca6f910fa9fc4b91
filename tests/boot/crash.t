#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# QEMU is killed with SIGKILL while a driver writes the registry and flushes. After each restart every flush
# that had returned is there, as a whole, and nothing that was not complete; the file still parses.
#
# The witness of "had returned" is QEMU's debug log, to which the driver (tests/probes/journal) says it. What
# is there say the driver of the next boot, the host's tool and, independently, the small reader below.
#
# In the environment: KILLS (20; `make crash-test` does 1,000) and SEED, by which it is decided how long after
# the first flush each kill comes, and what happens to the file after every tenth one: it is compacted, or
# turned into UTF-16 and back.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Compress::Raw::Zlib qw(crc32);
use Encode qw(decode encode);
use Test::More;
use Time::HiRes qw(sleep time);

my $kills = $ENV{KILLS} || 20;
my $seed = $ENV{SEED} || time ^ $$;
srand $seed;
diag("seed $seed, $kills kills") if $kills > 100;
note("seed $seed, $kills kills");

my $build = "$top/build/" . ($ENV{ARCH} // 'x86_64');
my $hive = "$scratch/hive.reg";
my $directory = "$scratch/run";
my $service = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\journal\Controller0';

# ------------------------------------------------------------------ what the file says

# Text of the file, with line feeds; half a character at its end is left out.
sub text_of {
    my ($bytes) = @_;
    my $text = $bytes =~ s/\A\xFF\xFE// ? decode('UTF-16LE', substr $bytes, 0, length($bytes) & ~1) : decode('UTF-8', $bytes);
    return $text =~ s/\r\n/\n/gr;
}

# Its values, key\name => text behind the equals sign; how many batches are not complete, and whether the last
# one is so.
sub read_hive {
    my (%values, $key, @batch, $number, @lines);
    my ($incomplete, $is_cut) = (0, 0);
    for my $line (text_of(slurp($hive)) =~ /^.*\n?/mg) {
        if ($line =~ /^; batch (\d+) begin$/) {
            $incomplete++ if @batch;
            ($number, @batch) = ($1, $line);
        } elsif (@batch && $line =~ /^; batch (\d+) end crc32=([0-9A-F]{8})(?: bytes=\d+)?$/) { # a file may end before that
            my $is_right = $1 == $number && hex $2 == crc32(encode('UTF-8', join '', @batch));
            $is_right ? push @lines, @batch : $incomplete++;
            @batch = ();
        } else {
            push @{ @batch ? \@batch : \@lines }, $line;
        }
    }
    $is_cut = @batch > 0;
    for (split /\n/, join('', @lines) =~ s/\\\n\s*//gr) {
        if (/^\[(.*)\]$/) { $key = $1 }
        elsif (/^"(\w+)"=(.*)$/) { $values{"$key\\$1"} = $2 }
    }
    return (\%values, $incomplete + $is_cut, $is_cut);
}

# The same by the host's tool, which is the kernel's reader.
sub read_by_tool {
    my (%values, $key);
    for (split /\n/, (command("$top/build/tools/registry", 'export', $hive))[1] =~ s/\\\n\s*//gr) {
        if (/^\[(.*)\]$/) { $key = $1 }
        elsif (/^"(\w+)"=(.*)$/) { $values{"$key\\$1"} = $2 }
    }
    return \%values;
}

sub in_words { my ($values) = @_; return join ' ', map { "$_=$values->{$_}" } sort keys %$values }

sub number {
    my ($values, $name) = @_;
    return hex(($values->{"$service\\$name"} // 'dword:0') =~ s/^dword://r);
}

# Text and bytes as the driver makes them for a round, as .reg writes them.
sub is_whole {
    my ($values) = @_;
    my $round = number($values, 'Channel0\Number');
    return !%$values if $round == 0;
    my $text = join '', map { chr(32 + ($round + $_) % 95) } 0 .. $round * 7 % 201 - 1;
    my $bytes = join ',', map { sprintf '%02x', ($round + $_) & 255 } 0 .. $round * 13 % 601 - 1;
    return number($values, 'Number') == $round
        && $values->{"$service\\Channel0\\Text"} eq '"' . $text =~ s/(["\\])/\\$1/gr . '"'
        && $values->{"$service\\Channel0\\Bytes"} eq "hex:$bytes";
}

# ------------------------------------------------------------------ one session

# Ends with a kill. Returns what the log says: found, immediate then; flushed, immediate at the end.
sub session {
    my ($delay) = @_;
    unlink "$directory/debug.log";
    my $session = start(DISK => 'none', MINIPORT => "$build/probes/journal.sys", HIVE => $hive, RUN_DIR => $directory);
    my $deadline = time + 60;
    my $log = '';
    while ($log !~ /\bjournal: (?:flushed|torn).*\n/ && time < $deadline) {
        sleep 0.002;
        $log = slurp("$directory/debug.log") if -e "$directory/debug.log";
    }
    sleep $delay;
    $session->kill;
    my $run = $session->finish;
    # Each line has the channel before it; one that was cut off has not been said.
    $log = $run->{log} =~ s/[^\n]*\z//r =~ s/^journal\[0\]: //mgr;
    my ($found, $immediate) = $log =~ /^journal: found (\d+), immediate (\d+)$/m;
    my $last_immediate = ($log =~ /^journal: immediate (\d+)$/mg)[-1];
    my %result = (found => $found, immediate => $immediate, torn => $log =~ /^(journal: torn.*)/m ? $1 : '',
        flushed => ($log =~ /^journal: flushed (\d+)$/mg)[-1] // $found, console => $run->{console},
        flushes => scalar(() = $log =~ /^journal: flushed/mg), immediate_flushed => $last_immediate // $immediate);
    return \%result;
}

my %bad;
sub check {
    my ($holds, $what, $details) = @_;
    push @{ $bad{$what} }, $details if !$holds;
    return;
}

# What may be there after a session whose log says `flushed`: that, or the round whose return was not said any more.
sub check_range {
    my ($kill, $what, $is, $said, $step) = @_;
    check($is >= $said, 'lost', "kill $kill: $what is $is, and $said had returned");
    check($is <= $said + $step, 'too new', "kill $kill: $what is $is, and $said was the last one");
    return;
}

# ------------------------------------------------------------------ the kills

my ($cut, $flushes, $before) = (0, 0, undef);
for my $kill (1 .. $kills + 1) { # the last one only to look
    my $result = session(rand 0.06);
    if (!defined $result->{found}) {
        check($result->{torn} eq '', 'torn', "kill $kill: $result->{torn}");
        check($result->{torn} ne '', 'silent', "kill $kill: the driver did not come so far: $result->{console}");
        last;
    }
    my @damage = $result->{console} =~ /^(\Q$hive\E:\d.*)/mg;
    check(!@damage, 'damaged', "kill $kill: @damage");
    if ($before) {
        check($result->{found} == $before->[0] && $result->{immediate} == $before->[1], 'reader',
            "kill $kill: the kernel reads $result->{found} and $result->{immediate}, the reader @$before");
    }
    last if $kill > $kills;

    my ($values, undef, $is_cut) = read_hive();
    $before = [number($values, 'Channel0\Number'), number($values, 'Channel0\Immediate')];
    check(is_whole($values), 'torn', "kill $kill: the reader's round $before->[0]");
    check_range($kill, 'the round', $before->[0], $result->{flushed}, 1);
    check_range($kill, 'the immediate value', $before->[1], $result->{immediate_flushed}, 4);
    $cut += $is_cut;
    $flushes += $result->{flushes};
    diag("$kill kills, $flushes flushes, round $before->[0]") if $kill % 100 == 0;
    next if $kill % 10;

    if (rand() < 0.5) {
        my ($code, $output) = command("$top/build/tools/registry", 'compact', $hive);
        check($code == 0, 'damaged', "kill $kill: $output");
    } else {
        my $text = text_of(slurp($hive));
        spill($hive, slurp($hive) =~ /\A\xFF/ ? encode('UTF-8', $text) : "\xFF\xFE" . encode('UTF-16LE', $text));
    }
    my ($again) = read_hive();
    check(in_words($again) eq in_words($values), 'reader', "kill $kill: rewritten, the file says something else");
}

cmp_ok($flushes, '>=', $kills, "$kills kills, in $flushes flushes; $cut cut a batch in two");
for (['lost', 'every flush that had returned is there'], ['torn', 'as a whole'], ['too new', 'and no other'],
    ['damaged', 'every line is right'], ['reader', 'the kernel and another reader agree'],
    ['silent', 'and the driver ran each time'])
{
    my ($what, $name) = @$_;
    ok(!$bad{$what}, $name) or diag(join "\n", @{ $bad{$what} });
}

# A kill may come between any two bytes, and at the end of a batch it matters between which.
my $batch = "; batch 2 begin\n\n[$service]\n\"Number\"=dword:00000002\n\n";
my $whole = "Windows Registry Editor Version 5.00\n\n[$service]\n\"Number\"=dword:00000001\n\n$batch"
    . sprintf "; batch 2 end crc32=%08X bytes=%d\n", crc32($batch), length $batch;
my @differences;
for my $length (length($whole) - 50 .. length $whole) {
    spill($hive, substr $whole, 0, $length);
    my ($theirs, $ours) = (in_words((read_hive())[0]), in_words(read_by_tool()));
    push @differences, "cut behind <" . substr($whole, 0, $length) =~ s/.*\n(?=.)//sr . ">: $ours, the reader: $theirs" if $ours ne $theirs;
}
is(join("\n", @differences), '', 'and so they do wherever an end line is cut off');

done_testing();
