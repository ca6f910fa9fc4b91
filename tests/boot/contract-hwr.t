#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# HWR-01 to HWR-07, HWR-14 to HWR-20, HWR-23, HWR-24 and HWR-26: the task file (tests/probes/rules/hwr.c), and drivers that use it in other ways
# than pata.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my @start_io = (context => 'IdeHwStartIo', io => 'read 0 3; read 0 3; read 0 3');
my @write = (routine => 'AtaPortWritePortUchar', @start_io);
my @read = (routine => 'AtaPortReadPortUchar', @start_io);
my @timer = (routine => 'AtaPortWritePortUchar', context => 'timer routine', io => 'read 0 3; read 0 3; read 0 3');
my @packet = (channel => '0.1', io => 'read cd0 0; read cd0 0');

# Where 400 ns are 400 instructions, not what this host makes of them.
my @counted = (words => { ACCEL => 'tcg', QEMU_EXTRA => '-icount shift=0,sleep=off' });
# Its time-out is over soon.
my @soon = (words => { FAULT => 'time-outs 10' }, also => qr/was not completed in \d+ s; resetting/);
# A device that is slow with some commands.
my @slow = (words => { FAULT => 'bsy command=E5 for=2500ms; bsy command=E0 for=2500ms; bsy command=E1 for=300ms' });
# IDENTIFY data of a device that has little.
my @missing = (words => { FAULT => join '; ', map { "identify $_ channel=0.0" } qw(47=8000 49=0200 82=0000 83=4000) });

