#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# run-qemu.sh by itself, with a stub in the kernel's place: exit codes, time-outs, commands, the kernel's
# command line, modules, and the sentences for what cannot be done.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $stub = stub_build();

sub stub { return boot(BUILD => $stub, DISK => 'none', @_) }

# What the stub printed: the kernel's command line, and string and content of each module.
sub kernel_words { return $_[0]{console} =~ /^command line \[kernel (.*)\]$/m ? $1 =~ s/ (?:disks|cds)=\S+//gr : undef }
sub places { return join ' ', ($_[0]{console} =~ /^command line \[kernel (.*)\]$/m ? $1 : '') =~ /\b(?:disks|cds)=\S+/g }

sub modules {
    my %modules;
    $modules{$1} = $2 while $_[0]{console} =~ /^module \[\S+ (.*?)\] \{(.*?)\}$/msg;
    return \%modules;
}

# ------------------------------------------------------------------ how it ends

my %codes = (0 => 0, 1 => 1, 2 => 2, 3 => 3, 4 => 4, 5 => 4, 7 => 5);
for my $value (sort keys %codes) {
    exit_code_is(stub(KARGS => "stub=exit:$value"), $codes{$value},
        sprintf 'the guest ends with 0x%x', 0x10 + $value);
}

my $run = stub(KARGS => 'stub=triple');
exit_code_is($run, 5, 'a triple fault');
like($run->{console}, qr/triple fault/, 'is called one');

$run = stub(KARGS => 'stub=reset');
exit_code_is($run, 5, 'a reset');
like($run->{console}, qr/lost guest.*reset/, 'is called one');

$run = stub(KARGS => 'stub=hang', TIMEOUT => 1);
exit_code_is($run, 5, 'a hang');
like($run->{console}, qr/time-out.* 1 s/, 'is a time-out that names the limit');
cmp_ok($run->{seconds}, '<', 5, 'and comes in time');

$run = stub(QEMU_EXTRA => '-no-such-option');
exit_code_is($run, 2, 'a word that QEMU does not know');
like($run->{console}, qr/no-such-option.*QEMU did not start/s, 'is shown as QEMU said it');

# ------------------------------------------------------------------ commands

$run = stub();
is(kernel_words($run), 'mode=tour', 'empty standard input asks for the tour');
ok(!exists modules($run)->{'type=commands'}, 'and there is no module of commands');

$run = stub(stdin => "devices\nread 0 0");
is(kernel_words($run), 'mode=commands', 'lines on standard input are commands');
is(modules($run)->{'type=commands'}, "devices\nread 0 0", 'and arrive as they were');

my $odd = q(a "b;c"; d 'e' $HOME `f` \\g %h #i &&) . "\n  j ";
$run = stub(CMD => $odd, stdin => "not this\n");
is(modules($run)->{'type=commands'}, $odd, 'CMD beats standard input and arrives verbatim');
is(modules(stub(CMD => '', stdin => 'this'))->{'type=commands'}, 'this', 'an empty CMD is unset');

my $session = start(BUILD => $stub, DISK => 'none', KARGS => 'stub=echo');
ok($session->expect(qr/command line \[kernel mode=interactive disks=\S+ stub=echo\]/), 'an interactive session');
$session->type("a\003b\r");
ok($session->expect(qr/<61><03><62><0d>/), 'hands on each byte, Ctrl-C too');
$session->type("\001x\x1dxq");
ok($session->expect(qr/<01><78><1d><78><71>/), 'and those that a terminal would end QEMU with');
exit_code_is($session->finish, 0, 'until the guest ends');

# ------------------------------------------------------------------ the kernel's command line

{
    my %debugging = (GDB => 'socket');
    is(kernel_words(stub(@$_)), 'mode=tour watchdog=0', "@$_: no watchdog") for [WATCHDOG => 0], [%debugging];
    is(kernel_words(stub(%debugging, WATCHDOG => 1)), 'mode=tour', 'WATCHDOG=1 keeps it under GDB');
}

$run = stub(STRICT => 1, CHECKS => 'off', TRACE => 'ide,irq', KARGS => 'a=1  b="2"');
is(kernel_words($run), 'mode=tour strict=1 checks=off trace=ide,irq a=1  b="2"', 'words for the kernel');
is(kernel_words(stub(STRICT => 0, CHECKS => 'on')), 'mode=tour', 'words that ask for what is usual');

# ------------------------------------------------------------------ drivers

mkdir "$scratch/my drivers, x:y" or die;
my $driver = spill("$scratch/my drivers, x:y/a,b \$c.sys", 'a driver');
spill("$scratch/my drivers, x:y/a,b \$c.reg", 'its values');
spill("$scratch/second.sys", 'another');
(my $escaped = $driver) =~ s/ /\\ /g;
$run = stub(MINIPORT => "$escaped $scratch/second.sys");
is_deeply([@{ modules($run) }{'type=driver name=a,b $c', 'type=layer name=a,b $c.reg',
            'type=driver name=second', 'type=default name=pata', 'type=default name=ahci'}],
    ['a driver', 'its values', 'another', ('not a driver') x 2], 'drivers, and the .reg file beside one');
is((grep { /^type=d/ } keys %{ modules(stub(MINIPORT => 'none')) }), 0,
    'MINIPORT=none is a kernel without drivers');
for my $name (qw(pata AHCI)) {
    $run = stub(MINIPORT => spill("$scratch/$name.sys", 'theirs'));
    is_deeply({ map { (split /name=/, $_)[1] => modules($run)->{$_} } grep { /^type=d/ } keys %{ modules($run) } },
        { (map { $_ => 'not a driver' } grep { lc $name ne $_ } qw(pata ahci)), $name => 'theirs' },
        "a driver named $name is there in the place of ours");
    unlike($run->{console}, qr/^DRIVER/m, 'and the registry binds it');
}

# ------------------------------------------------------------------ the hive

my $hive = "$scratch/h, i:v \$e.reg";
$run = stub(HIVE => $hive);
is(slurp($hive), "Windows Registry Editor Version 5.00\n\n", 'a missing hive is made, with its header');
is(modules($run)->{"type=hive name=$hive"}, slurp($hive), 'and handed to the kernel');

# ------------------------------------------------------------------ machines

my @disks = map { sparse_image("$_.img", 1 << 20) } 0 .. 3;
my $ide = 'disks=%1$s/0.0,%1$s/0.1,%1$s/1.1,%1$s/1.0';
my $ports = 'disks=%1$s/0.0,%1$s/1.0,%1$s/3.0,%1$s/2.0';
for my $row (
    [pc => '', '00:01.1', $ide], [pc => 'piix3-ide', '00:01.1', $ide], [pc => 'ahci', '00:02.0', $ports],
    [q35 => '', '00:1f.2', $ports], [q35 => 'ahci', '00:1f.2', $ports], [q35 => 'piix3-ide', '00:01.0', $ide],
    [q35 => 'piix4-ide', '00:01.0', $ide], [q35 => " ahci\n piix4-ide ", '00:1f.2', $ports], [isapc => '', 'isa', $ide],
    [isapc => 'isa-ide', 'isa', $ide],
) {
    my ($machine, $controller, $address, $places) = @$row;
    $run = boot(BUILD => $stub, MACHINE => $machine, CONTROLLER => $controller || undef,
        DISK => $disks[0], DISK1 => $disks[1], DISK2 => $disks[2], DISK3 => $disks[3]);
    exit_code_is($run, 0, "four disks on $machine $controller");
    is(places($run), sprintf($places, $address), 'the kernel is told where they are');
}
$run = boot(BUILD => $stub, CDROM => 'none', DISK => 'none');
exit_code_is($run, 0, 'a drive without a medium');
is(places($run), sprintf("$ide cds=%1\$s/1.0", '00:01.1'), 'is called cd0');
is(places(stub()), sprintf($ide, '00:01.1'), 'without one, the first that is found is');

# A disk may say which controller it hangs on. One that is missing comes with it.
$run = boot(BUILD => $stub, MACHINE => 'q35', DISK => "piix4-ide:$disks[0]", DISK1 => $disks[1], DISK3 => "ahci:$disks[2]",
    CDROM => 'piix4-ide:none');
exit_code_is($run, 0, 'disks on two controllers');
is(places($run), 'disks=00:01.0/0.0,00:1f.2/1.0,00:1f.2/3.0,00:1f.2/2.0 cds=00:01.0/1.0', 'the kernel is told');
like($run->{console}, qr/^DISK   primary master    read-only session  \Q$disks[0]\E\nDISK1  AHCI port 1       read-only session  \Q$disks[1]\E\n/m,
    'and the user');
# Other files' names may hold a colon, and that of a controller, too.
spill("$scratch/$_", "\0" x 4096) for 'ahci:x', 'ide:x';
{
    chdir $scratch or die;
    $run = boot(BUILD => $stub, DISK => 'ide:x', DISK1 => './ahci:x');
    chdir $top or die;
}
exit_code_is($run, 0, 'files whose names begin as a controller\'s');
is(places($run), sprintf($ide, '00:01.1'), 'are files');

# ------------------------------------------------------------------ what cannot be done

my $disk = sparse_image('disk.img', 1 << 20);
spill("$scratch/odd.img", 'x' x 513);
spill("$scratch/empty.img", '');
my @mistakes = (
    [{ DISK => "$scratch/nothing" }, qr/there is no such file/],
    [{ DISK => $scratch }, qr/is a directory/],
    [{ DISK => '/dev/null' }, qr/not a regular file/],
    [{ DISK => "$scratch/empty.img" }, qr/is empty/],
    [{ DISK => "$scratch/odd.img" }, qr/in bytes, 513, is not a multiple of 512/],
    [{ CDROM => $disk, DISK3 => $disk }, qr/same place, the secondary master/],
    [{ CDROM => "ahci:$disk", DISK3 => "ahci:$disk" }, qr/same place, the AHCI port 2/],
    [{ DISK1 => "piix4-ide:$disk" }, qr/^run-qemu.sh: DISK1=piix4-ide:\S+: the pc machine has a PIIX3 of its own, piix3-ide/m],
    [{ MACHINE => 'q35', CONTROLLER => 'piix4-ide', CDROM => "piix3-ide:$disk" }, qr/^run-qemu.sh: CDROM=piix3-ide:\S+: .* same ports/m],
    [{ MACHINE => 'q35', CONTROLLER => 'piix4-ide piix3-ide' }, qr/same ports/],
    [{ MACHINE => 'isapc', DISK2 => "ahci:$disk" }, qr/no PCI bus to put ahci on/],
    [{ DISK => 'ahci:' }, qr/DISK=ahci:: a file's name must follow/],
    [{ DISK => 'ahci:nothing' }, qr/DISK=nothing: there is no such file/],
    [{ FORMAT => 'vmdk' }, qr/FORMAT=vmdk: expected raw or qcow2/],
    [{ WRITE => 'yes' }, qr/WRITE=yes: expected 1 or 0/],
    [{ MACHINE => 'mac' }, qr/MACHINE=mac: expected pc, q35 or isapc/],
    [{ CONTROLLER => 'piix4-ide' }, qr/PIIX3 of its own/],
    [{ CONTROLLER => 'lsi' }, qr/CONTROLLER=lsi: expected/],
    [{ CONTROLLER => 'ahci isa-ide' }, qr/CONTROLLER=ahci isa-ide: expected/],
    [{ MACHINE => 'isapc', CONTROLLER => 'piix4-ide' }, qr/no PCI bus/],
    [{ ACCEL => 'magic' }, qr/ACCEL=magic: expected tcg or kvm/],
    [{ ARCH => 'vax' }, qr/ARCH=vax: expected x86_64 or i386/],
    [{ QEMU => '/no/qemu' }, qr{there is no /no/qemu here}],
    [{ BUILD => $scratch }, qr/kernel is missing: run `make` first/],
    [{ MINIPORT => "$scratch/no.sys" }, qr/no such file/],
    [{ MINIPORT => $disk }, qr/ends in \.sys/],
    [{ MINIPORT => $scratch }, qr/there are no C files/],
    [{ MINIPORT => "$stub/pata.sys $stub/pata.sys" }, qr/already a driver named pata/],
    [{ HIVE => "$scratch/no/such/folder.reg" }, qr/cannot be made/],
    [{ HIVE => "$scratch/none.reg", HIVE_RO => 1 }, qr/no such file/],
    [{ HISTORY => "$scratch/disk.img", DISK => "$scratch/disk.img", MODE => 'interactive' }, qr{HISTORY=.*/disk\.img: is the registry's file, or a disk's image, too}],
    [{ CHECKS => 'some' }, qr/CHECKS=some: expected on or off/],
    [{ TRACE => 'a b' }, qr/may not hold blanks/],
    [{ WATCHDOG => 'yes' }, qr/WATCHDOG=yes: expected 1 or 0/],
    [{ TIMEOUT => 'soon' }, qr/TIMEOUT=soon: expected seconds/],
    [{ GDB => 'yes' }, qr/GDB=yes: expected/],
);
for my $mistake (@mistakes) {
    my ($words, $sentence) = @$mistake;
    $run = boot(BUILD => $stub, %$words);
    my ($what) = join ' ', map { "$_=$words->{$_}" } sort keys %$words;
    $what =~ s/\Q$scratch\E/.../g;
    subtest $what => sub {
        exit_code_is($run, 2, 'is refused');
        like($run->{console}, $sentence, 'for the right reason');
        unlike($run->{console}, qr/command line \[/, 'before the machine starts');
    };
}

my ($code, $output) = command("$top/run-qemu.sh", 'CMD=help');
is($code, 2, 'an argument is a mistake');
like($output, qr/takes no arguments/, 'and is called one');
($code, $output) = command("$top/run-qemu.sh", '--help');
is($code, 0, '--help is none');
like($output, qr/CMD=/, 'and explains the words');

done_testing();
