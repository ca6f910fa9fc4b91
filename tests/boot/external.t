#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# MINIPORT= names a folder of C files: it is built out of tree, bound by its .reg and run, and what is
# wrong with it is said in words, with the user's own paths. Nothing is written into the folder.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Witness;
use File::Copy qw(copy);
use Test::More;

my $arch = $ENV{ARCH} // 'x86_64';
my $other = $arch eq 'i386' ? 'x86_64' : 'i386';
my $disk = random_image('disk.img', 1 << 20, 'external');
my $digest = sha256_of($disk);

# ------------------------------------------------------------------ a folder with an awkward path

my $odd = "$scratch/it's \$5, a & b|c";
my $folder = "$odd/external-pata";
mkdir $_ or die "$_: $!" for $odd, $folder;
copy($_, $folder) or die "$_: $!" for glob 'miniport/pata/*.[ch]';
(my $word = $folder) =~ s/ /\\ /g;

my $built = "build/$arch/external/external-pata";
unlink "$built.reg", "$built.sys";
my %words = (MINIPORT => $word, DISK => $disk, CMD => 'devices; mode 0; sha256 0');

my $run = boot(%words);
exit_code_is($run, 0, 'a folder without .reg: it is built, and the guest runs');
like($run->{console}, qr/^DRIVER external-pata\.sys: there is no external-pata\.reg beside it/m,
    'which is said, as it is bound to nothing');
like(output_of($run, 'mode 0'), qr/^  Driver +pata\.sys$/m, 'so pata has the disk');

my $registry = "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\"
    . "CriticalDeviceDatabase\\PCI#CC_0101]\n\"Service\"=\"external-pata\"\n";
for my $place ("$odd/external-pata.reg", "$folder/external-pata.reg") {
    spill($place, $registry);
    $run = boot(%words, MACHINE => 'q35', CONTROLLER => 'piix4-ide');
    exit_code_is($run, 0, 'a .reg ' . ($place =~ /^\Q$folder/ ? 'in it' : 'beside it'));
    like(output_of($run, 'mode 0'), qr/^  Driver +external-pata\.sys$/m, 'wins over the binding of pata');
    is(digest_in($run, 'sha256 0'), $digest, 'and the driver reads the disk');
    unlike($run->{console}, qr/^  (?:CC|LD) /m, 'and is not built twice');
    unlink $place;
}
$run = boot(%words);
like(output_of($run, 'mode 0'), qr/^  Driver +pata\.sys$/m, 'a .reg that was removed no longer binds');
opendir my $listing, $folder or die;
is(scalar(grep { !/^\./ && !/\.[ch]$/ } readdir $listing), 0, 'nothing was written into the folder');

