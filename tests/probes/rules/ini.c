/* SPDX-License-Identifier: MIT */
/*
 * INI: what a driver says of itself, of its channels and of its devices. What the port judges when a
 * routine has returned is marked at that routine, in base/.
 */
#include "cases.h"

/* ------------------------------------------------------------------ AtaPortInitializeEx */

CASE ini_version(struct occasion *at)
{
    struct probe_entry *entry = at->entry;

    entry->controller_interface.Version--;
    /* BREAKS: INI-01 */
    entry->status = (NTSTATUS)AtaPortInitializeEx(entry->driver_object, entry->registry_path,
                                                  &entry->controller_interface);
    probe_returned((ULONG)entry->status);
    return TRUE;
}

CASE ini_no_interface(struct occasion *at)
{
    struct probe_entry *entry = at->entry;

    /* BREAKS: INI-01 */
    entry->status = (NTSTATUS)AtaPortInitializeEx(entry->driver_object, entry->registry_path, NULL);
    probe_returned((ULONG)entry->status);
    return TRUE;
}

CASE ini_arguments(struct occasion *at)
{
    struct probe_entry *entry = at->entry;

    /* BREAKS: INI-01 */
    entry->status = (NTSTATUS)AtaPortInitializeEx(entry->registry_path, entry->driver_object,
                                                  &entry->controller_interface);
    probe_returned((ULONG)entry->status);
    return TRUE;
}

/* The first one holds. */
CASE ini_twice(struct occasion *at)
{
    struct probe_entry *entry = at->entry;
    ULONG status;

    entry->status = (NTSTATUS)AtaPortInitializeEx(entry->driver_object, entry->registry_path,
                                                  &entry->controller_interface);
    /* BREAKS: INI-01 */
    status = AtaPortInitializeEx(entry->driver_object, entry->registry_path,
                                 &entry->controller_interface);
    probe_returned(status);
    return TRUE;
}

CASE ini_never(struct occasion *at)
{
    at->entry->status = STATUS_SUCCESS;
    return TRUE;
}

CASE ini_late(struct occasion *at)
{
    ULONG status;

    UNREFERENCED_PARAMETER(at);
    /* BREAKS: INI-01 */
    status = AtaPortInitializeEx(probe_entry.driver_object, probe_entry.registry_path,
                                 &probe_entry.controller_interface);
    probe_returned(status);
    return FALSE;
}

CASE ini_no_adapter_control(struct occasion *at)
{
    struct probe_entry *entry = at->entry;

    entry->controller_interface.AtaAdapterControl = NULL;
    /* BREAKS: INI-02 */
    entry->status = (NTSTATUS)AtaPortInitializeEx(entry->driver_object, entry->registry_path,
                                                  &entry->controller_interface);
    probe_returned((ULONG)entry->status);
    return TRUE;
}

CASE ini_alignment(struct occasion *at)
{
    struct probe_entry *entry = at->entry;

    entry->controller_interface.AlignmentMask = 2;
    /* BREAKS: INI-03 */
    entry->status = (NTSTATUS)AtaPortInitializeEx(entry->driver_object, entry->registry_path,
                                                  &entry->controller_interface);
    probe_returned((ULONG)entry->status);
    return TRUE;
}

/* ------------------------------------------------------------------ AtaAdapterControl(IdeStart) */

CASE ini_more_breaks(struct occasion *at)
{
    at->configuration->NumberOfPhysicalBreaks = 33;
    return FALSE;
}

CASE ini_no_breaks_set(struct occasion *at)
{
    at->configuration->NumberOfPhysicalBreaks = (UCHAR)IDE_UNINITIALIZED_VALUE;
    return FALSE;
}

CASE ini_longer_transfers(struct occasion *at)
{
    at->configuration->MaximumTransferLength = 0x20001;
    return FALSE;
}

CASE ini_no_transfers(struct occasion *at)
{
    at->configuration->MaximumTransferLength = 511;
    return FALSE;
}

/* Without a bus master, neither limit need be set. */
CASE ini_no_limits_set(struct occasion *at)
{
    struct probe_controller *controller = at->controller;

    controller->has_bus_master = at->configuration->BusMaster = FALSE;
    at->configuration->NumberOfPhysicalBreaks = (UCHAR)IDE_UNINITIALIZED_VALUE;
    probe_returned(at->configuration->MaximumTransferLength);
    return FALSE;
}

CASE ini_controller_reserved(struct occasion *at)
{
    at->configuration->Reserved = TRUE;
    return FALSE;
}

