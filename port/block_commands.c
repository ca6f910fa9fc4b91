/* SPDX-License-Identifier: MIT */
/*
 * Which commands carry a device's blocks, with which flags, and how many sectors each takes at
 * most: settled once its modes are known, and again with each medium. PASSIVE_LEVEL.
 */
#include "port/atapi.h"
#include "port/block.h"
#include "port/identify.h"
#include "port/limits.h"
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

/* Those that end when the data is on the medium, all 48-bit; 0: there is none. */
static const UCHAR forced_write_commands[3] = {0, IDE_COMMAND_WRITE_MULTIPLE_FUA_EXT,
                                               IDE_COMMAND_WRITE_DMA_FUA_EXT};

/* ATA/ATAPI-6 7.7: bits 7 and 5 are obsolete, and set by everybody. */
static UCHAR device_register(const struct device *device)
{
    bool is_lba = device->given.parameters.AddressTranslation != ChsMode;
    return (UCHAR)((device->target ? 0xB0 : 0xA0) | (is_lba ? IDE_LBA_MODE : 0));
}

static void form_ata(struct device *device, enum block_operation operation, USHORT function,
                     ULONG flags, UCHAR command)
{
    struct irb_form *form = &device->block.forms[operation];

    *form = (struct irb_form){.function = function, .flags = flags | IRB_FLAGS_DRDY_REQUIRED};
    form->timeout_s = operation == BLOCK_FLUSH ? LIMIT_FLUSH_S : LIMIT_READ_WRITE_S;
    form->task_file.Current.bCommandReg = command;
    form->task_file.Current.bDriveHeadReg = device_register(device);
    irb_form_complete(form, device, false);
}

/* DATA SET MANAGEMENT: ranges of up to 65,535 sectors, 64 of them in a block of 512 bytes. Its data
 * goes by DMA alone. */
static void form_trim(struct device *device, bool by_dma)
{
    const struct controller *controller = device->channel->controller;
    uint32_t blocks = identify_trim_blocks(device);
    uint32_t most = controller->given.configuration.MaximumTransferLength / 512;

    if (!by_dma || device->given.parameters.AddressTranslation == ChsMode)
        return;
    device->block.trim_bytes = (blocks < most ? blocks : most) * 512;
    device->block.trim_sectors = device->block.trim_bytes / (uint32_t)sizeof(IDE_LBA_RANGE) *
                                 MAX_IDE_LBA_RANGE_SECTOR_COUNT_VALUE;
    form_ata(device, BLOCK_TRIM, IRB_FUNCTION_ATA_COMMAND, IRB_FLAGS_DATA_OUT | IRB_FLAGS_48BIT,
             IDE_COMMAND_DATA_SET_MANAGEMENT);
    device->block.forms[BLOCK_TRIM].task_file.Current.bFeaturesReg = IDE_DSM_FEATURE_TRIM;
}

/* As a write, or by the command that forces it. */
static void form_write_through(struct device *device, unsigned row, ULONG flags)
{
    UCHAR command = forced_write_commands[row];

    if (command && (device->given.parameters.DeviceCharacteristics & DFLAGS_FUA_SUPPORT) &&
        device->given.parameters.AddressTranslation != ChsMode)
        form_ata(device, BLOCK_WRITE_THROUGH, IRB_FUNCTION_ATA_WRITE,
                 flags | IRB_FLAGS_48BIT | IRB_FLAGS_DATA_OUT, command);
    else
        device->block.forms[BLOCK_WRITE_THROUGH] = device->block.forms[BLOCK_WRITE];
}

static void form_all_ata(struct device *device)
{
    bool is_48bit = device->given.parameters.AddressTranslation == Lba48BitMode;
    unsigned row = uses_dma(device) ? 2 : device->given.parameters.MaxBlockXfer > 1 ? 1 : 0;
    ULONG flags = is_48bit ? IRB_FLAGS_48BIT : 0;

    form_ata(device, BLOCK_VERIFY, IRB_FUNCTION_ATA_COMMAND, flags,
             is_48bit ? IDE_COMMAND_VERIFY_EXT : IDE_COMMAND_VERIFY);
    form_ata(device, BLOCK_FLUSH, IRB_FUNCTION_ATA_FLUSH, 0,
             identify_has_flush_ext(device) ? IDE_COMMAND_FLUSH_CACHE_EXT
                                            : IDE_COMMAND_FLUSH_CACHE);
    device->block.forms[BLOCK_FLUSH].task_file.Current.bDriveHeadReg &= (UCHAR)~IDE_LBA_MODE;
    if (row == 1)
        flags |= IRB_FLAGS_PIO_MULTIPLE;
    form_ata(device, BLOCK_READ, IRB_FUNCTION_ATA_READ, flags | IRB_FLAGS_DATA_IN,
             read_commands[row][is_48bit]);
    form_ata(device, BLOCK_WRITE, IRB_FUNCTION_ATA_WRITE, flags | IRB_FLAGS_DATA_OUT,
             write_commands[row][is_48bit]);
    form_write_through(device, row, flags);
    form_trim(device, row == 2);
    device->block.most_sectors = is_48bit ? LBA48_MOST_SECTORS : LBA28_MOST_SECTORS;
}

static void form_packet(struct device *device, enum block_operation operation)
{
    struct irb_form *form = &device->block.forms[operation];
    bool is_read = operation == BLOCK_READ;

    *form = (struct irb_form){.function = IRB_FUNCTION_ATAPI_COMMAND,
                              .flags = is_read ? IRB_FLAGS_DATA_IN : 0,
                              .timeout_s = LIMIT_CD_S,
                              .cdb_length = 10,
                              .cdb = {is_read ? SCSI_READ_10 : SCSI_VERIFY_10}};
    irb_form_complete(form, device, false);
}

__attribute__((cold)) void block_configure(struct device *device)
{
    const struct controller *controller = device->channel->controller;
    uint32_t by_length =
        controller->given.configuration.MaximumTransferLength / device->sector_size;

    device->block.trim_sectors = 0;
    if (device->kind == DEVICE_ATA) {
        form_all_ata(device);
    } else {
        form_packet(device, BLOCK_READ);
        form_packet(device, BLOCK_VERIFY);
        device->block.most_sectors = PACKET_MOST_SECTORS;
    }
    if (device->block.most_sectors > by_length)
        device->block.most_sectors = by_length;
    device->block.straight_sectors =
        device->kind == DEVICE_ATA && device->given.parameters.AddressTranslation != ChsMode
            ? device->block.most_sectors
            : 0;
}
