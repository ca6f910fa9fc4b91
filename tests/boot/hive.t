#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The registry's file as people leave it: missing, empty, in other encodings, cut off, full of garbage.
# What is wrong is said with file, line and column, what is right counts, the disk works, and what stands
# in the file stays; what the driver notes is appended so that it counts.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Encode qw(encode);
use Witness;
use Test::More;

my $header = "Windows Registry Editor Version 5.00\n";
my $channel = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\pata\Controller0\Channel0';
my $pio = "$header\n[$channel]\n\"DmaAllowed\"=dword:00000000\n";
my $garbage = slurp(random_image('garbage', 20_000, 'hive'));

# A name, the bytes, where something is reported (line:column, in order), whether PIO is in force.
my @hives = (
    ['empty', '', [], 0],
    ['only the header', $header, [], 0],
    ['good', $pio, [], 1],
    ['with CR LF and a BOM', "\xEF\xBB\xBF" . $pio =~ s/\n/\r\n/gr, [], 1],
    ['UTF-16', "\xFF\xFE" . encode('UTF-16LE', $pio), [], 1],
    ['without a line end', $pio =~ s/\n\z//r, [], 1],
    ['without a header', "[$channel]\n\"DmaAllowed\"=dword:00000000\n", ['1:1'], undef],
    ['random bytes', $garbage, ['1:1'], 0],
    ['random bytes behind what is right', $pio . $garbage, ['5:1'], 1],
    ['zeros', "\0" x 5000, ['1:1'], 0],
    ['UTF-16 cut in the middle of a character', substr("\xFF\xFE" . encode('UTF-16LE', "$pio\"Highest"), 0, -1),
        ['5:8'], 1],
    ['a value cut off', "$pio\"HighestMode\"=dwo", ['5:'], 1],
    ['a number without end', "$pio\"HighestMode\"=dword:123456789\n", ['5:'], 1],
    ['no hexadecimal digits', "$pio\"HighestMode\"=dword:zz\n\"MultipleCount\"=dword:4\n", ['5:21'], 1],
    ['quotes that are not closed', "$pio\"Highest\n\"MultipleCount\"=\"4\n", ['5:', '6:'], 1],
    ['a key that is not closed', "$pio\n[HKEY_LOCAL_MACHINE\\SYSTEM\n\"DmaAllowed\"=dword:1\n", ['6:'],
        1],
    ['no such root', "$pio\n[HKEY_NOWHERE\\SYSTEM]\n\"DmaAllowed\"=dword:1\n", ['6:'], 1],
    ['half lines', "$pio\@\n=\n\"x\"\n\"y\"=\nz\n", ['5:', '6:', '7:', '8:', '9:'], 1],
    ['a list that goes on with nonsense', "$pio\"x\"=hex:01,\\\n  zz\n\"MultipleCount\"=dword:8\n",
        ['5:', '6:'], 1],
    ['a batch that was cut off', "$pio\n; batch 1 begin\n\n[$channel]\n\"DmaAllowed\"=dword:00000001\n", undef,
        1],
    ['a batch with a wrong checksum', "$pio\n; batch 1 begin\n\n[$channel]\n\"DmaAllowed\"=dword:00000001\n\n"
            . "; batch 1 end crc32=00000000\n", undef, 1],
    ['a line of a megabyte', $pio . '"' . 'x' x (1 << 20) . "\"=dword:1\n", ['5:'], 1],
    ['ten thousand wrong lines', $pio . "nonsense\n" x 10_000, ['5:1', '6:1'], 1],
    ['a key 400 levels deep', "$pio\n[HKEY_LOCAL_MACHINE" . '\\k' x 400 . "]\n\"DmaAllowed\"=dword:1\n",
        undef, 1],
    ['UTF-16BE', "\xFE\xFF" . encode('UTF-16BE', $pio), [], 1],
    ['with CR alone', $pio =~ s/\n/\r/gr, [], 1],
    ['that begins with a batch without its begin line', "$header\n[$channel]\n\"DmaAllowed\"=dword:00000000\n\n"
            . "; batch 1 end crc32=01234567 bytes=60\n", ['6:1'], 0],
    ['in the first control set', $pio =~ s/CurrentControlSet/ControlSet001/r, [], 1],
);
my $disk = random_image('disk.img', 1 << 20, 'disk');
my $path = "$scratch/the registry.reg";
for my $case (@hives) {
    my ($name, $bytes, $places, $is_pio) = @$case;
    spill($path, $bytes);
    # What does not begin as a registry file is only read.
    my $is_hive = $bytes =~ /\A(?:\xEF\xBB\xBF|\xFF\xFE|\xFE\xFF\0)?(?:W|REGEDIT4|\z)/;
    my $run = boot(DISK => $disk, HIVE => $path, HIVE_RO => $is_hive ? 0 : 1,
        CMD => 'sha256 0; mode 0; registry list; rules');
    exit_code_is($run, 0, "a hive, $name");
    is(digest_in($run, 'sha256 0'), sha256_of($disk), 'the disk is read');
    my ($mode) = output_of($run, 'mode 0') =~ /^  Data +(\S+)/m;
    is($mode // '', !defined $is_pio ? $mode : $is_pio ? 'PIO,' : 'bus-master', 'as the hive says');
    my $start = $run->{console} =~ /^(.*?)^> sha256/ms ? $1 : '';
    my @reports = $start =~ /^\Q$path\E:(\d+:\d+): \S.*\S$/mg;
    my @expected = @{ $places // [] };
    my $found = grep { defined $reports[$_] && $reports[$_] =~ /^\Q$expected[$_]\E/ } 0 .. $#expected;
    is($found, scalar @expected, 'what is wrong is reported with its place: ' . join ' ', @expected)
        or diag("reported: @reports");
    ok(!defined $places || @expected || !@reports, 'and nothing else is') or diag($start);
    cmp_ok(length $start, '<', 8000, 'in few words');
    like(output_of($run, 'registry list'), qr/^\[HKEY_LOCAL_MACHINE\]$/m, 'there is a registry');
    is(substr(slurp($path), 0, length $bytes) eq $bytes, 1, 'what was in the file is there');
    if (!$is_hive) {
        exit_code_is(boot(DISK => $disk, HIVE => $path), 2, 'and nothing may be appended');
        next;
    }
    # The host's tool reads with the guest's own source, but no file in which something is wrong. (What was UTF-16
    # stays that, and is left to the guest, too.)
    my $copy = spill("$scratch/copy.reg", slurp($path));
    if ((command("$top/build/tools/registry", 'compact', $copy))[0] == 0 && slurp($copy) !~ /\0/) {
        my ($section) = slurp($copy) =~ /^\[\Q$channel\E\]\r?\n((?:[^\[\r\n].*\n)*)/mi;
        like($section // '', qr/^"Device0Model"="QEMU HARDDISK"\r?$/m, 'and what was appended');
        next;
    }
    my $again = boot(DISK => $disk, HIVE => $path, HIVE_RO => 1, CMD => "registry get $channel Device0Model");
    is(output_of($again, "registry get $channel Device0Model"), "\"QEMU HARDDISK\"\n", 'and what was appended');
}

# ------------------------------------------------------------------ a missing one

unlink $path;
my $run = boot(DISK => $disk, HIVE => $path, CMD => 'sha256 0');
exit_code_is($run, 0, 'a hive that is missing');
like(slurp($path), qr{\A\Q$header\E\n}, 'is made, with its header');
is(digest_in($run, 'sha256 0'), sha256_of($disk), 'and the disk is read');
$run = boot(DISK => $disk, HIVE => $path, HIVE_RO => 1, CMD => 'sha256 0');
exit_code_is($run, 0, 'the same with HIVE_RO=1');

# ------------------------------------------------------------------ other formats

# The older format is read, with its strings in UTF-16; nothing is appended to it, since that would be version 5.
spill($path, "REGEDIT4\r\n\r\n[$channel]\r\n\"DmaAllowed\"=dword:0\r\n\"Path\"=hex(2):25,41,25,00\r\n");
my $older = slurp($path);
$run = boot(DISK => $disk, HIVE => $path, CMD => "mode 0; registry get $channel Path; registry set $channel x dword:1; registry check");
exit_code_is($run, 1, 'the older format');
like($run->{console}, qr/^\Q$path\E:1:1: .* older format .* `make registry-compact`/m, 'is named, with what to do');
like(output_of($run, 'mode 0'), qr/^  Data +PIO,/m, 'its settings count');
is(output_of($run, "registry get $channel Path"), "hex(2):25,00,41,00,25,00,00,00\n", 'strings become UTF-16');
like(output_of($run, "registry set $channel x dword:1"), qr/only read in this session, so nothing was changed/, 'and is not changed');
is(slurp($path), $older, 'not even by the driver');
my ($code) = command("$top/build/tools/registry", 'compact', $path);
is($code, 0, 'the tool makes it version 5.00');
like(slurp($path), qr/\AWindows Registry Editor Version 5\.00\r\n.*^"Path"=hex\(2\):25,00,41,00,25,00,00,00\r$/ms, 'with the same values');

# Others are refused as a whole.
for my $other (["WINE REGISTRY Version 2\n;; All keys relative to \\\\Machine\n\n[System\\\\A] 1\n\"x\"=dword:1\n", 'Wine'],
    ["regf\1\0\0\0" . "\0" x 4088, 'binary hive'], ["REGEDIT\nHKEY_CLASSES_ROOT\\a = b\n", 'REGEDIT4']) {
    my ($bytes, $name) = @$other;
    spill($path, $bytes);
    $run = boot(DISK => $disk, HIVE => $path, HIVE_RO => 1, CMD => "sha256 0; registry set $channel x dword:1");
    like($run->{console}, qr/^\Q$path\E:1:1: .*$name.*/m, "$name: a file of another format is named");
    is(digest_in($run, 'sha256 0'), sha256_of($disk), 'the disk works');
    like(output_of($run, "registry set $channel x dword:1"), qr/only read in this session, so nothing was changed/, 'nothing is changed');
    is(slurp($path), $bytes, 'nor written');
}

# ------------------------------------------------------------------ values without sense

# The type is wrong: the driver asked for a number and is told that there is none; the usual settings stay.
spill($path, "$header\n[$channel]\n\"DmaAllowed\"=\"no\"\n\"HighestMode\"=hex:08\n"
        . "\"MultipleCount\"=hex(7):00,00\n");
$run = boot(DISK => $disk, HIVE => $path, STRICT => 1, CMD => 'sha256 0; mode 0');
exit_code_is($run, 0, 'values of the wrong type');
is(digest_in($run, 'sha256 0'), sha256_of($disk), 'the disk is read');
like(output_of($run, 'mode 0'), qr/^  Data +bus-master.*^  Multiple +16/ms, 'with the usual settings');

# ------------------------------------------------------------------ which driver serves which device

# Names compare without case; what is no name is said, and not only that there is no disk.
my $database = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\CriticalDeviceDatabase';
for my $case (['PCI#CC_0101', '"PATA"', 1], ['pci#cc_0101', '"Pata"', 1], ['PCI#CC_0101', 'dword:00000001', 0],
    ['PCI#CC_0101', 'hex(2):70,00,61,00,74,00,61,00,00,00', 0], ['PCI#CC_0101', '""', 0], ['PCI#CC_0101', '"nobody"', undef]) {
    my ($id, $service, $is_found) = @$case;
    spill($path, "$header\n[$database\\$id]\n\"SERVICE\"=$service\n");
    $run = boot(DISK => $disk, HIVE => $path, HIVE_RO => 1, CMD => 'rules');
    my $reason = $is_found ? qr/^disk 0: /m : !defined $is_found ? qr/: service nobody is bound to it, but no driver of that name is loaded$/m
        : qr/^port: CriticalDeviceDatabase\\PCI#CC_0101 binds nothing: its "Service" is no text of 1 to 63 bytes$/m;
    like($run->{console}, $reason, "$id is bound to $service");
    is(scalar($run->{console} =~ /^No disk was found\.$/m), $is_found ? '' : 1, $is_found ? 'and has its disk' : 'and no disk is found');
}

# ------------------------------------------------------------------ layers

# The hive wins over what lies beside a driver, and later lines over earlier ones.
spill($path, "$pio\n[-HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\pata]\n");
$run = boot(DISK => $disk, HIVE => $path, CMD => "mode 0; registry get $channel DmaAllowed");
exit_code_is($run, 1, 'a key that is deleted again');
like(output_of($run, 'mode 0'), qr/^  Data +bus-master/m, 'counts no more');
spill($path, "$pio\"DmaAllowed\"=-\n\"dmaallowed\"=dword:00000001\n\"DMAALLOWED\"=dword:00000000\n");
$run = boot(DISK => $disk, HIVE => $path, CMD => "registry get " . lc($channel) . ' dMaAlLoWeD');
like(output_of($run, 'registry get ' . lc($channel) . ' dMaAlLoWeD'), qr/^dword:00000000$/m,
    'the last value counts, and case does not');

done_testing();
