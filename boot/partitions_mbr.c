/* SPDX-License-Identifier: MIT */
/* The MBR and its chain of logical partitions; see partitions.h. Pure: tested on the host. */
#include "boot/partitions_internal.h"

#include <inttypes.h>
#include <stddef.h>

/* The four entries of an MBR, and of the record before each logical partition. */
struct entry {
    bool is_active;
    uint8_t type; /* 0: unused */
    uint32_t first, count;
};

/* More are taken for a chain that goes in circles. */
#define LOGICAL_MAX 60u

static const struct {
    uint8_t type;
    const char *name;
} type_names[] = {
    {0x01, "FAT12"},
    {0x04, "FAT16, up to 32 MiB"},
    {0x05, "extended"},
    {0x06, "FAT16"},
    {0x07, "NTFS or exFAT"},
    {0x0B, "FAT32"},
    {0x0C, "FAT32 with LBA"},
    {0x0E, "FAT16 with LBA"},
    {0x0F, "extended with LBA"},
    {0x11, "FAT12, hidden"},
    {0x12, "diagnostics"},
    {0x14, "FAT16, hidden"},
    {0x16, "FAT16, hidden"},
    {0x17, "NTFS, hidden"},
    {0x1B, "FAT32, hidden"},
    {0x1C, "FAT32 with LBA, hidden"},
    {0x1E, "FAT16 with LBA, hidden"},
    {0x27, "Windows recovery"},
    {0x42, "Windows dynamic disk"},
    {0x63, "Unix System V"},
    {0x82, "Linux swap"},
    {0x83, "Linux"},
    {0x85, "Linux extended"},
    {0x8E, "Linux LVM"},
    {0xA5, "FreeBSD"},
    {0xA6, "OpenBSD"},
    {0xA9, "NetBSD"},
    {0xAB, "Apple boot"},
    {0xAF, "Apple HFS"},
    {0xBF, "Solaris"},
    {0xEB, "BeOS"},
    {0xEF, "EFI system"},
    {0xFD, "Linux RAID"},
};

static const char *type_name(uint8_t type)
{
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++)
        if (type_names[i].type == type)
            return type_names[i].name;
    return NULL;
}

static bool is_extended(uint8_t type)
{
    return type == 0x05 || type == 0x0F || type == 0x85;
}

static struct entry get_entry(const uint8_t *sector, unsigned index)
{
    const uint8_t *bytes = sector + MBR_ENTRIES + index * MBR_ENTRY_SIZE;
    return (struct entry){
        .is_active = bytes[0] == 0x80,
        .type = bytes[MBR_TYPE],
        .first = partition_get32(bytes + 8),
        .count = partition_get32(bytes + 12),
    };
}

static void add(const struct partition_source *source, struct partition_table *table,
                unsigned number, const struct entry *entry, uint64_t first_lba)
{
    struct partition *partition = partition_add(source, table, number, first_lba, entry->count);
    if (!partition)
        return;
    partition->mbr_type = entry->type;
    partition->type = type_name(entry->type);
    partition->is_active = entry->is_active;
    partition->is_extended = is_extended(entry->type);
}

/* Has this record been read before? A chain may jump back and forth, but not come back. */
static bool was_visited(const uint64_t *visited, unsigned count, uint64_t lba)
{
    for (unsigned i = 0; i < count; i++)
        if (visited[i] == lba)
            return true;
    return false;
}

/* Follows the records of an extended partition. Each holds a logical partition, relative to itself,
 * and the place of the next record, relative to the extended partition. */
static bool read_logical(const struct partition_source *source, struct partition_table *table,
                         const struct entry *extended, unsigned *number)
{
    uint64_t visited[LOGICAL_MAX];
    uint64_t record = extended->first;

    for (unsigned count = 0;; count++) {
        if (record >= source->sector_count || record - extended->first >= extended->count) {
            partition_problem(table,
                              "The chain of logical partitions leaves the extended one, to "
                              "sector %" PRIu64 ".",
                              record);
            return true;
        }
        if (count == LOGICAL_MAX || was_visited(visited, count, record)) {
            partition_problem(table,
                              "The chain of logical partitions goes in circles at sector "
                              "%" PRIu64 ".",
                              record);
            return true;
        }
        visited[count] = record;
        if (!partition_read_sector(source, table, record))
            return false;
        if (partition_get16(table->sector + 510) != 0xAA55) {
            partition_problem(table,
                              "The chain of logical partitions breaks off: sector %" PRIu64
                              " is no partition record.",
                              record);
            return true;
        }
        struct entry logical = get_entry(table->sector, 0), next = get_entry(table->sector, 1);
        if (logical.type)
            add(source, table, (*number)++, &logical, record + logical.first);
        if (!is_extended(next.type))
            return true;
        record = extended->first + (uint64_t)next.first;
    }
}

bool partition_read_mbr(const struct partition_source *source, struct partition_table *table)
{
    struct entry entries[4];
    unsigned active = 0, next_logical = 5;

    for (unsigned i = 0; i < 4; i++) {
        entries[i] = get_entry(table->sector, i);
        if (entries[i].type)
            add(source, table, i + 1, &entries[i], entries[i].first);
        active += entries[i].is_active;
    }
    if (active > 1)
        partition_problem(table, "%u partitions are marked active; one at most may be.", active);
    for (unsigned i = 0; i < 4; i++)
        if (is_extended(entries[i].type) && entries[i].count != 0 &&
            !read_logical(source, table, &entries[i], &next_logical))
            return false;
    return true;
}
