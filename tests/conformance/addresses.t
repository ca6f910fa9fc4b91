#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A disk of 200 GiB: what 28 bits address, what they do not, and the last sector.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

my $size = 200 << 30;
my $disk = sparse_image('large.img', $size);
my $limit = (1 << 28) * 512;
open my $file, '+<:raw', $disk or die "$disk: $!";
for my $from (0, $limit - (1 << 19), $limit, $limit + (1 << 19), $size - (1 << 19)) {
    seek $file, $from, 0 or die;
    print {$file} slurp(random_image('part', 1 << 19, "at $from"));
}
close $file or die;
conform('addresses', DISK => $disk, WRITE => 1);
done_testing();
