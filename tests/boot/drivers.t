#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Drivers as files: none, broken ones, two of them. A driver that cannot be used is refused by name and
# reason, the kernel goes on without it, and its commands work.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use Test::More;

my $built = 'build/' . ($ENV{ARCH} || 'x86_64');
my $pata = slurp("$built/pata.sys");
my $disk = random_image('disk.img', 1 << 20, 'drivers');
my $digest = sha256_of($disk);

# A build folder with another pata.sys.
my $folder = "$scratch/build";
mkdir $folder or die "$folder: $!";
spill("$folder/$_", slurp("$built/$_")) for qw(kernel ahci.sys);

sub boot_with {
    my ($image, %words) = @_;
    spill("$folder/pata.sys", $image);
    return boot(BUILD => $folder, DISK => $disk, CMD => 'devices; help read; counters; irbs; rules', %words);
}

# ------------------------------------------------------------------ images that cannot be loaded

my $pe = unpack 'V', substr $pata, 0x3C, 4;
my $machine = unpack 'v', substr $pata, $pe + 4, 2;
my $section_count = unpack 'v', substr $pata, $pe + 6, 2;
my $sections = $pe + 24 + unpack 'v', substr $pata, $pe + 20, 2;
my ($code) = grep { substr($pata, $sections + 40 * $_, 6) eq ".text\0" } 0 .. $section_count - 1;
# What is only for debuggers comes behind it, and may be missing.
my $code_end = unpack('V', substr $pata, $sections + 40 * $code + 16, 4) + unpack 'V', substr $pata, $sections + 40 * $code + 20, 4;
my $code_flags = $sections + 40 * $code + 36;

# The image with some bytes changed: changed(offset, bytes, ...)
sub changed {
    my (@changes) = @_;
    my $image = $pata;
    while (my ($offset, $bytes) = splice @changes, 0, 2) {
        substr $image, $offset, length $bytes, $bytes;
    }
    return $image;
}

my @bad = (
    ['an empty file', '', qr/empty/],
    ['one byte', 'M', qr/MZ/],
    ['text', "#!/bin/sh\nexit 0\n" x 100, qr/MZ/],
    ['random bytes', slurp(random_image('garbage', 50_000, 'drivers')), qr/MZ/],
    ['MZ and random bytes', 'MZ' . slurp(random_image('garbage', 50_000, 'MZ')), qr/\S/],
    (map { ["$_ bytes of pata.sys", substr($pata, 0, $_), qr/cut off|end|beyond|outside|file has/i] }
        2, 63, 64, $pe + 3, $pe + 23, $pe + 100, $sections + 41, 4096, $code_end - 1),
    ['another machine', changed($pe + 4, pack 'v', $machine == 0x14C ? 0x8664 : 0x14C),
        qr/built for machine 0x/],
    ['a machine that nobody has', changed($pe + 4, pack 'v', 0x1234), qr/machine 0x1234/],
    ['an import that does not exist', $pata =~ s/AtaPortCompleteRequest\0/AtaPortCompleteNothing\0/r,
        qr/AtaPortCompleteNothing/],
    ['imports from another module', $pata =~ s/pciidex\.sys\0/ntoskrn.exe\0/ri, qr/ntoskrn\.exe/],
    ['code that may be written', changed($code_flags, pack 'V', 0xE0000020), qr/writable and executable/i],
    ['a section beyond the image', changed($sections + 40 * $code + 12, pack 'V', 0x7FFF0000), qr/\.text/],
    ['60000 sections', changed($pe + 6, pack 'v', 60_000), qr/section/i],
    ['an entry point nowhere', changed($pe + 40, pack 'V', 0xFFFFFF00), qr/entry/i],
);

# The same boot without a driver and with one that has no entry in the registry.
my @bindings = (    # name, .reg beside it, driver that must serve the disk
    ['beside pata and bound to nothing', undef, 'pata'],
    ['bound to the class', 'PCI#CC_0101', 'second'],
    ['bound to the device', 'PCI#VEN_8086&DEV_7010', 'second'],
    ['bound to another device', 'PCI#VEN_1234&DEV_5678', 'pata'],
);
# Each is refused for its own reason, also among others like it; the disk's own driver, in a start of its own, leaves
# no disk.
my @among = grep { $_->[0] !~ /^(?:an empty file|MZ and random bytes|4096 bytes|an import that)/ } @bad;
mkdir "$scratch/bad" or die;
my $count = 0;
while (my @some = map { [@$_, 'bad' . $count++] } splice @among, 0, 8) {
    spill("$scratch/bad/$_->[3].sys", $_->[1]) for @some;
    my $run = boot(DISK => $disk, MINIPORT => join(' ', map { "$scratch/bad/$_->[3].sys" } @some), CMD => 'devices; sha256 0; rules');
    exit_code_is($run, 0, @some . ' drivers that cannot be loaded');
    for my $case (@some) {
        my ($name, undef, $reason, $driver) = @$case;
        like($run->{console}, qr/^(?!>).*\b$driver\.sys is not used: .*$reason/m, "$name is refused for that reason");
        like(output_of($run, 'devices'), qr/^$driver\.sys is not used: /m, 'and `devices` says why');
    }
    is(digest_in($run, 'sha256 0'), $digest, 'the disk is read');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
}
for my $case (grep { $_->[0] =~ /^(?:an empty file|MZ and random bytes|4096 bytes|an import that)/ } @bad) {
    my ($name, $image, $reason) = @$case;
    my $run = boot_with($image);
    exit_code_is($run, 0, "pata.sys is $name: the commands run");
    like($run->{console}, qr/^(?!>).*\bpata\.sys is not used: .*$reason/m, 'it is refused for that reason');
    like(output_of($run, 'devices'), qr/^There are no disks\.\n.*no driver, wants pata$/ms,
        'so there are no disks');
    like(output_of($run, 'devices'), qr/^pata\.sys is not used: /m, 'and `devices` says why');
    like(output_of($run, 'help read'), qr/^ *read DISK/m, 'commands work');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
}

