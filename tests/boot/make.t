#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The Makefile and tools/setup.sh by themselves: words reach run-qemu.sh as they were typed, a changed
# flag rebuilds and nothing else does, and missing programs are found and installed, or named. For
# x86_64, the default.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use File::Copy;
use File::Path qw(make_path);
use Test::More;

delete $ENV{ARCH};

# ------------------------------------------------------------------ words

# A tree of its own with this Makefile, a finished build, and a run-qemu.sh that shows what it was told.
my $tree = "$scratch/tree";
make_path("$tree/build/x86_64", "$tree/tools");
copy("$top/Makefile", $tree);
copy("$top/tools/near-words.pl", "$tree/tools");
spill("$tree/build/x86_64/$_", '') for qw(kernel pata.sys ahci.sys);
my $words = 'DISK CDROM FORMAT WRITE HIVE HIVE_RO MINIPORT CMD STRICT CHECKS TRACE KARGS TIMEOUT GDB ACCEL '
    . 'MACHINE CONTROLLER QEMU WATCHDOG DISK1 DISK2 DISK3 QEMU_EXTRA ARCH';
spill("$tree/run-qemu.sh", <<"SCRIPT");
#!/bin/sh
for word in $words; do
  eval "if [ \\"\\\${\$word+set}\\" ]; then printf '%s={%s}\\n' \$word \\"\\\$\$word\\"; fi"
done
read -r line && echo "stdin={\$line}"
exit \${CODE-0}
SCRIPT
spill("$tree/tools/setup.sh", "#!/bin/sh\n");
chmod 0755, "$tree/run-qemu.sh", "$tree/tools/setup.sh", "$tree/tools/near-words.pl";

