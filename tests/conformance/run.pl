#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What `make test MINIPORT=path` runs: the conformance suite on one driver, a folder of C files or a ready
# .sys file. The driver is built, a machine is found that has a device for it (MACHINE= and CONTROLLER=
# choose one), and prove runs tests/conformance/*.t. Ends with 0 if all of it passed.
#
# From the environment: MINIPORT, MACHINE, CONTROLLER, ARCH, TEST (only tests with that in their names),
# V=1 (every check is shown), JOBS (tests at a time).
use strict;
use warnings;
use lib 'tests/lib';
use Cwd qw(abs_path);

$| = 1;

my $arch = $ENV{ARCH} // 'x86_64';
my $word = $ENV{MINIPORT} // '';
my $is_verbose = ($ENV{V} // '') eq '1';    # Ataport clears what make has said
my @tests = grep { index($_, $ENV{TEST} // '') >= 0 } sort glob 'tests/conformance/*.t';
@tests or refuse("TEST=$ENV{TEST}: no test of the conformance suite has that in its name");

sub refuse {
    my ($sentence) = @_;
    print STDERR "$sentence\n";
    exit 2;
}

# ------------------------------------------------------------------ the driver

my @paths = map { s/\\ / /gr } $word =~ /((?:\\ |\S)+)/g;
@paths == 1 or refuse("MINIPORT=$word: the conformance suite takes one driver at a time (\"\\ \" is a blank in a path)");
my $path = $paths[0];
if (-d $path) {
    open my $pipe, '-|', 'tools/build-miniport.sh', $path or die "tools/build-miniport.sh: $!";
    chomp($path = <$pipe> // '');
    close $pipe or exit 2;
} elsif ($path !~ /\.sys$/ || !-f $path) {
    refuse("MINIPORT=$path: is neither a folder nor a .sys file");
}
$path = abs_path($path);
my ($name) = $path =~ m{([^/]+)\.sys$};
lc $name ne 'pata' or refuse("MINIPORT=$path: pata is the port's own driver; call yours by another name");

# ------------------------------------------------------------------ the machine

$ENV{MINIPORT} = $path;
require Conformance;

# What a machine has for the driver: lines of its controllers, and why the driver is not used, if so.
sub look {
    %Conformance::where = @_;
    my $run = Conformance::boot_driver(KARGS => 'test=conformance-bound');
    my ($refusal) = $run->{console} =~ /(\Q$name\E\.sys is not used: .*)/;
    $run->{code} == 0 || $refusal or refuse("$run->{console}\nThe guest did not start.");
    refuse($refusal) if $refusal;
    return $run->{console} =~ /^bound \Q$name\E (.*)$/mgi;
}

my @machines = (
    [MACHINE => 'pc'], [MACHINE => 'pc', CONTROLLER => 'ahci'], [MACHINE => 'q35'],
    [MACHINE => 'q35', CONTROLLER => 'ahci'], [MACHINE => 'q35', CONTROLLER => 'piix3-ide'], [MACHINE => 'isapc'],
);
@machines = [%Conformance::where] if %Conformance::where;
my ($machine, @controllers);
for (@machines) {
    $machine = $_;
    @controllers = look(@$machine) and last;
}
if (!@controllers) {
    my @tried = map { my %words = @$_; join ' ', map { "$_=$words{$_}" } sort keys %words } @machines;
    (my $registry = $path) =~ s/\.sys$/.reg/;
    refuse("No device is bound to $name on " . join(', ', @tried) . ".\n"
            . (-f $registry ? "Does $name.reg name an id that is there, with \"Service\"=\"$name\"?"
                : "There is no $name.reg: it binds the driver to a device") . ' README.md shows how.');
}
my %words = @$machine;
print "$name on ", join(' ', map { "$_=$words{$_}" } sort keys %words), ": $_\n" for @controllers;
delete @ENV{qw(MACHINE CONTROLLER)};
@ENV{'MINIPORT', keys %words} = ($path, values %words);
$ENV{PERL5LIB} = 'tests/lib';

my $skipped = "build/test/$arch/conformance-$name/skipped";
unlink $skipped;
system('prove', ($is_verbose ? '-v' : '-j' . ($ENV{JOBS} || 2)), '-PVerdict', @tests);
my $passed = $? == 0;
if (open my $list, '<', $skipped) {
    my %seen;
    print 'not tested: ', $_ for grep { !$seen{$_}++ } <$list>;
}
exit($passed ? 0 : 1);
