#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The shell: where commands come from, how they are cut into words, what they print, how they fail, and
# what the run ends with. What they write is compared on the host.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

# The lines that a command printed: from its echo to the next one.
sub output_of {
    my ($run, $command) = @_;
    return $run->{console} =~ /^> \Q$command\E\n(.*?)(?=^> |^\n\d+ of |\z)/ms ? $1 : '(did not run)';
}

sub hexdump {
    my ($bytes, $offset) = @_;
    my $text = '';
    for (my $at = 0; $at < length $bytes; $at += 16) {
        my $line = substr $bytes, $at, 16;
        my @hex = map { sprintf '%02x', ord } split //, $line;
        (my $visible = $line) =~ s/[^ -~]/./g;
        $text .= sprintf "%08x  %s  %s  |%s|\n", $offset + $at, "@hex[0 .. 7]", "@hex[8 .. 15]", $visible;
    }
    return $text;
}

my $size = 8 << 20;
my $sectors = $size / 512;
my $image = random_image('disk.img', $size, 1);
my $bytes = slurp($image);

# ------------------------------------------------------------------ commands that succeed

{
    my $run = boot(DISK => $image, CMD => 'help; help read; devices; identify 0; read 0 0; read 0 0x10 2; '
            . 'read 0 1K; sha256 0; sha256 0 3 1000; verify 0; mode 0; partitions 0; rules; irbs; '
            . 'counters; log 5; flush 0; drivers; reset 0.0');
    exit_code_is($run, 0, 'all commands succeed');
    like(output_of($run, 'help'), qr/^  poweroff +\S/m, 'help lists the commands');
    is(output_of($run, 'help read') =~ tr/\n//, 1, 'help explains one command in a line');
    like(output_of($run, 'devices'), qr/^0 +0\.0 +QEMU HARDDISK +8\.0 MiB +$sectors x 512 /m,
        'devices has the disk');
    like(output_of($run, 'identify 0'), qr/^  Capacity +$sectors sectors, 8\.0 MiB$/m,
        'identify knows the capacity');
    like(output_of($run, 'identify 0'), qr/LBA48/, 'identify lists features');
    is(output_of($run, 'read 0 0'), hexdump(substr($bytes, 0, 512), 0), 'read shows a sector');
    is(output_of($run, 'read 0 0x10 2'), hexdump(substr($bytes, 0x2000, 1024), 0x2000),
        'read shows two sectors');
    is(output_of($run, 'read 0 1K'), hexdump(substr($bytes, 0x80000, 512), 0x80000),
        'K is a power of 1024');
    like(output_of($run, 'sha256 0'), qr/^@{[sha256_of($image)]} /, 'sha256 of the whole disk');
    like(output_of($run, 'sha256 0 3 1000'), qr/^@{[sha256_of($image, 1536, 512_000)]} /,
        'sha256 of a part');
    like(output_of($run, 'verify 0'), qr/^$sectors sectors of disk 0 verified/, 'verify');
    like(output_of($run, 'mode 0'), qr/^  Addressing +LBA28$/m, 'mode');
    like(output_of($run, 'partitions 0'), qr/no partition table/, 'a disk without partitions');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
    like(output_of($run, 'drivers'), qr/^DRIVER .*\npata +pata\.sys +0x[0-9a-f]+ +[\d.]+ KiB +0 +in use\nahci +ahci\.sys +0x.* - +has no controller\n\z/, 'drivers');
    like(output_of($run, 'reset 0.0'), qr/^DISK .*\n0 +0 +answers\nChannel 0\.0 is ready, after \d+\.\d{3} ms\.\n\z/, 'reset');
    unlike($run->{console}, qr/failed/, 'nothing is said to have failed');
}

# ------------------------------------------------------------------ lines of a dump that are equal

{
    my $dump = spill("$scratch/dump.img", "\0" x 1536 . 'A' x 16 . 'B' x 16 . 'B' x 16 . "C" x 464 . 'A' x 8192 . "\0" x (1 << 20));
    my $run = boot(DISK => $dump, CMD => 'read 0 0; read 0 0 4; read 0 3; read 0 0 2049; # comment; frobnicate');
    exit_code_is($run, 0, 'a comment is no command');
    my $line = sub { return hexdump($_[1] x 16, $_[0]) };
    my $zeros = $line->(0, "\0") . "*\n";
    is(output_of($run, 'read 0 0'), $zeros . $line->(496, "\0"), 'the first and the last of equal lines are shown');
    my $rest = join '', $line->(1536, 'A'), $line->(1552, 'B'), "*\n", $line->(1584, 'C'), "*\n";
    is(output_of($run, 'read 0 0 4'), $zeros . $rest . $line->(2032, 'C'), 'a * stands for those between');
    is(output_of($run, 'read 0 3'), $rest . $line->(2032, 'C'), 'also for a single one');
    is(output_of($run, 'read 0 0 2049'), $zeros . $rest . $line->(2048, 'A') . "*\n" . $line->(10240, "\0") . "*\n" . $line->(2049 * 512 - 16, "\0"),
        'over the pieces in which a disk is read');
    my (undef, $hexdump) = command('hexdump', '-C', '-n', 2048, $dump);
    is(output_of($run, 'read 0 0 4') =~ s{^000007f0 .*\n}{*\n00000800\n}mr =~ s{\*\n\*\n}{*\n}r, $hexdump, 'as hexdump writes it, but for the end') if $hexdump =~ m{^00000000};
}

# ------------------------------------------------------------------ words

{
    my $run = boot(DISK => $image, stdin => "read 0 0;help read\r\n\n;;\n"
            . "frobnicate \"a;b\" \"c\nd\"\nhelp re\"ad\"\nhelp \"re\"\"ad\"\nhelp a\\b\nhelp \"a");
    exit_code_is($run, 1, 'commands from standard input, some wrong');
    like($run->{console}, qr/^> read 0 0\n.*^> help read\n.*^> frob.*^> help re"ad"$/ms,
        'lines and semicolons separate');
    like($run->{console}, qr/^> frobnicate "a;b" "c\nd"\n/m, 'but not inside quotes');
    like(output_of($run, 'help re"ad"'), qr/^read DISK/, 'quotes may stand inside a word');
    like(output_of($run, 'help "re""ad"'), qr/"re"ad"/, 'two quotes inside quotes are one');
    like(output_of($run, 'help a\\b'), qr/"a\\b"/, 'a backslash is ordinary');
    like(output_of($run, 'help "a'), qr/quote is not closed/, 'a quote that is not closed');
    like($run->{console}, qr/^4 of 7 commands failed:\n  frobnicate "a;b" "c\nd"\n  help "re""ad"\n/m,
        'the failures are named at the end');
}

# ------------------------------------------------------------------ the trace

{
    my $run = boot(DISK => $image, CDROM => $image, CMD => 'trace clear; read 0 2048; log 40; cd cd0 capacity; log 39; trace on irbs; read 0 1; trace off; read 0 2; '
            . 'log 2; trace save saved.txt; trace save saved.txt; trace clear; log 1; trace on all; '
            . 'fault add read 51 register=Status nth=1; fault add write drop register=LBA-High nth=1; read 0 3; log 18');
    my $log = output_of($run, 'log 40');
    like($log, qr/^ {3}\d+\.\d{6} {11}0\.0 {2}IRB in slot \d+ begins: read, /m, 'a request has a time');
    like($log, qr/^ {3}\d+\.\d{6} +\+\d+ {2}0\.0 {2}Command <- 0xc8 READ DMA, device 0, LBA 2048, 1 sector\n/m,
        'a command, with what was written before it');
    like($log, qr/^ {22}0\.0 {2}Bus Master Command <- 0x09 bus master start, to memory, PRD 0x[0-9a-f]+: 512\n/m, 'the bus master, and its table');
    like(output_of($run, 'log 39'), qr/  0\.1 {2}Command <- 0xa0 PACKET, device 0, .*\n(?:.*\n)*? {22}0\.1 {2}Data <- 12 bytes \(6 x 2\): 0x25 READ CAPACITY\n/,
        'a packet');
    like($log, qr/^ {22}0\.0 {2}Status -> 0x50 DRDY DSC\n/m, 'Status');
    like($log, qr/^ {3}\d+\.\d{6} +\+\d+ {2}0\.0 {2}IRB in slot \d+ ends: success\n/m, 'and the end');
    like(output_of($run, 'log 2'), qr/:\n.* begins: read, .*\n.* ends: success\n\z/, 'two entries, of what is recorded');
    my $saved = slurp("$run->{run_dir}/saved.txt");
    like($saved, qr/\Q@{[$log =~ m{( Command <- .*LBA 2048.*)}]}\E$/m, 'the saved trace has the same words');
    is($saved =~ tr/\n//, output_of($run, 'trace save saved.txt') =~ /(\d+) lines/ ? $1 : -1, 'all of them');
    like(output_of($run, 'log 1'), qr/^It is empty\.$/m, 'and is cleared');
    like(output_of($run, 'log 18'), qr/ LBA High <- 0x00 \(injected\)\n(?:.*\n)*?.* Status -> 0x51 DRDY DSC ERR \(injected\)\n/,
        'what was injected is told apart');
    unlike(output_of($run, 'log 18'), qr/ LBA Mid <- 0x00 \(injected\)/, 'from the rest');
    exit_code_is($run, 2, 'a file that is there');
    like($run->{console}, qr/^run-qemu\.sh: the trace is in \Q$run->{run_dir}\E\/saved\.txt\n.* is not saved in \S+, which is there already/m,
        'is not overwritten');
}

# ------------------------------------------------------------------ failures

{
    my @wrong = ('read', 'read 0', 'read 0 x', 'read 0 0 0 0', 'read 0 99999999999999999999', 'read 0 1KK',
        'write 0 0', 'write 0 0 123', 'write 0 0 0x1', 'fill 0 0 1 256', 'sha256 0 5', 'copy 0 0 0 0',
        'cd 0', 'cd 0 open', 'devices 0', 'registry', 'registry get x', 'bench 0 0', 'rules 1', 'stop',
        'log x', 'trace', 'trace on nonsense', 'trace off 1', 'trace save');
    my @failing = ('frobnicate', 'HELP', 'help frobnicate', 'read 7 0', 'read cd1 0', "read 0 $sectors",
        'read 0 0 0', 'sha256 0 1 ' . ($sectors), 'sha256 0 0xffffffffffffffff 2',
        "fill 0 0 0 0", "copy 0 0 0 1 $sectors", 'cd 0 eject', 'stop 9.9', 'start 0.0',
        'registry get HKLM\Nothing x', 'registry get HKLM\SYSTEM nothing', 'registry set HKLM\A b text',
        'registry delete HKLM\Nothing', 'trace save ../x');
    my $run = boot(DISK => $image, CMD => join '; ', @wrong, @failing, 'read 0 0');
    exit_code_is($run, 1, 'every one of them fails');
    for my $command (@wrong) {
        my ($name) = $command =~ /^(\w+)/;
        like(output_of($run, $command), qr/^Usage: $name\b.*\n\z/m, "$command: usage");
    }
    for my $command (@failing) {
        my $output = output_of($run, $command);
        ok($output !~ /^Usage/m && $output =~ /\A[^\n]+\n\z/, "$command: one sentence") or diag($output);
    }
    like(output_of($run, "read 0 $sectors"), qr/ends after $sectors sectors/, 'which says what is wrong');
    is(output_of($run, 'read 0 0'), hexdump(substr($bytes, 0, 512), 0), 'the next command runs');
    my $failed = @wrong + @failing;
    like($run->{console}, qr/^$failed of @{[$failed + 1]} commands failed:\n(?:  .*\n){$failed}\z/m,
        'all are named at the end');
    is(slurp($image) eq $bytes, 1, 'and nothing was written');
}

# ------------------------------------------------------------------ writing

{
    my $copy = "$scratch/written.img";
    spill($copy, $bytes);
    my $run = boot(DISK => $copy, WRITE => 1, CMD => 'write 0 5 DEADbeef; write 0 6 ' . '5a' x 700
            . '; write 0 9 ' . join(' ', ('a5') x 512) . '; fill 0 100 1000 0x77; '
            . 'copy 0 2000 0 2100 1500; copy 0 5100 0 5000 1500; copy 0 10000 0 10600 1500; '
            . 'copy 0 14000 0 13400 1500; copy 0 0 0 9000 1; copy 0 7 0 7 3; '
            . 'flush 0; poweroff; read 0 0; frobnicate');
    exit_code_is($run, 0, 'commands that write succeed');
    my $expected = $bytes;
    substr($expected, 5 * 512, 4) = "\xDE\xAD\xBE\xEF";
    substr($expected, 6 * 512, 700) = "\x5A" x 700;
    substr($expected, 9 * 512, 512) = "\xA5" x 512;
    substr($expected, 100 * 512, 512_000) = "\x77" x 512_000;
    substr($expected, 2100 * 512, 1500 * 512) = substr($expected, 2000 * 512, 1500 * 512);
    substr($expected, 5000 * 512, 1500 * 512) = substr($expected, 5100 * 512, 1500 * 512);
    substr($expected, 10600 * 512, 1500 * 512) = substr($expected, 10000 * 512, 1500 * 512);
    substr($expected, 13400 * 512, 1500 * 512) = substr($expected, 14000 * 512, 1500 * 512);
    substr($expected, 9000 * 512, 512) = substr($expected, 0, 512);
    is(slurp($copy) eq $expected, 1,
        'the image holds what was written, filled and copied (overlapping both ways), and no more');
    like(output_of($run, 'write 0 5 DEADbeef'), qr/other 508 bytes stay as before/, 'a part of a sector keeps the rest');
    like($run->{console}, qr/^2 commands after poweroff did not run\.$/m, 'poweroff ends the commands');
}

# ------------------------------------------------------------------ partitions

{
    my $table = sparse_image('mbr.img', 64 << 20);
    my $script = spill("$scratch/mbr.txt", "label: dos\nstart=2048, size=20480, type=e, bootable\n"
            . "start=22528, size=100000, type=5\nstart=24576, size=2048, type=83\nstart=28672, size=4096, type=82\n");
    my ($code) = command('sh', '-c', 'sfdisk --quiet --no-reread --no-tell-kernel "$1" <"$2"', 'sh',
        $table, $script);
    ($code) = command('mkfs.fat', '-F', '12', '-n', 'A LABEL', '--offset', '2048', $table, '10240')
        if $code == 0;
    is($code, 0, 'sfdisk and mkfs.fat make a disk');
    my $gpt = sparse_image('gpt.img', 64 << 20);
    $script = spill("$scratch/gpt.txt", "label: gpt\nsize=20480, type=U, name=\"boot files\"\n"
            . "size=8192, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=\"Wurzel \xC3\xA4\"\n");
    ($code) = command('sh', '-c', 'sfdisk --quiet --no-reread --no-tell-kernel "$1" <"$2"', 'sh', $gpt,
        $script);
    is($code, 0, 'sfdisk makes a GPT');
    my $run = boot(DISK => $table, DISK1 => $gpt, CMD => 'partitions 0; partitions 1');
    exit_code_is($run, 0, 'both are read');
    my $mbr_output = output_of($run, 'partitions 0');
    like($mbr_output, qr/^ +1\* +2048 +20480 +10\.0 MiB +FAT16 with LBA +FAT12 "A LABEL"$/m, 'a primary one');
    like($mbr_output, qr/^ +2  +22528 +100000 +48\.8 MiB +extended *$/m, 'an extended one');
    like($mbr_output, qr/^ +5  +24576 +2048 .*Linux *\n +6  +28672 +4096 .*Linux swap *$/m, 'logical ones');
    my $gpt_output = output_of($run, 'partitions 1');
    like($gpt_output, qr/^ +1  +2048 +20480 +10\.0 MiB +EFI system +\(boot files\)$/m, 'a GPT one');
    like($gpt_output, qr/^ +2  +22528 +8192 .*Linux +\(Wurzel \xC3\xA4\)$/m, 'with a name in UTF-8');
    unlike("$mbr_output$gpt_output", qr/damaged|beyond|overlap|missing/, 'nothing is wrong with them');
}

# ------------------------------------------------------------------ CD-ROM

{
    my $iso = "$scratch/cd.iso";
    spill("$scratch/file.txt", "hello\n" x 5000);
    my ($code) = command('xorriso', '-as', 'mkisofs', '-quiet', '-V', 'TEST_DISC', '-o', $iso,
        "$scratch/file.txt");
    is($code, 0, 'xorriso makes a CD');
    my $cd_sectors = (-s $iso) / 2048;
    my $target = sparse_image('target.img', 8 << 20);
    my $run = boot(DISK => $target, CDROM => $iso, WRITE => 1, CMD => "sha256 cd0; cd cd0 capacity; "
            . "identify cd0; partitions cd0; copy cd0 0 0 8 $cd_sectors; cd cd0 eject; read cd0 0; "
            . 'cd cd0 load; read cd0 16; write cd0 0 00; flush cd0');
    exit_code_is($run, 1, 'what cannot be done on a CD fails');
    like(output_of($run, 'sha256 cd0'), qr/^@{[sha256_of($iso)]} /, 'sha256 of a CD');
    like(output_of($run, 'cd cd0 capacity'), qr/ $cd_sectors sectors of 2048 bytes/, 'its capacity');
    like(output_of($run, 'identify cd0'), qr/CD-ROM drive, removable/, 'identify a packet device');
    like(output_of($run, 'partitions cd0'), qr/ISO 9660 "TEST_DISC"/, 'its file system');
    is(sha256_of($target, 4096, -s $iso), sha256_of($iso), 'a copy to a disk with other sectors');
    like(output_of($run, 'read cd0 0'), qr/no medium/, 'an open tray');
    like(output_of($run, 'read cd0 16'), qr/CD001/, 'a closed one');
    like(output_of($run, 'write cd0 0 00'), qr/cannot be written/, 'a CD is not written');
    like($run->{console}, qr/^3 of 11 commands failed:$/m, 'and that is all that failed');
}

# ------------------------------------------------------------------ tour, no disk, wrong words

{
    my $run = boot();
    exit_code_is($run, 0, 'the tour succeeds');
    like($run->{console}, qr/^> devices\n.*^> partitions 0\n.*^> read 0 0\n.*^> sha256 0 .*^[0-9a-f]{64} /ms,
        'it shows devices, partitions, a read and a checksum');
    $run = boot(DISK => 'none');
    exit_code_is($run, 0, 'without a disk too');
    like($run->{console}, qr/^There are no disks\.$/m, 'which it says');
    $run = boot(DISK => $image, KARGS => 'colour=red');
    exit_code_is($run, 2, 'an unknown key on the kernel\'s command line');
    like($run->{console}, qr/"colour"/, 'is named');
    $run = boot(DISK => $image, TRACE => 'nonsense');
    exit_code_is($run, 2, 'an unknown trace word');
    like($run->{console}, qr/nonsense/, 'is named');
    $run = boot(DISK => 'none', CMD => 'devices; bench; read 0 0');
    exit_code_is($run, 1, 'commands without a disk fail, and no worse');
}

# ------------------------------------------------------------------ channels

{
    my $run = boot(DISK => $image, DISK1 => $image, CMD => 'stop 0.0; read 0 0; devices; stop 0.0; '
            . 'start 0.0; sha256 0; sha256 1');
    exit_code_is($run, 1, 'a stopped channel has no disks');
    like(output_of($run, 'devices'), qr/ 0\.0 \(stopped\)/, 'devices says that it is stopped');
    my $digest = sha256_of($image);
    like(output_of($run, "sha256 $_"), qr/^$digest /, "after the start disk $_ is back") for 0, 1;
    like($run->{console}, qr/^2 of 7 commands failed:$/m, 'the rest succeeds');
}

# ------------------------------------------------------------------ a person

{
    my $large = sparse_image('large.img', 16 << 30);
    my $session = start(DISK => $image, DISK1 => $large);
    ok($session->expect(qr/^> \z/m), 'there is a prompt');
    $session->type("frobnicate\r");
    ok($session->expect(qr/no command "frobnicate".*^> \z/ms), 'a wrong command, and a prompt again');
    $session->type("devi; wri 0 0 00; re; cd 0 l; registry l; hlp\r");
    ok($session->expect(qr{^0 +0\.0 .*^"wri" would be write, .*^"re" may be read, registry or reset\.\n.*is no CD-ROM drive.*^\[HKEY_LOCAL_MACHINE\].*did you mean help\?\n> \z}ms),
        'words may be shortened, but none that writes');
    $session->type("registry get HKLM\\SYS\tCurr\tServ\tpa\tco\t\t\t");
    ok($session->expect(qr{registry get HKLM\\SYSTEM\\CurrentControlSet\\Services\\pata}s), 'Tab completes keys');
    $session->type("\cUstop \t\t");
    ok($session->expect(qr{0\.0  0\.1\n}), 'and lists channels');
    $session->type("\cUfault add interrupt lo\t chan\t0.\t\cA#\r");
    ok($session->expect(qr{interrupt lost  channel=0\.}), 'faults, too; and a line becomes a comment');
    $session->type("hlp read\e[D\e[D\e[D\e[D\e[D\e[D\e[De\r");
    ok($session->expect(qr/^read DISK LBA.*^> \z/ms), 'a line is edited');
    $session->type("\e[A\e[A\x15dev\t\r");
    ok($session->expect(qr/^0 +0\.0 .*^> \z/ms), 'Tab completes a command');
    $session->type("\e[A\e[A\r");
    ok($session->expect(qr/^read DISK LBA.*^> \z/ms), 'the history has the line before');
    $session->type('read 0 0');
    $session->expect(qr/read 0 0\z/);
    $session->type("\cC");
    ok($session->expect(qr/\^C\n> \z/), 'Ctrl-C gives up a line');
    $session->type("sha256 1; rules\r");
    ok($session->expect(qr/sha256 +\[#*-*\] +\d+%  [\d.]+ MiB\/s  .*? left/), 'long work shows its progress');
    $session->type("\cC");
    ok($session->expect(qr/Stopped by Ctrl-C after [\d.]+ .iB of 16\.0 GiB\.\n> \z/),
        'Ctrl-C stops it, and the rest of the line');
    $session->type("sha256 0\r");
    ok($session->expect(qr/@{[sha256_of($image)]} .*\n> \z/), 'the next command runs');
    $session->type("poweroff\r");
    exit_code_is($session->finish, 0, 'poweroff ends with success, whatever failed before');
    $session = start(DISK => 'none');
    ok($session->expect(qr/^> \z/m), 'a prompt without a disk');
    $session->type("\cD");
    exit_code_is($session->finish, 0, 'Ctrl-D ends the session too');
}

# ------------------------------------------------------------------ recovery, tried by hand

{
    my $bad = spill("$scratch/bad.sys", 'MZ, and no more');
    my $run = boot(DISK => $image, CDROM => 'none', MINIPORT => "$bad build/$Ataport::arch/probes/ahci_probe.sys",
        CMD => 'drivers; drivers 0; fault add time-outs 200; '
            . 'fault add bsy channel=0.0 count=for-ever; reset 0.0; fault clear; devices; reset 0.0; sha256 0; '
            . 'stop 0.0; reset 0.0; drivers; stop 0; drivers; reset; reset 9.9');
    exit_code_is($run, 1, 'commands fail');
    my @drivers = map { output_of($_, 'drivers') } { console => $run->{console} }, map { { console => $_ } } $run->{console} =~ /^> stop 0\n(.*)/ms;
    like($drivers[0], qr/^bad +bad\.sys +- +- +- +\S.*\nahci_probe +ahci_probe\.sys +0x.* - +has no controller$/m,
        'drivers: one that was refused, with the reason, and one that is not wanted');
    like($drivers[1], qr/^pata .* 0 +its controllers are not started$/m, 'and one whose controller is stopped');
    like($run->{console}, qr/^> reset 0\.0\nDISK .*\n(?:.*\n)*?0 +0 +does not answer: \w[\w ]+\nChannel 0\.0 is offline: 1 of 1 devices did not answer\.\n/m,
        'reset: a device that stays busy');
    like($run->{console}, qr/^> devices\n(?:.*\n)*?> reset 0\.0\nDISK .*\n0 +0 +answers\nChannel 0\.0 is ready, .*\n> sha256 0\n@{[sha256_of($image)]} /m,
        'and when it answers again');
    like($run->{console}, qr/^> reset 0\.0\nChannel 0\.0 is not running\.$/m, 'a channel that is stopped');
    like(output_of($run, $_), qr/^Usage: \Q@{[(split ' ', $_)[0]]}\E/m, "$_: usage") for 'reset', 'drivers 0';
    like(output_of($run, 'reset 9.9'), qr/^There is no channel "9\.9"/, 'reset of no channel');
}

done_testing();
