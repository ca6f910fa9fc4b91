/* SPDX-License-Identifier: MIT */
/* INI-09, 11, 12 and IRB-14: members of structures that are the port's, or reserved. */
#include "cases.h"

/* ------------------------------------------------------------------ the controller, by the driver's name */

CASE member_entry_reserved(struct occasion *at)
{
    struct probe_entry *entry = at->entry;

    entry->controller_interface.Reserved = 1;
    /* BREAKS: INI-09 */
    entry->status = (NTSTATUS)AtaPortInitializeEx(entry->driver_object, entry->registry_path,
                                                  &entry->controller_interface);
    probe_returned((ULONG)entry->status);
    return TRUE;
}

CASE member_controller_version(struct occasion *at)
{
    at->configuration->Version++;
    return FALSE;
}

CASE member_controller_mode(struct occasion *at)
{
    at->configuration->ControllerMode = IdeModeDump;
    return FALSE;
}

CASE member_controller_resources(struct occasion *at)
{
    at->configuration->ControllerResources = NULL;
    return FALSE;
}

CASE member_controller_range(struct occasion *at)
{
    at->configuration->ControllerResources->IdeAccessRange[0].RangeLength++;
    return FALSE;
}

/* What it has anyway. */
CASE member_controller_same(struct occasion *at)
{
    at->configuration->Version = sizeof *at->configuration;
    at->configuration->ControllerMode = IdeModeNormal;
    return FALSE;
}

/* ------------------------------------------------------------------ the channel */

CASE member_interface_version(struct occasion *at)
{
    at->channel_interface->Version = 0;
    return FALSE;
}

CASE member_interface_number(struct occasion *at)
{
    at->channel_interface->ChannelNumber ^= 1;
    return FALSE;
}

CASE member_channel_several(struct occasion *at)
{
    at->start->Version = 0;
    at->start->ChannelNumber = 7;
    at->start->ChannelMode = IdeModeDump;
    return FALSE;
}

CASE member_channel_resources(struct occasion *at)
{
    at->start->ChannelResources = NULL;
    return FALSE;
}

CASE member_channel_count(struct occasion *at)
{
    at->start->ChannelResources->NumberOfAccessRanges = 0;
    return FALSE;
}

CASE member_channel_range(struct occasion *at)
{
    at->start->ChannelResources->IdeAccessRange[0].InMemory = TRUE;
    return FALSE;
}

/* ------------------------------------------------------------------ transfer modes and devices */

CASE member_modes_type(struct occasion *at)
{
    at->modes->DeviceType[1] = DeviceIsAta;
    return FALSE;
}

CASE member_modes_supported(struct occasion *at)
{
    at->modes->DeviceTransferModeSupported[0] |= UDMA_MODE0 << 7;
    return FALSE;
}

CASE member_device_target(struct occasion *at)
{
    at->parameters->TargetId ^= 1;
    return FALSE;
}

CASE member_device_type(struct occasion *at)
{
    at->parameters->IdeDeviceType = DeviceIsAtapi;
    return FALSE;
}

CASE member_device_sector(struct occasion *at)
{
    at->parameters->BytesPerLogicalSector = 4096;
    return FALSE;
}

CASE member_device_modes(struct occasion *at)
{
    at->parameters->TransferModeSupported = PIO_MODE0;
    return FALSE;
}

/* What a miniport may set. */
CASE member_device_own(struct occasion *at)
{
    at->parameters->NumberOfOverlappedRequests = 1;
    at->parameters->MaxBlockXfer = 0;
    at->parameters->TransferModeSelected |= 0x80000000;
    probe_returned(0);
    return FALSE;
}

CASE member_mode_unsupported(struct occasion *at)
{
    at->parameters->TransferModeSelected |= UDMA_MODE0 << 7;
    return FALSE;
}

/* ------------------------------------------------------------------ an IRB */

CASE member_irb_function(struct occasion *at)
{
    at->irb->Function = IRB_FUNCTION_ATA_COMMAND;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-14 */
    return TRUE;
}

CASE member_irb_target(struct occasion *at)
{
    at->irb->TargetId ^= 1;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-14 */
    return TRUE;
}

