/* SPDX-License-Identifier: MIT */
/*
 * A device is prepared: IdeHwInitialize says what it is, and the driver's own commands set it up.
 *
 * Owns: struct pata_device. May not: complete an IRB.
 *
 * IdeHwInitialize returns at once. What is to be set is a set of bits; whenever the channel is
 * idle, the lowest bit becomes a command of the driver's own (command.irb is NULL), which ends by
 * interrupt like every other; IRBs that come meanwhile are held. A reset sets the bits again (ATA:
 * 9.2, SET FEATURES: the settings fall back to their defaults), so nothing is relied on that a
 * reset has undone.
 *
 * No issuer watches over these commands, so a timer does.
 */
#include "pata.h"

#define SETUP_TICK_US   1000000
#define SETUP_LIMIT_US  10000000 /* a disk that spins up first takes its time */
#define CRC_ERROR_LIMIT 3

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

/* ATA: word 88, valid if bit 2 of word 53 is set: the Ultra DMA mode that is active, in bits 14:8. */
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
    device->is_gone = device->is_asleep = FALSE;
    device->crc_errors = 0;
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

/* ------------------------------------------------------------------ the driver's own commands */

void pata_setup_again(struct pata_device *device)
{
    device->dma_ready = FALSE;
    device->multiple_sectors = 0;
    device->setup_pending = 0;
    if (device->is_gone || (device->type != DeviceIsAta && device->type != DeviceIsAtapi))
        return;
    device->setup_pending = SETUP_PIO_MODE;
    if (device->heads)
        device->setup_pending |= SETUP_GEOMETRY;
    if (pata_dma_mode_code(device->modes))
        device->setup_pending |= SETUP_DMA_MODE;
    if (device->multiple_wanted)
        device->setup_pending |= SETUP_MULTIPLE;
}

static void fill_registers(struct pata_command *command, const struct pata_device *device)
{
    IDEREGISTERS *registers = &command->own.Current;

    registers->bFeaturesReg = 0;
    registers->bSectorNumberReg = registers->bCylLowReg = registers->bCylHighReg = 0;
    registers->bDriveHeadReg = 0;
    switch (command->setup) {
    case SETUP_GEOMETRY: /* ATA/ATAPI-5: sectors per track, and the number of the last head */
        registers->bSectorCountReg = device->sectors_per_track;
        registers->bDriveHeadReg = (UCHAR)(device->heads - 1);
        command->opcode = IDE_COMMAND_SET_DRIVE_PARAMETERS;
        break;
    case SETUP_PIO_MODE:
    case SETUP_DMA_MODE:
        registers->bFeaturesReg = IDE_FEATURE_SET_TRANSFER_MODE;
        registers->bSectorCountReg = command->setup == SETUP_PIO_MODE
                                         ? pata_pio_mode_code(device->modes)
                                         : pata_dma_mode_code(device->modes);
        command->opcode = IDE_COMMAND_SET_FEATURE;
        break;
    case SETUP_MULTIPLE:
        registers->bSectorCountReg = device->multiple_wanted;
        command->opcode = IDE_COMMAND_SET_MULTIPLE;
        break;
    }
}

void pata_setup_next(struct pata_channel *channel)
{
    struct pata_command *command = &channel->command;
    UCHAR target = channel->devices[0].setup_pending ? 0 : 1;
    struct pata_device *device = &channel->devices[target];
    UCHAR pending = device->setup_pending;

    if (!pending)
        return;
    command->irb = NULL;
    command->target = target;
    command->setup = (enum pata_setup)(pending & -pending); /* the lowest bit */
    command->protocol = PROTOCOL_NON_DATA;
    command->task_file = &command->own;
    command->follow_up = 0;
    command->is_48_bit = command->is_sector_io = command->uses_dma = FALSE;
    fill_registers(command, device);
    channel->waited_us = 0;
    pata_issue(channel);
}

/* What a device may use has become less: controller and device go down together. */
static void retime(struct pata_channel *channel, UCHAR target)
{
    struct pata_device *device = &channel->devices[target];

    device->modes = pata_fastest_modes(device->usable_modes);
    channel->controller->modes[channel->number][target] = device->modes;
    channel->timings_are_stale = TRUE; /* configuration space is not for the interrupt level */
    pata_set_phase(channel, PHASE_RETIME);
    pata_ask_timer(channel, 1);
}

