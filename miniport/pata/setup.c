/* SPDX-License-Identifier: MIT */
/*
 * A device is prepared by the driver's own commands.
 *
 * Owns: struct pata_device, once initialize.c has filled it in. May not: complete an IRB.
 *
 * IdeHwInitialize returns at once. What is to be set is a set of bits; whenever the channel is
 * idle, the lowest bit becomes a command of the driver's own (command.irb is NULL), which ends by
 * interrupt like every other; IRBs that come meanwhile are held. A reset sets the bits again (ATA:
 * 9.2, SET FEATURES: the settings fall back to their defaults), so nothing is relied on that a
 * reset has undone.
 *
 * No issuer watches over these commands, so a timer does.
 */
#include "steps.h"

#define SETUP_TICK_US  1000000
#define SETUP_LIMIT_US 10000000 /* a disk that spins up first takes its time */

/* ------------------------------------------------------------------ what is known of a device */

void pata_give_up(struct pata_channel *channel, UCHAR target, UCHAR status)
{
    struct pata_device *device = &channel->devices[target];

    if (pata_is_known(device)) {
        AtaPortDebugPrint(0, "pata: channel %u target %u is given up, Status 0x%02x\n",
                          channel->number, target, status);
        AtaPortBusChangeDetected(channel);
    }
    device->presence = DEVICE_GONE;
    device->setup_pending = 0;
}

/* ------------------------------------------------------------------ the driver's own commands */

void pata_setup_again(struct pata_device *device)
{
    device->dma_ready = FALSE;
    device->multiple_sectors = 0;
    device->setup_pending = 0;
    if (!pata_is_known(device))
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

enum pata_phase pata_setup_next(struct pata_channel *channel)
{
    struct pata_command *command = &channel->command;
    UCHAR target = channel->devices[0].setup_pending ? 0 : 1;
    struct pata_device *device = &channel->devices[target];
    UCHAR pending = device->setup_pending;

    command->irb = NULL;
    command->target = target;
    command->setup = (enum pata_setup)(pending & -pending); /* the lowest bit */
    command->protocol = PROTOCOL_NON_DATA;
    command->task_file = &command->own;
    command->follow_up = 0;
    command->is_48_bit = command->is_sector_io = FALSE;
    fill_registers(command, device);
    channel->waited_us = 0;
    return PHASE_ISSUE;
}

/* What a device may use has become less: controller and device go down together. */
static void lower_modes(struct pata_channel *channel, UCHAR target, ULONG usable_modes)
{
    struct pata_device *device = &channel->devices[target];

    device->usable_modes = usable_modes;
    device->modes = pata_fastest_modes(usable_modes);
    channel->controller->modes[channel->number][target] = device->modes;
    channel->timings_are_stale = TRUE; /* configuration space is not for the interrupt level */
}

/* The device refused a DMA mode: the next slower one is tried, and at last none. */
static enum pata_phase lower_dma_mode(struct pata_channel *channel, UCHAR target)
{
    struct pata_device *device = &channel->devices[target];
    ULONG refused = device->modes & ~(ULONG)PIO_SUPPORT;

    lower_modes(channel, target, device->usable_modes & (PIO_SUPPORT | (refused - 1)));
    device->dma_ready = FALSE;
    AtaPortDebugPrint(
        0, "pata: channel %u target %u: DMA mode lowered, now SET FEATURES code 0x%02x\n",
        channel->number, target, pata_dma_mode_code(device->modes));
    if (pata_dma_mode_code(device->modes))
        device->setup_pending |= SETUP_DMA_MODE;
    return PHASE_RETIME;
}

/* A device that refuses a PIO mode stays in its default one, which needs no command: 0 to 2. */
static enum pata_phase lower_pio_mode(struct pata_channel *channel, UCHAR target)
{
    lower_modes(channel, target,
                channel->devices[target].usable_modes & ~(ULONG)(PIO_MODE3 | PIO_MODE4));
    AtaPortDebugPrint(0, "pata: channel %u target %u refuses its PIO mode\n", channel->number,
                      target);
    return PHASE_RETIME;
}

enum pata_phase pata_setup_done(struct pata_channel *channel)
{
    const UCHAR target = channel->command.target, irb_status = channel->outcome.irb_status,
                status = channel->outcome.status;
    struct pata_device *device = &channel->devices[target];
    const BOOLEAN succeeded = irb_status == IRB_STATUS_SUCCESS;

    if (irb_status == IRB_STATUS_SELECTION_TIMEOUT || irb_status == IRB_STATUS_BUSY) {
        pata_give_up(channel, target, status);
        return PHASE_IDLE;
    }
    device->setup_pending &= (UCHAR)~channel->command.setup;
    switch (channel->command.setup) {
    case SETUP_GEOMETRY:
        if (!succeeded) { /* every address would mean another sector */
            AtaPortDebugPrint(0, "pata: channel %u target %u refuses its geometry; not used\n",
                              channel->number, target);
            pata_give_up(channel, target, status);
        }
        break;
    case SETUP_PIO_MODE:
        if (!succeeded)
            return lower_pio_mode(channel, target);
        break;
    case SETUP_DMA_MODE:
        device->dma_ready = succeeded;
        if (!succeeded)
            return lower_dma_mode(channel, target);
        break;
    case SETUP_MULTIPLE: /* without it, blocks are one sector (pio.c) */
        device->multiple_sectors = succeeded ? device->multiple_wanted : 0;
        break;
    }
    return PHASE_IDLE;
}

/* ------------------------------------------------------------------ watching over them */

void pata_setup_watch(struct pata_channel *channel)
{
    channel->waited_us = 0;
    pata_ask_timer(channel, SETUP_TICK_US);
}

enum pata_phase pata_setup_tick(struct pata_channel *channel)
{
    if (pata_wait_more(channel, SETUP_TICK_US, SETUP_LIMIT_US - SETUP_TICK_US))
        return PHASE_SETUP;
    if (channel->resets_in_a_row >= RESET_LIMIT)
        return pata_over_with_reset(channel, IRB_STATUS_BUSY, IDE_STATUS_BUSY);
    return PHASE_RESET_WANTED; /* its bit is still set */
}
