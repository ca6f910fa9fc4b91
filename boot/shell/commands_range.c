/* SPDX-License-Identifier: MIT */
/* `fill`, `trim`, `verify`, `sha256` and `copy`: whole ranges of sectors. */
#include <inttypes.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/commands.h"
#include "boot/shell/numbers.h"
#include "boot/shell/transfer.h"
#include "lib/plural.h"
#include "lib/sha256.h"
#include "port/block.h"
#include "port/objects.h"

/* ------------------------------------------------------------------ fill, trim and verify */

enum command_result command_fill(unsigned count, char **words)
{
    struct transfer transfer = {.operation = BLOCK_WRITE, .what = "fill"};
    struct range *range = &transfer.range;
    uint64_t byte;

    if (count != 5 || !argument_number(words[2], &range->lba) ||
        !argument_number(words[3], &range->sector_count) || !argument_number(words[4], &byte))
        return COMMAND_BAD_ARGUMENTS;
    if (byte > 0xFF) {
        hal_printf("%s is larger than a byte.\n", words[4]);
        return COMMAND_BAD_ARGUMENTS;
    }
    range->device = argument_device(words[1]);
    if (!range->device || !range_check(range, BLOCK_WRITE))
        return COMMAND_FAILED;
    for (unsigned i = 0; i < 2; i++) {
        void *buffer = transfer_buffer(i);
        if (!buffer)
            return COMMAND_FAILED;
        memset(buffer, (int)byte, TRANSFER_BUFFER_BYTES);
    }
    enum command_result result = transfer_run(&transfer);
    if (result == COMMAND_DONE)
        hal_printf("%" PRIu64 " sector%s of disk %s filled with 0x%02x: %s\n", range->sector_count,
                   plural(range->sector_count), range->device->name, (unsigned)byte,
                   transfer.summary);
    return result;
}

enum command_result command_trim(unsigned count, char **words)
{
    struct transfer transfer = {.operation = BLOCK_TRIM, .what = "trim"};
    struct range *range = &transfer.range;

    if (count != 4)
        return COMMAND_BAD_ARGUMENTS;
    enum command_result result = argument_range(count, words, range);
    if (result != COMMAND_DONE)
        return result;
    if (!range_check(range, BLOCK_TRIM))
        return COMMAND_FAILED;
    result = transfer_run(&transfer);
    if (result == COMMAND_DONE)
        hal_printf("%" PRIu64 " sector%s of disk %s trimmed: %s\n", range->sector_count,
                   plural(range->sector_count), range->device->name, transfer.summary);
    return result;
}

enum command_result command_verify(unsigned count, char **words)
{
    struct transfer transfer = {.operation = BLOCK_VERIFY, .what = "verify"};
    struct range *range = &transfer.range;
    enum command_result result = argument_range(count, words, &transfer.range);

    if (result != COMMAND_DONE)
        return result;
    if (!range_check(range, BLOCK_VERIFY))
        return COMMAND_FAILED;
    if (range->device->kind == DEVICE_ATAPI)
        transfer.operation = BLOCK_READ; /* few CD-ROM drives know VERIFY */
    result = transfer_run(&transfer);
    if (result == COMMAND_DONE)
        hal_printf("%" PRIu64 " sector%s of %s%s verified: %s\n", range->sector_count,
                   plural(range->sector_count), range->device->kind == DEVICE_ATA ? "disk " : "",
                   range->device->name, transfer.summary);
    return result;
}

/* ------------------------------------------------------------------ sha256 */

struct hashing {
    struct sha256 state;
    uint32_t sector_size;
};

static enum command_result hash_piece(void *context, uint64_t lba, uint64_t sector_count,
                                      void *data)
{
    struct hashing *hashing = context;
    (void)lba;
    sha256_update(&hashing->state, data, (size_t)sector_count * hashing->sector_size);
    return COMMAND_DONE;
}

