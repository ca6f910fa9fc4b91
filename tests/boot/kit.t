#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Drivers linked as vendors' kits link theirs: sections aligned to 128 bytes, an entry point in front of DriverEntry that
# wants a security cookie, reads the page that Windows shares with all code, and ends with int 0x29. By
# lld-link, as MSVC's linker would, and by mingw-w64's ld; they read the disk as any other driver does.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use Test::More;

my $arch = $ENV{ARCH} || 'x86_64';
my $built = "build/$arch/miniport";
my $disk = random_image('disk.img', 1 << 20, 'kit');
my $digest = sha256_of($disk);
my %tools = (
    x86_64 => { target => 'x86_64-pc-windows-msvc', mingw => 'x86_64-w64-mingw32-', machine => 'x64', entry => 'GsDriverEntry' },
    i386 => { target => 'i686-pc-windows-msvc', mingw => 'i686-w64-mingw32-', machine => 'x86', entry => '_GsDriverEntry@8' },
);
my $tool = $tools{$arch};
my $mingw = $ENV{MINIPORT_CROSS} || $tool->{mingw};
my @libraries = map { "$built/lib$_.a" } qw(pciidex.sys ntoskrnl.exe support);
my @flags = (qw(-std=gnu11 -O2 -ffreestanding -nostdinc -Iinclude/ddi -fno-stack-protector -gdwarf-4 -w),
    $arch eq 'i386' ? '-D_X86_=1' : '-D_AMD64_=1');

sub succeeds {
    my ($name, @command) = @_;
    my ($code, $text) = command(@command);
    ok($code == 0, $name) or diag($text);
    return;
}

# The driver kit.sys in a folder of its own, bound to the IDE controller.
sub folder_of {
    my ($name) = @_;
    my $folder = "$scratch/$name";
    mkdir $folder or die "$folder: $!";
    spill("$folder/kit.reg", "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\"
        . "CriticalDeviceDatabase\\PCI#VEN_8086&DEV_7010]\n\"Service\"=\"kit\"\n");
    return $folder;
}

my @objects;

sub by_lld {
    my ($name, @words) = @_;
    my $folder = folder_of($name);
    my @clang = ('clang', '-target', $tool->{target}, '-mno-sse', @flags);
    if (!@objects) {
        for my $source (glob 'miniport/pata/*.c') {
            my ($object) = "$scratch/" . ($source =~ m{(\w+)\.c$})[0] . '.obj';
            push @objects, $object;
            succeeds("clang compiles $source", @clang, '-c', '-o', $object, $source);
        }
    }
    succeeds('and the entry', @clang, @words, '-c', '-o', "$folder/kit.obj", 'tests/boot/kit.c');
    succeeds("$name is linked", 'lld-link', qw(/driver /subsystem:native /entry:GsDriverEntry /nodefaultlib /align:128 /debug:dwarf
            /safeseh:no), "/machine:$tool->{machine}", "/out:$folder/kit.sys", "$folder/kit.obj", @objects, @libraries);
    return "$folder/kit.sys";
}

sub by_mingw {
    my ($name, @words) = @_;
    my $folder = folder_of($name);
    my @gcc = ("${mingw}gcc", $arch eq 'i386' ? '-mrtd' : '-mcmodel=small', '-fno-asynchronous-unwind-tables', @flags);
    succeeds('gcc compiles the entry', @gcc, @words, '-c', '-o', "$folder/kit.o", 'tests/boot/kit.c');
    my ($code, $symbols) = command("${mingw}nm", '--defined-only', "$folder/kit.o");
    my ($entry) = $symbols =~ /^\S+ T (_?GsDriverEntry(?:@\d+)?)$/m;
    succeeds("$name is linked", "${mingw}gcc", '-nostdlib', (map { "-Wl,--$_" } 'subsystem,native', 'dynamicbase', 'nxcompat',
            'section-alignment,128', 'file-alignment,128', 'disable-auto-import', "entry,$entry"), '-o', "$folder/kit.sys",
        "$folder/kit.o", glob("$built/pata/*.o"), @libraries, '-lgcc');
    return "$folder/kit.sys";
}

sub boot_kit {
    my ($image, %words) = @_;
    unlink "$scratch/registry.reg";
    return boot(MINIPORT => $image, DISK => $disk, CDROM => $disk, CMD => 'sha256 0; sha256 cd0; stop 0.0; start 0.0; mode 0; rules',
        %words);
}

sub runs {
    my ($name, $image) = @_;
    my $run = boot_kit($image, STRICT => 1);
    exit_code_is($run, 0, "$name: loads and runs");
    is(digest_in($run, 'sha256 0'), $digest, 'reads the disk');
    is(digest_in($run, 'sha256 cd0'), $digest, 'and the CD');
    like(output_of($run, 'mode 0'), qr/^  Driver +kit\.sys$/m, 'it is this driver');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'which breaks no rule');
    my @said = $run->{log} =~ /^(kit\.sys: section .*) bytes share pages$/mg;
    is_deeply(\@said, [unprotected($image)], 'the log says what could not be protected');
    ok(@said > 0, 'which is something');
    clocks_are_right($run->{log});
    return $run;
}