# `make debug` stops in this driver, and not in pata.
{
    local @ENV{qw(MINIPORT DISK HIVE)} = ($word, $disk, "$scratch/registry.reg");
    my ($status, $printed) = command(qw(timeout 120 tools/debug.sh -batch -ex backtrace));
    is($status, 0, 'what make debug runs');
    like($printed, qr{^#0 .*\bDriverEntry\b.*\Q$folder\E/driver\.c:\d+}m, 'stops in its DriverEntry')
        or diag($printed);
}

# Pointer types that do not fit are warnings in others' drivers, also where the compiler would refuse them (as newer
# ones do by themselves).
{
    my $old = folder_with('old_code', <<'END');
#include <miniport.h>
#include <irb.h>
static BOOLEAN NTAPI control(PULONG extension, IDE_CONTROL_ACTION action, PUCHAR parameters)
{
    return extension != NULL && action == IdeStart && parameters != NULL;
}
NTSTATUS NTAPI DriverEntry(PVOID object, PVOID path)
{
    IDE_CONTROLLER_INTERFACE interface = {sizeof interface};
    PULONG pointer = &interface;
    ULONG_PTR number = pointer;
    interface.AtaAdapterControl = control;
    later(1);
    return number ? (NTSTATUS)AtaPortInitializeEx(object, path, &interface) : 1;
}
int later(int number)
{
    return number;
}
END
    local $ENV{MINIPORT_CFLAGS} = '-Werror=incompatible-pointer-types -Werror=int-conversion '
        . '-Werror=implicit-function-declaration';
    my $warned = boot(%words, MINIPORT => $old);
    exit_code_is($warned, 0, 'a driver with pointers of other types and a function that nothing declares is built, and loaded');
    like($warned->{console}, qr/^\Q$old\E\/old_code\.c:11:\d+: warning: /m, 'with warnings');
    like(output_of($warned, 'mode 0'), qr/^  Driver +pata\.sys$/m, 'and the guest runs');
}

# ------------------------------------------------------------------ what is wrong

sub refused {
    my ($name, $reason, %changed) = @_;
    my $refusal = boot(%words, %changed);
    exit_code_is($refusal, 2, $name);
    like($refusal->{console}, $reason, 'is said');
    unlike($refusal->{console}, qr/\.source\b/, "with the user's path only");
    return;
}

spill("$folder/wrong.c", qq(#include <miniport.h>\n\nULONG wrong = nothing_of_that_name;\n));
refused('a compile error', qr/^\Q$folder\E\/wrong\.c:3:\d+: error: /m);
unlink "$folder/wrong.c";
refused('an undefined name', qr/missing_routine/, MINIPORT => folder_with('undefined',
    "#include <irb.h>\nULONG missing_routine(void);\nNTSTATUS NTAPI DriverEntry(PVOID a, PVOID b)\n{\n    (void)a, (void)b;\n"
    . "    return (NTSTATUS)missing_routine();\n}\n"));
refused('no DriverEntry', qr/^entryless: no function DriverEntry is defined in \Q$scratch\E\/entryless$/m,
    MINIPORT => folder_with('entryless', "int x;\n"));
mkdir "$scratch/empty" or die;
refused('no C files', qr/^MINIPORT=\Q$scratch\E\/empty: there are no C files in it$/m, MINIPORT => "$scratch/empty");
(my $above = $odd) =~ s/ /\\ /g;
mkdir "$scratch/above" or die;
rename "$scratch/entryless", "$scratch/above/entryless" or die;
refused('the folder above', qr/there are no C files in it; there are some in \Q$scratch\E\/above\/entryless$/m,
    MINIPORT => "$scratch/above");
refused('a name that is none', qr/the folder's name becomes the driver's/, MINIPORT => $above);

sub folder_with {
    my ($name, $text) = @_;
    mkdir "$scratch/$name" or die;
    spill("$scratch/$name/$name.c", $text);
    return "$scratch/$name";
}

# ------------------------------------------------------------------ ready images

my ($code, $output) = command('make', "build/$other/sample.sys");
is($code, 0, "an image for $other") or diag($output);
copy("build/$other/sample.sys", "$scratch/sample.sys") or die;
$run = boot(%words, MINIPORT => "$scratch/sample.sys");
like($run->{console}, qr/\bsample\.sys is not used: built for machine 0x\w+ \(.*\), and this kernel runs/,
    'is refused in words');
like($run->{console}, qr/^DRIVER sample\.sys: there is no sample\.reg beside it/m, 'its missing .reg, too');
is(digest_in($run, 'sha256 0'), $digest, 'and pata goes on');

# ------------------------------------------------------------------ where the user stands

{
    my $here = "$scratch/here";
    mkdir $here or die;
    symlink $folder, "$here/external-pata" or die;
    spill("$here/external-pata.reg", $registry);
    local @ENV{qw(MINIPORT DISK HIVE CMD TIMEOUT)} = ('external-pata', $disk, "$scratch/registry.reg", 'mode 0', 60);
    ($code, $output) = command('sh', '-c', 'cd "$0" && exec "$1"', $here, "$top/run-qemu.sh");
    is($code, 0, 'a relative path is relative to where the user stands') or diag($output);
    like($output, qr/^  Driver +external-pata\.sys\r?$/m, 'and its .reg is found there');
}

done_testing();
