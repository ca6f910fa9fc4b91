/* SPDX-License-Identifier: MIT */
/* What the readers of the two kinds of partition table share. */
#ifndef BOOT_SHELL_PARTITIONS_INTERNAL_H
#define BOOT_SHELL_PARTITIONS_INTERNAL_H

#include "boot/shell/partitions.h"

static inline uint16_t partition_get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t partition_get32(const uint8_t *bytes)
{
    return partition_get16(bytes) | (uint32_t)partition_get16(bytes + 2) << 16;
}

static inline uint64_t partition_get64(const uint8_t *bytes)
{
    return partition_get32(bytes) | (uint64_t)partition_get32(bytes + 4) << 32;
}

/* partitions_table.c */

/* Reads a sector into table->sector. */
bool partition_read_sector(const struct partition_source *source, struct partition_table *table,
                           uint64_t lba);

/* Adds a sentence to the table's problems. */
void partition_problem(struct partition_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a partition after comparing its place with the disk; one with nonsensical numbers is added
 * too, with a problem. NULL: the table is full, which is a problem as well. */
struct partition *partition_add(const struct partition_source *source,
                                struct partition_table *table, unsigned number, uint64_t first_lba,
                                uint64_t sector_count);

/* partitions_mbr.c, partitions_gpt.c */

/* Reads the table whose MBR is in table->sector, and sets the scheme. */
bool partition_read_mbr(const struct partition_source *source, struct partition_table *table);
/* Reads the table behind a protective MBR. The scheme is set if one of its two copies is good. */
bool partition_read_gpt(const struct partition_source *source, struct partition_table *table);

enum {
    MBR_ENTRIES = 446,
    MBR_ENTRY_SIZE = 16,
    MBR_TYPE = 4,
    MBR_TYPE_GPT = 0xEE,
    MBR_SIGNATURE = 0xAA55,
};

#define GPT_SIGNATURE "EFI PART"

#endif
