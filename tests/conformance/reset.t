#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# IdeHwReset with requests under way and waiting, and without any: the port repeats them, none gets lost.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

conform('reset', DISK => random_image('disk.img', 2 << 20, 'reset'), WRITE => 1);
done_testing();
