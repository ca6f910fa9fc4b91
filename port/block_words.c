/* SPDX-License-Identifier: MIT */
/* What a block request that is over says of itself; see block.h. Any context. */
#include <stdio.h>

#include "lib/plural.h"
#include "port/block.h"
#include "port/identify.h"
#include "port/irb_names.h"
#include "port/limits.h"
#include "port/sense.h"

/* ATA/ATAPI-6 7.11: the bits that say why. */
static __attribute__((cold)) const char *error_name(uint8_t error)
{
    if (error & IDE_ERROR_DATA_ERROR)
        return " (uncorrectable data)";
    if (error & IDE_ERROR_ID_NOT_FOUND)
        return " (address not found)";
    if (error & IDE_ERROR_CRC_ERROR)
        return " (CRC error on the cable)";
    return error & IDE_ERROR_COMMAND_ABORTED ? " (command aborted)" : "";
}

static __attribute__((cold)) void describe_device_error(const struct request *request, char *text,
                                                        size_t size)
{
    if (request->device->kind == DEVICE_ATAPI && request->sense_valid)
        snprintf(text, size, "sense %x/%02x/%02x (%s)", request->sense[2] & 0xF, request->sense[12],
                 request->sense[13], atapi_sense_name(request->sense));
    else if (request->irb_status == IRB_STATUS_SUCCESS ||
             request->irb_status == IRB_STATUS_DATALENGTH_MISMATCH)
        snprintf(text, size, "%u byte%s of %u moved", request->transferred,
                 plural(request->transferred), request->byte_count);
    else
        snprintf(text, size, "%s, status 0x%02x, error 0x%02x%s",
                 irb_status_name(request->irb_status), request->ata_status, request->ata_error,
                 error_name(request->ata_error));
}

__attribute__((cold)) void block_describe(const struct block_request *block, char *text,
                                          size_t size)
{
    static const char *const operations[] = {"read", "write", "write", "verify", "trim", "flush"};
    const struct device *device = block->device;
    const char *kind = device->kind == DEVICE_ATA ? "disk " : "";
    const char *operation = operations[block->operation];
    unsigned long long lba = block->lba + block->sectors_done, count = block->sector_count;
    unsigned long long first = block->piece_lba;
    /* Also the one at the end of a write-through. */
    bool is_flush = block->request.function == IRB_FUNCTION_ATA_FLUSH;
    char detail[96];

    switch (block->status) {
    case BLOCK_OK:
        snprintf(text, size, "%s: done", operation);
        break;
    case BLOCK_OUT_OF_RANGE:
        snprintf(text, size, "%s of %llu sector%s at %llu: %s%s ends after %llu sector%s",
                 operation, count, plural(count), (unsigned long long)block->lba, kind,
                 device->name, (unsigned long long)device->sector_count,
                 plural(device->sector_count));
        break;
    case BLOCK_BAD_LENGTH:
        snprintf(text, size, "%s of 0 sectors: the count must be at least 1", operation);
        break;
    case BLOCK_BAD_BUFFER:
        snprintf(text, size, "%s: the buffer at %p is not in memory", operation, block->buffer);
        break;
    case BLOCK_READ_ONLY:
        snprintf(text, size, "%s: %s is a CD-ROM, which cannot be written", operation,
                 device->name);
        break;
    case BLOCK_UNSUPPORTED:
        snprintf(text, size,
                 identify_trim_blocks(device)
                     ? "%s: its data goes by DMA, which %s%s is not used with"
                     : "%s: %s%s has no TRIM (DATA SET MANAGEMENT; word 169 of IDENTIFY)",
                 operation, kind, device->name);
        break;
    case BLOCK_NO_MEDIUM:
        snprintf(text, size, "%s: there is no medium in %s", operation, device->name);
        break;
    case BLOCK_NO_CAPACITY:
        snprintf(text, size, "%s: the drive %s names no size of its medium", operation,
                 device->name);
        break;
    case BLOCK_MEDIUM_CHANGED:
        snprintf(text, size, "%s: the medium in %s was changed meanwhile, so this is given up",
                 operation, device->name);
        break;
    case BLOCK_DEVICE_ERROR:
        describe_device_error(&block->request, detail, sizeof detail);
        if (is_flush)
            snprintf(text, size, "flush: %s%s failed: %s", kind, device->name, detail);
        else if (block->piece_sectors > 1)
            snprintf(text, size, "%s: %s%s failed in sectors %llu to %llu: %s", operation, kind,
                     device->name, lba, first + block->piece_sectors - 1, detail);
        else
            snprintf(text, size, "%s: %s%s failed at sector %llu: %s", operation, kind,
                     device->name, lba, detail);
        break;
    case BLOCK_TIMED_OUT:
        if (is_flush)
            snprintf(text, size, "flush: %s%s did not answer; the channel was reset", kind,
                     device->name);
        else
            snprintf(text, size, "%s: %s%s did not answer at sector %llu; the channel was reset",
                     operation, kind, device->name, lba);
        break;
    case BLOCK_CANCELLED:
        snprintf(text, size, "%s: given up before %s%s had answered", operation, kind,
                 device->name);
        break;
    case BLOCK_DEVICE_GONE:
        if (device->failures.is_offline)
            snprintf(text, size,
                     "%s: %s%s was taken off line, since %u resets have not helped; `reset %s` "
                     "tries it again",
                     operation, kind, device->name, LIMIT_RESETS, device->channel->name);
        else
            snprintf(text, size, "%s: %s%s is not there any more, or its channel is stopped",
                     operation, kind, device->name);
        break;
    }
}
