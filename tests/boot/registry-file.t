#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The registry's file is written: what the shell sets and deletes is there in the next session, also
# when QEMU was killed; a session that may not write changes nothing; one at a time writes; a full disk and
# a file that was replaced are noticed; the file can be made shorter and means the same.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Encode qw(decode encode);
use Witness;
use Test::More;

my $header = "Windows Registry Editor Version 5.00\n";
my $hive = "$scratch/the registry, \$HOME.reg";
my $key = 'HKEY_LOCAL_MACHINE\SYSTEM\Test';
my @quiet = (DISK => 'none', MINIPORT => 'none');

sub session { my ($commands, %words) = @_; return boot(@quiet, HIVE => $hive, CMD => $commands, %words) }

sub tool { return command("$top/build/tools/registry", @_) }

# ------------------------------------------------------------------ set, get, delete

# What is typed, and how `get` shows it.
my @forms = (
    ['dword:1f', 'dword:0000001f'], ['dword:FFFFFFFF', 'dword:ffffffff'], ['"sz:some text"', '"some text"'],
    ['sz:', '""'], ['"sz:a;b \\ ""c"""', '"a;b \\\\ \\"c\\""'], ['hex:00,ff,7', 'hex:00,ff,07'],
    ['hex:', 'hex:'], ['hex(1):41,00,00,00', '"A"'], ['hex(2):25,00,00,00', 'hex(2):25,00,00,00'],
    ['hex(7):41,00,00,00,00,00', 'hex(7):41,00,00,00,00,00'], ['hex(4):01,00,00,00', 'dword:00000001'],
    ['hex(b):01,02,03,04,05,06,07,08', 'hex(b):01,02,03,04,05,06,07,08'],
    ["sz:\xC3\xA4", 'hex(1):e4,00,00,00'],
);
my $number = 0;
my $commands = join "\n", map { my $n = $number++; "registry set $key value$n $_->[0]" } @forms;
my $run = session("$commands\nregistry set HKLM\\SYSTEM\\Test \"a name\" dword:7\nregistry set $key \@ sz:default");
exit_code_is($run, 0, 'values of every form are set');
my $written = slurp($hive);
my $batches = () = $written =~ /^; batch \d+ end crc32=[0-9A-F]{8} bytes=\d+$/mg;
is($batches, @forms + 2, 'each is a batch of its own');
$commands = join "\n", map { "registry get $key value$_" } 0 .. $#forms;
$run = session("$commands\nregistry get $key \"A NAME\"\nregistry get $key \@");
exit_code_is($run, 0, 'in the next session');
is(output_of($run, "registry get $key value$_"), "$forms[$_][1]\n", $forms[$_][0]) for 0 .. $#forms;
is(output_of($run, "registry get $key \"A NAME\""), "dword:00000007\n", 'a name with a blank, in other case');
is(output_of($run, "registry get $key \@"), "\"default\"\n", 'a default value');
is(slurp($hive), $written, 'reading writes nothing');
$run = session("registry set $key \"say \"\"hi\"\"\" dword:8; registry list $key");
like(output_of($run, "registry list $key"), qr/^"say \\"hi\\""=dword:00000008$/m,
    'names are listed as the file has them');

$run = session("registry delete $key value0; registry delete $key \"a name\"; registry delete $key \@; "
        . "registry set $key\\Below x dword:1; registry delete $key\\Below");
exit_code_is($run, 0, 'values and a key are deleted');
$run = session("registry list $key; registry get $key value0; registry list $key\\Below");
exit_code_is($run, 1, 'and are gone in the next session');
unlike(output_of($run, "registry list $key"), qr/value0|a name|@|Below/, 'all of them');
like(output_of($run, "registry list $key"), qr/^"value1"=/, 'and no others');

# Over what is built in: the file must say that it is gone.
my $service = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\CriticalDeviceDatabase\PCI#CC_0101';
session("registry delete $service");
$run = session("registry get $service Service");
exit_code_is($run, 1, 'a built-in key that was deleted stays deleted');
session("registry set $service Service sz:pata");

# ------------------------------------------------------------------ what cannot be

