#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The channel is stopped, with requests under way, and started again, three times.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

conform('stop', DISK => random_image('disk.img', 1 << 20, 'stop'));
done_testing();
