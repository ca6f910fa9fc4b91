#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A CD-ROM drive, if the driver uses it: data, errors with sense data, commands without data.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

conform('packet', CDROM => random_image('cd.iso', 500 * 2048, 'packet'));
done_testing();
