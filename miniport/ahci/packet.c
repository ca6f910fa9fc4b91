/* SPDX-License-Identifier: MIT */
/*
 * Packet commands.
 *
 * Owns: the packet in a command's table. May not: have two of them under way: IdeHwInitialize says
 * so.
 *
 * The controller carries out the packet protocol: it sends the packet when the device asks for it,
 * and moves data by PIO and by DMA alike (AHCI: 5.3.7). DMA is used for what moves sectors:
 * elsewhere a device may send less than the buffer holds.
 */
#include "steps.h"

#define FEATURE_DMA         0x01
#define FEATURE_DMA_TO_HOST 0x04

/* Sectors of a CD fit this limit: 31 of 2,048 bytes. Even and not 0, as PACKET wants it for PIO. */
#define BYTE_COUNT_LIMIT 0xF800u

/* SPC-2 and MMC-2 operation codes. */
#define PACKET_READ_10         0x28
#define PACKET_WRITE_10        0x2A
#define PACKET_WRITE_VERIFY_10 0x2E
#define PACKET_READ_12         0xA8
#define PACKET_WRITE_12        0xAA
#define PACKET_READ_CD         0xBE

static BOOLEAN goes_by_dma(const struct ahci_device *device, const IDE_REQUEST_BLOCK *irb)
{
    if (!device->can_dma || !IRB_USES_DMA(irb) || irb->DataTransferLength % 2)
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

UCHAR ahci_fill_packet(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb,
                       struct ahci_table *table)
{
    const struct ahci_device *device = &channel->device;
    UCHAR features = 0;

    if (device->type != DeviceIsAtapi || irb->CdbLength == 0 ||
        irb->CdbLength > device->packet_bytes)
        return IRB_STATUS_INVALID_REQUEST;
    for (ULONG i = 0; i < sizeof table->packet; i++)
        table->packet[i] = i < irb->CdbLength ? irb->Cdb[i] : 0;
    if (goes_by_dma(device, irb)) {
        features = FEATURE_DMA;
        if (device->wants_dmadir && irb->IrbFlags & IRB_FLAGS_DATA_IN)
            features |= FEATURE_DMA_TO_HOST;
    }
    ULONG length = IRB_FOR_DATA_TRANSFER(irb) ? irb->DataTransferLength : 0;
    ULONG limit = length ? min(length + length % 2, BYTE_COUNT_LIMIT) : BYTE_COUNT_LIMIT;
    table->fis = (struct ahci_command_fis){
        .type = FIS_TO_DEVICE,
        .flags = FIS_COMMAND,
        .command = IDE_COMMAND_ATAPI_PACKET,
        .features = features,
        .lba_mid = (UCHAR)limit,
        .lba_high = (UCHAR)(limit >> 8),
    };
    return IRB_STATUS_PENDING;
}
