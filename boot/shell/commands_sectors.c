/* SPDX-License-Identifier: MIT */
/* `read`, `write` and `flush`: sectors to and from the console. */
#include <inttypes.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/commands.h"
#include "boot/shell/dump.h"
#include "boot/shell/transfer.h"
#include "lib/plural.h"
#include "port/block.h"
#include "port/objects.h"

/* ------------------------------------------------------------------ read */

struct reading {
    struct transfer transfer;
    struct dump dump;
};

static enum command_result dump(void *context, uint64_t lba, uint64_t sector_count, void *data)
{
    struct reading *reading = context;
    uint32_t sector_size = reading->transfer.range.device->sector_size;
    const uint8_t *bytes = data;

    for (uint64_t sector = 0; sector < sector_count; sector++) {
        if (shell_is_stopped())
            return command_fail("Stopped by Ctrl-C.");
        dump_part(&reading->dump, (lba + sector) * sector_size, bytes + sector * sector_size,
                  sector_size);
    }
    return COMMAND_DONE;
}

enum command_result command_read(unsigned count, char **words)
{
    struct reading reading = {.transfer = {.operation = BLOCK_READ, .piece = dump}};
    struct range *range = &reading.transfer.range;

    reading.transfer.context = &reading;
    range->sector_count = 1;
    if (count != 3 && count != 4)
        return COMMAND_BAD_ARGUMENTS;
    if (!argument_number(words[2], &range->lba) ||
        (count == 4 && !argument_number(words[3], &range->sector_count)))
        return COMMAND_BAD_ARGUMENTS;
    range->device = argument_device(words[1]);
    if (!range->device || !range_check(range, BLOCK_READ))
        return COMMAND_FAILED;
    enum command_result result = transfer_run(&reading.transfer);
    if (result == COMMAND_DONE)
        dump_end(&reading.dump);
    return result;
}

/* ------------------------------------------------------------------ write */

enum command_result command_write(unsigned count, char **words)
{
    struct range range = {0};
    uint8_t *sectors, *bytes;
    size_t byte_count;
    bool is_through = count > 4 && strcmp(words[count - 1], "fua") == 0;

    if (count < 4 || !argument_number(words[2], &range.lba))
        return COMMAND_BAD_ARGUMENTS;
    range.device = argument_device(words[1]);
    if (!range.device || !(sectors = transfer_buffer(0)) || !(bytes = transfer_buffer(1)))
        return COMMAND_FAILED;
    if (is_through)
        words[count - 1] = NULL;
    if (!argument_bytes(words + 3, bytes, TRANSFER_BUFFER_BYTES, &byte_count) || byte_count == 0)
        return COMMAND_BAD_ARGUMENTS;
    uint32_t sector_size = range.device->sector_size;
    range.sector_count = (byte_count + sector_size - 1) / sector_size;
    if (!range_check(&range, BLOCK_WRITE))
        return COMMAND_FAILED;

    struct block_request request = {
        .device = range.device,
        .operation = BLOCK_READ,
        .lba = range.lba,
        .sector_count = range.sector_count,
        .buffer = sectors,
    };
    size_t kept = (size_t)range.sector_count * sector_size - byte_count;
    if (kept > 0) {
        /* Only the last sector is not written whole. */
        request.lba = range.lba + range.sector_count - 1;
        request.sector_count = 1;
        request.buffer = sectors + (range.sector_count - 1) * sector_size;
        if (block_run(&request) != BLOCK_OK)
            return block_fail(&request);
    }
    memcpy(sectors, bytes, byte_count);
    request.operation = is_through ? BLOCK_WRITE_THROUGH : BLOCK_WRITE;
    request.lba = range.lba;
    request.sector_count = range.sector_count;
    request.buffer = sectors;
    if (block_run(&request) != BLOCK_OK)
        return block_fail(&request);
    hal_printf("%zu byte%s written at sector %" PRIu64 " of disk %s", byte_count,
               plural(byte_count), range.lba, range.device->name);
    if (kept > 0)
        hal_printf("; the sector's other %zu byte%s stay%s as before", kept, plural(kept),
                   kept == 1 ? "s" : "");
    hal_printf(".\n");
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ flush */

enum command_result command_flush(unsigned count, char **words)
{
    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    struct device *device = argument_device(words[1]);
    if (!device)
        return COMMAND_FAILED;
    if (device->kind == DEVICE_ATAPI)
        return command_fail("%s is a CD-ROM drive, which has nothing to flush.", device->name);
    struct block_request request = {.device = device, .operation = BLOCK_FLUSH};
    if (block_run(&request) != BLOCK_OK)
        return block_fail(&request);
    hal_printf("The cache of disk %s is written out.\n", device->name);
    return COMMAND_DONE;
}