contract_cases('hwr',
    # With what led to it, where that is recorded.
    { case => 'hwr_write_while_busy', rule => 'HWR-01', @write,
      also => qr/Status 0x\w\w \(.*\) was read last.*\n(?:  .*\n)*  the last accesses before it:\n(?: {26}0\.0  .*\n| .*READ SECTOR.*\n){8}/ },
    { case => 'hwr_command_in_flight', rule => 'HWR-01', @write, also => qr/in flight is CHECK POWER MODE \(0xe5\), device 0/ },
    { case => 'hwr_select_while_busy', rule => 'HWR-01', @write, words => { TRACE => 'irbs' },
      also => qr/^RULE HWR-01 (?:(?!last accesses).)*\z/ms },
    { case => 'hwr_device_reset', asserts => 'HWR-01', @packet },

    { case => 'hwr_status_too_early', rule => 'HWR-02', @counted, @read, also => qr/after another device was selected/ },
    { case => 'hwr_status_too_early_with_faults', function => 'hwr_status_too_early', rule => 'HWR-02', @counted, @read,
      words => { %{ $counted[1] }, FAULT => 'vanish command=SLEEP' } },
    { case => 'hwr_relied_too_early', rule => 'HWR-02', @counted, @write,
      also => qr/what was read of Alternate Status was relied on \d+ ns after.*after 1 read of/ },
    { case => 'hwr_settled_by_block', asserts => 'HWR-02', @counted, io => 'read 0 3; read 0 3' },
    { case => 'hwr_stalled', asserts => 'HWR-02', @counted, io => 'read 0 3; read 0 3' },

    { case => 'hwr_not_selected_again', rule => 'HWR-03', @timer },

    { case => 'hwr_old_device', rule => 'HWR-03', @write, words => { FAULT => 'identify 80=003E' },
      also => qr/Device is written with 0x40: bits 7 and 5 are clear, and word 80 .*, 0x003e, is of/ },
    { case => 'hwr_new_device', asserts => 'HWR-03', io => 'read 0 3; read 0 3' },

    { case => 'hwr_short_reset', rule => 'HWR-04', @counted, @write, also => qr/SRST is cleared \d+ ns after it was set/ },
    { case => 'hwr_look_at_reset', rule => 'HWR-04', @counted, @read, also => qr/Alternate Status is read \d+ us after SRST/ },

    { case => 'hwr_data_unasked', rule => 'HWR-05', routine => 'AtaPortReadPortUshort', @start_io },
    { case => 'hwr_data_blind', rule => 'HWR-05', routine => 'AtaPortReadPortBufferUshort', @start_io },
    { case => 'hwr_data_too_much', rule => 'HWR-05', routine => 'AtaPortReadPortBufferUshort', @start_io,
      also => qr/514 bytes from the data port, and the device offers less/ },
    { case => 'hwr_data_two_blocks', rule => 'HWR-05', routine => 'AtaPortReadPortBufferUshort', @start_io },
    { case => 'hwr_data_too_little', rule => 'HWR-05', @write, also => qr/of the 512 bytes that the device offers, 2 were not/ },
    { case => 'hwr_data_by_bytes', rule => 'HWR-05', @read },
    { case => 'hwr_data_wrong_way', rule => 'HWR-05', routine => 'AtaPortWritePortUshort', @start_io },
    { case => 'hwr_data_by_words', asserts => 'HWR-05', io => 'read 0 3; read 0 3' },

    { case => 'hwr_multiple_never_set', rule => 'HWR-06', @write },
    { case => 'hwr_multiple_refused', rule => 'HWR-06', @write },
    { case => 'hwr_multiple', asserts => 'HWR-06', io => 'read 0 3; read 0 3' },
    { case => 'hwr_multiple_undone', rule => 'HWR-17', @timer },

    { case => 'hwr_beyond_the_end', rule => 'HWR-07', @write, also => qr/LBA 1023, 2 sectors: the device's last sector is 1023/ },
    { case => 'hwr_beyond_the_end_48', rule => 'HWR-07', @write },
    { case => 'hwr_to_the_end', asserts => 'HWR-07', io => 'read 0 3; read 0 3' },

    { case => 'hwr_mode_never_set', rule => 'HWR-14', function => 'hwr_mode_never_set_start', @write },
    { case => 'hwr_mode_too_fast', rule => 'HWR-14', @write, also => qr/faster than the one that was selected/ },
    { case => 'hwr_mode_not_there', rule => 'HWR-14', @write, also => qr/none of the device's/ },
    { case => 'hwr_mode_undone', rule => 'HWR-17', @timer },

    { case => 'hwr_by_pio', rule => 'HWR-26', @write,
      also => qr/by PIO: the port has asked for READ DMA \(0xc8\), device 0, LBA 3, 1 sector, and a mode of DMA is selected/ },
    { case => 'hwr_by_pio_itself', asserts => 'HWR-26', io => 'read 0 3; read 0 3' },

    { case => 'hwr_status_in_flight', rule => 'HWR-15', @read },
    { case => 'hwr_status_polled', asserts => 'HWR-15', io => 'read 0 3; read 0 3' },

    { case => 'hwr_packet_odd_limit', rule => 'HWR-16', @write, @packet },
    { case => 'hwr_packet_no_limit', rule => 'HWR-16', @write, @packet },
    { case => 'hwr_packet_by_bytes', rule => 'HWR-16', routine => 'AtaPortWritePortBufferUchar', @start_io, @packet },
    { case => 'hwr_packet_too_early', rule => 'HWR-16', routine => 'AtaPortWritePortBufferUshort', @start_io, @packet },
    { case => 'hwr_packet_unwanted', rule => 'HWR-16', routine => 'AtaPortWritePortBufferUshort', @start_io, channel => '0.1',
      io => 'fault add read 03 register=Interrupt-Reason channel=0.1; read cd0 0; fault clear; read cd0 0',
      also => qr/Interrupt Reason, as it was read, wants none/ },
    { case => 'hwr_packet_not_padded', rule => 'HWR-16', @write, @packet },

    { case => 'hwr_interrupt_off', rule => 'HWR-18', @write, @soon },
    { case => 'hwr_interrupt_off_data', rule => 'HWR-18', @write, @soon },
    { case => 'hwr_interrupt_off_later', rule => 'HWR-18', @write, @soon, also => qr/nIEN is set.*: FLUSH CACHE/ },
    { case => 'hwr_interrupt_off_packet', rule => 'HWR-18', @write, @packet, @soon },
    { case => 'hwr_floating', rule => 'HWR-19', @write, words => { FAULT => 'read FF register=Alternate-Status command=E5' },
      also => qr/CHECK POWER MODE.*: its Status was 0xff when it was read last/ },
    { case => 'hwr_asleep', rule => 'HWR-20', @write },

    { case => 'hwr_polled', rule => 'HWR-23', @read, @slow },
    { case => 'hwr_polled_in_vain', rule => 'HWR-23', @read, @slow },
    { case => 'hwr_polled_shortly', asserts => 'HWR-23', io => 'read 0 3; read 0 3', @slow },

    (map { { case => "hwr_missing_$_->[0]", rule => 'HWR-24', @write, @missing, also => qr/$_->[1]/m } }
        ['multiple', 'word 47 of its IDENTIFY data, 0x8000, has no sectors'], ['dma', 'word 49 .*, 0x0200, has no DMA$'],
        ['48', 'word 83 .*, 0x4000, has no 48-bit addresses$'], ['flush', 'has no FLUSH CACHE EXT$'], ['smart', 'has no SMART$']),
    { case => 'hwr_nothing_missing', asserts => 'HWR-24', io => 'read 0 3; read 0 3' },
    { case => 'hwr_packet_to_disk', rule => 'HWR-24', @write, also => qr/PACKET \(0xa0\), device 0: it is no packet device$/m },
    { case => 'hwr_sectors_of_packet', rule => 'HWR-24', @write, @packet, also => qr/it is a packet device/ },
);

done_testing();
