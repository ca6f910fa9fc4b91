#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Misspelt words are named, on make's command line and in the environment, and what is right or somebody
# else's is not. A driver that serves nothing is named, too.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $tool = "$top/tools/near-words.pl";

# ------------------------------------------------------------------ which are near

my %meant = (CDM => 'CMD', CMDS => 'CMD', DISKS => 'DISK', DISC => 'DISK', DSIK => 'DISK', DISK0 => 'DISK', DISK4 => 'DISK',
    MINPORT => 'MINIPORT', MINIPORTS => 'MINIPORT', MINIPROT => 'MINIPORT', WIRTE => 'WRITE', WRTE => 'WRITE', TIMOUT => 'TIMEOUT',
    HIVES => 'HIVE', HIVE_R0 => 'HIVE_RO', HIVERO => 'HIVE_RO', FROMAT => 'FORMAT', MACHIN => 'MACHINE', CDRROM => 'CDROM',
    DSK => 'DISK', DIK => 'DISK', DIKS => 'DISK', HVE => 'HIVE', MDE => 'MODE', QMU => 'QEMU', ACH => 'ARCH', HIEV => 'HIVE',
    CONTROLER => 'CONTROLLER', CHECK => 'CHECKS', KARG => 'KARGS', STRCIT => 'STRICT', QEMU_EXTAR => 'QEMU_EXTRA');
for my $name (sort keys %meant) {
    my ($code, $output) = command('env', '-i', "PATH=$ENV{PATH}", "$name=1", $tool);
    is("$code $output", "1 run-qemu.sh: $name= is not known here. Is $meant{$name}= meant?\n", "$name in the environment");
}
my @ordinary = qw(HOME PATH USER LOGNAME SHELL TERM LANG LC_ALL PWD OLDPWD HOSTNAME DISPLAY EDITOR VISUAL PAGER MAIL TZ TMPDIR
    SHLVL LESS LS_COLORS XDG_RUNTIME_DIR SSH_TTY SSH_CLIENT SUDO_USER CI NODE NODE_ENV CODE MODEL RISK DESK LIVE DRIVE DB DEBUG
    CC CXX CFLAGS LDFLAGS MAKE MAKEFLAGS MAKELEVEL PS1 COLUMNS LINES BUILD_ID BUILD_NUMBER JOB_NAME NAMES TESTS DIRS RUNNER_OS
    CD CDPATH ISO IMAGE COMMAND DRIVER DRIVE DVD SYS REG IMG ARGS ARC DIS MOD DISPLAY DIST MOVE HOVE
    MACHTYPE OSTYPE HOSTTYPE ARCHFLAGS GDBHISTFILE CMAKE TIME DATE DISKSPACE _ A V2 MARCH);
my ($code, $output) = command('env', '-i', "PATH=$ENV{PATH}", (map { "$_=C" } grep { $_ ne 'PATH' } @ordinary), 'disk=1', 'mode=2', $tool);
is("$code$output", '0', 'ordinary names are not');

# What is typed for make is meant for us: another word for the same thing, and one wrong letter.
my %typed = (COMMAND => 'CMD', CD => 'CDROM', ISO => 'CDROM', DRIVER => 'MINIPORT', IMAGE => 'DISK', image => 'DISK', REGISTRY => 'HIVE',
    DIAK => 'DISK', ISK => 'DISK', DIS => 'DISK', HOVE => 'HIVE', NODE => 'MODE', TES => 'TEST', TESR => 'TEST', JOBA => 'JOBS');
for my $name (sort keys %typed) {
    ($code, $output) = command($tool, $name);
    is("$code $output", "1 $name= is not known here. Is $typed{$name}= meant?\n", "$name on make's command line");
}
my @makes = qw(CC CXX CPP AR AS LD NM RM OS O Q VERBOSE CFLAGS CPPFLAGS CXXFLAGS LDFLAGS ARFLAGS LIBS PREFIX DESTDIR SHELL MAKE
    MAKEFLAGS MAKEOVERRIDES SUDO PYTHON PERL EDITOR TMPDIR LANG LC_ALL PATH HOME A B X);
