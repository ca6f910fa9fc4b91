#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Time-outs: an interrupt that is lost, and a device that is still busy when the reset comes. The request ends,
# and the channel works again.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

conform('timeout', DISK => random_image('disk.img', 1 << 20, 'timeout'),
    DISK1 => random_image('slave.img', 1 << 20, 'slave'),
    excused => 'IRB-09');    # the device is done and the driver does not know: the port cannot tell whose fault it is
my @slow = ('slow', QEMU_EXTRA => '-drive if=none,id=slow,driver=null-co,size=1M,read-zeroes=on,'
        . 'latency-ns=2500000000 -device ide-hd,' . place(0) . ',drive=slow,serial=CONF0');
if (emulator_survives(@slow)) {
    conform(@slow);
} else {
    left_out('a device that hangs: QEMU itself crashes when this driver resets meanwhile');
}
done_testing();
