#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Dump mode, if the driver does it: no interrupts, no callbacks, no registry.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

conform('dump', dump => 1, DISK => random_image('disk.img', 4 << 20, 'dump'), WRITE => 1);
done_testing();
