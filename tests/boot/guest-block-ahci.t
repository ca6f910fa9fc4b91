#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Block requests that the shell cannot make, in the kernel: through a driver that takes several at a time
# and reaches memory above 4 GiB (tests/probes/ahci).
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

my $built = 'build/' . ($ENV{ARCH} || 'x86_64');
guest_tap(BUILD => "$built/guest", KARGS => 'test=block', DISK => random_image('disk.img', 8 << 20, 1),
    MACHINE => 'q35', CONTROLLER => 'ahci', MINIPORT => "$built/probes/ahci.sys", QEMU_EXTRA => '-m 4G');
