/* SPDX-License-Identifier: MIT */
/*
 * Packet commands, and the request sense that follows one that failed.
 *
 * Owns: command->packet. May not: trust what the device offers: its byte counts may exceed the
 * buffer, and it may ask for data in the wrong direction.
 *
 * ATA: 9.8, packet protocol. PACKET is a command with three phases: the device asks for the packet
 * (DRQ set, Interrupt Reason C/D set and I/O clear; most devices do so without an interrupt, within
 * 3 ms); data, for which it interrupts and says in Interrupt Reason which way and in Byte Count how
 * much, up to the limit that the host has given; and the end, when it interrupts with DRQ clear.
 *
 * DMA is used for what moves sectors: elsewhere a device may send less than the buffer holds, and a
 * bus master does not tell how much has come.
 */
#include "dma.h"

/* Sectors of a CD fit this limit: 31 of 2,048 bytes. Even and not 0, as PACKET wants it for PIO. */
#define BYTE_COUNT_LIMIT 0xF800

#define REASON_LIMIT_US 20
#define PACKET_TICK_US  1000
#define PACKET_INTERRUPT_TICK_US \
    20000                   /* ATA: IDENTIFY PACKET DEVICE, word 0: it does within 10 ms */
#define SENSE_LEAST_BYTES 8 /* SPC-2: the fixed part of sense data */

/* SPC-2 and MMC-2 operation codes. */
#define PACKET_REQUEST_SENSE    0x03
#define PACKET_INQUIRY          0x12
#define PACKET_READ_10          0x28
#define PACKET_WRITE_10         0x2A
#define PACKET_WRITE_VERIFY_10  0x2E
#define PACKET_GROUP_2_FIRST    0x40 /* from here to 5Fh: 10 bytes, parameter lists */
#define PACKET_GROUP_2_LAST     0x5F
#define PACKET_READ_12          0xA8
#define PACKET_WRITE_12         0xAA
#define PACKET_READ_DVD         0xAD
#define PACKET_MECHANISM_STATUS 0xBD
#define PACKET_READ_CD          0xBE

/* ------------------------------------------------------------------ preparation */

static BOOLEAN goes_by_dma(const struct pata_device *device, const IDE_REQUEST_BLOCK *irb)
{
    if (!device->dma_ready || !IRB_USES_DMA(irb) || irb->DataTransferLength % 2)
        return FALSE;
    switch (irb->Cdb[0]) {
    case PACKET_READ_10:
    case PACKET_READ_12:
    case PACKET_READ_CD:
        return (irb->IrbFlags & IRB_FLAGS_DATA_IN) != 0;
    case PACKET_WRITE_10:
    case PACKET_WRITE_12:
    case PACKET_WRITE_VERIFY_10:
        return (irb->IrbFlags & IRB_FLAGS_DATA_OUT) != 0;
    }
    return FALSE;
}

/* Where the last byte of a packet's allocation length is; 0: not known. *width: how many bytes
 * it has. */
static ULONG allocation_length_at(UCHAR operation, ULONG *width)
{
    *width = 2;
    if (operation >= PACKET_GROUP_2_FIRST && operation <= PACKET_GROUP_2_LAST)
        return 8;
    switch (operation) {
    case PACKET_REQUEST_SENSE:
    case PACKET_INQUIRY:
        *width = 1;
        return 4;
    case PACKET_READ_DVD:
    case PACKET_MECHANISM_STATUS:
        return 9;
    }
    return 0;
}

/* ATA moves words. Where an issuer wants an odd number of bytes, the device is asked for one
 * more, and that one is dropped. QEMU: never gets rid of the last byte of an odd number
 * otherwise. */
static void make_length_even(UCHAR *packet, ULONG byte_count)
{
    ULONG width, at = allocation_length_at(packet[0], &width);

    if (byte_count % 2 == 0 || at == 0)
        return;
    ULONG asked = packet[at];
    if (width == 2)
        asked |= (ULONG)packet[at - 1] << 8;
    if (asked == byte_count && packet[at] != 0xFF)
        packet[at]++;
}

static void copy_packet(struct pata_command *command, const IDE_REQUEST_BLOCK *irb)
{
    for (ULONG i = 0; i < sizeof command->packet; i++)
        command->packet[i] = i < irb->CdbLength ? irb->Cdb[i] : 0;
    if (command->is_to_memory)
        make_length_even(command->packet, irb->DataTransferLength);
}

UCHAR pata_packet_prepare(struct pata_channel *channel, struct pata_device *device)
{
    struct pata_command *command = &channel->command;
    PIDE_REQUEST_BLOCK irb = command->irb;
    IDEREGISTERS *registers = &command->own.Current;

    if (device->type != DeviceIsAtapi || irb->CdbLength == 0 ||
        irb->CdbLength > device->packet_bytes)
        return IRB_STATUS_INVALID_REQUEST;
    command->task_file = &command->own;
    command->opcode = IDE_COMMAND_ATAPI_PACKET;
    command->protocol = PROTOCOL_PACKET;
    command->is_48_bit = command->is_sector_io = FALSE;
    command->is_to_memory = (irb->IrbFlags & IRB_FLAGS_DATA_IN) != 0;
    command->data = irb->DataBuffer;
    command->left = IRB_FOR_DATA_TRANSFER(irb) ? irb->DataTransferLength : 0;
    copy_packet(command, irb);

    *registers = (IDEREGISTERS){0};
    if (goes_by_dma(device, irb) && pata_dma_prepare(channel) == IRB_STATUS_PENDING) {
        command->protocol = PROTOCOL_PACKET_DMA;
        registers->bFeaturesReg = FEATURE_DMA;
        if (device->wants_dmadir && command->is_to_memory)
            registers->bFeaturesReg |= FEATURE_DMA_TO_HOST;
    }
    ULONG limit =
        command->left ? min(command->left + command->left % 2, BYTE_COUNT_LIMIT) : BYTE_COUNT_LIMIT;
    registers->bCylLowReg = (UCHAR)limit;
    registers->bCylHighReg = (UCHAR)(limit >> 8);
    return IRB_STATUS_PENDING;
}