/* ------------------------------------------------------------------ AtaChannelInitRoutine */

CASE ini_no_initialize(struct occasion *at)
{
    at->channel_interface->IdeHwInitialize = NULL;
    return FALSE;
}

CASE ini_no_start_io(struct occasion *at)
{
    at->channel_interface->IdeHwStartIo = NULL;
    return FALSE;
}

CASE ini_no_interrupt(struct occasion *at)
{
    at->channel_interface->IdeHwInterrupt = NULL;
    return FALSE;
}

CASE ini_no_reset(struct occasion *at)
{
    at->channel_interface->IdeHwReset = NULL;
    return FALSE;
}

CASE ini_no_control(struct occasion *at)
{
    at->channel_interface->IdeHwControl = NULL;
    return FALSE;
}

CASE ini_interface_reserved(struct occasion *at)
{
    at->channel_interface->Reserved = 1;
    return FALSE;
}

CASE ini_interface_reserved_ulong(struct occasion *at)
{
    at->channel_interface->ReservedUlong = 1;
    return FALSE;
}

/* ------------------------------------------------------------------ IdeHwControl(IdeStart) */

CASE ini_no_sync(struct occasion *at)
{
    at->start->SyncWithIsr = FALSE;
    return FALSE;
}

CASE ini_no_wmi(struct occasion *at)
{
    at->start->SupportsWmi = FALSE;
    return FALSE;
}

CASE ini_advances_reserved(struct occasion *at)
{
    at->start->SupportedAdvances.Reserved = 1;
    return FALSE;
}

CASE ini_advanced_reserved(struct occasion *at)
{
    at->start->AdvancedChannelConfiguration->Present.Reserved = 1;
    return FALSE;
}

CASE ini_advanced_length(struct occasion *at)
{
    at->start->AdvancedChannelConfiguration->Length = 2;
    return FALSE;
}

CASE ini_advanced_pointer(struct occasion *at)
{
    at->start->AdvancedChannelConfiguration = NULL;
    return FALSE;
}

/* Two power settings are asked for; ProbeControl says what it is told of them. */
CASE ini_advanced_settings(struct occasion *at)
{
    PIDE_ADVANCED_CHANNEL_CONFIGURATION advanced = at->start->AdvancedChannelConfiguration;
    const GUID first = {0x01234567, 0x89ab, 0xcdef, {0, 1, 2, 3, 4, 5, 6, 0xf7}};

    if (!at->start->SupportedAdvances.AdvancedChannelConfigurationSupported ||
        advanced->Length != sizeof *advanced)
        return FALSE;
    advanced->Present.VendorDefinedPower = 1;
    advanced->VendorDefinedPower.ValidGuids = 2;
    advanced->VendorDefinedPower.Guid[0] = first;
    return FALSE;
}

CASE ini_overlapped_late(struct occasion *at)
{
    at->start->NumberOfOverlappedRequests++;
    return FALSE;
}

/* What the uncached extension was sized for may be used in part. */
CASE ini_overlapped_lowered(struct occasion *at)
{
    at->start->NumberOfOverlappedRequests = 3;
    return FALSE;
}

/* ------------------------------------------------------------------ AtaControllerTransferModeSelect */

CASE ini_unsupported_mode(struct occasion *at)
{
    at->modes->DeviceTransferModeSelected[0] |= 0x40000000;
    return FALSE;
}

CASE ini_no_pio_mode(struct occasion *at)
{
    at->modes->DeviceTransferModeSelected[0] &= ~(ULONG)PIO_SUPPORT;
    return FALSE;
}

CASE ini_no_mode_selected(struct occasion *at)
{
    at->modes->DeviceTransferModeSelected[0] = 0;
    return FALSE;
}

CASE ini_absent_device(struct occasion *at)
{
    at->modes->DeviceTransferModeSelected[1] = PIO_MODE0;
    return FALSE;
}

/* ------------------------------------------------------------------ IdeHwInitialize */

CASE ini_high_byte(struct occasion *at)
{
    at->parameters->DeviceCharacteristics ^= 0x8000;
    return FALSE;
}

/* One bit of that byte may be changed. */
CASE ini_fua(struct occasion *at)
{
    at->parameters->DeviceCharacteristics ^= DFLAGS_FUA_SUPPORT;
    return FALSE;
}

CASE ini_mode_not_set(struct occasion *at)
{
    at->parameters->TransferModeSelected = UNINITIALIZED_TRANSFER_MODE;
    return FALSE;
}

