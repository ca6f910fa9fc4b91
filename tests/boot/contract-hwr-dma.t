#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# HWR-08 to HWR-13, HWR-21, HWR-25, HWR-27: the bus master (tests/probes/rules/hwr_dma.c), and drivers that use it in other ways than pata.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my @byte = (routine => 'AtaPortWritePortUchar', context => 'IdeHwStartIo');
my @table = (routine => 'AtaPortWritePortUlong', context => 'IdeHwStartIo');
my @end = (routine => 'AtaPortCompleteRequest', context => 'IdeHwInterrupt');
my @short = (io => 'read 0 0; read 0 0; read 0 0');
# Stopped: the request fails, and at once.
my @stopped = (rule => 'HWR-21', @byte, @short, fails => 1);
my @long_extension = (values => '"IrbExtension"=dword:00021000');

contract_cases('hwr_dma',
    { case => 'hwr_master_off', rule => 'HWR-08', @byte, @short },
    { case => 'hwr_ports_off', rule => 'HWR-08', routine => 'AtaPortReadPortUchar', context => 'IdeHwStartIo', @short },

    { case => 'hwr_prd_odd_address', rule => 'HWR-09', @byte, @short, also => qr/has an odd address/ },
    { case => 'hwr_prd_odd_length', rule => 'HWR-09', @byte, @short, also => qr/has an odd length/ },
    { case => 'hwr_prd_crosses', rule => 'HWR-09', @byte, also => qr/crosses a multiple of 64 KiB/ },
    { case => 'hwr_prd_zero', rule => 'HWR-09', @byte, @short, also => qr/has a count of 0/ },
    { case => 'hwr_prd_zero_first', rule => 'HWR-09', @byte, @short, also => qr/has a count of 0/ },

    { case => 'hwr_table_no_end', rule => 'HWR-10', @byte, @short, also => qr/has no end mark/ },
    { case => 'hwr_table_two_ends', rule => 'HWR-10', @byte, @short, also => qr/describes 256 bytes, and the request has 512/ },
    { case => 'hwr_table_end_in_the_middle', rule => 'HWR-10', @byte, @short, also => qr/describes 256 bytes/ },
    { case => 'hwr_table_in_disorder', rule => 'HWR-10', @byte, @short,
      also => qr/descriptor 1, 0x\w+00 with 256 bytes, has byte 256 of the request's data at 0x\w+00: it lies at 0x\w+00$/m },
    { case => 'hwr_table_short', rule => 'HWR-10', @byte, @short, also => qr/describes 510 bytes/ },
    { case => 'hwr_table_short_for_command', rule => 'HWR-10', @byte, @short, also => qr/describes 512 bytes, and the command moves 1024/ },
    { case => 'hwr_table_long', rule => 'HWR-10', @byte, @short, also => qr/describes 1024 bytes/ },
    { case => 'hwr_table_misaligned', rule => 'HWR-10', @byte, @short, fails => 1, also => qr/no multiple of 4.*was not started/ },
    { case => 'hwr_table_low_bits', rule => 'HWR-10', @byte, @short, also => qr/no multiple of 4/ },
    { case => 'hwr_table_crosses', rule => 'HWR-10', @byte, @short, @long_extension, also => qr/crosses a multiple of 64 KiB/ },
    { case => 'hwr_table_too_long', rule => 'HWR-10', @byte, @long_extension, also => qr/table of 8193 descriptors/ },

    { case => 'hwr_start_first', rule => 'HWR-11', @byte, @short, also => qr/before the command/ },
    { case => 'hwr_never_started', rule => 'HWR-11', routine => 'IdeHwStartIo', context => 'IdeHwStartIo',
      function => 'ProbeStartIo', @short, words => { FAULT => 'time-outs 10' }, also => qr/and start never/ },
    { case => 'hwr_direction', rule => 'HWR-11', @byte, @short, also => qr/the direction is from memory/ },
    { case => 'hwr_table_behind_command', rule => 'HWR-11', @table, @short, also => qr/behind the command/ },
    { case => 'hwr_table_behind_start', rule => 'HWR-11', @table, @short, also => qr/behind the start/ },
    { case => 'hwr_piece_behind_command', rule => 'HWR-11', @byte, @short, also => qr/behind the command/ },
    { case => 'hwr_cleared_behind_start', rule => 'HWR-11', @byte, @short, also => qr/cleared behind start/ },

    { case => 'hwr_never_stopped', rule => 'HWR-12', @end, @short },
    { case => 'hwr_reset_unstopped', rule => 'HWR-12', routine => 'AtaPortCompleteAllActiveRequests', context => 'IdeHwStartIo', @short },
    { case => 'hwr_left_at_reset', rule => 'IRB-09', routine => 'IdeHwStartIo', context => 'IdeHwStartIo',
      words => { FAULT => 'time-outs 10' }, io => 'read 0 0; read 0 0; read 0 0; flush 0; flush 0', fails => 1,
      values => '"Overlapped"=dword:00000003', # so that a flush has its slot, and no read before it
      then => [['IRB-10', 'IdeHwReset', 'IdeHwReset']] },
    { case => 'hwr_start_twice', rule => 'HWR-12', @byte, @short },
    { case => 'hwr_stopped_at_once', rule => 'HWR-12', @byte, @short, also => qr/is cleared while the command is in flight/ },
    { case => 'hwr_succeeds_in_flight', rule => 'HWR-25', routine => 'AtaPortCompleteRequest', context => 'IdeHwStartIo', @short,
      also => qr/its command is READ DMA .*, and neither its interrupt has come/ },
    { case => 'hwr_failure_succeeds', rule => 'HWR-25', @end, @short, words => { FAULT => 'error 10 command=C8 nth=2 channel=0.0' },
      also => qr/its command is READ DMA .*, and it has failed; Status 0x51/ },
    { case => 'hwr_failure_shown_before', rule => 'HWR-25', @end, @short, words => { FAULT => 'error 10 command=C8 nth=2 channel=0.0 ' },
      also => qr/its command is READ DMA .*, and it has failed; Status 0x51/ },
    { case => 'hwr_other_sectors', rule => 'HWR-27', @end, @short,
      also => qr/its command was READ DMA .*, LBA 2, 1 sector, and its task file is READ DMA .*, LBA 0, 1 sector$/m },
    { case => 'hwr_not_looked', rule => 'HWR-13', @end, @short },
    { case => 'hwr_not_cleared', rule => 'HWR-13', @byte, @short, also => qr/still has its interrupt bit set/ },

    { case => 'hwr_prd_kernel', @stopped, also => qr/descriptor 0, 0x200000 with 512 bytes, .*somebody else's.*was not started/ },
    { case => 'hwr_prd_firmware', @stopped, also => qr/the firmware's/ },
    { case => 'hwr_prd_beyond', @stopped, also => qr/no memory/ },
    { case => 'hwr_prd_behind', @stopped, also => qr/reaches 0x/ },
    { case => 'hwr_prd_of_another', rule => 'HWR-21', @byte, fails => 1, values => '"Overlapped"=dword:00000002',
      also => qr/another request's data/ },
    { case => 'hwr_prd_virtual', @stopped, also => qr/is a virtual address/ },
    { case => 'hwr_prd_of_packet', @stopped, channel => '0.1', io => 'read cd0 0; read cd0 0; read cd0 0',
      also => qr/descriptor 0, 0x200000 with \d+ bytes, .*somebody else's.*was not started/ },
    { case => 'hwr_table_virtual', @stopped, also => qr/the table's address is .* is a virtual address/ },
    { case => 'hwr_table_beyond', @stopped, also => qr/the table's address is 0xe0000000, which is no memory/ },
    { case => 'hwr_table_by_pieces_beyond', @stopped, also => qr/the table's address is 0xe0000000, which is no memory/ },

    # In other ways.
    { case => 'hwr_packet_by_dma', asserts => 'HWR-21', channel => '0.1', io => 'read cd0 0; read cd0 0; read cd0 0', returned => '0' },
    (map { { case => "hwr_$_", asserts => 'HWR-11', @short } } qw(one_write in_pieces by_buffer cleared_behind_command reused by_the_book)),
    { case => 'hwr_polled_to_the_end', asserts => 'HWR-25', @short },
    { case => 'hwr_split', asserts => 'HWR-10', @short },
    (map { { case => "hwr_$_", asserts => 'HWR-21', @short, @long_extension } } qw(table_in_extension bounced)),
);

done_testing();
