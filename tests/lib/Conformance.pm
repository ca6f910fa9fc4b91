# SPDX-License-Identifier: MIT
#
# What the tests of the conformance suite share: tests/conformance/*.t, which `make test MINIPORT=path`
# runs on somebody's driver (tests/conformance/run.pl builds it and finds a machine with a device for it).
#
#   use lib 'tests/lib';
#   use Conformance;
#   conform('read', DISK => random_image('disk.img', 8 << 20, 'read'));
#   done_testing();
#
#   conform(NAME, WORD => value, ...)  boots tests/guest's test conformance-NAME with the driver and these
#                       words of run-qemu.sh, and hands on the guest's checks. (`guest => 'read:3'`: what it
#                       is there, where the test hands something on to it.) The disks get the serial
#                       numbers CONF0 (DISK) to CONF3 (DISK3). What the guest says that sectors held is
#                       compared with the images afterwards; a `compare => {CONF0 => path}` replaces one.
#                       At the end of each boot no rule may have been broken, but for one that is `excused`,
#                       because the test itself did what is reported. Returns what boot() does.
#   emulator_survives(NAME, WORD => value, ...)
#                       does QEMU itself live through such a boot? QEMU: 7.2's AHCI may crash where a driver stops the
#                       engine of a port under a command, and does not reset the port
#   place($position)    words for -device: bus and unit of a disk's position, 0 to 3, on this machine
#   left_out(reason)    says at the end of the suite what was not tested, and why
#   $driver             the driver's name
#
# A boot with a routine that does not come back, or that takes more than CONFORMANCE_LIMIT seconds, says in one
# sentence where the CPU was. After three of them no test boots any more: what hangs so often is the driver.
#
# From the environment: MINIPORT (a built .sys file), MACHINE, CONTROLLER, ARCH, CONFORMANCE_LIMIT; for the report
# (tests/lib/Results.pm) REPORT_RECORD, a folder where each boot is kept, and REPORT_COVERAGE, QEMU's words for the plugin.
package Conformance;

use strict;
use warnings;
use parent 'Exporter';
use Results::Boots qw(keep_boot keep_diagnostics);
use Test::More;

our (%where, $image, $driver);

