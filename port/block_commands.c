/* SPDX-License-Identifier: MIT */
/*
 * Which commands carry a device's blocks, with which flags, and how many sectors each takes at most: settled once
 * its modes are known, and again with each medium. PASSIVE_LEVEL.
 */
#include "port/block.h"
#include "port/objects.h"

/* What the Sector Count register can say (ATA/ATAPI-6 8.34, 8.35). */
#define LBA28_MOST_SECTORS  0x100u
#define LBA48_MOST_SECTORS  0x10000u
#define PACKET_MOST_SECTORS 0xFFFFu /* MMC-3, READ(10): 0 are none */

static bool uses_dma(const struct device *device)
{
    return device->channel->controller->given.configuration.BusMaster &&
           (device->given.parameters.TransferModeSelected & DMA_SUPPORT);
}

/* Rows: PIO, PIO MULTIPLE, DMA; columns: 28-bit (and CHS), 48-bit. */
static const UCHAR read_commands[3][2] = {
    {IDE_COMMAND_READ, IDE_COMMAND_READ_EXT},
    {IDE_COMMAND_READ_MULTIPLE, IDE_COMMAND_READ_MULTIPLE_EXT},
    {IDE_COMMAND_READ_DMA, IDE_COMMAND_READ_DMA_EXT},
};
static const UCHAR write_commands[3][2] = {
    {IDE_COMMAND_WRITE, IDE_COMMAND_WRITE_EXT},
    {IDE_COMMAND_WRITE_MULTIPLE, IDE_COMMAND_WRITE_MULTIPLE_EXT},
    {IDE_COMMAND_WRITE_DMA, IDE_COMMAND_WRITE_DMA_EXT},
};

__attribute__((cold)) void block_configure(struct device *device)
{
    const struct controller *controller = device->channel->controller;
    bool is_ata = device->kind == DEVICE_ATA;
    bool is_48bit = is_ata && device->given.parameters.AddressTranslation == Lba48BitMode;
    unsigned row = uses_dma(device) ? 2 : device->given.parameters.MaxBlockXfer > 1 ? 1 : 0;
    uint16_t flags = IRB_FLAGS_DRDY_REQUIRED;
    uint32_t by_length =
        controller->given.configuration.MaximumTransferLength / device->sector_size;

    if (row == 1)
        flags |= IRB_FLAGS_PIO_MULTIPLE;
    device->block.commands[0] = read_commands[row][is_48bit];
    device->block.commands[1] = write_commands[row][is_48bit];
    device->block.flags[0] = flags | IRB_FLAGS_DATA_IN;
    device->block.flags[1] = flags | IRB_FLAGS_DATA_OUT;
    device->block.most_sectors = is_48bit ? LBA48_MOST_SECTORS
                                 : is_ata ? LBA28_MOST_SECTORS
                                          : PACKET_MOST_SECTORS;
    if (device->block.most_sectors > by_length)
        device->block.most_sectors = by_length;
}