# What pages that sections share allow beyond what a section asks for: from the section table, by itself.
sub unprotected {
    my ($image) = @_;
    my $file = slurp($image);
    my $header = unpack 'V', substr $file, 60, 4;
    my ($count, $optional_size) = unpack 'x6 v x12 v', substr $file, $header, 24;
    my (@sections, %pages);
    for my $index (0 .. $count - 1) {
        my ($name, $size, $rva, $flags) = unpack 'Z8 V V x20 V', substr $file, $header + 24 + $optional_size + 40 * $index, 40;
        next if $flags & 0x02000000; # discardable: debug information, relocations
        my $access = ($flags & 0x80000000 ? 1 : 0) | ($flags & 0x20000000 ? 2 : 0);
        my @its_pages = $rva >> 12 .. ($rva + $size - 1) >> 12;
        $pages{$_} |= $access for @its_pages;
        push @sections, [$name, $access, @its_pages];
    }
    my @lines;
    for (@sections) {
        my ($name, $access, @its_pages) = @$_;
        my $excess = 0;
        $excess |= $pages{$_} & ~$access for @its_pages;
        my $words = ['', 'writable', 'executable', 'writable and executable']->[$excess];
        push @lines, "kit.sys: section $name could not be protected: it is $words, since sections aligned to 0x80" if $excess;
    }
    return @lines;
}

# 100 ns, and ticks of 1/64 s.
sub clocks_are_right {
    my ($log) = @_;
    like($log, qr/kit: version 6\.1, multiplier 262144000$/m, 'the shared page has the version');
    my ($passed, $ticks, $system_time, $asked) =
        $log =~ /kit: passed (\d+), ticks (\d+), system time (\d+), asked (\d+)$/m;
    ok(defined $asked, 'and clocks') or return;
    cmp_ok($passed, '>=', 400_000, '40 ms have passed');
    cmp_ok(abs($ticks - $passed / 156_250), '<=', 1.5 + ($asked - $passed) / 156_250, 'so many ticks');
    cmp_ok($system_time, '>=', $passed, 'the system time goes on');
    cmp_ok($asked, '>=', $passed, 'as AtaPortQuerySystemTime says');
    cmp_ok($asked, '<', $passed + 10_000_000, 'it is the same time');
    like($log, qr/kit: KeTickCount is 0 ticks away$/m, 'KeTickCount is the same') if $arch eq 'i386';
    return;
}

sub line_of {
    my ($mark) = @_;
    my @lines = split /\n/, slurp('tests/boot/kit.c');
    my ($index) = grep { $lines[$_] =~ m{/\* $mark \*/} } 0 .. $#lines;
    return $index + 1;
}

my $run = runs('lld-link', by_lld("lld-$arch"));
like($run->{log}, qr/kit: cookie set$/m, 'the cookie was set before the entry point');
runs('mingw-w64', by_mingw("mingw-$arch"));

my $place = qr{kit\.sys!GsDriverEntry \S*kit\.c};
$run = boot_kit(by_lld("fast-fail-$arch", '-DFAST_FAIL'));
exit_code_is($run, 4, 'int 0x29 ends the kernel');
my $line = line_of('FAST_FAIL');
like($run->{console}, qr/^A driver's bug that cannot be survived: $place:$line \(in DriverEntry\)\nexecuted int 0x29, a fast fail with code 2:/m,
    'with its line, and in words');
$run = boot_kit(by_lld("write-$arch", '-DWRITE', $arch eq 'i386' ? () : '-fasynchronous-unwind-tables'));
exit_code_is($run, 4, 'so does a write to the shared page');
my ($write, $call, $entry) = map { line_of($_) } qw(WRITE CALL ENTRY);
like($run->{console}, qr/^A driver's bug that cannot be survived: kit\.sys!wrong_write \S*kit\.c:$write \(in DriverEntry\)\nmade a write at 0x(?:fffff78000000320|ffdf0320),/m,
    'with its line');
my $frame = qr/  #\d+ +0x[0-9a-f]+ kit\.sys/;
my $through = qr/^back trace:\n$frame!wrong_write \S*kit\.c:$write\n(?:$frame!wrong_write \S*kit\.c:$call\n){3}$frame!GsDriverEntry \S*kit\.c:$entry\n(?:.*\n)*.* hal_start\+/m;
if ($arch eq 'i386') {    # neither .pdata nor DWARF say how frames lie, and EBP holds whatever it does
    like($run->{console}, qr/^back trace:\n$frame!wrong_write \S*kit\.c:$write\n.*guess/m, 'and a back trace, which says where it begins to guess');
} else {
    like($run->{console}, $through, 'and a back trace, through frames without frame pointers, by .pdata');
}
$run = boot_kit(by_mingw("write-mingw-$arch", '-DWRITE'));
like($run->{console}, $through, 'and where there is DWARF, by that');
is(sha256_of($disk), $digest, 'the disk is as it was');

done_testing();