BEGIN {
    %where = map { $_ => $ENV{$_} } grep { length($ENV{$_} // '') } qw(MACHINE CONTROLLER);
    $image = $ENV{MINIPORT} // '';
    ($driver) = $image =~ m{([^/]+)\.sys$} or $^C or BAIL_OUT('MINIPORT names no driver: start this with make test');
    $ENV{TEST_GROUP} = "conformance-" . ($driver // '');    # where Ataport keeps the tests' files
}
use Ataport;
our @EXPORT = (qw(conform emulator_survives place left_out $driver), @Ataport::EXPORT, @Test::More::EXPORT);

my $arch = $ENV{ARCH} // 'x86_64';
my $limit = $ENV{CONFORMANCE_LIMIT} // 240;
my $hangs_until_the_end = 3;
keep_diagnostics() if !$^C;

# For run.pl: which tests have come to their end.
END { add_to_list('ended', $Ataport::name) if !$^C && $0 =~ /\.t$/ }

# The controller that disks hang on, and QEMU's name of its buses.
sub controller {
    my $own = { pc => 'piix3-ide', q35 => 'ahci', isapc => 'isa-ide' }->{ $where{MACHINE} // 'pc' };
    my ($first) = split ' ', $where{CONTROLLER} // '';
    $first //= $own;
    return ($first, $first eq $own ? 'ide' : $first eq 'ahci' ? 'ahci' : 'ctl');
}

sub place {
    my ($position) = @_;
    my ($controller, $bus) = controller();
    return "bus=$bus." . ($controller eq 'ahci' ? $position : ($position >> 1) . ',unit=' . ($position & 1));
}

sub boot_driver {
    my (%words) = @_;
    (my $word = $image) =~ s/ /\\ /g;
    my $extra = delete $words{QEMU_EXTRA} // '';
    for my $number (0 .. 3) {
        my $disk = $words{ $number ? "DISK$number" : 'DISK' } // 'none';
        $extra .= " -set device.hd$number.serial=CONF$number -set device.hd$number.model=SCRATCH-$number"
            if $disk ne 'none';
    }
    return boot(BUILD => "build/$arch/guest", MINIPORT => $word, DISK => 'none', TIMEOUT => $limit,
        QEMU_EXTRA => $extra, plugin => $ENV{REPORT_COVERAGE}, %where, %words);
}

sub emulator_survives {
    my ($guest, %words) = @_;
    return (controller())[0] ne 'ahci'
        || boot_driver(KARGS => "test=conformance-$guest build_io=guarded", %words)->{console} !~ /^run-qemu\.sh: QEMU was ended by signal/m;
}

# The guest's checks as this test's. A note belongs to the check behind it, and to a failed one before it.
sub hand_on {
    my (@lines) = @_;
    my ($count, $plan, $failed, @notes) = (0);
    for my $line (@lines) {
        if ($line =~ /^ok \d+ - (.*?) # SKIP (.*)/) {
            $count++;
            Test::More->builder->skip("$1: $2");
            left_out("$1: $2");
        } elsif ($line =~ /^(not )?ok \d+ - (.*)/) {
            $count++;
            $failed = $1;
            ok(!$failed, $2);
            diag($_) for $failed ? @notes : ();
            @notes = ();
        } elsif ($line =~ /^1\.\.(\d+)$/) {
            $plan = $1;
        } elsif ($line =~ /^# (.*)/) {
            $failed ? diag($1) : push @notes, $1;
        }
    }
    return defined $plan && $plan == $count;
}

# Lists that all tests of the suite add lines to, and run.pl reads.
sub list_file { my ($list) = @_; return "$top/build/test/$arch/$ENV{TEST_GROUP}/$list" }

sub add_to_list {
    my ($list, $line) = @_;
    open my $file, '>>', list_file($list) or die "$list: $!";
    syswrite $file, "$line\n";
    return;
}

sub lines_of_list {
    my ($list) = @_;
    open my $file, '<', list_file($list) or return;
    chomp(my @lines = <$file>);
    return @lines;
}

sub left_out { my ($reason) = @_; return add_to_list('skipped', $reason) }

# A routine of the driver's did not come back, in the kernel's words; or the guest was still running when its time
# was over, in run-qemu.sh's.
sub hang {
    my ($run) = @_;
    return $1 if $run->{console} =~ /^STOPPED: (a driver does not come back: .*)/m;
    return $run->{console} =~ /^run-qemu\.sh: time-out: (.*?) \(TIMEOUT=\)(?:; (.*))?; the kernel's log is/m
        ? $1 . (defined $2 ? ": $2" : '') : undef;
}

my %ends = (
    1 => 'a command failed',
    2 => 'it was not started',
    4 => 'an exception or an assertion: the driver, or what it did to the kernel, stands in the lines below',
    5 => 'a triple fault, or a reset',
);

sub conform {
    my ($name, %words) = @_;
    my $compare = delete $words{compare} // {};
    my $excused = delete $words{excused} // 'none';
    my $guest = delete $words{guest} // $name;
    my $karg = "test=conformance-$guest build_io=guarded" . (delete $words{dump} ? ' dump=1' : '');
    my @hung = lines_of_list('hung');
    if (@hung >= $hangs_until_the_end) {
        my $reason = "$name: not run, since " . scalar(@hung) . ' tests did not come to their end';
        left_out($reason);
        plan(skip_all => $reason) if !Test::More->builder->current_test;    # ends this test
        done_testing();
        exit;
    }
    my $run = boot_driver(KARGS => $karg, %words);
    keep_boot($name, $run, $excused);
    my $hang = hang($run);
    add_to_list('hung', $name) if defined $hang;
    my %files = ((map { $_ ? ("CONF$_" => $words{"DISK$_"}) : (CONF0 => $words{DISK}) } 0 .. 3),
        CD => $words{CDROM}, %$compare);

    my $is_whole = hand_on(split /\n/, $run->{console});
    my $bytes_match = 0;
    my $compared = 0;
    while ($run->{console} =~ /^sha256 (\S+) (\d+) (\d+) ([0-9a-f]{64})$/mg) {
        my ($disk, $lba, $count, $digest) = ($1, $2, $3, $4);
        my $size = $disk eq 'CD' ? 2048 : 512;
        $compared++;
        next if !defined $files{$disk} || $digest eq sha256_of($files{$disk}, $lba * $size, $count * $size);
        $bytes_match++;
        diag("$disk, $count sectors from $lba: the driver's data and the image differ");
    }
    is($bytes_match, 0, "the host finds the same bytes ($compared places compared)") if $compared;
    ok($is_whole && $run->{code} == 0, "$name: the guest comes to its end")
        or diag(defined $hang ? "$driver hangs in the test $name: $hang"
        : "run-qemu.sh ended with $run->{code}: " . ($ends{ $run->{code} } // 'before its last check'));
    my @reports = $run->{console} =~ /^(RULE .*(?:\n(?!RULE |ok |not ok |# |1\.\.| *$).+)*)/mg;
    my ($broken, $count) = $run->{console} =~ /^((\d+) rules? (?:was|were) broken.*)/m;
    my $is_excused = grep { /^RULE $excused / } @reports;
    @reports = grep { !/^RULE $excused / } @reports;
    ok(!@reports && ($count // 0) == ($is_excused ? 1 : 0), "$name: no rule of the contract was broken")
        or diag(join "\n", @reports[0 .. ($#reports > 4 ? 4 : $#reports)], $broken // ());
    return $run;
}

1;
