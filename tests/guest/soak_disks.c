/* SPDX-License-Identifier: MIT */
/* The soak's disks before and after, and the lanes' buffers; see soak.h. PASSIVE_LEVEL. */
#include <string.h>

#include "tests/guest/conformance.h"
#include "tests/guest/soak.h"

#define PIECE      128u /* sectors that any driver takes at once */
#define GUARD      32u  /* bytes on both sides of a request's data */
#define GUARD_BYTE 0x5Au
#define TORN_BYTE  0xA5u
#define TORN       16u /* bytes of each sector */

/* ------------------------------------------------------------------ disks */

static bool read_disk(unsigned number, uint8_t *data)
{
    for (uint32_t lba = 0; lba < soak_sectors; lba += PIECE)
        if (!conf_transfer(soak_disks[number].device, BLOCK_READ, lba, PIECE,
                           data + lba * SOAK_SECTOR))
            return false;
    return true;
}

/* A driver may refuse it. */
static bool trims(struct device *device)
{
    static uint8_t ranges[SOAK_LEAST_BUFFER];

    return device->block.trim_sectors && device->block.trim_bytes <= sizeof ranges &&
           block_transfer(device, BLOCK_TRIM, 1, 1, ranges) == BLOCK_OK;
}

bool soak_find_disks(void)
{
    for (unsigned i = 0; i < SOAK_DISKS; i++) {
        struct device *device = conf_disk(i);
        if (!device || device->sector_count > SOAK_MOST_SECTORS)
            continue;
        soak_sectors = (uint32_t)device->sector_count; /* the same of all of them */
        struct soak_disk *disk = &soak_disks[soak_disk_count++];
        *disk = (struct soak_disk){
            .device = device,
            .writes = conf_writes(device),
            .trims = trims(device),
            .most_sectors = device->block.most_sectors,
            .mode = device->given.parameters.TransferModeSelected,
            .first = hal_pages_alloc(hal_pages_for(soak_sectors * SOAK_SECTOR), UINT64_MAX),
        };
        if (!disk->first || !read_disk(soak_disk_count - 1, disk->first))
            return conf_ok(false, "disk %u is read", i);
    }
    return conf_ok(soak_disk_count > 0, "there are scratch disks: %u", soak_disk_count);
}

void soak_check_disks(void)
{
    uint8_t *data = hal_pages_alloc(hal_pages_for(soak_sectors * SOAK_SECTOR), UINT64_MAX);
    char text[200];

    for (unsigned i = 0; i < soak_disk_count; i++) {
        if (!conf_ok(data && read_disk(i, data), "disk %u is read in the end", i))
            continue;
        if (!soak_sectors_match(i, 0, soak_sectors, data, text, sizeof text)) {
            conf_failed("disk %u: %s", i, text);
            continue;
        }
        conf_ok(true, "disk %u: each sector holds what was written to it last", i);
        soak_sectors_fill(i, data);
        conf_digest(soak_disks[i].device, 0, soak_sectors, data);
    }
}

/* ------------------------------------------------------------------ buffers */

/* Every fourth lane's is in pages that lie the other way round, so that no two are contiguous. */
uint8_t *soak_buffer_make(unsigned lane)
{
    size_t pages =
        1 + hal_pages_for(soak_lane_sectors(lane) * SOAK_SECTOR + SOAK_MOST_OFFSET + GUARD);
    uint8_t *memory = hal_pages_alloc(pages, UINT64_MAX);

    if (!memory || lane % 4 != 1)
        return memory ? memory + HAL_PAGE_SIZE : NULL;
    uint8_t *window = hal_window_reserve(pages);
    for (size_t i = 0; window && i < pages; i++)
        if (!hal_map(window + i * HAL_PAGE_SIZE,
                     hal_physical(memory + (pages - 1 - i) * HAL_PAGE_SIZE), 1, HAL_MAP_WRITE))
            return NULL;
    return window ? window + HAL_PAGE_SIZE : NULL;
}

void soak_buffer_fill(const struct soak_plan *plan, uint32_t number, uint8_t *data)
{
    uint32_t length = plan->count * SOAK_SECTOR;

    if (plan->operation > BLOCK_WRITE_THROUGH)
        return;
    memset(data - GUARD, GUARD_BYTE, GUARD);
    memset(data + length, GUARD_BYTE, GUARD);
    for (uint32_t i = 0; i < plan->count; i++, data += SOAK_SECTOR)
        if (plan->operation == BLOCK_READ)
            memset(data, TORN_BYTE, TORN);
        else
            soak_fill(plan->disk, plan->lba + i, number + 1, data);
}

bool soak_buffer_is_whole(const struct soak_plan *plan, const uint8_t *data)
{
    const uint8_t *end = data + plan->count * SOAK_SECTOR;
    bool is_whole = true;

    for (unsigned i = 1; plan->operation <= BLOCK_WRITE_THROUGH && i <= GUARD; i++)
        is_whole &= data[-(int)i] == GUARD_BYTE && end[i - 1] == GUARD_BYTE;
    return is_whole;
}
