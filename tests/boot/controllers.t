#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Which controllers a machine has, which driver serves them, and what their disks are called: numbers follow the words
# DISK= to DISK3= and CDROM= on whatever controllers these are; what else there is has numbers behind them. Both of our
# drivers are there by default, unless MINIPORT= has one of the same name. (run-qemu.t is about the words.)
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Witness;

my $built = "build/$Ataport::arch";
my %disks = map { $_ => random_image("$_.img", 1 << 20, $_) } qw(DISK DISK1 DISK2 DISK3);
my $cd = random_image('cd.iso', 1 << 20, 'cd');
my $other = random_image('other.img', 1 << 20, 'other');
my %names = (DISK => 0, DISK1 => 1, DISK2 => 2, DISK3 => 3, CDROM => 'cd0');

# What hangs where by these words; each is read by its name, and has the bytes of its image. Returns the run.
sub check_disks {
    my ($name, %words) = @_;
    my $extra = delete $words{EXTRA} // {};
    my %images = map { my $on = $words{$_}; $names{$_} => $on =~ s/^[\w-]+:(?=\/)//r } grep { $words{$_} } keys %names;
    my %all = (%images, %$extra);
    my $run = boot(%words, CMD => join '; ', 'devices', (map { "sha256 $_" } sort keys %all), 'rules');
    exit_code_is($run, 0, "$name: all of them are read");
    is(digest_in($run, "sha256 $_"), sha256_of($all{$_}), "$_ is that of its word") for sort keys %all;
    is(join(' ', sort(output_of($run, 'devices') =~ /^(\d+|cd\d+) +\d\.\d /mg)), join(' ', sort keys %all), 'and there is no other one');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
    return $run;
}

sub drivers_in { my ($run) = @_; return join ' ', output_of($run, 'devices') =~ /^PCI \S+ \S+: ([\w, ]+?),? channels/mg }

# ------------------------------------------------------------------ one controller, and several

my $run = check_disks('q35', MACHINE => 'q35', %disks);
is(drivers_in($run), 'ahci', 'has its own AHCI controller');
$run = check_disks('AHCI on pc', CONTROLLER => 'ahci', %disks{qw(DISK DISK1 DISK2)}, CDROM => $cd);
is(drivers_in($run), 'pata ahci', 'beside the PIIX3');
$run = check_disks('a PIIX4 on q35', MACHINE => 'q35', CONTROLLER => 'piix4-ide', %disks);
is(drivers_in($run), 'pata ahci', 'beside its own controller');

$run = check_disks('pc, on both', DISK => "ahci:$disks{DISK}", DISK1 => $disks{DISK1}, DISK2 => "ahci:$disks{DISK2}",
    DISK3 => $disks{DISK3}, CDROM => "ahci:$cd");
is(drivers_in($run), 'pata ahci', 'the second one is there because a disk hangs on it');
check_disks('q35, on both', MACHINE => 'q35', CONTROLLER => 'piix4-ide ahci', DISK => $disks{DISK}, DISK1 => "ahci:$disks{DISK1}",
    DISK2 => $disks{DISK2}, DISK3 => "ahci:$disks{DISK3}", CDROM => $cd);
check_disks('isapc', MACHINE => 'isapc', DISK1 => $disks{DISK1}, DISK2 => "isa-ide:$disks{DISK2}", CDROM => $cd);

# What is found first has no word, or one that comes late; and a drive beside CDROM=.
sub extra {
    my ($name, $device, $image) = @_;
    return ('-drive', "if=none,id=$name,snapshot=on,driver=raw,file.driver=file,file.filename=$image", '-device', "$device,drive=$name");
}
check_disks('disks without a word', MACHINE => 'q35', CONTROLLER => 'ahci', DISK3 => $disks{DISK3}, CDROM => "piix4-ide:$cd",
    EXTRA => { 4 => $disks{DISK}, 5 => $disks{DISK1}, cd1 => $other },
    QEMU_EXTRA => join "\n", extra('a', 'ide-hd,bus=ctl.0', $disks{DISK}), extra('b', 'ide-hd,bus=ide.4', $disks{DISK1}),
    extra('c', 'ide-cd,bus=ctl.0', $other));
# A number stays with its place over a stop.
$run = boot(DISK => 'none', MACHINE => 'q35', QEMU_EXTRA => join("\n", extra('a', 'ide-hd,bus=ide.4', $disks{DISK}), extra('b', 'ide-hd,bus=ide.5', $other)),
    CMD => 'stop 0.4; stop 0.5; start 0.5; start 0.4; sha256 4; sha256 5');
is(digest_in($run, "sha256 $_->[0]"), sha256_of($_->[1]), "disk $_->[0] is what it was") for [4, $disks{DISK}], [5, $other];

# ------------------------------------------------------------------ drivers

$run = boot(MINIPORT => 'none', MACHINE => 'q35', CONTROLLER => 'piix4-ide', DISK => $disks{DISK}, CMD => 'devices; drivers');
is(join(' ', output_of($run, 'devices') =~ /no driver, wants (\w+)$/mg), 'pata ahci', 'MINIPORT=none: neither is there');
like(output_of($run, 'drivers'), qr/^There are no drivers\./, 'nor any other');

# A driver called ahci takes the place of ours, and its .reg wins: this one is for IDE controllers.
my $database = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\CriticalDeviceDatabase';
my $theirs = spill("$scratch/ahci.sys", slurp("$built/pata.sys"));
spill("$scratch/ahci.reg", "Windows Registry Editor Version 5.00\n\n[$database\\PCI#CC_0101]\n\"Service\"=\"ahci\"\n\n"
    . "[$database\\PCI#CC_0106]\n\"Service\"=\"ahci_probe\"\n");
$run = check_disks('their ahci.sys', MINIPORT => "$theirs $built/probes/ahci_probe.sys", CONTROLLER => 'piix3-ide ahci', DISK => $disks{DISK},
    DISK1 => "ahci:$disks{DISK1}");
is(drivers_in($run), 'ahci ahci_probe', 'serves what its .reg says');

# Without one, it has what ours had.
unlink "$scratch/ahci.reg";
spill($theirs, slurp("$built/probes/ahci_probe.sys"));
$run = check_disks('another ahci.sys', MINIPORT => $theirs, MACHINE => 'q35', DISK => $disks{DISK});
unlike($run->{console}, qr/^DRIVER/m, 'needs no .reg');
$run = boot(MINIPORT => $theirs, MACHINE => 'q35', DISK => $disks{DISK}, CMD => 'mode 0');
like(output_of($run, 'mode 0'), qr/^  Driver +ahci\.sys\n.*^  Requests at once +8$/ms, 'and is another one');

done_testing();
