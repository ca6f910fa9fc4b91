/* SPDX-License-Identifier: MIT */
/*
 * What request number N of the soak is, and what the sectors hold that it writes; see soak.h. All of it depends on the
 * seed and N alone, not on time. Any context.
 *
 * A request begins at a sector whose number, modulo 64, is its lane's: no two in flight begin at the same one.
 */
#include <stdio.h>
#include <string.h>

#include "tests/guest/soak.h"

#define LONG_LANES  4u  /* which ask for more than one command moves */
#define LONG_MORE   64u /* sectors */
#define LANE_BUFFER (SOAK_LEAST_BUFFER / SOAK_SECTOR)
#define HOT_BLOCKS  2u /* of 64 sectors, that every eighth request is about */
#define MAGIC       0x50AC0000u

struct soak_disk soak_disks[SOAK_DISKS];
unsigned soak_disk_count;
uint32_t soak_sectors;
uint64_t soak_seed;

/* ------------------------------------------------------------------ random numbers */

/* Vigna's splitmix64. */
static uint64_t mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

uint64_t soak_random(uint64_t number, enum soak_use use)
{
    return mix(mix(soak_seed) ^ (number << 3 | use));
}

/* Takes a number below `limit` out of a random one. */
static uint32_t take(uint64_t *random, uint32_t limit)
{
    uint32_t taken = (uint32_t)(*random >> 32) % limit;
    *random = mix(*random);
    return taken;
}

/* ------------------------------------------------------------------ requests */

static uint32_t longest(void)
{
    uint32_t most = 0;

    for (unsigned i = 0; i < soak_disk_count; i++)
        if (soak_disks[i].most_sectors > most)
            most = soak_disks[i].most_sectors;
    most += LONG_MORE;
    return most < soak_sectors / 2 ? most : soak_sectors / 2;
}

uint32_t soak_lane_sectors(unsigned lane)
{
    return lane < LONG_LANES ? longest() : LANE_BUFFER;
}

static enum block_operation operation_of(uint64_t random, const struct soak_disk *disk)
{
    static const struct {
        enum block_operation operation;
        uint8_t percent;
    } kinds[] = {
        {BLOCK_READ, 46},  {BLOCK_WRITE, 36}, {BLOCK_WRITE_THROUGH, 5},
        {BLOCK_VERIFY, 7}, {BLOCK_TRIM, 4},   {BLOCK_FLUSH, 2},
    };
    uint32_t percent = take(&random, 100);
    unsigned i = 0;

    while (percent >= kinds[i].percent)
        percent -= kinds[i++].percent;
    if (kinds[i].operation == BLOCK_TRIM)
        return disk->writes && disk->trims ? BLOCK_TRIM : BLOCK_VERIFY;
    if (kinds[i].operation == BLOCK_WRITE || kinds[i].operation == BLOCK_WRITE_THROUGH)
        return disk->writes ? kinds[i].operation : BLOCK_READ;
    return kinds[i].operation;
}

/* Many are short, few are longer than what one command moves. */
static uint32_t count_of(uint64_t random, unsigned lane)
{
    uint32_t percent = take(&random, 100), most = percent < 60   ? 8
                                                  : percent < 90 ? 64
                                                  : percent < 98 ? LANE_BUFFER
                                                                 : soak_lane_sectors(lane);
    return most > LANE_BUFFER ? most - take(&random, LONG_MORE) : 1 + take(&random, most);
}

/* Half of all buffers begin with a page, the others anywhere: at an even address, at an odd one. */
static uint32_t offset_of(uint64_t random)
{
    uint32_t kind = take(&random, 4), offset = take(&random, SOAK_MOST_OFFSET);
    return kind < 2 ? 0 : kind == 2 ? offset & ~1u : offset | 1;
}

