#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The driver looks at the Version of each structure, and refuses one that is smaller or larger than it knows (INI-13:
# each has a check of its own here, which says what is missing).
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

conform('versions', excused => 'INI-13', DISK => random_image('disk.img', 4 << 20, 'versions'));
done_testing();
