#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Reads: many sizes, addresses and layouts of buffers, many requests at once, the last sector; several disks
# in turn. What was read is what the host wrote.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

conform('read', DISK => random_image('disk.img', (8 << 20) + 512, 'read'), DISK1 => random_image('slave.img', 1 << 20, 'slave'),
    DISK2 => random_image('other.img', 1 << 20, 'other'));
done_testing();