void soak_plan_of(uint32_t number, struct soak_plan *plan)
{
    const unsigned lane = number % SOAK_LANES;
    uint64_t place = soak_random(number, SOAK_FOR_PLACE), size = soak_random(number, SOAK_FOR_SIZE);
    uint64_t kind = soak_random(number, SOAK_FOR_KIND);

    *plan = (struct soak_plan){.disk = (uint8_t)take(&place, soak_disk_count)};
    plan->operation = operation_of(kind, &soak_disks[plan->disk]);
    plan->cancel_after = take(&size, 64) == 0 ? 1 + take(&size, 8) : 0;
    if (plan->operation == BLOCK_FLUSH)
        return;
    plan->count = count_of(size, lane);
    plan->offset = offset_of(mix(size));
    uint32_t blocks = (soak_sectors - lane - plan->count) / SOAK_LANES + 1;
    if (take(&place, 8) == 0 && blocks > HOT_BLOCKS)
        blocks = HOT_BLOCKS;
    plan->lba = take(&place, blocks) * SOAK_LANES + lane;
}

/* ------------------------------------------------------------------ data */

#define WORDS (SOAK_SECTOR / 4)

/* The words of a sector: what it is, and then a row that no other sector has. */
struct row {
    uint32_t head[3], first, step;
};

static struct row row_of(unsigned disk, uint32_t lba, uint32_t generation)
{
    uint64_t key = mix((uint64_t)generation << 32 | lba << 2 | disk);
    return (struct row){{generation, lba, MAGIC | disk}, (uint32_t)key, (uint32_t)(key >> 32) | 1};
}

void soak_fill(unsigned disk, uint32_t lba, uint32_t generation, uint8_t *sector)
{
    struct row row = row_of(disk, lba, generation);

    if (generation == SOAK_FIRST) {
        memcpy(sector, soak_disks[disk].first + lba * SOAK_SECTOR, SOAK_SECTOR);
    } else if (generation == SOAK_TRIMMED) {
        memset(sector, 0, SOAK_SECTOR);
    } else {
        memcpy(sector, row.head, sizeof row.head);
        for (uint8_t *at = sector + sizeof row.head; at < sector + SOAK_SECTOR; at += 4) {
            memcpy(at, &row.first, 4);
            row.first += row.step;
        }
    }
}

bool soak_holds(unsigned disk, uint32_t lba, uint32_t generation, const uint8_t *sector)
{
    struct row row = row_of(disk, lba, generation);

    if (generation == SOAK_FIRST)
        return memcmp(sector, soak_disks[disk].first + lba * SOAK_SECTOR, SOAK_SECTOR) == 0;
    if (generation == SOAK_TRIMMED) {
        for (unsigned i = 0; i < SOAK_SECTOR; i++)
            if (sector[i])
                return false;
        return true;
    }
    if (memcmp(sector, row.head, sizeof row.head) != 0)
        return false;
    for (const uint8_t *at = sector + sizeof row.head; at < sector + SOAK_SECTOR; at += 4) {
        uint32_t word;
        memcpy(&word, at, 4);
        if (word != row.first)
            return false;
        row.first += row.step;
    }
    return true;
}

void soak_name_sector(unsigned disk, uint32_t lba, const uint8_t *sector, char *text, size_t size)
{
    uint32_t head[3];

    memcpy(head, sector, sizeof head);
    if ((head[2] & ~3u) == MAGIC)
        snprintf(text, size, "request %u's for sector %u of disk %u%s", head[0] - 1, head[1],
                 head[2] & 3,
                 soak_holds(head[2] & 3, head[1], head[0], sector) ? "" : ", and not all of it");
    else if (soak_holds(disk, lba, SOAK_FIRST, sector))
        snprintf(text, size, "what was there at first");
    else if (soak_holds(disk, lba, SOAK_TRIMMED, sector))
        snprintf(text, size, "zeros");
    else
        snprintf(text, size, "%08x %08x %08x..., which nobody wrote", head[0], head[1], head[2]);
}
