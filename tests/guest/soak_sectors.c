/* SPDX-License-Identifier: MIT */
/*
 * What each sector of the soak's disks may hold; see soak.h. One generation after a write that succeeded or a read, more
 * of them after writes that failed or were cancelled. Owns the table.
 */
#include <stdio.h>
#include <string.h>

#include "tests/guest/soak.h"

#define MOST_KNOWN 4u
#define NONE       0xFFFFFFFFu
/* More than there is room for: any request that writes it. */
#define ANY 0xFFFFFFFDu

struct sector {
    uint32_t may[MOST_KNOWN]; /* NONE: no more */
};
static struct sector *sectors;

static struct sector *sector_at(unsigned disk, uint32_t lba)
{
    return &sectors[disk * soak_sectors + lba];
}

static void is_only(struct sector *sector, uint32_t generation)
{
    *sector = (struct sector){{generation, NONE, NONE, NONE}};
}

bool soak_sectors_make(void)
{
    size_t count = SOAK_DISKS * soak_sectors;

    sectors = hal_pages_alloc(hal_pages_for(count * sizeof *sectors), UINT64_MAX);
    for (size_t i = 0; sectors && i < count; i++)
        is_only(&sectors[i], SOAK_FIRST);
    return sectors;
}

void soak_sectors_are(unsigned disk, uint32_t lba, uint32_t count, uint32_t generation)
{
    for (struct sector *sector = sector_at(disk, lba); count--; sector++)
        is_only(sector, generation);
}

static void may_be(struct sector *sector, uint32_t generation)
{
    for (unsigned i = 0; i < MOST_KNOWN; i++) {
        if (sector->may[i] == generation)
            return;
        if (sector->may[i] == NONE) {
            sector->may[i] = generation;
            return;
        }
    }
    sector->may[MOST_KNOWN - 1] = ANY;
}

void soak_sectors_may_be(unsigned disk, uint32_t lba, uint32_t count, uint32_t generation)
{
    for (struct sector *sector = sector_at(disk, lba); count--; sector++)
        may_be(sector, generation);
}

/* Does it hold what a request has written that has it among its sectors? */
static uint32_t written_by_any(unsigned disk, uint32_t lba, const uint8_t *data)
{
    struct soak_plan plan;
    uint32_t generation;

    memcpy(&generation, data, sizeof generation);
    if (soak_holds(disk, lba, SOAK_TRIMMED, data))
        return SOAK_TRIMMED;
    soak_plan_of(generation - 1, &plan);
    return plan.disk == disk && lba - plan.lba < plan.count &&
                   (plan.operation == BLOCK_WRITE || plan.operation == BLOCK_WRITE_THROUGH) &&
                   soak_holds(disk, lba, generation, data)
               ? generation
               : NONE;
}

/* The generation that it holds, of those that it may; NONE: something else. */
static uint32_t generation_of(unsigned disk, uint32_t lba, const uint8_t *data)
{
    const struct sector *sector = sector_at(disk, lba);

    for (unsigned i = 0; i < MOST_KNOWN && sector->may[i] != NONE; i++)
        if (sector->may[i] == ANY)
            return written_by_any(disk, lba, data);
        else if (soak_holds(disk, lba, sector->may[i], data))
            return sector->may[i];
    return NONE;
}

static void describe(unsigned disk, uint32_t lba, const uint8_t *data, char *text, size_t size)
{
    const struct sector *sector = sector_at(disk, lba);
    char holds[100];
    size_t length;

    soak_name_sector(disk, lba, data, holds, sizeof holds);
    snprintf(text, size, "sector %u of disk %u holds %s; it has to hold", lba, disk, holds);
    for (unsigned i = 0; i < MOST_KNOWN && sector->may[i] != NONE; i++) {
        const char * or = i ? " or" : "";
        length = strlen(text);
        if (sector->may[i] == SOAK_FIRST || sector->may[i] == SOAK_TRIMMED)
            snprintf(text + length, size - length, "%s %s", or,
                     sector->may[i] == SOAK_FIRST ? "what was there at first" : "zeros");
        else if (sector->may[i] == ANY)
            snprintf(text + length, size - length, "%s any later one's", or);
        else
            snprintf(text + length, size - length, "%s request %u's", or, sector->may[i] - 1);
    }
}

bool soak_sectors_match(unsigned disk, uint32_t lba, uint32_t count, const uint8_t *data,
                        char *text, size_t size)
{
    bool is_right = true;

    for (uint32_t i = 0; i < count; i++, lba++, data += SOAK_SECTOR) {
        uint32_t generation = generation_of(disk, lba, data);
        if (generation != NONE) {
            is_only(sector_at(disk, lba), generation);
            continue;
        }
        if (is_right)
            describe(disk, lba, data, text, size);
        is_right = false;
    }
    return is_right;
}

void soak_sectors_fill(unsigned disk, uint8_t *data)
{
    for (uint32_t lba = 0; lba < soak_sectors; lba++, data += SOAK_SECTOR)
        soak_fill(disk, lba, sector_at(disk, lba)->may[0], data);
}
