#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The driver starts on its controller and identifies what is there: models, serial numbers and sizes are
# those that QEMU was given.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

my %sizes = (DISK => 8 << 20, DISK1 => 5 << 20, DISK2 => 3 << 20);
my %images = map { $_ => random_image(lc "$_.img", $sizes{$_}, $_) } sort keys %sizes;
my $run = conform('start', %images, CDROM => random_image('cd.iso', 1 << 20, 'cd'));
for my $word (sort keys %images) {
    my $number = $word =~ /(\d)$/ ? $1 : 0;
    my ($line) = $run->{console} =~ /^disk CONF$number (.*)/m;
    my $sectors = $sizes{$word} / 512;
  SKIP: {
        skip "CONF$number: the driver does not serve a disk at that place", 1 if !defined $line;
        like($line, qr/ sectors $sectors of 512 model SCRATCH-$number$/, "CONF$number: size and model");
    }
}
SKIP: {
    my ($sectors, $size) = $run->{console} =~ /^cd .* sectors (\d+) of (\d+)/m
        or skip 'the driver uses no CD-ROM drive', 1;
    is("$sectors of $size", '512 of 2048', 'the CD: size');
}

# Nothing but the disk, and nothing at all.
conform('start', DISK => $images{DISK});
done_testing();
