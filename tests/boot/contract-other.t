#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# DBG-01, CTX-11, CTX-12, INI-13 (tests/probes/rules/other.c).
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

# A structure comes with a Version that is none, of the controller or of both channels, which are one place.
sub version {
    my ($which, $way, $structure, %words) = @_;
    return { case => "other_version_$which", rule => 'INI-13', named => 1, %words,
        words => { KARGS => "version=$which:$way" }, also => qr/^  it took $structure with Version \d+, of which the size is \d+$/m };
}

contract_cases('other',
    { case => 'other_level', rule => 'DBG-01', routine => 'AtaPortDebugPrint', context => 'IdeHwControl(IdeStart)' },
    { case => 'other_dump_memory', rule => 'CTX-12', routine => 'AtaPortGetUnCachedExtension',
      context => 'IdeHwControl(IdeStart)', returned => '0', named => 1, words => { KARGS => 'dump=1' } },
    { case => 'other_build_io', rule => 'CTX-11', routine => 'IdeHwBuildIo', context => 'IdeHwBuildIo',
      words => { KARGS => 'build_io=guarded' } },
    { case => 'other_build_io_free', asserts => 'CTX-11', returned => '0' },
    version(controller => 'less', 'IDE_CONTROLLER_CONFIGURATION', routine => 'AtaAdapterControl',
        context => 'AtaAdapterControl(IdeStart)', function => 'ProbeAdapterControl'),
    version(interface => 'more', 'IDE_CHANNEL_INTERFACE', routine => 'AtaChannelInitRoutine',
        context => 'AtaChannelInitRoutine', function => 'ProbeChannelInit'),
    version(channel => 'less', 'IDE_CHANNEL_CONFIGURATION', routine => 'IdeHwControl',
        context => 'IdeHwControl(IdeStart)', function => 'ProbeControl'),
    version(device => 'more', 'IDE_DEVICE_PARAMETERS', routine => 'IdeHwInitialize',
        context => 'IdeHwInitialize', function => 'ProbeInitialize'),
);

done_testing();
