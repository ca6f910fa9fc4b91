#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The port hands no more requests over than NumberOfOverlappedRequests says: a driver that takes 1, 2, 32
# or 255 at a time counts them, while 600 are there for both devices of its channel. asserts => 'IRB-13'
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $build = 'build/' . ($ENV{ARCH} // 'x86_64');
my @disks = (DISK => random_image('disk.img', 1 << 20, 1), DISK1 => random_image('slave.img', 1 << 20, 2));

for my $most (1, 2, 32, 255) {
    my $hive = spill("$scratch/hive.reg", sprintf <<'END', $most);
Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\rules\Controller0\Channel0]
"Overlapped"=dword:%08x
END
    my $run = boot(@disks, BUILD => "$build/guest", MINIPORT => "$build/probes/rules.sys", HIVE => $hive,
        STRICT => 1, KARGS => 'test=overlap');
    # EDGE: 206, 216
    exit_code_is($run, 0, "$most at a time");
    is(join("\n", $run->{console} =~ /^((?:not )?ok \d).*$/mg), "ok 1\nok 2\nok 3", 'data is right');
    like($run->{log}, qr/^rules\[1\]: channel 0: requests at a time: at most $most of $most$/m,
        'all of them were used, and never more');
}

done_testing();
