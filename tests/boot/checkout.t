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

# The project in a folder whose name has all that shells and make stumble over. Of what was built it has most of the
# kernel's objects; everything else is still to be made.
my $odd = "$scratch/it's (a) \$HOME; & #1, x=y";
make_path($odd);
my ($code, $output) = command('sh', '-c', '(find . -path ./build -prune -o -path ./.git -prune -o ! -type d -print; find build/x86_64/port build/x86_64/kernel.flags ! -type d)'
        . ' | tar -cf - -T - | tar -xf - -C "$1"', 'sh', $odd);
is($code, 0, 'the project is copied') or diag($output);

# ------------------------------------------------------------------ two at once

my %builds;
for my $which (qw(one other)) {
    open my $pipe, '-|', 'sh', '-c', 'exec make -C "$1" 2>&1 </dev/null', 'sh', $odd or die "make: $!";
    $builds{$which} = $pipe;
}
for my $which (sort keys %builds) {
    my $printed = do { local $/; readline $builds{$which} };
    close $builds{$which};
    is($?, 0, "$which of two that build at once in one folder, and for the first time") or diag($printed);
    unlike($printed, qr/warning/i, 'there is nothing to warn of');
}

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