my @wrong = (
    'set', "set $key", "set $key x", "set $key x dword:1 2", 'delete', "delete $key a b", 'compact now',
    'get', "get $key", "get $key a b", 'export all', 'nothing', '',
);
$written = slurp($hive);
$run = session(join '; ', map { "registry $_" } @wrong);
exit_code_is($run, 1, 'wrong words');
my @usages = $run->{console} =~ /^Usage: registry list \[KEY\] \|/mg;
is(scalar @usages, scalar @wrong, 'each gets the usage');
my @bad = (
    ["set $key x dword:", 'digit'], ["set $key x dword:123456789", 'eight'], ["set $key x 5", 'dword:'],
    ["set $key x hex:1,", 'digits'], ["set $key x hex:100", ''], ["set $key x -", 'delete'],
    ["set $key x text", 'dword:'], ["set NOWHERE x dword:1", 'HKEY_LOCAL_MACHINE'],
    ["set HKLM\\a\\\\b x dword:1", 'names'], ["delete $key\\Missing", 'no key'],
    ["delete $key missing", 'no value'], ['delete HKLM', 'root'], ["get $key missing", 'no value'],
    ["set HKLM" . '\k' x 40 . ' x dword:1', 'deep'], ["set $key x hex(zz):1", 'type'],
);
$run = session(join '; ', map { "registry $_->[0]" } @bad);
exit_code_is($run, 1, 'what cannot be');
like(output_of($run, "registry $_->[0]"), qr/^[A-Z].*\Q$_->[1]\E.*\.\n\z/, "registry $_->[0]") for @bad;
is(slurp($hive), $written, 'and nothing is written');

# ------------------------------------------------------------------ a session that only reads

$run = session("registry set $key value1 dword:9; registry delete $key; registry compact; "
        . "registry get $key value1", HIVE_RO => 1);
exit_code_is($run, 1, 'HIVE_RO=1');
like(output_of($run, "registry set $key value1 dword:9"), qr/only read in this session/, 'refuses a change');
like(output_of($run, 'registry compact'), qr/only read in this session/, 'and compact');
is(output_of($run, "registry get $key value1"), "dword:ffffffff\n", 'the value stays');
is(slurp($hive), $written, 'the file, too');

# ------------------------------------------------------------------ killed

# Once the prompt is back, the value is in the file.
for my $value (1 .. 3) {
    my $session = start(@quiet, HIVE => $hive);
    $session->expect(qr/^> /m) or die 'no prompt';
    $session->type("registry set $key killed dword:$value\r");
    $session->expect(qr/dword:$value\n> /) or die 'no answer';
    $session->kill;
    $session->finish;
    $run = session("registry get $key killed");
    is(output_of($run, "registry get $key killed"), "dword:0000000$value\n", "killed after set: $value is there");
}

# ------------------------------------------------------------------ two sessions

my $first = start(@quiet, HIVE => $hive);
$first->expect(qr/^> /m);
$run = session("registry get $key killed");
exit_code_is($run, 2, 'a second session on the same file is refused');
like($run->{console}, qr/^run-qemu\.sh: HIVE=\Q$hive\E: another session is writing it/m, 'in words');
my ($code, $output) = tool('compact', $hive);
is("$code $output", "2 registry: $hive: another session is writing it; it stays as it is\n", 'so is the tool');
$run = session("registry get $key killed", HIVE_RO => 1);
exit_code_is($run, 0, 'with HIVE_RO=1 it reads');
$first->type("registry set $key first dword:1\rpoweroff\r");
is($first->finish->{code}, 0, 'the first one goes on');
is(output_of(session("registry get $key first"), "registry get $key first"), "dword:00000001\n", 'and is right');

# ------------------------------------------------------------------ compact

my $export = (tool('export', $hive))[1];
$run = session("registry compact; registry set $key after dword:1; registry delete $key after");
exit_code_is($run, 0, 'registry compact');
like($run->{console}, qr/^\Q$hive\E: \d+ bytes became \d+; as it was: \Q$hive.old\E$/m, 'shortens at the end');
cmp_ok(-s $hive, '<', length($export) + 1000, 'to about what it says');
unlike(slurp($hive), qr/batch/, 'without batches');
is((tool('export', $hive))[1], $export, 'and means the same');
is((tool('export', "$hive.old"))[1], $export, 'as the file does that was kept');
ok(!-e "$hive.new", 'nothing else is left');
is((session("registry get $service Service; registry get $key value1"))->{code}, 0, 'in a session, too');

# Through make, in UTF-16 with CR LF, behind a link.
my $wide = "$scratch/wide.reg";
spill("$scratch/file.reg", "\xFF\xFE" . encode('UTF-16LE', "$header\n[$key]\n\"a\"=dword:1\n; a comment\n\"a\"=\"\x{E4}\""
            =~ s/\n/\r\n/gr));
symlink 'file.reg', $wide or die;
chmod 0640, $wide;
$run = boot(@quiet, HIVE => $wide, CMD => "registry set $key b sz:x; registry set $key a sz:y");
exit_code_is($run, 0, 'a file in UTF-16LE');
my $text = decode('UTF-16LE', substr slurp($wide), 2);
like($text, qr/\r\n\r\n; batch 1 begin\r\n\r\n\[\Q$key\E\]\r\n"b"="x"\r\n\r\n; batch 1 end crc32=/,
    'is written in UTF-16LE, with its line ends');
{
    local $ENV{HIVE} = $wide;
    local @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};
    ($code, $output) = command('make', '-C', $top, '--no-print-directory', 'registry-compact');
}
is($code, 0, 'make registry-compact') or diag($output);
is(decode('UTF-16LE', slurp($wide)), "\x{FEFF}" . "$header\n[HKEY_LOCAL_MACHINE\\SYSTEM]\n\n[$key]\n\"a\"=\"y\"\n\"b\"=\"x\"\n"
        =~ s/\n/\r\n/gr, 'the short file');
