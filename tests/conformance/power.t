#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Controller, channel and devices lose their power and get it back.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

conform('power', DISK => random_image('disk.img', 1 << 20, 'power'));
done_testing();
