#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# INI: what a driver says of itself, of its channels and of its devices (tests/probes/rules/ini.c).
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my $start = 'IdeHwControl(IdeStart)';

contract_cases('ini',
    { case => 'ini_version', rule => 'INI-01', routine => 'AtaPortInitializeEx', context => 'DriverEntry',
      returned => 'c000000d', named => 1, refused => 1 },
    { case => 'ini_no_sync', rule => 'INI-05', routine => 'IdeHwControl', context => $start },
);

done_testing();