ok(-l $wide, 'the link is still one');
is((stat $wide)[2] & 07777, 0640, 'and the mode stays');

spill($hive, "$header\n[$key]\n\"a\"=dword:1\nnonsense\n");
($code, $output) = tool('compact', $hive);
is($code, 1, 'a file with a damaged line');
like($output, qr/^\Q$hive\E:5:1: .*\n.*stays as it is/, 'is named, and not shortened');
is(slurp($hive), "$header\n[$key]\n\"a\"=dword:1\nnonsense\n", 'so that nothing is lost');

# ------------------------------------------------------------------ the host's faults

# A limit on the file's size stands for a full disk. It must leave room for the kernel's copy.
spill($hive, "$header\n[$key]\n\"a\"=dword:1\n\n" . ('; ' . 'x' x 1021 . "\n") x 1023);
{
    local %ENV = (%ENV, @quiet, HIVE => $hive, CMD => join('; ', map { "registry set $key b$_ sz:" . 'y' x 300 } 1 .. 9),
        RUN_DIR => "$scratch/full");
    ($code, $output) = command('bash', '-c', "trap '' XFSZ; ulimit -f 1024; exec ./run-qemu.sh");
}
is($code, 2, 'a full disk') or diag($output);
like($output, qr/^run-qemu\.sh: HIVE=\Q$hive\E: the guest stored \d+ bytes, and the file lacks \d+ of them/m,
    'is noticed');
$run = session("registry get $key a; registry get $key b1");
is(output_of($run, "registry get $key b1"), '"' . 'y' x 300 . "\"\n", 'what was complete is there');
unlike($run->{console}, qr/^\Q$hive\E:\d/m, 'and no line is damaged');

# Somebody's editor puts a new file in place while the session runs.
spill($hive, $header);
my $session = start(@quiet, HIVE => $hive);
$session->expect(qr/^> /m);
spill("$hive.edited", "$header; edited\n");
rename "$hive.edited", $hive;
$session->type("registry set $key late dword:5\rpoweroff\r");
$run = $session->finish;
exit_code_is($run, 2, 'a file that is replaced meanwhile');
is(slurp($hive), "$header; edited\n", 'is left alone');
like(slurp("$hive.session"), qr/"late"=dword:00000005/, 'and what was stored is kept beside it');

# ------------------------------------------------------------------ check

# The shell and the tool name the same damage, of lines and of batches, and what is left counts.
spill($hive, "$header\n[$key]\n\"a\"=dword:1\n");
session("registry set $key b dword:2; registry set $key c dword:3; registry set $key d dword:4");
my $whole = slurp($hive);
($code, $output) = tool('check', $hive);
is("$code $output", "0 $hive: keys 4, values 4, deletions 0, batches 3; ignored: batches 0, lines 0\n", 'a clean file');
$run = session('registry check');
exit_code_is($run, 0, 'and in the shell');
like(output_of($run, 'registry check'), qr/\AAt the start: keys 4, values 4, .*ignored: batches 0, lines 0$/m, 'in the same words');
my $begin = index $whole, '; batch 2 begin';
# What is done to the file; where it is named; which of a, b, c, d are left.
my @damages = (
    ['a batch without its begin line', substr($whole, 0, $begin + 3) . substr($whole, $begin + 40),
        qr/:\d+:1: this end line has no begin line: lines \d+ to \d+, which may be half of its batch, are ignored/, 'abd'],
    ['a batch without its end line', $whole =~ s/^; batch 3 end.*//mr, qr/: unfinished batches are ignored: 1, the first in line \d+/, 'abc'],
    ['a batch that was changed', $whole =~ s/dword:00000003/dword:00000005/r, qr/:\d+:1: this end line does not belong to /, 'abd'],
    ['a line that is none', $whole =~ s/dword:1/dword:1x/r, qr/:4:12: nothing but a comment may follow here/, 'bcd'],
);
for my $damage (@damages) {
    my ($name, $bytes, $said, $left) = @$damage;
    spill($hive, $bytes);
    ($code, $output) = tool('check', $hive);
    like("$code $output", qr/\A1 \Q$hive\E$said/, "$name: the tool names it, and ends with 1");
    $run = session("registry check; registry list $key", HIVE_RO => 1);
    exit_code_is($run, 1, 'and the shell fails');
    like(output_of($run, 'registry check'), qr/^\Q$hive\E$said/m, 'with the same words');
    is(join('', output_of($run, "registry list $key") =~ /^"(\w)"=/mg), $left, "$left are left");
}

done_testing();