CASE member_irb_channel(struct occasion *at)
{
    at->irb->Channel = 9;
    at->irb->Lun = 3;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-14 */
    return TRUE;
}

CASE member_irb_flags(struct occasion *at)
{
    at->irb->IrbFlags ^= IRB_FLAGS_DATA_IN | IRB_FLAGS_DATA_OUT;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-14 */
    return TRUE;
}

CASE member_irb_data(struct occasion *at)
{
    at->irb->DataBuffer = (PUCHAR)at->irb->DataBuffer + 512;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-14 */
    return TRUE;
}

CASE member_irb_sense(struct occasion *at)
{
    at->irb->SenseInfoBuffer = NULL;
    at->irb->SenseInfoBufferLength = 255;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-14 */
    return TRUE;
}

CASE member_irb_extension(struct occasion *at)
{
    at->irb->IrbExtension = at->irb;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-14 */
    return TRUE;
}

CASE member_irb_registers(struct occasion *at)
{
    at->irb->IdeTaskFile.Current.bReserved = 1;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: INI-09 */
    return TRUE;
}

/* What a miniport may write. */
CASE member_irb_own(struct occasion *at)
{
    at->irb->NextIrb = at->irb;
    at->irb->QueueTag = 5;
    at->irb->TimeOutValue += 5;
    at->irb->SenseInfoBufferLength = 18;
    MARK_IRB_FOR_PIO(at->irb);
    SetIrbCommandReg(at->irb, IDE_COMMAND_READ);
    SetIrbDeviceReg(at->irb, 0x4F);
    probe_returned(0);
    return FALSE;
}

const struct probe_case member_cases[] = {
    {"member_entry_reserved", AT_DRIVER_ENTRY, 1, member_entry_reserved},
    {"member_controller_version", AT_ADAPTER_START, 1, member_controller_version},
    {"member_controller_mode", AT_ADAPTER_START, 1, member_controller_mode},
    {"member_controller_resources", AT_ADAPTER_START, 1, member_controller_resources},
    {"member_controller_range", AT_ADAPTER_START, 1, member_controller_range},
    {"member_controller_same", AT_ADAPTER_START, 1, member_controller_same},
    {"member_interface_version", AT_CHANNEL_INIT, 1, member_interface_version},
    {"member_interface_number", AT_CHANNEL_INIT, 1, member_interface_number},
    {"member_channel_several", AT_START, 1, member_channel_several},
    {"member_channel_resources", AT_START, 1, member_channel_resources},
    {"member_channel_count", AT_START, 1, member_channel_count},
    {"member_channel_range", AT_START, 1, member_channel_range},
    {"member_modes_type", AT_MODE_SELECT, 1, member_modes_type},
    {"member_modes_supported", AT_MODE_SELECT, 1, member_modes_supported},
    {"member_device_target", AT_INITIALIZE, 1, member_device_target},
    {"member_device_type", AT_INITIALIZE, 1, member_device_type},
    {"member_device_sector", AT_INITIALIZE, 1, member_device_sector},
    {"member_device_modes", AT_INITIALIZE, 1, member_device_modes},
    {"member_device_own", AT_INITIALIZE, 1, member_device_own},
    {"member_mode_unsupported", AT_INITIALIZE, 1, member_mode_unsupported},
    {"member_irb_function", AT_COMPLETE, 2, member_irb_function},
    {"member_irb_target", AT_COMPLETE, 2, member_irb_target},
    {"member_irb_channel", AT_COMPLETE, 2, member_irb_channel},
    {"member_irb_flags", AT_COMPLETE, 2, member_irb_flags},
    {"member_irb_data", AT_COMPLETE, 2, member_irb_data},
    {"member_irb_sense", AT_COMPLETE, 2, member_irb_sense},
    {"member_irb_extension", AT_COMPLETE, 2, member_irb_extension},
    {"member_irb_registers", AT_COMPLETE, 2, member_irb_registers},
    {"member_irb_own", AT_COMPLETE, 2, member_irb_own},
    {NULL, 0, 0, NULL},
};
