/* SPDX-License-Identifier: MIT */
/* The MBR and its chain of logical partitions; see partitions.h. Pure: tested on the host. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "boot/shell/numbers.h"
#include "boot/shell/partitions_internal.h"
#include "lib/plural.h"

/* The four entries of an MBR, and of the record before each logical partition. */
struct entry {
    uint8_t flag; /* 0x80: active; 0 otherwise */
    uint8_t type;
    uint32_t first, count;
    bool is_used; /* some of its bytes are not zero */
};

#define ENTRY_ACTIVE 0x80u

/* What follows a chain of so many records is not read. */
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
    {0xEE, "GUID partition table"},
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
    static const uint8_t zeros[MBR_ENTRY_SIZE];

    return (struct entry){
        .flag = bytes[0],
        .type = bytes[MBR_TYPE],
        .first = partition_get32(bytes + 8),
        .count = partition_get32(bytes + 12),
        .is_used = memcmp(bytes, zeros, sizeof zeros) != 0,
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
    partition->is_active = entry->flag == ENTRY_ACTIVE;
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

/* What a record says: a logical partition and the place of the next record. As a rule they are its
 * first two entries, but DR-DOS puts the link first, and others leave gaps: what counts is the
 * first entry of each kind that has sectors. Where there is none of a kind, it is the first or
 * second entry, whatever stands there: so a partition without a type is one, and a link without a
 * length leads on. */
struct record {
    struct entry logical, next;
};

static struct record get_record(struct partition_table *table, uint64_t lba)
{
    unsigned logical = 4, next = 4;

    for (unsigned i = 0; i < 4; i++) {
        struct entry entry = get_entry(table->sector, i);
        if (entry.count == 0 || entry.type == 0)
            continue;
        unsigned *kept = is_extended(entry.type) ? &next : &logical;
        if (*kept == 4)
            *kept = i;
        else
            partition_problem(table,
                              "The record in sector %" PRIu64 " has a second %s, which does not "
                              "count: %" PRIu32 " sector%s from %" PRIu32 " on.",
                              lba, kept == &next ? "link" : "partition", entry.count,
                              plural(entry.count), entry.first);
    }
    if (logical == 4)
        logical = next == 0;
    if (next == 4)
        next = logical == 0;
    return (struct record){get_entry(table->sector, logical), get_entry(table->sector, next)};
}

/* False: the chain ends here. A record that has lost its signature alone still leads on. */
static bool check_record(struct partition_table *table, uint64_t lba)
{
    bool any = false, all_flags_fit = true;

    if (partition_get16(table->sector + 510) == MBR_SIGNATURE)
        return true;
    for (unsigned i = 0; i < 4; i++) {
        struct entry entry = get_entry(table->sector, i);
        any |= entry.type && entry.count;
        all_flags_fit &= (entry.flag & ~ENTRY_ACTIVE) == 0;
    }
    any &= all_flags_fit;
    partition_problem(table,
                      any ? "The record in sector %" PRIu64
                            " has no signature; what follows may be no partitions."
                          : "The chain of logical partitions breaks off: sector %" PRIu64
                            " is no partition record.",
                      lba);
    return any;
}

/* Follows the records of an extended partition. Each holds a logical partition, relative to itself,
 * and the place of the next record, relative to the extended partition. */
static bool read_logical(const struct partition_source *source, struct partition_table *table,
                         const struct entry *extended)
{
    uint64_t visited[LOGICAL_MAX];
    uint64_t lba = extended->first, empty_lba = 0;
    struct entry empty = {.is_used = false};
    unsigned number = 5;
    bool has_left = false;

    for (unsigned count = 0;; count++) {
        if (!has_left && lba - extended->first >= extended->count) {
            has_left = true;
            partition_problem(table,
                              "The chain of logical partitions leaves the extended one, to "
                              "sector %" PRIu64 ".",
                              lba);
        }
        if (lba >= source->sector_count) {
            partition_problem(table,
                              "The chain of logical partitions goes on at sector %" PRIu64
                              ", beyond the disk's end.",
                              lba);
            break;
        }
        if (was_visited(visited, count, lba)) {
            partition_problem(table,
                              "The chain of logical partitions goes in circles at sector "
                              "%" PRIu64 ".",
                              lba);
            break;
        }
        if (count == LOGICAL_MAX) {
            partition_problem(table,
                              "There are more than %u logical partitions; the rest is not shown.",
                              LOGICAL_MAX);
            break;
        }
        visited[count] = lba;
        if (!partition_read_sector(source, table, lba))
            return false;
        if (!check_record(table, lba))
            break;
        struct record record = get_record(table, lba);
        if (record.logical.count)
            add(source, table, number++, &record.logical, lba + record.logical.first);
        empty = record.logical;
        empty_lba = lba + empty.first;
        if (!is_extended(record.next.type))
            break;
        lba = extended->first + (uint64_t)record.next.first;
    }
    /* What stands in place of the only partition is shown, though it is empty. */
    if (number == 5 && empty.is_used && !empty.type)
        add(source, table, number, &empty, empty_lba);
    return true;
}

/* Is this a table at all? Other boot sectors carry the same signature, and have code or text
 * there. */
static void doubt(const struct partition_source *source, struct partition_table *table,
                  const struct entry entries[4])
{
    bool any = false, all_inside = true;

    for (unsigned i = 0; i < 4; i++) {
        const struct entry *entry = &entries[i];
        any |= entry->type || entry->count;
        table->is_doubtful |= entry->flag & ~ENTRY_ACTIVE;
        all_inside &= (uint64_t)entry->first + entry->count <= source->sector_count;
    }
    if (table->is_doubtful && !all_inside) {
        table->scheme = PARTITION_SCHEME_NONE;
        partition_problem(table, "Sector 0 ends as an MBR does, but what stands in it is no "
                                 "partition table.");
    } else if (table->is_doubtful) {
        partition_problem(table, "The flag of an entry is neither 00 nor 80: this may be no "
                                 "partition table.");
    }
    table->is_doubtful |= !any;
}

bool partition_read_mbr(const struct partition_source *source, struct partition_table *table)
{
    struct entry entries[4];
    const struct entry *extended = NULL;
    unsigned active = 0;

    for (unsigned i = 0; i < 4; i++)
        entries[i] = get_entry(table->sector, i);
    table->scheme = PARTITION_SCHEME_MBR;
    doubt(source, table, entries);
    if (table->scheme == PARTITION_SCHEME_NONE)
        return true;

    for (unsigned i = 0; i < 4; i++) {
        const struct entry *entry = &entries[i];
        if (!entry->is_used)
            continue;
        add(source, table, i + 1, entry, entry->first);
        active += entry->flag == ENTRY_ACTIVE;
        if (!is_extended(entry->type) || !entry->first)
            continue;
        if (extended)
            partition_problem(table,
                              "Partition %u is a second extended one; logical partitions in it "
                              "are not shown.",
                              i + 1);
        else
            extended = entry;
    }
    if (active > 1)
        partition_problem(table, "%u partitions are marked active; one at most may be.", active);
    return !extended || read_logical(source, table, extended);
}
