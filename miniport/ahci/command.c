/* SPDX-License-Identifier: MIT */
/*
 * An IRB becomes a command in a slot.
 *
 * Owns: command list and tables. May not: decide when a command may go (queue.c).
 *
 * A queued command's tag is its slot's number (AHCI: 9.3.1.1). Reads and writes by DMA come as
 * plain commands and become queued ones here where the device takes them (SATA: 13.6): sectors and
 * addresses are the same.
 */
#include "fill.h"

#define COMMAND_READ_LOG_EXT 0x2F

const UCHAR ahci_opcodes[256] = {
    [IDE_COMMAND_READ_DMA] = OPCODE_READ,
    [IDE_COMMAND_READ_DMA_EXT] = OPCODE_READ,
    [IDE_COMMAND_WRITE_DMA] = OPCODE_WRITE,
    [IDE_COMMAND_WRITE_DMA_EXT] = OPCODE_WRITE,
    [IDE_COMMAND_WRITE_DMA_FUA_EXT] = OPCODE_WRITE_FUA,
    /* ACS: they bring the device's signature, and no interrupt. */
    [IDE_COMMAND_ATAPI_RESET] = OPCODE_SILENT,
    [IDE_COMMAND_EXECUTE_DEVICE_DIAGNOSTIC] = OPCODE_SILENT,
    /* Packets come as CDBs; tags, and which commands may go together, are the driver's affair. */
    [IDE_COMMAND_ATAPI_PACKET] = OPCODE_REFUSED,
    [COMMAND_READ_QUEUED] = OPCODE_REFUSED,
    [COMMAND_WRITE_QUEUED] = OPCODE_REFUSED,
    [0xC7] = OPCODE_REFUSED, /* READ DMA QUEUED, and others of that feature set */
    [IDE_COMMAND_READ_DMA_QUEUED_EXT] = OPCODE_REFUSED,
    [IDE_COMMAND_WRITE_DMA_QUEUED] = OPCODE_REFUSED,
    [IDE_COMMAND_WRITE_DMA_QUEUED_EXT] = OPCODE_REFUSED,
    [IDE_COMMAND_WRITE_DMA_QUEUED_FUA_EXT] = OPCODE_REFUSED,
    [0xA2] = OPCODE_REFUSED, /* SERVICE */
};

/* ------------------------------------------------------------------ the descriptors */

ULONG ahci_detour_odd_byte(struct ahci_channel *channel, struct ahci_table *table, ULONG count,
                           const IDE_REQUEST_BLOCK *irb, ULONG slot)
{
    struct ahci_prd *last = &table->prds[count - 1];
    UCHAR *odd = channel->shared->odd[slot];
    const ULONGLONG address = ahci_address(channel, odd);

    if (!irb->DataBuffer)
        return 0;
    odd[0] = irb->IrbFlags & IRB_FLAGS_DATA_OUT
                 ? ((const UCHAR *)irb->DataBuffer)[irb->DataTransferLength - 1]
                 : 0;
    odd[1] = 0;
    if (last->length != 0) { /* more than the odd byte */
        last->length--;
        last = &table->prds[count++];
    }
    last->address = (ULONG)address;
    last->address_high = (ULONG)(address >> 32);
    last->reserved = 0;
    last->length = 1;
    return count;
}

/* ------------------------------------------------------------------ the slot */

UCHAR ahci_fill(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb, ULONG slot,
                enum ahci_kind kind)
{
    struct ahci_table *table = &channel->shared->tables[slot];
    ULONG description = 0;

    if (IsAtapiCommand(irb)) {
        UCHAR irb_status = ahci_fill_packet(channel, irb, table);
        if (irb_status != IRB_STATUS_PENDING)
            return irb_status;
        description = HEADER_PACKET;
    } else if (!IsAtaCommand(irb) || opcode_of(irb) == OPCODE_REFUSED) {
        return IRB_STATUS_INVALID_REQUEST;
    } else if (ahci_moves_sectors(irb) &&
               irb->DataTransferLength != sector_count(irb) * channel->device.sector_bytes) {
        return IRB_STATUS_INVALID_REQUEST; /* the command would move more, or less */
    } else if (kind == KIND_QUEUED) {
        fill_queued(table->fis_dwords, irb, slot);
    } else {
        fill_plain(table->fis_dwords, irb);
    }
    if (IRB_FOR_DATA_TRANSFER(irb) && irb->DataTransferLength) {
        ULONG count = fill_prds(channel, table, irb, slot);
        if (count == 0)
            return IRB_STATUS_INVALID_REQUEST;
        description |= count << HEADER_DESCRIPTORS | direction_of(irb);
    }
    fill_header(channel, slot, description, table);
    if (IsReturnResults(irb))
        channel->shared->received.registers.type = channel->shared->received.pio_setup.type =
            0; /* it is seen whether one has come */
    channel->irbs[slot] = irb;
    return IRB_STATUS_PENDING;
}

void ahci_fill_own(struct ahci_channel *channel, ULONG slot, UCHAR opcode)
{
    struct ahci_table *table = &channel->shared->tables[slot];

    fill_header(channel, slot, 0, table);
    table->fis = (struct ahci_command_fis){
        .type = FIS_TO_DEVICE,
        .flags = FIS_COMMAND,
        .command = opcode,
    };
}

/* ACS: READ LOG EXT: a page of 512 bytes, by PIO. */
void ahci_fill_log(struct ahci_channel *channel, ULONG slot)
{
    struct ahci_table *table = &channel->shared->log_table;
    const ULONGLONG address = ahci_address(channel, channel->shared->log);

    fill_header(channel, slot, 1u << HEADER_DESCRIPTORS, table);
    table->fis = (struct ahci_command_fis){
        .type = FIS_TO_DEVICE,
        .flags = FIS_COMMAND,
        .command = COMMAND_READ_LOG_EXT,
        .lba_low = LOG_PAGE,
        .count = 1,
    };
    table->prds[0] = (struct ahci_prd){
        .address = (ULONG)address,
        .address_high = (ULONG)(address >> 32),
        .length = LOG_BYTES - 1,
    };
}