/* Of a CD-ROM drive, whose packets carry the address whatever this says. */
CASE ini_chs_reserved(struct occasion *at)
{
    at->parameters->AddressTranslation = ChsMode;
    at->parameters->Chs.Reserved = 1;
    return FALSE;
}

/* ------------------------------------------------------------------ IRBs */

CASE ini_irb_reserved(struct occasion *at)
{
    at->irb->Reserved = at->irb;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: INI-09 */
    return TRUE;
}

CASE ini_irb_reserved_ulong(struct occasion *at)
{
    at->irb->ReservedAsUlong = 1;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: INI-09 */
    return TRUE;
}

const struct probe_case ini_cases[] = {
    {"ini_version", AT_DRIVER_ENTRY, 1, ini_version},
    {"ini_no_interface", AT_DRIVER_ENTRY, 1, ini_no_interface},
    {"ini_arguments", AT_DRIVER_ENTRY, 1, ini_arguments},
    {"ini_twice", AT_DRIVER_ENTRY, 1, ini_twice},
    {"ini_never", AT_DRIVER_ENTRY, 1, ini_never},
    {"ini_late", AT_START, 1, ini_late},
    {"ini_no_adapter_control", AT_DRIVER_ENTRY, 1, ini_no_adapter_control},
    {"ini_alignment", AT_DRIVER_ENTRY, 1, ini_alignment},
    {"ini_more_breaks", AT_ADAPTER_START, 1, ini_more_breaks},
    {"ini_no_breaks_set", AT_ADAPTER_START, 1, ini_no_breaks_set},
    {"ini_longer_transfers", AT_ADAPTER_START, 1, ini_longer_transfers},
    {"ini_no_transfers", AT_ADAPTER_START, 1, ini_no_transfers},
    {"ini_no_limits_set", AT_ADAPTER_START, 1, ini_no_limits_set},
    {"ini_controller_reserved", AT_ADAPTER_START, 1, ini_controller_reserved},
    {"ini_no_initialize", AT_CHANNEL_INIT, 1, ini_no_initialize},
    {"ini_no_start_io", AT_CHANNEL_INIT, 1, ini_no_start_io},
    {"ini_no_interrupt", AT_CHANNEL_INIT, 1, ini_no_interrupt},
    {"ini_no_reset", AT_CHANNEL_INIT, 1, ini_no_reset},
    {"ini_no_control", AT_CHANNEL_INIT, 1, ini_no_control},
    {"ini_interface_reserved", AT_CHANNEL_INIT, 1, ini_interface_reserved},
    {"ini_interface_reserved_ulong", AT_CHANNEL_INIT, 1, ini_interface_reserved_ulong},
    {"ini_no_sync", AT_START, 1, ini_no_sync},
    {"ini_no_wmi", AT_START, 1, ini_no_wmi},
    {"ini_advances_reserved", AT_START, 1, ini_advances_reserved},
    {"ini_advanced_reserved", AT_START, 1, ini_advanced_reserved},
    {"ini_advanced_length", AT_START, 1, ini_advanced_length},
    {"ini_advanced_pointer", AT_START, 1, ini_advanced_pointer},
    {"ini_advanced_settings", AT_START, 1, ini_advanced_settings},
    {"ini_overlapped_late", AT_START, 1, ini_overlapped_late},
    {"ini_overlapped_lowered", AT_START, 1, ini_overlapped_lowered},
    {"ini_unsupported_mode", AT_MODE_SELECT, 1, ini_unsupported_mode},
    {"ini_no_pio_mode", AT_MODE_SELECT, 1, ini_no_pio_mode},
    {"ini_no_mode_selected", AT_MODE_SELECT, 1, ini_no_mode_selected},
    {"ini_absent_device", AT_MODE_SELECT, 1, ini_absent_device},
    {"ini_high_byte", AT_INITIALIZE, 1, ini_high_byte},
    {"ini_fua", AT_INITIALIZE, 1, ini_fua},
    {"ini_mode_not_set", AT_INITIALIZE, 1, ini_mode_not_set},
    {"ini_chs_reserved", AT_INITIALIZE, 1, ini_chs_reserved},
    {"ini_irb_reserved", AT_COMPLETE, 2, ini_irb_reserved},
    {"ini_irb_reserved_ulong", AT_COMPLETE, 2, ini_irb_reserved_ulong},
    {NULL, 0, 0, NULL},
};
