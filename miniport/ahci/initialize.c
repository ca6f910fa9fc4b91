/* SPDX-License-Identifier: MIT */
/*
 * IdeHwInitialize: what a device can do, by its IDENTIFY data.
 *
 * Owns: channel->device. May not: send commands: on Serial ATA there is nothing to set.
 */
#include "steps.h"

/* ACS: IDENTIFY DEVICE */
#define WORD_CAPABILITIES     49
#define CAPABILITIES_DMA      0x0100
#define WORD_DMADIR           62
#define DMADIR_WANTED         0x8000
#define WORD_QUEUE            75
#define QUEUE_DEPTH(word)     (((word)&0x1F) + 1u)
#define WORD_SATA             76
#define SATA_NCQ              0x0100
#define SATA_NCQ_UNREPORTED   0xFFFF /* 0000h and FFFFh: it says nothing */
#define WORD_SUPPORTED        83
#define SUPPORTED_FLUSH       0x1000
#define SUPPORTED_FLUSH_EXT   0x2000
#define SUPPORTED_VALID(word) (((word)&0xC000) == 0x4000)

static USHORT word_of(const IDENTIFY_DEVICE_DATA *data, ULONG number)
{
    return ((const USHORT *)(const VOID *)data)[number];
}

static UCHAR flush_opcode(const IDENTIFY_DEVICE_DATA *data)
{
    const USHORT supported = word_of(data, WORD_SUPPORTED);

    if (!SUPPORTED_VALID(supported))
        return 0;
    if (supported & SUPPORTED_FLUSH_EXT)
        return IDE_COMMAND_FLUSH_CACHE_EXT;
    return supported & SUPPORTED_FLUSH ? IDE_COMMAND_FLUSH_CACHE : 0;
}

/* 0: none. */
static UCHAR queue_depth(const struct ahci_channel *channel, const IDENTIFY_DEVICE_DATA *data)
{
    const USHORT abilities = word_of(data, WORD_SATA);

    if (!(channel->controller->capabilities & CAP_NCQ) || channel->is_dump ||
        channel->has_no_queue || abilities == SATA_NCQ_UNREPORTED || !(abilities & SATA_NCQ))
        return 0;
    return (UCHAR)min(QUEUE_DEPTH(word_of(data, WORD_QUEUE)), (ULONG)channel->slots);
}

/* The slots that the device may be given: a queued command's tag must be below its depth. */
static ULONG slots_of(UCHAR count)
{
    return count >= SLOTS ? 0xFFFFFFFFu : (1u << count) - 1;
}

static ULONG fastest_of(ULONG modes)
{
    return modes ? 1u << (31 - __builtin_clz(modes)) : 0;
}

BOOLEAN NTAPI AhciInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                             PIDENTIFY_DEVICE_DATA IdentifyData)
{
    struct ahci_channel *channel = ChannelExtension;
    struct ahci_device *device = &channel->device;

    if (Parameters->Version != sizeof *Parameters || Parameters->TargetId != 0)
        return FALSE;
    device->queue_depth = 0;
    device->flush_opcode = 0;
    device->sector_bytes = SECTOR_BYTES;
    switch (Parameters->IdeDeviceType) {
    case DeviceIsAta:
        if (Parameters->BytesPerLogicalSector >= SECTOR_BYTES)
            device->sector_bytes = Parameters->BytesPerLogicalSector;
        device->flush_opcode = flush_opcode(IdentifyData);
        device->queue_depth = queue_depth(channel, IdentifyData);
        Parameters->NumberOfOverlappedRequests =
            device->queue_depth ? device->queue_depth : channel->slots;
        break;
    case DeviceIsAtapi:
        device->packet_bytes = (word_of(IdentifyData, 0) & 0x0003) == 1 ? 16 : 12;
        device->can_dma = (word_of(IdentifyData, WORD_CAPABILITIES) & CAPABILITIES_DMA) != 0;
        device->wants_dmadir = (word_of(IdentifyData, WORD_DMADIR) & DMADIR_WANTED) != 0;
        if (device->wants_dmadir)
            device->can_dma = TRUE;
        Parameters->NumberOfOverlappedRequests = 1;
        break;
    case DeviceUnknown:
    case DeviceNotExist:
        return FALSE;
    }
    device->type = Parameters->IdeDeviceType;
    if (!device->model)
        device->errors = 0; /* what failed so far was the search for it */
    channel->usable = slots_of(Parameters->NumberOfOverlappedRequests);
    channel->alone_left = 0;
    /* On Serial ATA they are names only. */
    Parameters->TransferModeSelected =
        fastest_of(Parameters->TransferModeSupported & PIO_SUPPORT) |
        fastest_of(Parameters->TransferModeSupported & (MWDMA_SUPPORT | UDMA_SUPPORT));
    ahci_note_model(channel, IdentifyData);
    return TRUE;
}