# ------------------------------------------------------------------ no driver

my $run = boot(MINIPORT => 'none', DISK => $disk, CMD => 'devices; read 0 0; stop 0.0; bench; rules');
exit_code_is($run, 1, 'no driver: what needs a disk fails');
like($run->{console}, qr/\bno driver of that name is loaded/, 'the start says why');
like(output_of($run, 'devices'), qr/no driver, wants pata/, 'and devices');
like(output_of($run, 'read 0 0'), qr/^There is no disk "0"/, 'and the command');

# ------------------------------------------------------------------ two drivers

my $database = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\CriticalDeviceDatabase';

sub bind_text {
    my ($id, $service) = @_;
    return "Windows Registry Editor Version 5.00\n\n[$database\\$id]\n\"Service\"=\"$service\"\n";
}

my $second = spill("$scratch/second.sys", $pata);
for my $case (@bindings) {
    my ($name, $id, $service) = @$case;
    unlink "$scratch/second.reg";
    spill("$scratch/second.reg", bind_text($id, 'second')) if defined $id;
    $run = boot(MINIPORT => $second, DISK => $disk, CMD => 'devices; mode 0; sha256 0');
    exit_code_is($run, 0, "a second driver, $name");
    like(output_of($run, 'devices'), qr/^PCI \S+ 8086:7010: $service, channels/m,
        "$service has the controller");
    like(output_of($run, 'mode 0'), qr/^  Driver +$service\.sys$/m, 'and the disk');
    is(digest_in($run, 'sha256 0'), $digest, 'which is read');
}

# The second driver has settings of its own, under its own name, and both may come at once.
spill("$scratch/second.reg", bind_text('PCI#CC_0101', 'second')
        . "\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\second\\Controller0\\Channel0]\n"
        . "\"DmaAllowed\"=dword:00000000\n");
$run = boot(MINIPORT => $second, DISK => $disk, CMD => 'mode 0; sha256 0');
exit_code_is($run, 0, 'a second driver with settings beside it');
like(output_of($run, 'mode 0'), qr/^  Driver +second\.sys\n.*^  Data +PIO/ms, 'which count');
$run = boot(MINIPORT => $second, DISK => $disk, CMD => 'mode 0; sha256 0',
    HIVE => spill("$scratch/pata.reg", bind_text('PCI#CC_0101', 'pata')));
like(output_of($run, 'mode 0'), qr/^  Driver +pata\.sys$/m, 'the hive wins over what lies beside a driver');
is(digest_in($run, 'sha256 0'), $digest, 'and the disk is read');
$run = boot(MINIPORT => $second, MACHINE => 'isapc', DISK => $disk, CMD => 'mode 0; sha256 0',
    HIVE => spill("$scratch/isa.reg", bind_text('*PNP0600', 'second')));
like(output_of($run, 'mode 0'), qr/^  Place +ISA.*^  Driver +second\.sys$/ms, 'the ISA controller, too');
is(digest_in($run, 'sha256 0'), $digest, 'and the disk is read');

# A broken one beside a good one.
spill("$scratch/broken.sys", substr $pata, 0, 1000);
spill("$scratch/broken.reg", bind_text('PCI#VEN_1234&DEV_5678', 'broken'));
$run = boot(MINIPORT => "$scratch/broken.sys $second", DISK => $disk, CMD => 'devices; mode 0; sha256 0');
exit_code_is($run, 0, 'three drivers, one of them broken');
like($run->{console}, qr/\bbroken\.sys is not used: cut off/, 'it is named');
like(output_of($run, 'mode 0'), qr/^  Driver +second\.sys$/m, 'the one that is bound has the disk');
is(digest_in($run, 'sha256 0'), $digest, 'and reads it');

# Bound, but broken; and bound to nothing that is there.
spill("$scratch/broken.reg", bind_text('PCI#CC_0101', 'broken'));
$run = boot(MINIPORT => "$scratch/broken.sys", DISK => $disk, CMD => 'devices; read 0 0; help read');
exit_code_is($run, 1, 'the broken one is bound to the controller');
like(output_of($run, 'devices'), qr/no driver, wants broken\n.*^broken\.sys is not used: cut off/ms,
    'which has none then');
like(output_of($run, 'help read'), qr/^ *read DISK/m, 'and the next command works');
$run = boot(DISK => $disk, CMD => 'devices; read 0 0; help read',
    HIVE => spill("$scratch/nobody.reg", bind_text('PCI#CC_0101', 'nobody')));
exit_code_is($run, 1, 'a service that nobody brought');
like($run->{console}, qr/\bnobody\b.*no driver of that name is loaded/, 'is named');
like(output_of($run, 'help read'), qr/^ *read DISK/m, 'and the next command works');

# The binding itself is wrong: as if there were none.
for my $value ('dword:00000001', '""', '"' . 'x' x 300 . '"') {
    my $hive = bind_text('PCI#VEN_8086&DEV_7010', 'x') =~ s/"x"/$value/r;
    $run = boot(DISK => $disk, CMD => 'devices; help read', HIVE => spill("$scratch/odd.reg", $hive));
    exit_code_is($run, 0, 'a service named ' . substr $value, 0, 20);
    like(output_of($run, 'devices'), qr/^PCI \S+ 8086:7010: /m, 'does not matter');
}
is(sha256_of($disk), $digest, 'the disk is as it was');

done_testing();
