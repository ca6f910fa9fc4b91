#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# INI: what a driver says of itself, of its channels and of its devices (tests/probes/rules/ini.c).
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Contract;
use Test::More;

my @start = (context => 'IdeHwControl(IdeStart)');
my @entry = (routine => 'AtaPortInitializeEx', context => 'DriverEntry', named => 1, refused => 1);
my @adapter = (routine => 'AtaAdapterControl', context => 'AtaAdapterControl(IdeStart)',
    function => 'ProbeAdapterControl', named => 1);
my @init = (routine => 'AtaChannelInitRoutine', context => 'AtaChannelInitRoutine', function => 'ProbeChannelInit');
my @control = (routine => 'IdeHwControl', @start, function => 'ProbeControl');
my @select = (routine => 'AtaControllerTransferModeSelect', context => 'AtaControllerTransferModeSelect',
    function => 'ProbeTransferModeSelect');
my @device = (routine => 'IdeHwInitialize', context => 'IdeHwInitialize', function => 'ProbeInitialize');
my @complete = (routine => 'AtaPortCompleteRequest', context => 'IdeHwInterrupt');
my $setting = '01234567-89AB-CDEF-0001-0203040506F7';
my $bad_parameter = 'c000000d';
my $bad_time = 'c0000010';

# A channel whose interface has a hole is not started.
sub missing {
    my ($case, $member) = @_;
    return { case => $case, rule => 'INI-04', @init, stops => 1,
        also => qr/^  \Q$member\E is NULL; the channel is not started$/m };
}

# The port's own limit holds for one of the controller's; `mode` shows both.
my $limits = qr/^  Longest transfer +128\.0 KiB$/m;

# Modes that the device does not support, or none: the port takes the best that both sides allow.
sub fallback {
    my ($case, $modes) = @_;
    return { case => $case, rule => 'INI-08', @select, io => 'mode 0', also => qr/^  Selected +\Q$modes\E$/m };
}

contract_cases('ini',
    { case => 'ini_version', rule => 'INI-01', @entry, returned => $bad_parameter },
    { case => 'ini_no_interface', rule => 'INI-01', @entry, returned => $bad_parameter },
    { case => 'ini_arguments', rule => 'INI-01', @entry, returned => $bad_parameter },
    { case => 'ini_twice', rule => 'INI-01', @entry, returned => $bad_time, refused => 0 },
    { case => 'ini_never', rule => 'INI-01', @entry, routine => 'DriverEntry', function => 'DriverEntry',
      also => qr/^port: ini_never\.sys is not used: DriverEntry did not register/m },
    { case => 'ini_late', rule => 'INI-01', routine => 'AtaPortInitializeEx', @start, returned => $bad_time },
    { case => 'ini_no_adapter_control', rule => 'INI-02', @entry, returned => $bad_parameter },
    { case => 'ini_alignment', rule => 'INI-03', @entry, returned => $bad_parameter },

    missing(ini_no_initialize => 'IdeHwInitialize'),
    missing(ini_no_start_io => 'IdeHwStartIo'),
    missing(ini_no_interrupt => 'IdeHwInterrupt'),
    missing(ini_no_reset => 'IdeHwReset'),
    missing(ini_no_control => 'IdeHwControl'),

    # EDGE: 215
    { case => 'ini_no_sync', rule => 'INI-05', @control },
    { case => 'ini_no_wmi', rule => 'INI-05', @control },

    # More than the port can serve is no offence: it is lowered, and the log says so.
    { case => 'ini_more_breaks', asserts => 'INI-06', named => 1,
      log => qr/^ini_more_breaks: of NumberOfPhysicalBreaks, 33, the port serves 32$/m },
    { case => 'ini_longer_transfers', asserts => 'INI-06', named => 1, io => 'mode 0',
      log => qr/^ini_longer_transfers: of MaximumTransferLength, 131073, the port serves 131072$/m, also => $limits },
    { case => 'ini_no_breaks_set', rule => 'INI-06', @adapter, also => qr/was not set; 32 are used$/m },
    { case => 'ini_no_transfers', rule => 'INI-06', @adapter, io => 'mode 0', also => $limits },
    { case => 'ini_no_limits_set', asserts => 'INI-06', named => 1, io => 'mode 0', returned => 'ffffffff',
      also => $limits },

    { case => 'ini_high_byte', rule => 'INI-07', @device },
    { case => 'ini_fua', asserts => 'INI-07' },
    { case => 'ini_mode_not_set', rule => 'INI-07', @device, io => 'mode 0',
      also => qr/^  Selected +PIO 4, Ultra DMA 5$/m },

    fallback(ini_unsupported_mode => 'PIO 4, MW DMA 2'),
    fallback(ini_no_pio_mode => 'PIO 4, MW DMA 2'),
    fallback(ini_no_mode_selected => 'PIO 4'),
    { case => 'ini_absent_device', rule => 'INI-08', @select, also => qr/^  target 1: selected 0x1 of 0$/m },

    { case => 'ini_controller_reserved', rule => 'INI-09', @adapter },
    { case => 'ini_interface_reserved', rule => 'INI-09', @init },
    { case => 'ini_interface_reserved_ulong', rule => 'INI-09', @init },
    { case => 'ini_advances_reserved', rule => 'INI-09', @control },
    { case => 'ini_advanced_reserved', rule => 'INI-09', @control },
    { case => 'ini_advanced_length', rule => 'INI-11', @control },
    { case => 'ini_advanced_pointer', rule => 'INI-11', @control },
    { case => 'ini_advanced_settings', asserts => 'INI-09', fails => 1,
      io => "setting 0.0; setting 0.0 {$setting} 7; setting 0.0 $setting 8; setting 0.0 $setting 0x100000000; "
          . "setting 0.0 12345678-0000-0000-0000-000000000000 7; setting 0.1; setting 0.0 0123 7",
      also => qr/^01234567-89AB-CDEF-0001-0203040506F7\n00000000-0000-0000-0000-000000000000\n
          .*^The\ driver\ of\ channel\ 0\.0\ was\ told\.\n
          .*^IdeHwControl\(IdeVendorDefined\)\ returned\ FALSE\.\n
          .*^A\ setting's\ value\ has\ 32\ bits\.\n
          .*^The\ driver\ of\ channel\ 0\.0\ has\ not\ asked\ for\ this\ setting\.\n
          .*^Channel\ 0\.1\ is\ not\ running\.\n
          .*^"0123"\ is\ no\ GUID/msx,
      log => qr/target 255: setting 1234567 is 7\n.*target 255: setting 1234567 is 8\n/s },
    { case => 'ini_chs_reserved', rule => 'INI-09', @device, channel => '0.1' },
    { case => 'ini_irb_reserved', rule => 'INI-09', @complete },
    { case => 'ini_irb_reserved_ulong', rule => 'INI-09', @complete },

    { case => 'ini_overlapped_late', rule => 'INI-10', @control,
      also => qr/NumberOfOverlappedRequests went from 1 to 2; 1 hold$/m },
    { case => 'ini_overlapped_lowered', asserts => 'INI-10', values => '"Overlapped"=dword:00000008', io => 'irbs',
      also => qr/^Channel 0\.0: 0 of 3 IRBs at the driver/m },
);

done_testing();
