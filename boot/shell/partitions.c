/* SPDX-License-Identifier: MIT */
/* Which kind of partition table there is, and what holds for all; see partitions.h. */
#include <string.h>

#include "boot/shell/partitions_internal.h"

static bool overlaps(const struct partition *a, const struct partition *b)
{
    return a->first_lba <= b->first_lba ? b->first_lba - a->first_lba < a->sector_count
                                        : a->first_lba - b->first_lba < b->sector_count;
}

/* Two partitions with data of their own may not share a sector. */
static void find_overlaps(struct partition_table *table)
{
    for (unsigned i = 0; i < table->count; i++) {
        for (unsigned j = i + 1; j < table->count; j++) {
            const struct partition *a = &table->partitions[i], *b = &table->partitions[j];
            /* A logical partition lies in the extended one, which comes before it; others may
             * not. */
            bool is_inside = a->is_extended && b->number > 4;
            if (!is_inside && a->sector_count && b->sector_count && overlaps(a, b))
                partition_problem(table, "Partitions %u and %u overlap.", a->number, b->number);
        }
    }
}

/* Kinds of table that are told by their name only. */
static const char *foreign_table(const uint8_t *sector)
{
    static const uint8_t sgi[] = {0x0B, 0xE5, 0xA9, 0x41}, sun[] = {0xDA, 0xBE};

    if (memcmp(sector, sgi, sizeof sgi) == 0)
        return "an SGI volume header";
    if (memcmp(sector + 508, sun, sizeof sun) == 0)
        return "a Sun disk label";
    if (memcmp(sector, "RDSK", 4) == 0)
        return "an Amiga rigid disk block";
    if (memcmp(sector, "ER", 2) == 0)
        return "an Apple partition map";
    return NULL;
}

static bool has_entry_of_type(const uint8_t *mbr, uint8_t type)
{
    for (unsigned i = 0; i < 4; i++)
        if (mbr[MBR_ENTRIES + i * MBR_ENTRY_SIZE + MBR_TYPE] == type)
            return true;
    return false;
}

/* A header in sector 1 that no entry of the MBR announces does not count, but it is no accident. */
static bool find_unannounced_gpt(const struct partition_source *source,
                                 struct partition_table *table)
{
    if (source->sector_count < 2)
        return true;
    if (!partition_read_sector(source, table, 1))
        return false;
    if (memcmp(table->sector, GPT_SIGNATURE, sizeof GPT_SIGNATURE - 1) == 0)
        partition_problem(table,
                          "Sector 1 holds the header of a GUID partition table, which sector 0 "
                          "does not announce.");
    return true;
}

bool partitions_read(const struct partition_source *source, struct partition_table *table)
{
    memset(table, 0, sizeof *table);
    if (source->sector_bytes < 512 || source->sector_bytes > PARTITION_MAX_SECTOR_BYTES) {
        partition_problem(table, "Partition tables are not read from sectors of %u bytes.",
                          (unsigned)source->sector_bytes);
        return true;
    }
    if (source->sector_count == 0)
        return true;
    if (!partition_read_sector(source, table, 0))
        return false;
    if (partition_get16(table->sector + 510) != MBR_SIGNATURE) {
        table->foreign = foreign_table(table->sector);
        return table->foreign || find_unannounced_gpt(source, table);
    }

    bool is_protective = has_entry_of_type(table->sector, MBR_TYPE_GPT);
    bool complete = !is_protective || partition_read_gpt(source, table);
    if (complete && table->scheme == PARTITION_SCHEME_NONE)
        complete = partition_read_sector(source, table, 0) && partition_read_mbr(source, table);
    find_overlaps(table);
    return complete && (is_protective || find_unannounced_gpt(source, table));
}
