#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Drivers of other tools: compiled by clang for Windows, linked by mingw-w64's ld or by lld, and with
# imports from ataport.sys or from pciidex.sys. Each reads the disk as the one of mingw-w64
# does, breaks no rule, and reports name the same files and lines.
#
# Run on i386 alone: names and calls are decorated there. (kit.t has both.)
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use File::Glob ':bsd_glob';    # blanks in a path do not end it
use Witness;
use Test::More;

my $arch = $ENV{ARCH} || 'x86_64';
my $built = "build/$arch";
my $disk = random_image('disk.img', 1 << 20, 'clang');
my $digest = sha256_of($disk);
my %target = (x86_64 => ['x86_64-pc-windows-gnu', 'x86_64-w64-mingw32-', 'DriverEntry'],
    i386 => ['i686-pc-windows-gnu', 'i686-w64-mingw32-', '_DriverEntry@8']);
my ($target, $mingw, $entry) = @{ $target{$arch} };
$mingw = $ENV{MINIPORT_CROSS} || $mingw;

# make, with a build folder of its own: NAME=value ..., then goals below that folder.
sub make_in {
    my ($folder, $words, @goals) = @_;
    delete local $ENV{MINIPORT_CC};
    $folder =~ s{^\Q$top\E/}{};    # make has no blanks in a target
    my ($code, $text) = command('make', '--no-print-directory', "ARCH=$arch", "BUILD=$folder", @$words,
        map { "$folder/$_" } @goals);
    diag($text) if $code;
    return $code == 0;
}

# A driver named pata in a folder beside the kernel; mapped lines come along if they were made.
sub reads_the_disk {
    my ($name, $image) = @_;
    my $folder = "$scratch/" . $name =~ s/\W+/-/gr;
    mkdir $folder or die "$folder: $!";
    spill("$folder/$_", slurp("$built/$_")) for qw(kernel ahci.sys);
    spill("$folder/pata.sys", slurp($image));
    my $run = boot(BUILD => $folder, DISK => $disk, STRICT => 1, CDROM => $disk,
        CMD => 'sha256 0; sha256 cd0; stop 0.0; start 0.0; sha256 0 0 8; fill 0 0 8 0x5A; rules');
    exit_code_is($run, 0, "$name: loads and runs");
    is(digest_in($run, 'sha256 0'), $digest, 'reads the disk');
    is(digest_in($run, 'sha256 cd0'), $digest, 'and the CD');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'without a broken rule');
    return;
}

sub link_with {
    my ($image, $linker, $objects, @libraries) = @_;
    my ($code, $text) = command(@$linker, '-nostdlib', (map { "-Wl,--$_" } 'subsystem,native',
            'dynamicbase', 'nxcompat', 'section-alignment,4096', 'file-alignment,512', "entry,$entry"),
        '-o', $image, glob("$objects/miniport/pata/*.o"), "$objects/miniport/libsupport.a",
        (map { "$objects/miniport/lib$_.a" } @libraries));
    ok($code == 0, "$image is linked") or diag($text);
    return $image;
}

# ------------------------------------------------------------------ clang

my $clang = "$scratch/clang";
ok(make_in($clang, ['MINIPORT_CC=clang'], 'pata.sys'), 'clang compiles pata');
reads_the_disk('clang and ld', "$clang/pata.sys");
my @lld = ('clang', '-target', $target, '-fuse-ld=lld');
reads_the_disk('clang and lld', link_with("$scratch/lld.sys", \@lld, $clang, 'pciidex.sys', 'ntoskrnl.exe'));

# ------------------------------------------------------------------ either module

# pciidex.sys has all routines, ataport.sys those of channels. binutils from 2.44 on show an ordinal, which an
# import by name has not, and the hint in hexadecimal.
sub imports {
    my ($image) = @_;
    my ($code, $text) = command("${mingw}objdump", '-p', $image);
    my %modules;
    my $module = '';
    for my $line (split /\n/, $text) {
        $module = lc $1 if $line =~ /DLL Name: (\S+)/;
        $modules{$module}{$1} = 1 if $line =~ /^\s+[0-9a-f]+\s+(?:<none>\s+)?[0-9a-f]+\s+((?:AtaPort|PciIde)\w+)$/;
    }
    return map { $_ => join ' ', sort keys %{ $modules{$_} } } keys %modules;
}

my %cases = (ataport => ['ataport.sys', 'pciidex.sys'], pciidex => ['pciidex.sys']);
for my $module (sort keys %cases) {
    my $image = link_with("$scratch/$module.sys", ["${mingw}gcc"], $built, @{ $cases{$module} }, 'ntoskrnl.exe');
    my %imports = imports($image);
    if ($module eq 'ataport') {
        like($imports{'ataport.sys'}, qr/\bAtaPortCompleteRequest\b/, 'it imports from ataport.sys');
        is($imports{'pciidex.sys'}, 'AtaPortGetBusData AtaPortInitializeEx AtaPortSetBusData',
            'and what that lacks from pciidex.sys');
    } else {
        is_deeply([keys %imports], ['pciidex.sys'], 'it imports from pciidex.sys alone');
    }
    reads_the_disk("imports from $module", $image);
}

# ------------------------------------------------------------------ lines

# The same offences by both compilers. Which of two functions an inlined line belongs to is theirs to say.
sub places {
    my ($image) = @_;
    unlink "$scratch/registry.reg";
    my $run = boot(DISK => $disk, MINIPORT => $image, CMD => 'rules');
    return sort map { s/!\S+//r } grep { /^RULE / } split /\n/, $run->{console};
}

ok(make_in($clang, ['MINIPORT_CC=clang', 'MINIPORT_CFLAGS=-Wno-unknown-attributes'],
        'probes/registry.sys', 'probes/registry.reg'), 'clang compiles a probe');
my @by_clang = places("$clang/probes/registry.sys");
cmp_ok(scalar(grep { m{ tests/probes/registry/\w+\.c:\d+ } } @by_clang), '>', 100,
    'its reports name files and lines');
is_deeply(\@by_clang, [places("$built/probes/registry.sys")], 'as those of mingw-w64\'s');
is(sha256_of($disk), $digest, 'the disk is as it was');

done_testing();
