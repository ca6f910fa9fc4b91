/* SPDX-License-Identifier: MIT */
/*
 * IdeHwInitialize: what a device can do, and what of it is used.
 *
 * Owns: what a device's IDENTIFY data says. May not: send commands itself; setup.c does, from here
 * on.
 */
#include "steps.h"

/* ------------------------------------------------------------------ IDENTIFY */

/* Word `index` of IDENTIFY DEVICE or IDENTIFY PACKET DEVICE data. */
static USHORT identify_word(const IDENTIFY_DEVICE_DATA *data, ULONG index)
{
    const UCHAR *bytes = (const UCHAR *)data + 2 * index;
    return (USHORT)(bytes[0] | bytes[1] << 8);
}

/* Words 83 and 93 say in their top bits whether they mean anything. */
static BOOLEAN word_is_valid(USHORT word)
{
    return (word & 0xC000) == 0x4000;
}

/* ATA: word 88, valid if bit 2 of word 53 is set: the active Ultra DMA mode, in bits 14:8. */
static ULONG active_ultra_dma(const IDENTIFY_DEVICE_DATA *data)
{
    return identify_word(data, 53) & 4 ? (identify_word(data, 88) >> 8 & 0x7Fu) << UDMA0 : 0;
}

/* ATA: word 93, bit 13: the device sees an 80-conductor cable. Faster modes than Ultra DMA 2
 * need one. */
static ULONG modes_of_cable(const IDENTIFY_DEVICE_DATA *data)
{
    const ULONG udma_2 = (UDMA_MODE2 << 1) - 1;
    USHORT word = identify_word(data, 93);

    return word_is_valid(word) && (word & 0x2000) ? ALL_MODE_SUPPORT : udma_2;
}

static UCHAR flush_opcode(const IDENTIFY_DEVICE_DATA *data)
{
    USHORT word = identify_word(data, 83); /* bit 12: FLUSH CACHE, bit 13: FLUSH CACHE EXT */

    if (!word_is_valid(word))
        return 0;
    if (word & 0x2000)
        return IDE_COMMAND_FLUSH_CACHE_EXT;
    return word & 0x1000 ? IDE_COMMAND_FLUSH_CACHE : 0;
}

/* The largest block that the device, its issuer and the registry allow. ATA: SET MULTIPLE MODE:
 * powers of two. */
static UCHAR multiple_sectors(const struct pata_channel *channel, UCHAR limit)
{
    UCHAR sectors = 0;

    for (ULONG block = 2; block <= limit && block <= channel->multiple_limit && block <= 128;
         block *= 2)
        sectors = (UCHAR)block;
    return sectors;
}

/* Switches a disk to CHS. Words 1, 3 and 6 are its default geometry; INITIALIZE DEVICE
 * PARAMETERS makes it the current one, whatever the firmware has set. */
static void choose_chs(PIDE_DEVICE_PARAMETERS parameters, const IDENTIFY_DEVICE_DATA *data)
{
    USHORT cylinders = identify_word(data, 1), heads = identify_word(data, 3),
           sectors = identify_word(data, 6);

    if (cylinders == 0 || heads == 0 || heads > 16 || sectors == 0 || sectors > 255) {
        AtaPortDebugPrint(0, "pata: target %u has no geometry to address it by\n",
                          parameters->TargetId);
        return;
    }
    parameters->AddressTranslation = ChsMode;
    parameters->MaxLba.QuadPart = 0;
    parameters->Chs.NumCylinders = cylinders;
    parameters->Chs.NumHeads = heads;
    parameters->Chs.NumSectorsPerTrack = sectors;
}

static void initialize_disk(struct pata_channel *channel, struct pata_device *device,
                            PIDE_DEVICE_PARAMETERS parameters, const IDENTIFY_DEVICE_DATA *data)
{
    ULONG bytes = parameters->BytesPerLogicalSector;

    device->sector_bytes = bytes >= SECTOR_BYTES && bytes <= 4096 ? bytes : SECTOR_BYTES;
    device->flush_opcode = flush_opcode(data);
    device->multiple_wanted = multiple_sectors(channel, parameters->MaxBlockXfer);
    parameters->MaxBlockXfer = device->multiple_wanted;

    device->heads = device->sectors_per_track = 0;
    if (channel->force_chs)
        choose_chs(parameters, data);
    if (parameters->AddressTranslation == ChsMode) {
        device->heads = (UCHAR)parameters->Chs.NumHeads;
        device->sectors_per_track = (UCHAR)parameters->Chs.NumSectorsPerTrack;
    }
}

static void initialize_packet_device(struct pata_device *device, const IDENTIFY_DEVICE_DATA *data)
{
    USHORT word = identify_word(data, 0);

    device->packet_bytes = (word & 0x0003) == 1 ? 16 : 12;
    device->packet_interrupts = (word & 0x0060) == 0x0020;
    device->wants_dmadir = (identify_word(data, 62) & 0x8000) != 0;
    device->sector_bytes = SECTOR_BYTES;
    device->flush_opcode = 0;
    device->multiple_wanted = 0;
    device->heads = device->sectors_per_track = 0;
}

BOOLEAN NTAPI PataInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                             PIDENTIFY_DEVICE_DATA IdentifyData)
{
    struct pata_channel *channel = ChannelExtension;
    struct pata_controller *controller = channel->controller;

    if (Parameters->Version != sizeof *Parameters || Parameters->TargetId >= MAX_IDE_DEVICE)
        return FALSE;
    struct pata_device *device = &channel->devices[Parameters->TargetId];
    switch (Parameters->IdeDeviceType) {
    case DeviceIsAta:
        initialize_disk(channel, device, Parameters, IdentifyData);
        break;
    case DeviceIsAtapi:
        initialize_packet_device(device, IdentifyData);
        break;
    case DeviceUnknown:
    case DeviceNotExist:
        return FALSE;
    }

    device->type = Parameters->IdeDeviceType;
    if (!device->model)
        device->errors = 0; /* what failed so far was the search for it */
    device->presence = DEVICE_AWAKE;
    device->usable_modes =
        pata_usable_modes(controller, channel->number, Parameters, active_ultra_dma(IdentifyData)) &
        modes_of_cable(IdentifyData);
    device->modes = pata_fastest_modes(device->usable_modes);
    if (device->modes != controller->modes[channel->number][Parameters->TargetId]) {
        controller->modes[channel->number][Parameters->TargetId] = device->modes;
        pata_program_timings(controller, channel->number);
    }
    Parameters->TransferModeSelected = device->modes;
    pata_note_model(channel, (UCHAR)Parameters->TargetId, IdentifyData);
    pata_setup_again(device);
    pata_go_on(channel);
    return TRUE;
}
