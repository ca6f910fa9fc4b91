#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The folder that the project lies in: any name, two that build in it at once, and nobody who may write it. For
# x86_64, the default.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use File::Path qw(make_path);
use Test::More;

delete $ENV{ARCH};

# The project in a folder whose name has all that shells and make stumble over. Of what was built it has the objects, but
# for some of each kind: these, what is made of objects, and the host's programs are still to be made.
my $odd = "$scratch/it's (a) \$HOME; & #1, x=y";
make_path($odd);
my $built = qr{^build/x86_64/(?:kernel\.flags$|(?:hal|lib|port|boot|miniport/(?:pata|ahci))/)};
my $left_out = qr{/(?:hal/pages|hal/.*_entry|lib/crc32|port/atapi|boot/main|miniport/pata/\w+|miniport/ahci/channel)\.[do]$};
my (undef, $files) = command('sh', '-c', 'find . -path ./build -prune -o -path ./.git -prune -o ! -type d -print; find build/x86_64 ! -type d');
my @files = grep { m{^\./} || m{$built} && !m{$left_out} } split /\n/, $files;
cmp_ok(scalar(grep { m{\.o$} } @files), '>', 200, 'most objects are there');
spill("$scratch/files", join "\n", @files, '');
my ($code, $output) = command('sh', '-c', 'tar -cf - -T "$1" | tar -xf - -C "$2"', 'sh', "$scratch/files", $odd);
is($code, 0, 'the project is copied') or diag($output);
# They are as if they had been made there: the folder's name is a flag of the compiler's.
for my $path (map { "$odd/$_" } grep { m{/(?:kernel\.flags|stamp)$} } @files) {
    my $time = (stat $path)[9];
    spill($path, slurp($path) =~ s{\Q$top\E}{$odd =~ s/'/'\\''/gr}ger);
    utime $time, $time, $path or die "$path: $!";
}

# ------------------------------------------------------------------ two at once

my %builds;
my $compiled = 0;
for my $which (qw(one other)) {
    open my $pipe, '-|', 'sh', '-c', 'exec make -C "$1" 2>&1 </dev/null', 'sh', $odd or die "make: $!";
    $builds{$which} = $pipe;
}
for my $which (sort keys %builds) {
    my $printed = do { local $/; readline $builds{$which} };
    close $builds{$which};
    is($?, 0, "$which of two that build at once in one folder, and for the first time") or diag($printed);
    unlike($printed, qr/warning/i, 'there is nothing to warn of');
    $compiled += () = $printed =~ /^  CC /mg;
}
cmp_ok($compiled, '<', 40, 'what is there is not made again');

# ------------------------------------------------------------------ it works there

my $disk = random_image('disk.img', 1 << 20, 'checkout');
($code, $output) = command('make', '-C', $odd, 'run', "DISK=$disk", 'CMD=sha256 0', "MINIPORT=$top/miniport/skeleton");
is($code, 0, 'it runs') or diag($output);
like($output, qr/^@{[sha256_of($disk)]} /m, 'and reads a disk');

# ------------------------------------------------------------------ a folder that may not be written

command('rm', '-rf', "$odd/build");
chmod 0555, $odd;
my @user = $> == 0 ? qw(setpriv --reuid 65534 --clear-groups) : ();
SKIP: {
    skip 'this folder is closed to other users', 2 if system(@user, 'test', '-r', "$odd/Makefile") != 0;
    ($code, $output) = command(@user, 'make', '-C', $odd);
    is($code, 2, 'where nothing can be written, nothing is built');
    like($output, qr/\Q$odd\E\/build cannot be written, and all that is built goes there; copy the project/, 'which is said');
}
chmod 0755, $odd;

done_testing();
