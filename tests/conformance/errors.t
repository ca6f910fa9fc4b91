#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Sectors that cannot be read or written: the driver says so with the device's registers, and goes on.
use strict;
use warnings;
use lib 'tests/lib';
use Conformance;

my $disk = random_image('disk.img', 4 << 20, 'errors');
my $file = "file.driver=blkdebug,file.image.driver=file,file.image.filename=$disk,"
    . 'file.inject-error.0.event=read_aio,file.inject-error.0.errno=5,file.inject-error.0.sector=1000,'
    . 'file.inject-error.1.event=write_aio,file.inject-error.1.errno=5,file.inject-error.1.sector=3000';
conform('errors', compare => { CONF0 => $disk }, QEMU_EXTRA => "-drive if=none,id=failing,driver=raw,$file "
        . '-device ide-hd,' . place(0) . ',drive=failing,serial=CONF0,rerror=report,werror=report');
done_testing();
