/* SPDX-License-Identifier: MIT */
/*
 * Data through the data port.
 *
 * Owns: command->data, left and moved while PIO goes on. May not: touch the data port while DRQ is
 * clear.
 *
 * ATA: 9.5, PIO data-in: the device interrupts for each block when DRQ is set, and not again after
 * the last; the command is over with its data. ATA: 9.6, PIO data-out: the host waits for the first
 * DRQ without an interrupt; the device interrupts for each further block, and when the last is
 * taken. A block is one sector, or for READ and WRITE MULTIPLE as many as SET MULTIPLE has set; the
 * last may be shorter.
 *
 * 32-bit accesses halve the time; what is left of a length that is no multiple of four bytes is
 * moved in 16-bit ones, since the data port knows of no other (an 8-bit access eats a whole word).
 */
#include "steps.h"

#define LATE_DRQ_TICK_US 1000

/* ------------------------------------------------------------------ preparation */

/* The block size of a command that moves blocks, or its counterpart without blocks in *opcode,
 * if the device has not been told a block size. */
static ULONG block_sectors(const struct pata_device *device, UCHAR *opcode)
{
    UCHAR single;

    switch (*opcode) {
    case IDE_COMMAND_READ_MULTIPLE:
        single = IDE_COMMAND_READ;
        break;
    case IDE_COMMAND_READ_MULTIPLE_EXT:
        single = IDE_COMMAND_READ_EXT;
        break;
    case IDE_COMMAND_WRITE_MULTIPLE:
        single = IDE_COMMAND_WRITE;
        break;
    case IDE_COMMAND_WRITE_MULTIPLE_EXT:
        single = IDE_COMMAND_WRITE_EXT;
        break;
    case IDE_COMMAND_WRITE_MULTIPLE_FUA_EXT: /* none writes through sector by sector */
        return device->multiple_sectors;
    default:
        return 1;
    }
    if (device->multiple_sectors == 0)
        *opcode = single;
    return device->multiple_sectors ? device->multiple_sectors : 1;
}

UCHAR pata_pio_prepare(struct pata_channel *channel, struct pata_device *device)
{
    struct pata_command *command = &channel->command;
    PIDE_REQUEST_BLOCK irb = command->irb;
    ULONG sectors = block_sectors(device, &command->opcode);

    command->data = irb->DataBuffer;
    command->left = irb->DataTransferLength;
    command->is_to_memory = command->protocol == PROTOCOL_PIO_IN;
    command->block_bytes = sectors * (command->is_sector_io ? device->sector_bytes : SECTOR_BYTES);
    return command->left && sectors ? IRB_STATUS_PENDING : IRB_STATUS_INVALID_REQUEST;
}

/* ------------------------------------------------------------------ blocks */

static void advance(struct pata_command *command, ULONG byte_count, ULONG excess)
{
    command->data += byte_count;
    command->left -= byte_count;
    command->moved += byte_count;
    command->excess += excess;
}

void pata_read_block(struct pata_channel *channel, ULONG byte_count)
{
    struct pata_command *command = &channel->command;
    PUSHORT port = pata_data_port(channel);
    ULONG wanted = min(byte_count, command->left);
    PUCHAR data = command->data;
    ULONG dwords = channel->data_is_32_bit ? wanted / 4 : 0;
    ULONG words = wanted / 2 - 2 * dwords;
    ULONG rest = (byte_count + 1) / 2 - wanted / 2; /* words */

    if (dwords)
        AtaPortReadPortBufferUlong((PULONG)(PVOID)port, (PULONG)(PVOID)data, dwords);
    if (words)
        AtaPortReadPortBufferUshort(port, (PUSHORT)(PVOID)(data + 4 * dwords), words);
    for (ULONG i = 0; i < rest; i++) {
        USHORT word = AtaPortReadPortUshort(port);
        if (i == 0 && wanted % 2)
            data[wanted - 1] = (UCHAR)word;
    }
    advance(command, wanted, byte_count - wanted);
}

void pata_write_block(struct pata_channel *channel, ULONG byte_count)
{
    struct pata_command *command = &channel->command;
    PUSHORT port = pata_data_port(channel);
    ULONG wanted = min(byte_count, command->left);
    PUCHAR data = command->data;
    ULONG dwords = channel->data_is_32_bit ? wanted / 4 : 0;
    ULONG words = wanted / 2 - 2 * dwords;
    ULONG rest = (byte_count + 1) / 2 - wanted / 2; /* words */

    if (dwords)
        AtaPortWritePortBufferUlong((PULONG)(PVOID)port, (PULONG)(PVOID)data, dwords);
    if (words)
        AtaPortWritePortBufferUshort(port, (PUSHORT)(PVOID)(data + 4 * dwords), words);
    for (ULONG i = 0; i < rest; i++)
        AtaPortWritePortUshort(port, i == 0 && wanted % 2 ? data[wanted - 1] : 0);
    advance(command, wanted, byte_count - wanted);
}

/* The next block of an ATA command: the last is as long as what is left of it, in whole sectors. */
static ULONG next_block(const struct pata_command *command)
{
    ULONG left = (command->left + SECTOR_BYTES - 1) & ~(ULONG)(SECTOR_BYTES - 1);
    return min(command->block_bytes, left);
}

/* A block that comes with an error is not used, but has to be taken: word by word, as long as
 * the device offers any. */