/* The device refused a DMA mode: the next slower one is tried, and at last none. */
static void lower_dma_mode(struct pata_channel *channel, UCHAR target)
{
    struct pata_device *device = &channel->devices[target];
    ULONG refused = device->modes & ~(ULONG)PIO_SUPPORT;

    device->usable_modes &= PIO_SUPPORT | (refused - 1);
    device->dma_ready = FALSE;
    device->crc_errors = 0;
    retime(channel, target);
    AtaPortDebugPrint(0, "pata: channel %u target %u: DMA mode lowered, now SET FEATURES code %x\n",
                      channel->number, target, pata_dma_mode_code(device->modes));
    if (pata_dma_mode_code(device->modes))
        device->setup_pending |= SETUP_DMA_MODE;
}

/* A device that refuses a PIO mode stays in its default one, which needs no command: 0 to 2. */
static void lower_pio_mode(struct pata_channel *channel, UCHAR target)
{
    channel->devices[target].usable_modes &= ~(ULONG)(PIO_MODE3 | PIO_MODE4);
    retime(channel, target);
    AtaPortDebugPrint(0, "pata: channel %u target %u refuses its PIO mode\n", channel->number,
                      target);
}

void pata_setup_done(struct pata_channel *channel, UCHAR irb_status, UCHAR status)
{
    struct pata_device *device = pata_target(channel);
    enum pata_setup setup = channel->command.setup;
    BOOLEAN succeeded = irb_status == IRB_STATUS_SUCCESS;

    pata_forget_timer(channel);
    if (irb_status == IRB_STATUS_SELECTION_TIMEOUT || irb_status == IRB_STATUS_BUSY) {
        pata_give_up(channel, channel->command.target, status);
        return;
    }
    device->setup_pending &= (UCHAR)~setup;
    switch (setup) {
    case SETUP_GEOMETRY:
        if (!succeeded) { /* every address would mean another sector */
            AtaPortDebugPrint(0, "pata: channel %u target %u refuses its geometry; not used\n",
                              channel->number, channel->command.target);
            pata_give_up(channel, channel->command.target, status);
        }
        break;
    case SETUP_PIO_MODE:
        if (!succeeded)
            lower_pio_mode(channel, channel->command.target);
        break;
    case SETUP_DMA_MODE:
        device->dma_ready = succeeded;
        if (!succeeded) {
            device->failed_status = status;
            device->failed_error = AtaPortReadPortUchar(channel->command_block.Error);
            lower_dma_mode(channel, channel->command.target);
        }
        break;
    case SETUP_MULTIPLE: /* without it, blocks are one sector (pio.c) */
        device->multiple_sectors = succeeded ? device->multiple_wanted : 0;
        break;
    }
}

/* ------------------------------------------------------------------ watching over them */

void pata_setup_watch(struct pata_channel *channel)
{
    channel->waited_us = 0;
    pata_ask_timer(channel, SETUP_TICK_US);
}

void pata_setup_tick(struct pata_channel *channel)
{
    if (channel->command.irb || pata_rescue(channel))
        return;
    channel->waited_us += SETUP_TICK_US;
    if (channel->waited_us < SETUP_LIMIT_US) {
        pata_ask_timer(channel, SETUP_TICK_US);
        return;
    }
    if (channel->resets_in_a_row >= RESET_LIMIT)
        pata_finish(channel, IRB_STATUS_BUSY, IDE_STATUS_BUSY);
    else
        pata_set_phase(channel, PHASE_IDLE); /* its bit is still set */
    pata_want_reset(channel);
}

void pata_crc_error(struct pata_channel *channel, struct pata_device *device)
{
    if (device->crc_errors < CRC_ERROR_LIMIT)
        device->crc_errors++;
    if (device->crc_errors == CRC_ERROR_LIMIT && channel->phase == PHASE_IDLE &&
        pata_dma_mode_code(device->modes))
        lower_dma_mode(channel, (UCHAR)(device - channel->devices));
}