enum command_result command_sha256(unsigned count, char **words)
{
    static struct hashing hashing;
    struct transfer transfer = {.operation = BLOCK_READ, .what = "sha256", .piece = hash_piece};
    struct range *range = &transfer.range;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char text[2 * SHA256_DIGEST_SIZE + 1], name[16];
    enum command_result result = argument_range(count, words, &transfer.range);

    if (result != COMMAND_DONE)
        return result;
    if (!range_check(range, BLOCK_READ))
        return COMMAND_FAILED;
    sha256_begin(&hashing.state);
    hashing.sector_size = range->device->sector_size;
    transfer.context = &hashing;
    result = transfer_run(&transfer);
    if (result != COMMAND_DONE)
        return result;
    sha256_end(&hashing.state, digest);
    sha256_print(digest, text);
    hal_printf("%s  %s, %" PRIu64 " sector%s from %" PRIu64 ": %s\n", text,
               device_words(range->device, name), range->sector_count, plural(range->sector_count),
               range->lba, transfer.summary);
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ copy */

struct copying {
    struct transfer *transfer;
    struct range target;
    uint64_t source_lba; /* what lies there goes to target.lba */
};

static enum command_result copy_piece(void *context, uint64_t lba, uint64_t sector_count,
                                      void *data)
{
    const struct copying *copying = context;
    (void)data;
    uint32_t source_size = copying->transfer->range.device->sector_size;
    uint32_t target_size = copying->target.device->sector_size;
    uint64_t offset = (lba - copying->source_lba) * source_size;
    struct block_request request = {
        .device = copying->target.device,
        .lba = copying->target.lba + number_divide(offset, target_size),
        .sector_count = number_divide(sector_count * source_size, target_size),
    };

    return transfer_write(copying->transfer, &request);
}

/* How many sectors of the target take the source's; false, said why, if they do not come out even,
 * also piece by piece. */
static bool fit_target(const struct range *source, struct range *target)
{
    uint32_t source_size = source->device->sector_size, target_size = target->device->sector_size;
    uint64_t sector_count = source->sector_count;

    if (source_size >= target_size && source_size % target_size == 0) {
        uint32_t factor = source_size / target_size;
        target->sector_count =
            sector_count > number_divide(UINT64_MAX, factor) ? UINT64_MAX : sector_count * factor;
        return true;
    }
    uint32_t factor = target_size / source_size;
    target->sector_count = number_divide(sector_count, factor);
    if (target_size % source_size != 0 || target->sector_count * factor != sector_count) {
        command_fail("%" PRIu64 " sector%s of %u bytes: that is not whole sectors of %u bytes.",
                     sector_count, plural(sector_count), (unsigned)source_size,
                     (unsigned)target_size);
        return false;
    }
    return true;
}

enum command_result command_copy(unsigned count, char **words)
{
    struct transfer transfer = {.operation = BLOCK_READ, .what = "copy", .piece = copy_piece};
    struct copying copying = {.transfer = &transfer};
    struct range *source = &transfer.range, *target = &copying.target;

    if (count != 6 || !argument_number(words[2], &source->lba) ||
        !argument_number(words[4], &target->lba) ||
        !argument_number(words[5], &source->sector_count))
        return COMMAND_BAD_ARGUMENTS;
    source->device = argument_device(words[1]);
    target->device = argument_device(words[3]);
    if (!source->device || !target->device || !range_check(source, BLOCK_READ) ||
        !fit_target(source, target) || !range_check(target, BLOCK_WRITE))
        return COMMAND_FAILED;

    copying.source_lba = source->lba;
    transfer.context = &copying;
    /* Where the target begins inside the source, what is to be read last must be read first. */
    transfer.backwards = source->device == target->device && target->lba > source->lba;
    enum command_result result = transfer_run(&transfer);
    if (result == COMMAND_DONE)
        hal_printf("%" PRIu64 " sector%s copied from %s to %s: %s\n", source->sector_count,
                   plural(source->sector_count), source->device->name, target->device->name,
                   transfer.summary);
    return result;
}