static UCHAR discard_block(const struct pata_channel *channel)
{
    UCHAR status = IDE_STATUS_DRQ;

    /* One sector at most: this is the interrupt level. A reset sees to more. */
    for (ULONG i = 0; i < SECTOR_BYTES / 2 && (status & IDE_STATUS_DRQ); i++) {
        AtaPortReadPortUshort(pata_data_port(channel));
        status = pata_read_alternate_status(channel);
    }
    pata_settle(channel); /* DRQ falls a moment after the last word */
    return pata_read_alternate_status(channel);
}

/* ------------------------------------------------------------------ the end of data */

/* A byte too much pads an odd length, and is no overrun. */
static UCHAR transfer_status(const struct pata_command *command, UCHAR status)
{
    if (status & STATUS_FAILED)
        return IRB_STATUS_DEVICE_ERROR;
    if (command->moved != command->irb->DataTransferLength || command->excess > 1)
        return IRB_STATUS_DATALENGTH_MISMATCH;
    return IRB_STATUS_SUCCESS;
}

enum pata_phase pata_transfer_over(struct pata_channel *channel, UCHAR status)
{
    struct pata_command *command = &channel->command;
    UCHAR irb_status = transfer_status(command, status);

    command->irb->DataTransferLength = command->moved;
    return pata_over(channel, irb_status, status);
}

enum pata_phase pata_protocol_error(struct pata_channel *channel, UCHAR status)
{
    struct pata_command *command = &channel->command;

    AtaPortDebugPrint(
        0, "pata: channel %u target %u: Status 0x%02x makes no sense for command 0x%02x\n",
        channel->number, command->target, status, command->opcode);
    if (command->irb)
        command->irb->DataTransferLength = command->moved;
    return pata_over_with_reset(channel, IRB_STATUS_DEVICE_ERROR, status);
}

/* ------------------------------------------------------------------ data-in */

static enum pata_phase data_in_failed(struct pata_channel *channel, UCHAR status)
{
    BOOLEAN has_block = status & IDE_STATUS_DRQ && !STATUS_FLOATS(status);
    UCHAR left_over = has_block ? discard_block(channel) : 0;
    enum pata_phase next = pata_transfer_over(channel, status);

    channel->outcome.wants_reset = (left_over & IDE_STATUS_DRQ) != 0;
    return next;
}

/* All data is here, if the device was there to give it. ATA: 9.5: one cycle behind the last word
 * Status is true again, and the device idle. One that is busy, or gone, may have been so while the
 * words were read, which then are anything; DRQ means that it has more than the IRB asked for. */
static enum pata_phase data_in_done(struct pata_channel *channel)
{
    pata_read_alternate_status(channel);
    UCHAR status = pata_read_alternate_status(channel);

    if (status & IDE_STATUS_BUSY) /* a slow one gets a moment */
        status = pata_poll(channel, IDE_STATUS_BUSY, 0);
    if ((status & STATUS_NOT_IDLE) == IDE_STATUS_DRQ)
        return pata_over_with_reset(channel, IRB_STATUS_DATALENGTH_MISMATCH, status);
    if (!pata_is_idle(channel, status))
        return pata_over_with_reset(channel, IRB_STATUS_BUSY, status);
    return pata_transfer_over(channel, status);
}

enum pata_phase pata_pio_in(struct pata_channel *channel, UCHAR status)
{
    if (!(status & STATUS_NOT_IDLE) && !(status & STATUS_FAILED))
        status = pata_poll(channel, STATUS_NOT_IDLE, IDE_STATUS_DRQ); /* some are late with DRQ */
    if (status & IDE_STATUS_BUSY)
        return channel->phase;
    if (status & STATUS_FAILED)
        return data_in_failed(channel, status);
    if (!(status & IDE_STATUS_DRQ))
        return pata_transfer_over(channel, status); /* it has less than the IRB asked for */
    pata_read_block(channel, next_block(&channel->command));
    return channel->command.left ? channel->phase : data_in_done(channel);
}

/* ------------------------------------------------------------------ data-out */

/* The block before this interrupt is the one that could not be written. */
static enum pata_phase data_out_failed(struct pata_channel *channel, UCHAR status)
{
    struct pata_command *command = &channel->command;
    ULONG last = command->moved % command->block_bytes;

    if (command->moved)
        command->moved -= last ? last : command->block_bytes;
    enum pata_phase next = pata_transfer_over(channel, status);
    channel->outcome.wants_reset = (status & IDE_STATUS_DRQ) != 0;
    return next;
}

enum pata_phase pata_pio_out(struct pata_channel *channel, UCHAR status)
{
    struct pata_command *command = &channel->command;

    if (!(status & STATUS_NOT_IDLE) && !(status & STATUS_FAILED) && command->left)
        status = pata_poll(channel, STATUS_NOT_IDLE, IDE_STATUS_DRQ);
    if (status & IDE_STATUS_BUSY)
        return channel->phase;
    if (status & STATUS_FAILED)
        return data_out_failed(channel, status);
    if (!(status & IDE_STATUS_DRQ))
        return pata_transfer_over(channel, status);
    if (!command->left)
        return pata_protocol_error(channel, status); /* it wants more than there is */
    pata_write_block(channel, next_block(command));
    return PHASE_PIO_OUT;
}

enum pata_phase pata_pio_out_first(struct pata_channel *channel)
{
    UCHAR status = pata_poll(channel, STATUS_NOT_IDLE, IDE_STATUS_DRQ);

    if (!(status & IDE_STATUS_BUSY) && (status & (IDE_STATUS_DRQ | STATUS_FAILED)))
        return pata_pio_out(channel, status);
    pata_wait_on(channel, LATE_DRQ_TICK_US);
    return PHASE_PIO_OUT_FIRST;
}
