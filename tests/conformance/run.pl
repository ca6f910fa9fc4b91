#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What `make test MINIPORT=path` runs: the conformance suite on one driver, a folder of C files or a ready
# .sys file. The driver is built, a machine is found that has a device for it (MACHINE= and CONTROLLER=
# choose one), and prove runs tests/conformance/*.t. Ends with 0 if all of it passed.
#
# A boot has TIMEOUT= seconds (240), and the suite five times as many: a test takes some seconds on an idle
# machine, and half a minute on one with much else to do.
#
# With REPORT=FOLDER it leaves a report there (tests/lib/Results.pm).
#
# From the environment: MINIPORT, MACHINE, CONTROLLER, ARCH, TEST (only tests with that in their names),
# V=1 (every check is shown), JOBS (tests at a time), TIMEOUT.
use strict;
use warnings;
use lib 'tests/lib';
use Cwd qw(abs_path);
use File::Spec;
use POSIX ();
use Results ();

$| = 1;

# What an earlier run left goes first: it is not about this driver.
my $report = length($ENV{REPORT} // '') ? File::Spec->rel2abs($ENV{REPORT}) : undef;
if ($report and my @others = Results::clear($report)) {
    print STDERR "REPORT=$ENV{REPORT}: ", join(', ', @others), " in this folder would be overwritten, and no report of the suite's is there:",
        " name another folder, or move them away\nrun-qemu.sh ended with 2: nothing was tested\n";
    exit 2;
}

my $arch = $ENV{ARCH} // 'x86_64';
my $word = $ENV{MINIPORT} // '';
my $filter = $ENV{TEST} // '';
my $is_verbose = ($ENV{V} // '') eq '1';    # Ataport clears what make has said
my $limit = $ENV{TIMEOUT} || 240;
$limit =~ /^\d+$/ or refuse("TIMEOUT=$limit: expected seconds");
$ENV{CONFORMANCE_LIMIT} = $limit;
my @tests = grep { index($_, $filter) >= 0 } sort glob 'tests/conformance/*.t';
@tests or refuse("TEST=$filter: no test of the conformance suite has that in its name");

sub refuse {
    my ($sentence, $code) = @_;
    print STDERR "$sentence\n";
    $code //= 2;
    if ($report) {
        Results::write_refusal($report, $sentence, $code);
        print STDERR "run-qemu.sh ended with $code: nothing was tested\n";
    }
    exit $code;
}

# ------------------------------------------------------------------ the driver

my @paths = map { s/\\ / /gr } $word =~ /((?:\\ |\S)+)/g;
@paths == 1 or refuse("MINIPORT=$word: the conformance suite takes one driver at a time (\"\\ \" is a blank in a path)");
my $path = $paths[0];
if (-d $path) {
    open my $pipe, '-|', 'tools/build-miniport.sh', $path or die "tools/build-miniport.sh: $!";
    chomp($path = <$pipe> // '');
    close $pipe or refuse("MINIPORT=$word: the driver was not built");
} elsif ($path !~ /\.sys$/ || !-f $path) {
    refuse("MINIPORT=$path: is neither a folder nor a .sys file");
}
$path = abs_path($path);
my ($name) = $path =~ m{([^/]+)\.sys$};

# ------------------------------------------------------------------ the machine

$ENV{MINIPORT} = $path;
my %asked = map { $_ => $ENV{$_} } grep { length($ENV{$_} // '') } qw(MACHINE CONTROLLER);
require Conformance;

sub words_of { my (%words) = @_; return join ' ', map { "$_=$words{$_}" } sort keys %words }

# What a machine has for the driver: lines of its controllers, and why the driver is not used, if so.
sub look {
    %Conformance::where = @_;
    my $run = Conformance::boot_driver(KARGS => 'test=conformance-bound');
    my $hang = Conformance::hang($run);
    refuse("$name hangs when it is started on " . words_of(@_) . ": $hang", $run->{code}) if defined $hang;
    my ($refusal) = $run->{console} =~ /(\Q$name\E\.sys is not used: .*)/;
    if ($run->{code} != 0 && !$refusal) {
        Results::tell_crash($paths[0], $path, $run->{console});
        refuse("$run->{console}\nThe guest did not start.", $run->{code});
    }
    refuse($refusal) if $refusal;
    return $run->{console} =~ /^bound \Q$name\E (.*)$/mgi;
}

my @machines = (
    [MACHINE => 'pc'], [MACHINE => 'pc', CONTROLLER => 'ahci'], [MACHINE => 'q35'],
    (map { [MACHINE => 'q35', CONTROLLER => $_] } qw(piix4-ide piix3-ide)), [MACHINE => 'isapc'],
);
@machines = [%Conformance::where] if %Conformance::where;
my ($machine, @controllers);
for (@machines) {
    $machine = $_;
    @controllers = look(@$machine) and last;
}
if (!@controllers) {
    my @tried = map { words_of(@$_) } @machines;
    (my $registry = $path) =~ s/\.sys$/.reg/;
    refuse("No device is bound to $name on " . join(', ', @tried) . ".\n"
            . (-f $registry ? "Does $name.reg name an id that is there, with \"Service\"=\"$name\"?"
                : "There is no $name.reg: it binds the driver to a device") . ' README.md shows how.');
}
my %words = @$machine;
print "$name on ", words_of(%words), ": $_\n" for @controllers;
delete @ENV{qw(MACHINE CONTROLLER)};
@ENV{'MINIPORT', keys %words} = ($path, values %words);
$ENV{PERL5LIB} = 'tests/lib';

$ENV{TEST_GROUP} = "conformance-$name";
unlink map { Conformance::list_file($_) } qw(skipped hung ended);
my $results;
if ($report) {
    $results = Results->new(report => $report, driver => $name, word => $paths[0], image => $path, arch => $arch,
        record => Conformance::list_file('record'), machine => \%words, asked => \%asked, controllers => \@controllers,
        tests => \@tests, filter => $filter);
}
my $began = time;
my ($passed, $over) = run_with_limit(5 * $limit, 'prove', ($is_verbose ? '-v' : '-j' . ($ENV{JOBS} || 2)), '-PVerdict', @tests);
my %seen;
my @skipped = grep { !$seen{$_}++ } Conformance::lines_of_list('skipped');
print "not tested: $_\n" for @skipped;
print $results->write(time - $began, $over, @skipped) if $results;
exit($passed ? 0 : 1);

# In a process group of its own, which ends, with all that the tests have started, when the time is over.
sub run_with_limit {
    my ($seconds, @command) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        setpgrp 0, 0;
        exec @command or POSIX::_exit(2);
    }
    my $is_over = 0;
    local $SIG{ALRM} = sub { $is_over = 1; kill TERM => -$pid };
    local @SIG{qw(INT TERM HUP)} = (sub { kill TERM => -$pid; exit 1 }) x 3;
    alarm $seconds;
    1 while waitpid($pid, 0) != $pid;
    my $has_passed = $? == 0;
    alarm 0;
    return ($has_passed, undef) if !$is_over;
    my %ended = map { $_ => 1 } Conformance::lines_of_list('ended');
    my @left = grep { !$ended{$_} } map { m{([^/]+)\.t$} } @tests;
    my $over = "The suite was ended after $seconds s. Not finished: " . join(', ', @left)
        . ". A driver that hangs is the likely cause; TIMEOUT= gives each boot more than $limit s, and the suite five times that.";
    print "$over\n";
    return (0, $over);
}