my @odd = (
    q(a b), q(/x/a, b:c.img), q($HOME), q($$), q($(shell echo no)), q(${HOME}), q(it's), q(say "x"),
    q(back\\slash\\), q(# no comment), q(a=b), q(`id`), q(%.o), q(*), q(;&|<>!~), "two\nlines", q(x  y),
    q(ends with a blank ), q(endef),
);
for my $i (0 .. $#odd) {
    my $value = $odd[$i];
    my $word = $i % 2 ? 'DISK' : 'CMD';    # all words go the same way
    (my $shown = $value) =~ s/\n/\\n/g;
    my (undef, $output) = command('make', '-C', $tree, 'run', "$word=$value");
    like($output, qr/^$word=\{\Q$value\E\}$/m, "make run $word='$shown'");
    local $ENV{$word} = $value;
    (undef, $output) = command('make', '-C', $tree, 'run');
    like($output, qr/^$word=\{\Q$value\E\}$/m, "$word='$shown' make run");
}
{
    my ($code, $output) = command('make', '-C', $tree, 'run');
    is_deeply([$output =~ /^(\w+)=\{/mg], ['ARCH'], 'words that were not given are not set');
    my %given = map { $_ => "value of $_" } split ' ', $words;
    $given{ARCH} = 'x86_64';
    ($code, $output) = command('make', '-C', $tree, 'run', map { "$_=$given{$_}" } sort keys %given);
    is_deeply({ $output =~ /^(\w+)=\{(.*)\}$/mg }, \%given, 'every word is handed on');
    ($code, $output) = command('sh', '-c', 'echo devices | make -C "$0" -j4 run', $tree);
    like($output, qr/^stdin=\{devices\}$/m, 'standard input is handed on');
    local $ENV{CODE} = 3;
    ($code, $output) = command('make', '-C', $tree, 'run');
    is($code, 2, 'make fails when run-qemu.sh does');
    like($output, qr/^run-qemu\.sh ended with 3$/m, 'and prints its code');
}
my ($code, $output) = command('make', '-C', $tree, 'ARCH=vax');
is($code, 2, 'an unknown ARCH is refused');
like($output, qr/ARCH=vax: expected x86_64 or i386/, 'by name');
($code, $output) = command('make', '-C', $tree, 'help');
like($output, qr/^make $_\b/m, "help has $_") for qw(run test debug bench lint check setup clean);

# ------------------------------------------------------------------ building

(my $build = "$scratch/out") =~ s{^\Q$top\E/}{};

# How many sources are compiled when one object of the kernel and one of a driver are asked for.
sub compiled {
    my (@words) = @_;
    my ($status, $printed) = command('make', "BUILD=$build", 'V=1', "$build/lib/utf.o",
        "$build/miniport/pata/driver.o", @words);
    diag($printed) if $status != 0;
    my $count = () = $printed =~ /^\S*gcc .* -c /mg;
    return $status == 0 ? $count : "make ended with $status";
}
is(compiled(), 2, 'two objects are compiled');
is(compiled(), 0, 'not twice');
is(compiled('REGISTRY_ARENA=12K'), 1, "a changed flag compiles the kernel's again");
is(compiled('REGISTRY_ARENA=12K'), 0, 'once');
is(compiled('REGISTRY_ARENA=12K', 'MINIPORT_CFLAGS=-DX'), 1, "a changed driver's flag the driver's");
is(compiled(), 2, 'and back');

# Whether warnings are errors, for everything that is compiled: the kernels, drivers, probes, tools, tests.
{
    delete local $ENV{WERROR};
    local $ENV{BUILD_PHASE} = 'build';    # -W does not reach a make that make calls
    my @everything = ("BUILD=$build.none", qw(V=1 test-tools build/bench/floor/kernel build/bench/icount.so build/host/test_lib),
        map { ('-W', $_) } qw(tools/registry.c tests/bench/icount.c tests/bench/floor/floor.c tests/host/test_lib.c));
    my %with;
    for my $words ('WERROR=0', 'WERROR=1') {
        my (undef, $printed) = command('make', '-n', @everything, $words);
        $with{$words} = [grep { /^\S*gcc .*\.c(?!\S)/ && !/ -MM / } split /\n/, $printed =~ s/\\\n//gr];
    }
    for my $source (qw(port/block.c tests/guest/guest.c miniport/pata/driver.c miniport/support/memory.c
        tests/probes/rules/cases.c tests/bench/floor/floor.c tests/bench/icount.c tools/registry.c tests/host/test_lib.c)) {
        ok((grep { / \Q$source\E\b/ } @{ $with{'WERROR=0'} }), "a whole build compiles $source");
    }
    is_deeply([grep { /-Werror|fatal-warnings/ } @{ $with{'WERROR=0'} }], [], "a user's build ends with no warning");
    is_deeply([grep { !/ -Werror\b/ } @{ $with{'WERROR=1'} }], [], 'with WERROR=1 any part of it does');
}

# The registry buffers' arena, whose size is chosen when the kernel is built.
sub arena_of {
    my (@words) = @_;
    my ($status, $printed) = command('make', "BUILD=$build", "$build/port/registry/kernel.o", @words);
    return $printed =~ /(REGISTRY_ARENA=.*)/ ? $1 : "make ended with $status:\n$printed" if $status != 0;
    (undef, $printed) = command(($ENV{CROSS} // '') . 'nm', '-S', "$build/port/registry/kernel.o");
    return $printed =~ /^\w+ (\w+) b arena_pages$/m ? hex $1 : $printed;
}
is(arena_of(), 256 << 10, 'the arena has 256 KiB');
is(arena_of('REGISTRY_ARENA=12K'), 12 << 10, 'REGISTRY_ARENA= changes that');
is(arena_of('REGISTRY_ARENA=1M'), 1 << 20, 'in mebibytes too');
is(arena_of('REGISTRY_ARENA=8192'), 8192, 'and in bytes');
my $sizes = 'expected 4K to 255M, in whole pages of 4096 bytes.  Stop.';
is(arena_of("REGISTRY_ARENA=$_"), "REGISTRY_ARENA=$_: $sizes", "$_ is refused") for qw(0 5000 1G 4k it's 256M);

# ------------------------------------------------------------------ setup

# A PATH with little in it, and an apt-get that makes what it is told to install.
my $bin = "$scratch/bin";
mkdir $bin;
for my $program (qw(bash sh true sed ln env cat awk perl gcc objcopy gdb prove mcopy xorriso qemu-img)) {
    my ($there) = grep { -x } map { "$_/$program" } split /:/, $ENV{PATH};
    symlink $there, "$bin/$program" if $there;
}
spill("$bin/apt-get", <<"SCRIPT");
#!/bin/sh
echo "apt-get \$*" >>"$scratch/apt.log"
if [ "\$1" = install ] && [ ! -e "$scratch/broken" ]; then
  ln -s /bin/true "$bin/qemu-system-x86_64"
  ln -s /bin/true "$bin/x86_64-w64-mingw32-gcc"
fi
SCRIPT
chmod 0755, "$bin/apt-get";

sub setup {
    my ($as, @arguments) = @_;
    unlink "$scratch/apt.log", "$bin/qemu-system-x86_64", "$bin/x86_64-w64-mingw32-gcc";
    my @user = $as eq 'user' && $> == 0 ? qw(setpriv --reuid 65534 --clear-groups) : ();
    my ($status, $printed) = command(@user, 'env', "PATH=$bin:/usr/sbin:/sbin", 'bash',
        "$top/tools/setup.sh", @arguments);
    return ($status, $printed, -e "$scratch/apt.log" ? slurp("$scratch/apt.log") : '');
}

my $install = 'apt-get install -y --no-install-recommends gcc-mingw-w64-x86-64-win32 qemu-system-x86';
my $log;
SKIP: {
    skip 'not root', 16 if $> != 0;
    ($code, $output, $log) = setup('root', 'build', 'run');
    is($code, 0, 'root: missing programs are installed');
    like($output, qr/^setup: missing: x86_64-w64-mingw32-gcc qemu-system-x86_64$/m, 'after they were named');
    is($log, "apt-get update -q\n$install -q\n", 'those and no others');
    ($code, $output, $log) = setup('root', '--check', 'build', 'run');
    is($code, 1, 'root, --check: fails');
    like($output, qr/^  apt-get update && $install$/m, 'and prints the line to run');
    is($log, '', 'without installing');
    spill("$scratch/broken", '');
    ($code, $output) = setup('root', 'build', 'run');
    is($code, 1, 'root: what is missing after the installation');
    like($output, qr/^setup: x86_64-w64-mingw32-gcc qemu-system-x86_64 still missing, though installed: /m, 'is named');
    unlink "$scratch/broken";

    chmod 0777, $scratch, $bin;
    my @user = qw(setpriv --reuid 65534 --clear-groups);
    skip 'this folder is closed to other users', 8
        if system(@user, 'test', '-r', "$top/tools/setup.sh") != 0;
    ($code, $output, $log) = setup('user', 'run', 'build');
    is($code, 1, 'a user without sudo: fails');
    like($output, qr/^setup: there is no sudo here; run this first, as root:\n  apt-get update && apt-get install -y .*qemu-system-x86/m,
        'and is told the one line to run');
    (undef, $output) = setup('user', 'test');
    my ($names) = $output =~ /^setup: missing: (.*)$/m;
    my %times;
    $times{$_}++ for split ' ', $names;
    is_deeply([grep { $times{$_} > 1 } sort keys %times], [], 'each missing program is named once');
    is($log, '', 'nothing is installed');
    spill("$bin/sudo", "#!/bin/sh\nexit 1\n");
    chmod 0755, "$bin/sudo";
    ($code, $output, $log) = setup('user', 'run', 'build');
    is($code, 1, 'a user whom sudo asks for a password: fails');
    like($output, qr/^setup: run this first:\n  sudo apt-get update && sudo apt-get install -y .*qemu-system-x86/m,
        'and is told the line with sudo');
    spill("$bin/sudo", "#!/bin/sh\n[ \"\$1\" = -n ] && shift\nexec \"\$@\"\n");
    chmod 0755, "$bin/sudo";
    ($code, $output, $log) = setup('user', 'build', 'run');
    is($code, 0, 'a user with a sudo that does not ask');
    is($log, "apt-get update -q\n$install -q\n", 'gets them installed');
}
{
    my ($status, $printed) = command("$top/tools/setup.sh", qw(build run test debug bench));
    is("$status$printed", '0', 'here nothing is missing, and nothing is said');
    local $ENV{QEMU} = '/no/qemu';
    ($status, $printed) = command("$top/tools/setup.sh", 'run');
    is("$status$printed", "1setup: QEMU=/no/qemu: there is no such program\n", 'but a QEMU= that is not there');
}

done_testing();
