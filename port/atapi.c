/* SPDX-License-Identifier: MIT */
/*
 * CD-ROMs: packet commands, sense data, capacity, tray. The commands are those of MMC-3 and SPC-2.
 * Entered at PASSIVE_LEVEL where it waits, otherwise at or below DISPATCH_LEVEL.
 */
#include "port/atapi.h"

#include <string.h>

#include "port/block.h"
#include "port/limits.h"
#include "port/objects.h"
#include "port/parcel.h"
#include "port/sense.h"

#define CD_SECTOR_BYTES 2048u
#define CD_RAW_BYTES \
    2352u /* what some drives answer for an audio disc; READ(10) moves no less than above */

static void store_be32(UCHAR *bytes, uint32_t value)
{
    bytes[0] = (UCHAR)(value >> 24);
    bytes[1] = (UCHAR)(value >> 16);
    bytes[2] = (UCHAR)(value >> 8);
    bytes[3] = (UCHAR)value;
}

static uint32_t load_be32(const UCHAR *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

void atapi_set_address(struct request *request, uint64_t lba, uint32_t sectors)
{
    store_be32(&request->cdb[2], (uint32_t)lba);
    request->cdb[7] = (UCHAR)(sectors >> 8);
    request->cdb[8] = (UCHAR)sectors;
}

enum block_status atapi_command(struct device *device, const uint8_t *cdb, uint8_t cdb_length,
                                void *buffer, uint32_t byte_count, bool data_in,
                                struct request *request)
{
    for (unsigned attempt = 0; attempt < LIMIT_PACKET_ATTEMPTS; attempt++) {
        memset(request, 0, sizeof *request);
        request->device = device;
        request->function = IRB_FUNCTION_ATAPI_COMMAND;
        request->flags = !byte_count ? 0 : data_in ? IRB_FLAGS_DATA_IN : IRB_FLAGS_DATA_OUT;
        request->timeout_s = LIMIT_PACKET_S;
        request->is_once = cdb[0] == SCSI_START_STOP_UNIT; /* a tray moves only when it is told */
        request->cdb_length = cdb_length;
        memcpy(request->cdb, cdb, cdb_length);
        request->buffer = buffer;
        request->byte_count = byte_count;
        request_run(request);
        if (!atapi_should_repeat(request) || request->is_cancelled)
            break;
    }
    /* A packet device may have less to say than was asked for: that is no error. */
    if (request->irb_status == IRB_STATUS_DATALENGTH_MISMATCH)
        return BLOCK_OK;
    return block_status_of(request);
}

/* The medium that READ CAPACITY describes (MMC-3 6.1, READ CAPACITY): last sector, sector size.
 * False: none that can be read. FFFFFFFFh is no last sector: SBC keeps it for what 32 bits cannot
 * say, and drives answer it for a medium without a sector. */
static bool use_capacity(struct device *device, const UCHAR answer[8])
{
    uint32_t last = load_be32(answer), sector_size = load_be32(&answer[4]);

    if (sector_size == CD_RAW_BYTES)
        sector_size = CD_SECTOR_BYTES;
    if (last == UINT32_MAX || sector_size < 512 || sector_size > HAL_PAGE_SIZE ||
        sector_size & (sector_size - 1))
        return false;
    device->sector_size = sector_size;
    device->sector_count = (uint64_t)last + 1;
    return true;
}

enum block_status atapi_read_capacity(struct device *device)
{
    static const uint8_t test_unit_ready[6] = {SCSI_TEST_UNIT_READY};
    static const uint8_t read_capacity[10] = {SCSI_READ_CAPACITY};
    struct request request;
    UCHAR answer[8] = {0};

    device->sector_size = CD_SECTOR_BYTES;
    device->sector_count = 0;
    enum block_status status =
        atapi_command(device, test_unit_ready, sizeof test_unit_ready, NULL, 0, false, &request);
    if (status == BLOCK_OK)
        status = atapi_command(device, read_capacity, sizeof read_capacity, answer, sizeof answer,
                               true, &request);
    if (status != BLOCK_OK)
        return status;
    if (request.transferred < sizeof answer || !use_capacity(device, answer))
        return BLOCK_NO_CAPACITY;
    device->medium_changed = false; /* whichever it was before, this is the one that is known now */
    block_configure(device);
    return BLOCK_OK;
}

enum block_status atapi_eject(struct device *device, bool load)
{
    uint8_t start_stop[6] = {SCSI_START_STOP_UNIT, 0, 0, 0, load ? 3 : 2};
    struct request request;
    enum block_status status =
        atapi_command(device, start_stop, sizeof start_stop, NULL, 0, false, &request);
    device->sector_count = 0;
    if (load && status == BLOCK_OK)
        status = atapi_read_capacity(device);
    return status;
}
