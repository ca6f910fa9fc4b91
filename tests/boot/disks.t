#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Disk images as run-qemu.sh hands them to the guest: whatever their paths are, in either format, in
# every place; written with WRITE=1 only.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $write = 'fill 0 0 1 0x5a; flush 0';

# ------------------------------------------------------------------ paths

# The first sector says which path the image has; the guest's hex dump must show it.
my $folder = "$scratch/a b,c:d\$e";
mkdir $folder or die "$folder: $!";
my @odd = ('blank s.img', 'com,ma.img', 'file:colon.img', 'nbd:a:b.img', '$HOME.img', "quo'te\".img",
    'back\\slash.img', '%41.img', '#hash.img', ' first.img', "\xc3\xa9.img", "\xff.img", '{"json":1}.img');
for my $number (0 .. $#odd) {
    my $path = "$folder/$odd[$number]";
    spill($path, sprintf('image%02d', $number) . "\0" x (1024 * 512 - 7));
    (my $shown = $odd[$number]) =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
    my $run = boot(DISK => $path, CMD => 'read 0 0');
    exit_code_is($run, 0, "a disk in a file named $shown");
    like($run->{console}, qr/image\Q@{[sprintf '%02d', $number]}\E/, 'is that file');
}

# ------------------------------------------------------------------ who may write

my $image = random_image('disk.img', 4 << 20, 7);
my $before = sha256_of($image);
my $run = boot(DISK => $image, CMD => "$write; sha256 0");
exit_code_is($run, 0, 'without WRITE=1 the guest can write');
like($run->{console}, qr/^DISK +primary master +read-only session +\Q$image\E$/m, 'the start says what that is worth');
unlike($run->{console}, qr/\b$before\b/, 'and reads its own writes');
is(sha256_of($image), $before, 'but the image stays as it was');
$run = boot(DISK => $image, WRITE => 1, CMD => $write);
exit_code_is($run, 0, 'with WRITE=1 it writes');
like($run->{console}, qr/^DISK +primary master +WRITES GO TO \Q$image\E$/m, 'and the start warns');
is(sha256_of($image, 0, 512), Digest::SHA::sha256_hex("\x5a" x 512), 'the image itself');
is(sha256_of($image, 512), sha256_of(random_image('disk.img', 4 << 20, 7), 512), 'and there alone');

my $cd = random_image('cd.iso', 1 << 20, 8);
$run = boot(DISK => 'none', CDROM => $cd, WRITE => 1, CMD => 'sha256 cd0');
exit_code_is($run, 0, 'a CD is read');
like($run->{console}, qr/^CDROM +secondary master +read-only session/m, 'and never written');
like($run->{console}, qr/\b@{[sha256_of($cd)]}\b/, 'as it is');

# ------------------------------------------------------------------ formats

command('qemu-img', 'convert', '-O', 'qcow2', $image, "$folder/base.qcow2");
command('sh', '-c', 'cd "$0" && qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2', $folder);
for my $name (qw(base top)) {
    my $digest = sha256_of("$folder/$name.qcow2");
    $run = boot(DISK => "$folder/$name.qcow2", FORMAT => $name eq 'top' ? 'qcow2' : undef, CMD => "sha256 0; $write");
    exit_code_is($run, 0, "$name.qcow2");
    like($run->{console}, qr/\b@{[sha256_of($image)]}\b/, 'has the content of the raw image');
    is(sha256_of("$folder/$name.qcow2"), $digest, 'and is not written');
}
# A raw disk that holds the other format's magic is one that FORMAT= must be able to name.
spill("$scratch/magic.img", "QFI\xfb" . "\0" x (1024 * 512 - 4));
$run = boot(DISK => "$scratch/magic.img", FORMAT => 'raw', CMD => 'read 0 0');
exit_code_is($run, 0, 'FORMAT=raw beats the magic');
like($run->{console}, qr/51 46 49 fb/i, 'and shows it');
exit_code_is(boot(DISK => $image, FORMAT => 'qcow2', CMD => 'read 0 0'), 2, 'FORMAT=qcow2 of a raw disk is refused');

# ------------------------------------------------------------------ places

my %places = (DISK => 0, DISK1 => 1, DISK2 => 2, DISK3 => 3);
my %content = map { $_ => random_image("$_.img", 1 << 20, $_) } keys %places;
$run = boot(%content, CMD => join ';', map { "sha256 $_" } 0 .. 3);
exit_code_is($run, 0, 'four disks');
my @digests = $run->{console} =~ /^([0-9a-f]{64})\b/mg;
is_deeply(\@digests, [map { sha256_of($content{$_}) } sort keys %places], 'each in its place');
delete $content{DISK3};
$run = boot(%content, CDROM => $cd, CMD => 'sha256 0; sha256 1; sha256 2; sha256 cd0');
exit_code_is($run, 0, 'three disks and a CD');
@digests = $run->{console} =~ /^([0-9a-f]{64})\b/mg;
is_deeply(\@digests, [(map { sha256_of($content{$_}) } sort keys %content), sha256_of($cd)], 'each in its place');

# ------------------------------------------------------------------ the demonstration disks

my ($code, $output) = command("$top/tools/make-disks.sh", "$scratch/one folder");
is("$code$output", '0', 'the demonstration disks are made');
command("$top/tools/make-disks.sh", "$scratch/another");
is(sha256_of("$scratch/one folder/$_"), sha256_of("$scratch/another/$_"), "$_ is the same bytes each time")
    for qw(demo.img demo.iso);
is_deeply([slurp('README.md') =~ /^([0-9a-f]{64})  cd0/m], [sha256_of("$scratch/another/demo.iso")],
    'and those that README shows, whatever made them');
($code, $output) = command('fsck.fat', '-n', split_partition("$scratch/another/demo.img"));
is($code, 0, 'the file system has no errors') or diag($output);

# The first partition's bytes, in a file of their own.
sub split_partition {
    my ($path) = @_;
    return spill("$scratch/partition", substr slurp($path), 2048 * 512);
}

done_testing();