($code, $output) = command($tool, @makes);
is("$code$output", '0', "make's ordinary names are not");

# ------------------------------------------------------------------ where they are named

($code, $output) = command('make', 'run', 'DISK=x', 'WIRTE=1');
is($code, 2, 'make run WIRTE=1 stops');
like($output, qr/^WIRTE= is not known here\. Is WRITE= meant\?$/m, 'and names it');
($code, $output) = command('make', 'help', 'TSET=read', 'disk=1');
like($output, qr/^TSET= .*TEST=.*\n^disk= .*DISK=/m, "make's own words, and small letters");
($code, $output) = command('make', 'help', 'SOMETHING=1', 'DISK=a b', 'it\'s=1');
is($code, 0, 'other names are let be');
my $run = boot(BUILD => stub_build(), DISK => 'none', MINPORT => 'mydriver');
exit_code_is($run, 0, 'run-qemu.sh goes on: the environment has other people\'s names, too');
like($run->{console}, qr/^run-qemu\.sh: MINPORT= is not known here\. Is MINIPORT= meant\?$/m, 'and says it');
unlike(boot(BUILD => stub_build(), DISK => 'none')->{console}, qr/not known here/, 'without one it says nothing');

# The tool's list is that of the Makefile and of the help.
my $makefile = slurp("$top/Makefile");
my ($words) = $makefile =~ /^RUN_WORDS := ((?:.*\\\n)*.*)$/m;
my (undef, $help) = command("$top/run-qemu.sh", '--help');
my %expected = map { $_ => 1 } grep { /^[A-Z]/ } split(/[\s\\]+/, $words), $help =~ /\b([A-Z][A-Z_]+\d?)=/g;
my ($known) = slurp($tool) =~ /\@run_words = qw\((.*?)\)/s;
delete @expected{qw(NAME)};
is_deeply([sort split ' ', $known], [sort keys %expected], 'all words that are documented are known, and no others');

# ------------------------------------------------------------------ a driver that serves nothing

my $arch = $ENV{ARCH} // 'x86_64';
my $disk = random_image('disk.img', 1 << 20, 'words');
sub spill_driver {
    my ($name, $id, $service) = @_;
    spill("$scratch/$name.sys", slurp("build/$arch/pata.sys"));
    unlink "$scratch/$name.reg";
    spill("$scratch/$name.reg", "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\"
        . "CriticalDeviceDatabase\\$id]\n\"Service\"=\"$service\"\n") if defined $id;
    return "$scratch/$name.sys";
}
my $said = qr/mine\.sys serves no device of this machine: /;
for my $case (['without .reg'], ['for a device that is not there', 'PCI#VEN_1234&DEV_5678', 'mine'], ['with a wrong service name', 'PCI#CC_0101', 'mien']) {
    my ($name, @binding) = @$case;
    $run = boot(DISK => $disk, MINIPORT => spill_driver('mine', @binding), CMD => 'devices');
    like($run->{console}, $said, "a driver $name is named");
}
$run = boot(DISK => $disk, MINIPORT => spill_driver('mine', 'PCI#CC_0101', 'mine'), CMD => 'mode 0');
unlike($run->{console}, qr/serves no device/, 'one that is bound is not, nor are ours, which nobody has asked for');
like($run->{console}, qr/Driver +mine\.sys/, 'it has the disk');
{
    spill("$scratch/ahci.sys", slurp("build/$arch/ahci.sys"));
    $run = boot(DISK => 'none', MINIPORT => "$scratch/ahci.sys", CMD => 'devices');
    like($run->{console}, qr/ahci\.sys serves no device of this machine: /, 'but one of our names that was asked for');
}

done_testing();