/* ------------------------------------------------------------------ the packet */

/* Interrupt Reason, which some devices set a little after DRQ. `reason` is the C/D bit that is
 * expected. */
static UCHAR interrupt_reason(const struct pata_channel *channel, UCHAR expected)
{
    return pata_wait(channel, pata_read_interrupt_reason, REASON_COMMAND, expected,
                     REASON_LIMIT_US) &
           REASON_MASK;
}

static enum pata_phase send_packet(struct pata_channel *channel)
{
    struct pata_command *command = &channel->command;
    ULONG words = pata_target(channel)->packet_bytes / 2u;

    AtaPortWritePortBufferUshort(pata_data_port(channel), (PUSHORT)(PVOID)command->packet, words);
    if (command->protocol == PROTOCOL_PACKET_DMA) {
        pata_dma_start(channel);
        return PHASE_PACKET_DMA;
    }
    pata_settle(channel);
    return PHASE_PACKET_DATA;
}

enum pata_phase pata_packet_request(struct pata_channel *channel, UCHAR status)
{
    if (status & STATUS_FAILED) /* refused before it was sent */
        return pata_transfer_over(channel, status);
    if (!(status & IDE_STATUS_DRQ)) {
        pata_wait_on(channel, PACKET_TICK_US);
        return PHASE_PACKET;
    }
    if (interrupt_reason(channel, REASON_COMMAND) != REASON_COMMAND)
        return pata_protocol_error(channel, status);
    return send_packet(channel);
}

enum pata_phase pata_packet_wait(struct pata_channel *channel)
{
    if (pata_target(channel)->packet_interrupts && channel->waited_us == 0) {
        channel->waited_us = PACKET_INTERRUPT_TICK_US;
        pata_ask_timer(channel, PACKET_INTERRUPT_TICK_US); /* if the interrupt gets lost */
        return PHASE_PACKET;
    }
    UCHAR status = pata_poll(channel, STATUS_NOT_IDLE, IDE_STATUS_DRQ);
    if (!(status & IDE_STATUS_BUSY))
        return pata_packet_request(channel, status);
    pata_wait_on(channel, PACKET_TICK_US);
    return PHASE_PACKET;
}

/* ------------------------------------------------------------------ data, and the end */

enum pata_phase pata_packet_data(struct pata_channel *channel, UCHAR status)
{
    struct pata_command *command = &channel->command;

    if (!(status & IDE_STATUS_DRQ))
        return pata_transfer_over(channel, status);
    UCHAR reason = interrupt_reason(channel, 0);
    ULONG byte_count = pata_read_byte_count_low(channel);
    byte_count |= (ULONG)pata_read_byte_count_high(channel) << 8;
    BOOLEAN is_to_memory = (reason & REASON_TO_HOST) != 0;

    if ((reason & REASON_COMMAND) || byte_count == 0 || (status & STATUS_FAILED))
        return pata_protocol_error(channel, status);
    if (is_to_memory != command->is_to_memory)
        command->left = 0; /* none of this is the issuer's: read and dropped, or zeros */
    if (is_to_memory)
        pata_read_block(channel, byte_count);
    else
        pata_write_block(channel, byte_count);
    return channel->phase;
}

enum pata_phase pata_packet_dma_done(struct pata_channel *channel, UCHAR status,
                                     UCHAR bus_master_status)
{
    struct pata_command *command = &channel->command;

    if (status & IDE_STATUS_DRQ)
        return pata_protocol_error(channel, status);
    if (!(status & STATUS_FAILED) && (bus_master_status & BM_ERROR)) {
        AtaPortDebugPrint(0, "pata: channel %u: bus master error\n", channel->number);
        command->irb->DataTransferLength = 0;
        return pata_over(channel, IRB_STATUS_DEVICE_ERROR, status);
    }
    /* An engine that is still active has moved less than all, and does not say how much. */
    if (!(status & STATUS_FAILED) && !(bus_master_status & BM_ACTIVE))
        command->moved = command->irb->DataTransferLength;
    return pata_transfer_over(channel, status);
}

/* ------------------------------------------------------------------ request sense */

void pata_sense_done(struct pata_channel *channel, PIDE_REQUEST_BLOCK sense)
{
    PIDE_REQUEST_BLOCK failed = channel->sense_for;
    BOOLEAN has_data = (sense->IrbStatus == IRB_STATUS_SUCCESS ||
                        sense->IrbStatus == IRB_STATUS_DATALENGTH_MISMATCH) &&
                       sense->DataTransferLength >= SENSE_LEAST_BYTES;

    channel->sense_for = NULL;
    AtaPortReleaseRequestSenseIrb(channel, sense);
    if (has_data) {
        failed->SenseInfoBufferType = SENSE_INFO_BUFFER_RETURN_TYPE_CDB;
        failed->IrbStatus |= IRB_STATUS_AUTOSENSE_VALID;
    }
    AtaPortCompleteRequest(channel, failed);
}
