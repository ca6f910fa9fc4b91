/* SPDX-License-Identifier: MIT */
/*
 * Sending a command: select the device, see that it is ready, write registers and opcode.
 *
 * Owns: is_ready, and the wait for a device that is not ready. May not: know what
 * a command is for.
 *
 * ATA: 9.3, bus idle protocol: a device that has shown BSY and DRQ cleared keeps them so until the
 * host writes a command, or resets it: no state of a device leads from idle to busy otherwise. So
 * when the last command ended with that Status, it is not read again before the next one
 * (is_ready), and a device that is not selected stays as it was when it was left. It is read when
 * the device changes, at the start, and after whatever ended in another way.
 */
#include "dma.h"
#include "task_file.h"

#define WAIT_READY_TICK_US  1000
#define WAIT_READY_LIMIT_US 1000000

/* ------------------------------------------------------------------ a device that is not ready */

static BOOLEAN drdy_is_required(const struct pata_command *command)
{
    return command->irb && IsAtaCommand(command->irb) &&
           (command->irb->IrbFlags & IRB_FLAGS_DRDY_REQUIRED);
}

/* The device whose Status was seen. */
static UCHAR selected_target(const struct pata_channel *channel)
{
    if (!channel->selected)
        return channel->command.target; /* none was selected yet, so neither is to be preferred */
    return channel->selected - 1;
}

/* The command waits: for BSY to clear, or, when that takes too long or DRQ is left over from
 * somebody else's command, for a reset. Bounded: after two resets the device is given up. */
static enum pata_phase put_off(struct pata_channel *channel, UCHAR status)
{
    PIDE_REQUEST_BLOCK irb = channel->command.irb;

    if ((status & STATUS_NOT_IDLE) != IDE_STATUS_DRQ &&
        pata_wait_more(channel, WAIT_READY_TICK_US, WAIT_READY_LIMIT_US))
        return PHASE_WAIT_READY;
    AtaPortDebugPrint(0, "pata: channel %u target %u is not ready, Status 0x%02x\n",
                      channel->number, channel->command.target, status);
    if (channel->resets_in_a_row >= RESET_LIMIT) {
        pata_give_up(channel, selected_target(channel), status);
        return pata_over_with_reset(channel, IRB_STATUS_BUSY, status);
    }
    if (channel->sense_for) /* there is no sense data after a reset */
        return pata_over_with_reset(channel, IRB_STATUS_BUSY, status);
    if (irb)
        pata_hold_first(channel, irb);
    channel->command.irb = NULL;
    return PHASE_RESET_WANTED;
}

/* Is it an absent device that answers? Nobody drives the bus; or device 0 answers 0 for a device
 * 1 that is not there (ATA: 9.16.1). A packet device shows 0, too, from reset to its first
 * command, but with its signature. What else the registers hold is no proof: device 0 echoes it. */
static BOOLEAN is_absent(const struct pata_channel *channel, UCHAR status)
{
    if (STATUS_FLOATS(status))
        return TRUE;
    if (status != 0 || channel->devices[channel->command.target].type != DeviceUnknown)
        return FALSE;
    return !pata_has_packet_signature(channel);
}

/* Looks at the selected device. PHASE_ISSUE: it may be given a command. */
static enum pata_phase look(struct pata_channel *channel, BOOLEAN is_target)
{
    UCHAR status = pata_read_alternate_status(channel);
    BOOLEAN lacks_drdy =
        is_target && drdy_is_required(&channel->command) && !(status & IDE_STATUS_DRDY);

    if (is_target && is_absent(channel, status))
        return pata_over(channel, IRB_STATUS_SELECTION_TIMEOUT, status);
    if (!is_target && STATUS_FLOATS(status))
        return PHASE_ISSUE; /* an absent device was left selected: there is nobody to wait for */
    return (status & STATUS_NOT_IDLE) || lacks_drdy ? put_off(channel, status) : PHASE_ISSUE;
}

/* Selects the command's device and sees that it may be given a command. Register writes while BSY
 * or DRQ is set are lost (ATA: 9.3). */
static enum pata_phase make_ready(struct pata_channel *channel, UCHAR device_register)
{
    BOOLEAN same_device = pata_is_selected(channel, channel->command.target);
    enum pata_phase next = channel->is_ready ? PHASE_ISSUE : look(channel, same_device);

    if (next != PHASE_ISSUE || same_device)
        return next;
    pata_select(channel, device_register);
    return look(channel, TRUE);
}

/* ------------------------------------------------------------------ the command */

/* A device that is there shows BSY or DRQ, or has failed, 400 ns after IDENTIFY. */
static enum pata_phase after_read_command(struct pata_channel *channel)
{
    if (channel->devices[channel->command.target].type != DeviceUnknown)
        return PHASE_PIO_IN;
    pata_settle(channel);
    const UCHAR status = pata_read_alternate_status(channel);
    return status == 0 || STATUS_FLOATS(status)
               ? pata_over(channel, IRB_STATUS_SELECTION_TIMEOUT, status)
               : PHASE_PIO_IN;
}

/* The phase that the command, which was just written, begins. */
static enum pata_phase after_command(struct pata_channel *channel)
{
    const struct pata_command *command = &channel->command;

    switch (command->protocol) {
    case PROTOCOL_DMA:
        pata_dma_start(channel);
        return PHASE_DMA;
    case PROTOCOL_NON_DATA:
        pata_settle(channel);
        return command->irb ? PHASE_NON_DATA : PHASE_SETUP;
    case PROTOCOL_PIO_IN:
        /* ATA: 9.5: the host waits for the interrupt, and has no need of Status before. */
        return after_read_command(channel);
    case PROTOCOL_PIO_OUT:
        pata_settle(channel);
        return PHASE_PIO_OUT_FIRST;
    case PROTOCOL_PACKET:
    case PROTOCOL_PACKET_DMA:
        channel->waited_us = 0;
        pata_settle(channel);
        return PHASE_PACKET;
    case PROTOCOL_RESET:
        return PHASE_DEVICE_RESET;
    case PROTOCOL_REFUSED:
        break;
    }
    return pata_over(channel, IRB_STATUS_INVALID_REQUEST, 0);
}

enum pata_phase pata_issue(struct pata_channel *channel)
{
    struct pata_command *command = &channel->command;
    UCHAR device_register = pata_device_register(command->target, command->task_file);

    if (!channel->is_ready || !pata_is_selected(channel, command->target)) {
        enum pata_phase next = make_ready(channel, device_register);
        if (next != PHASE_ISSUE)
            return next;
    }
    if (pata_uses_dma(command))
        pata_dma_direct(channel, command->is_to_memory);
    pata_write_task_file(channel, command->task_file, command->is_48_bit, !command->is_sector_io);
    pata_write_device_and_command(channel, command->target, device_register, &command->opcode);
    return after_command(channel);
}
