#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Writes, if the driver does them: many sizes and addresses, many at once, the last sector, a flush. The host
# finds what was written, and all else as it was.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

my $disk = random_image('disk.img', 8 << 20, 'write');
my $before = slurp($disk);
my $slave = random_image('slave.img', 1 << 20, 'slave');
my $digest = sha256_of($slave);
my $run = conform('write', DISK => $disk, DISK1 => $slave, WRITE => 1);
while ($run->{console} =~ /^sha256 CONF0 (\d+) (\d+) /mg) {
    substr $before, $1 * 512, $2 * 512, sha_region($1 * 512, $2 * 512);
}

# What is in the image now: conform() has compared it.
sub sha_region {
    my ($from, $length) = @_;
    return substr slurp($disk), $from, $length;
}
ok($before eq slurp($disk), 'nothing else on the disk was changed');
is(sha256_of($slave), $digest, 'nothing on the other disk was changed');
done_testing();
