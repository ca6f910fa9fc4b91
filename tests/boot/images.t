#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What a file given as a disk is: containers of other programs are refused by name and stay as they are;
# what stands inside an image leads to another file only when FORMAT=qcow2 was said; the registry's file is
# no image and no other file that happens to be named. With a stub in the kernel's place.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use POSIX qw(mkfifo);
use Test::More;

my $stub = stub_build();
my $tool = "$top/build/tools/image";
sub stub { return boot(BUILD => $stub, DISK => 'none', @_) }

sub refused {
    my ($name, $sentence, %words) = @_;
    my @files = grep { -f } values %words;
    my @before = map { sha256_of($_) } @files;
    my $run = stub(%words);
    subtest $name => sub {
        exit_code_is($run, 2, 'is refused');
        like($run->{console}, $sentence, 'in words');
        is(scalar(() = $run->{console} =~ /^(?:run-qemu\.sh|MINIPORT=[^:]*): /mg), 1, 'in one sentence');
        unlike($run->{console}, qr/command line \[|^qemu-/m, 'before QEMU starts');
        is_deeply([map { sha256_of($_) } @files], \@before, 'and nothing is written');
    };
    return;
}

sub accepted {
    my ($name, $pattern, %words) = @_;
    my $run = stub(%words);
    exit_code_is($run, 0, $name);
    return like($run->{console}, $pattern, 'and said so');
}

# The same of many disks, of which each start takes four: pairs of a name and a path.
sub all_accepted {
    my ($pattern, $disks, %words) = @_;
    while (my @some = splice @$disks, 0, 4) {
        my $run = stub(%words, map { 'DISK' . ($_ || '') => $some[$_][1] } 0 .. $#some);
        exit_code_is($run, 0, join '; ', map { $_->[0] } @some);
        like($run->{console}, qr/^DISK\d? .*$pattern.*\Q$_->[1]\E$/m, 'and said so') for @some;
    }
    return;
}

# ------------------------------------------------------------------ containers

my $raw = random_image('raw.img', 1 << 20, 'images');

sub qemu_img {
    my (@words) = @_;
    my ($code, $output) = command('qemu-img', @words);
    $code == 0 or diag("qemu-img @words: $output");
    return $code == 0;
}

my @made = (    # what qemu-img makes, and how people call it
    [vmdk => 'VMDK'], ['vmdk', 'VMDK', 'subformat=monolithicFlat'], ['vmdk', 'VMDK', 'subformat=streamOptimized'],
    ['vmdk', 'VMDK', 'subformat=twoGbMaxExtentSparse'], [vdi => 'VDI'], [vhdx => 'VHDX'], [vpc => 'VHD'],
    ['vpc', 'VHD', 'subformat=fixed'], [qcow => 'qcow image of version 1'], [qed => 'QED'],
    [parallels => 'Parallels'],
);
for my $case (@made) {
    my ($format, $name, @options) = @$case;
    my $path = "$scratch/made." . join '-', $format, map { s/.*=//r } @options;
    SKIP: {
        skip "this qemu-img makes no $format", 1
            if !qemu_img('convert', '-f', 'raw', '-O', $format, (map { ('-o', $_) } @options), $raw, $path);
        # As large as a disk may be: that it is refused is not for its size.
        truncate $path, (-s $path) + 511 & ~511;
        refused("$format @options", qr/DISK=\Q$path\E: is .*\Q$name\E/, DISK => $path, WRITE => 1);
        refused("$format @options as a CD", qr/CDROM=\Q$path\E: is .*\Q$name\E/, CDROM => $path);
    }
}
my $sectors = "\0" x 4096;
my @written = (    # what nobody here makes: the bytes at the beginning, those at the end, the name
    ["LUKS\xba\xbe\0\2", '', 'LUKS'], ['Bochs Virtual HD Image', '', 'Bochs'], ['COWD', '', 'VMDK'],
    ["#!/bin/sh\n#V2.0 Format\nmodprobe cloop", '', 'cloop'], ['', 'koly' . "\0" x 508, 'DMG'],
    ['', 'conectix' . "\0" x 503, 'VHD'], ["WithouFreSpacExt", '', 'Parallels'],
    ["EVF\x09\x0d\x0a\xff\0", '', 'EnCase'], ["\x1f\x8b\x08", '', 'gzip'], ["\xfd7zXZ\0", '', 'xz'],
    ["\x28\xb5\x2f\xfd", '', 'zstd'], ["PK\3\4", '', 'zip'], ["7z\xbc\xaf\x27\x1c", '', '7z'],
    ["MSWIM\0\0\0", '', 'WIM'], ["QFI\xfb\0\0\0\4", '', 'qcow image of version 4'],
    ["# a comment\n\n# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\n", '', 'VMDK'],
);
my @disks;
for my $case (@written) {
    my ($begin, $end, $name) = @$case;
    my $bytes = $sectors;
    substr $bytes, 0, length $begin, $begin;
    substr $bytes, -length $end, length $end, $end if length $end;
    my $path = spill("$scratch/written" . @disks . '.img', $bytes);
    refused("$name, by its bytes", qr/DISK=\Q$path\E: .*is .*\Q$name\E/, DISK => $path, WRITE => 1);
    push @disks, ["$name is a disk when it is said to be", $path];
}
all_accepted(qr/WRITES GO TO/, \@disks, FORMAT => 'raw', WRITE => 1);
for my $begin ('', "\xeb\x3c\x90MSDOS5.0", "# no descriptor\nsomething else\n", 'version=1', 'EFI PART', 'QFI', "\x1f\x8b") {
    (my $shown = substr $begin, 0, 8) =~ s/[^ -~]/./g;
    push @disks, ["a disk that begins with \"$shown\" is one", spill("$scratch/disk" . @disks . '.img', $begin . "\0" x (4096 - length $begin))];
}
all_accepted(qr/read-only session/, \@disks);

# ------------------------------------------------------------------ other files

my $secret = spill("$scratch/secret", 'root:x:0:0' . "\0" x 502);

# A header of version 2 or 3, as a guest could write one into sector 0 of its disk.
sub qcow2_header {
    my (%fields) = @_;
    my $name = $fields{backing} // '';
    my $header = pack 'N2 Q> N2 Q> N2 Q> Q> N N Q>', 0x514649FB, $fields{version} // 3, length $name ? 512 : 0, length $name,
        16, 1 << 20, $fields{encryption} // 0, 1, 0x30000, 0x10000, 1, 0, 0;
    $header .= pack 'Q> Q> Q> N N', $fields{features} // 0, 0, 0, 4, 104 if ($fields{version} // 3) == 3;
    $header .= pack 'N N a8', 0xE2792ACA, length $fields{backing_format}, $fields{backing_format} if $fields{backing_format};
    $header .= pack 'N N a*', 0x44415441, length $fields{data_file}, $fields{data_file} . "\0" x (-length($fields{data_file}) & 7)
        if $fields{data_file};
    $header .= "\0" x 8;
    $header .= "\0" x (512 - length $header) . $name;
    return $header . "\0" x ((1 << 20) - length $header);
}

for my $version (2, 3) {
    for my $name ($secret, 'secret', "json:{\"driver\":\"file\",\"filename\":\"$secret\"}", "file:$secret", 'nbd://localhost/x') {
        my $path = spill("$scratch/guest" . @disks . '.img', qcow2_header(version => $version, backing => $name, backing_format => 'raw'));
        refused("version $version with the backing file $name", qr/shows the bytes of another file.*FORMAT=qcow2/, DISK => $path);
        refused('the same as a CD', qr/shows the bytes of another file.*Convert/, CDROM => $path, FORMAT => 'qcow2')
            if $version == 3;
        push @disks, ['it is a raw disk for whom says so', $path];
    }
}
all_accepted(qr/read-only session/, \@disks, FORMAT => 'raw');
refused('a data file', qr/data is in another file, "\Q$secret\E".*FORMAT=qcow2/,
    DISK => spill("$scratch/guest.img", qcow2_header(features => 4, data_file => $secret)));
refused('a name that is no text', qr/another file, "\\x1b\[31m"/,
    DISK => spill("$scratch/guest.img", qcow2_header(backing => "\e[31m")));
refused('an encrypted image', qr/is an encrypted qcow2 image/, DISK => spill("$scratch/guest.img", qcow2_header(encryption => 2)));
refused('half a header', qr/its header is cut off/, DISK => spill("$scratch/guest.img", substr qcow2_header(), 0, 64));
refused('FORMAT=qcow2 of a raw disk', qr/DISK=\Q$raw\E: is not a qcow2 image/, DISK => $raw, FORMAT => 'qcow2');

# ------------------------------------------------------------------ chains that are meant

mkdir "$scratch/chain" or die;
my $base = "$scratch/chain/base.img";
spill($base, slurp($raw));
for my $link (['middle', 'base.img', 'raw'], ['top', 'middle.qcow2', 'qcow2']) {
    command('sh', '-c', 'cd "$0" && qemu-img create -q -f qcow2 -b "$2" -F "$3" "$1.qcow2"', "$scratch/chain", @$link);
}
my $upper = "$scratch/chain/top.qcow2";
refused('a chain without FORMAT=', qr/another file, "middle\.qcow2".*FORMAT=qcow2/, DISK => $upper);
accepted('with FORMAT=qcow2 it is followed', qr/read-only session/, DISK => $upper, FORMAT => 'qcow2');
my (undef, $files) = command($tool, 'disk', $upper, 'qcow2');
is($files, join('', map { "$_\0" } 'qcow2', "$scratch/chain/middle.qcow2", $base), 'to its end');

# The base is a disk that a guest has written: what its bytes look like says nothing.
spill($base, qcow2_header(backing => $secret, backing_format => 'raw'));
accepted('a raw base whose bytes look like a qcow2 image', qr/read-only session/, DISK => $upper, FORMAT => 'qcow2');
(undef, $files) = command($tool, 'disk', $upper, 'qcow2');
unlike($files, qr/secret/, 'is raw all the same');
spill("$scratch/chain/middle.qcow2", slurp("$scratch/chain/middle.qcow2") =~ s/\xE2\x79\x2A\xCA/\xE2\x79\x2A\xCB/r);
refused('a link that does not say what its base is', qr/does not say that its backing file base\.img is raw or qcow2/,
    DISK => $upper, FORMAT => 'qcow2');
unlink "$scratch/chain/middle.qcow2";
refused('a link that is missing', qr/its backing file \S+middle\.qcow2 cannot be read: No such file/, DISK => $upper, FORMAT => 'qcow2');
symlink 'top.qcow2', "$scratch/chain/middle.qcow2" or die;
refused('a chain without end', qr/its backing files are more than \d+/, DISK => $upper, FORMAT => 'qcow2');
unlink "$scratch/chain/middle.qcow2";
mkfifo("$scratch/chain/middle.qcow2", 0600) or die;
refused('a link that is a FIFO', qr/its backing file \S+ is not a regular file/, DISK => $upper, FORMAT => 'qcow2');

# ------------------------------------------------------------------ what would wait for ever

mkfifo("$scratch/pipe$_", 0600) or die for '', '.sys', '.reg';
for my $words ([DISK => ''], [DISK3 => ''], [CDROM => ''], [HIVE => '.reg'], [MINIPORT => '.sys']) {
    my ($word, $end) = @$words;
    refused("$word= a FIFO", qr/$word=\Q$scratch\E\/pipe\Q$end\E: is not a regular file/, $word => "$scratch/pipe$end", TIMEOUT => 5);
}
# Beside a driver, and in the folder of one.
my $beside = spill("$scratch/pipes.sys", 'MZ') =~ s/sys$/reg/r;
mkdir "$scratch/folder" or die;
spill("$scratch/folder/folder.c", "#include \"folder.h\"\n");
for my $case (
    ['NAME.reg beside a driver', $beside, 'pipes.sys'], ['NAME.reg beside a folder', "$scratch/folder.reg", 'folder'],
    map { ["$_ in a folder", "$scratch/folder/$_", 'folder'] } qw(folder.reg other.c folder.h)) {
    my ($name, $path, $driver) = @$case;
    mkfifo($path, 0600) or die;
    refused("a FIFO $name", qr/\Q$path\E:? is not a regular file/, MINIPORT => "$scratch/$driver", DISK => 'none', TIMEOUT => 5);
    unlink $path;
}
mkdir $beside or die;
refused('a folder NAME.reg', qr/\Q$beside\E: is a directory/, MINIPORT => "$scratch/pipes.sys", DISK => 'none');
rmdir $beside;
symlink 'nothing', $beside or die;
refused('a link to nothing', qr/\Q$beside\E: there is no such file/, MINIPORT => "$scratch/pipes.sys", DISK => 'none');
unlink $beside;
for my $task (qw(check compact)) {
    my ($code, $output) = command('timeout', 10, "$top/build/tools/registry", $task, "$scratch/pipe.reg");
    is("$code $output", "2 registry: $scratch/pipe.reg: is not a file\n", "registry $task of a FIFO");
}
my $session = start(BUILD => $stub, DISK => 'none', MODE => undef, TIMEOUT => 1);
ok($session->expect(qr/standard input has not ended after 1 s/, 20), 'standard input that does not end has a limit, too');
exit_code_is($session->finish(20), 2, 'and is refused');

# ------------------------------------------------------------------ the same file twice

my $other = "$scratch/hard.img";
link $raw, $other or die;
refused('a disk in two places, written', qr/DISK1=\Q$other\E: is a file of another disk, too/, DISK => $raw, DISK1 => $other, WRITE => 1);
accepted('in two places, only read', qr/^DISK1 /m, DISK => $raw, DISK1 => $other);

# ------------------------------------------------------------------ the registry's file

my $header = "Windows Registry Editor Version 5.00\n\n";
my $image = spill("$scratch/text.img", $header . ' ' x (4096 - length $header));
symlink $image, "$scratch/link.reg" or die;
link $image, "$scratch/hard.reg" or die;
my $dotted = "$scratch/../" . ($scratch =~ s{.*/}{}r) . '/text.img';
for my $path ($image, $dotted, "$scratch/link.reg", "$scratch/hard.reg") {
    for my $word (qw(DISK CDROM)) {
        refused("HIVE= is the file of $word=, as $path", qr/HIVE=\Q$path\E: is a disk's image, too/, $word => $image, HIVE => $path);
    }
}
refused('with HIVE_RO=1, too', qr/is a disk's image, too/, DISK => $image, HIVE => "$scratch/hard.reg", HIVE_RO => 1);
command('sh', '-c', 'cd "$0" && qemu-img create -q -f qcow2 -b text.img -F raw over.qcow2', $scratch);
refused('HIVE= is the base of an image', qr/is a disk's image, too/, DISK => "$scratch/over.qcow2", FORMAT => 'qcow2',
    HIVE => "$scratch/hard.reg");

for my $case (['a photograph', "\xff\xd8\xff\xe0\0\x10JFIF\0" . "\0" x 900], ['zeros', "\0" x 4096], ['a raw disk', slurp($raw)],
    ['text', "Dear Sir,\n"], ['values without a header', "[HKEY_LOCAL_MACHINE\\x]\n"], ['a blank line', "\n"],
    ['the header behind zeros', "\0" x 512 . $header], ['another header', "Windows Registry Editor Version 5.001\n"])
{
    my ($name, $bytes) = @$case;
    my $path = spill("$scratch/other.reg", $bytes);
    refused("HIVE= $name", qr/HIVE=\Q$path\E: does not begin as a registry file/, HIVE => $path);
    accepted('HIVE_RO=1 reads it', qr/^command line/m, HIVE => $path, HIVE_RO => 1);
}
for my $case (['an empty file', ''], ['the header', $header], ['with CR LF and a BOM', "\xEF\xBB\xBF" . $header =~ s/\n/\r\n/gr],
    ['in UTF-16', "\xFF\xFE" . join '', map { "$_\0" } split //, $header], ['behind comments', "\n; mine\n  $header"],
    ['without a line end', $header =~ s/\n+\z//r])
{
    my ($name, $bytes) = @$case;
    accepted("HIVE= $name", qr/^command line/m, HIVE => spill("$scratch/good.reg", $bytes));
    is(slurp("$scratch/good.reg"), $bytes, 'and it is as it was');
}

done_testing();
