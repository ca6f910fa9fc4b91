/* SPDX-License-Identifier: MIT */
/* The GUID partition table; see partitions.h. Pure: tested on the host.
 * Source: UEFI specification, part "GUID Partition Table (GPT) Disk Layout". */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "boot/shell/labels.h"
#include "boot/shell/partitions_internal.h"
#include "lib/crc32.h"

/* Header, from the start of its sector. */
enum {
    HEADER_SIZE = 12,         /* u32 */
    HEADER_CRC = 16,          /* u32: over the header, with this field as 0 */
    HEADER_OWN_LBA = 24,      /* u64 */
    HEADER_OTHER_LBA = 32,    /* u64: where the other header is */
    HEADER_FIRST_USABLE = 40, /* u64 */
    HEADER_LAST_USABLE = 48,  /* u64 */
    HEADER_ENTRIES_LBA = 72,  /* u64 */
    HEADER_ENTRY_COUNT = 80,  /* u32 */
    HEADER_ENTRY_SIZE = 84,   /* u32 */
    HEADER_ENTRIES_CRC = 88,  /* u32 */
    HEADER_SIZE_MIN = 92,
};

/* Entry. */
enum {
    ENTRY_TYPE = 0,   /* GUID; all zeroes: unused */
    ENTRY_FIRST = 32, /* u64 */
    ENTRY_LAST = 40,  /* u64, inclusive */
    ENTRY_NAME = 56,  /* 36 UTF-16 units */
    ENTRY_NAME_SIZE = 72,
    ENTRY_SIZE_MIN = 128,
};

/* Tables have 128 entries; more than this is taken for damage. */
#define ENTRY_COUNT_MAX 4096u

struct header {
    uint64_t other_lba, first_usable, last_usable, entries_lba;
    uint32_t entry_count, entry_size, entries_crc;
};

static const struct {
    const char *guid, *name;
} type_names[] = {
    {"C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EFI system"},
    {"EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "Windows data"},
    {"E3C9E316-0B5C-4DB8-817D-F92DF00215AE", "Windows reserved"},
    {"DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "Windows recovery"},
    {"0FC63DAF-8483-4772-8E79-3D69D8477DE4", "Linux"},
    {"4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "Linux root, x86_64"},
    {"933AC7E1-2EB4-4F13-B844-0E14E2AEF915", "Linux home"},
    {"0657FD6D-A4AB-43C4-84E5-0933C84B4F4F", "Linux swap"},
    {"E6D6D379-F507-44C2-A23C-238F2A3DF928", "Linux LVM"},
    {"A19D880F-05FC-4D3B-A006-743F0F84911E", "Linux RAID"},
    {"21686148-6449-6E6F-744E-656564454649", "BIOS boot"},
    {"48465300-0000-11AA-AA11-00306543ECAC", "Apple HFS+"},
    {"7C3457EF-0000-11AA-AA11-00306543ECAC", "Apple APFS"},
    {"516E7CB6-6ECF-11D6-8FF8-00022D09712B", "FreeBSD UFS"},
    {"024DEE41-33E7-11D3-9D69-0008C781F39F", "MBR table"},
};

/* The first three fields are little-endian numbers, the last two plain bytes. */
static void format_guid(const uint8_t *guid, char text[PARTITION_GUID_TEXT_CAPACITY])
{
    int length = snprintf(text, PARTITION_GUID_TEXT_CAPACITY, "%08" PRIX32 "-%04X-%04X-%02X%02X-",
                          partition_get32(guid), partition_get16(guid + 4),
                          partition_get16(guid + 6), guid[8], guid[9]);
    for (unsigned i = 10; i < 16; i++)
        length +=
            snprintf(text + length, PARTITION_GUID_TEXT_CAPACITY - (size_t)length, "%02X", guid[i]);
}

static const char *type_name(const char *guid)
{
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++)
        if (strcmp(type_names[i].guid, guid) == 0)
            return type_names[i].name;
    return NULL;
}

/* ------------------------------------------------------------------ header */

/* Checks the header in table->sector. Returns NULL if it is good, otherwise what is wrong. */
static const char *check_header(const struct partition_source *source, uint8_t *sector,
                                uint64_t lba, struct header *header)
{
    uint32_t size = partition_get32(sector + HEADER_SIZE);
    uint32_t crc = partition_get32(sector + HEADER_CRC);

    if (memcmp(sector, GPT_SIGNATURE, sizeof GPT_SIGNATURE - 1) != 0)
        return "is missing.";
    if (size < HEADER_SIZE_MIN || size > source->sector_bytes)
        return "has an impossible size.";
    memset(sector + HEADER_CRC, 0, 4);
    if (crc32_update(0, sector, size) != crc)
        return "is damaged (wrong checksum).";
    if (partition_get64(sector + HEADER_OWN_LBA) != lba)
        return "is a copy from another place.";
    *header = (struct header){
        .other_lba = partition_get64(sector + HEADER_OTHER_LBA),
        .first_usable = partition_get64(sector + HEADER_FIRST_USABLE),
        .last_usable = partition_get64(sector + HEADER_LAST_USABLE),
        .entries_lba = partition_get64(sector + HEADER_ENTRIES_LBA),
        .entry_count = partition_get32(sector + HEADER_ENTRY_COUNT),
        .entry_size = partition_get32(sector + HEADER_ENTRY_SIZE),
        .entries_crc = partition_get32(sector + HEADER_ENTRIES_CRC),
    };
    if (header->last_usable >= source->sector_count)
        return "counts sectors beyond the disk's end; has it been cut?";
    /* ENTRY_SIZE_MIN times a power of two, so that entries never cross sectors. */
    if (header->entry_size < ENTRY_SIZE_MIN || header->entry_size > source->sector_bytes ||
        (header->entry_size & (header->entry_size - 1)) != 0)
        return "has entries of an impossible size.";
    if (header->entry_count > ENTRY_COUNT_MAX)
        return "has an impossible number of entries.";
    uint32_t sectors = (header->entry_count * header->entry_size + source->sector_bytes - 1) /
                       source->sector_bytes;
    if (header->entries_lba >= source->sector_count ||
        sectors > source->sector_count - header->entries_lba)
        return "has its entries beyond the disk's end.";
    return NULL;
}

/* ------------------------------------------------------------------ entries */

static void add_entry(const struct partition_source *source, struct partition_table *table,
                      const struct header *header, unsigned number, const uint8_t *entry)
{
    static const uint8_t unused[16];
    uint64_t first = partition_get64(entry + ENTRY_FIRST),
             last = partition_get64(entry + ENTRY_LAST);

    if (memcmp(entry + ENTRY_TYPE, unused, sizeof unused) == 0)
        return;
    struct partition *partition =
        partition_add(source, table, number, first, last < first ? 0 : last - first + 1);
    if (!partition)
        return;
    format_guid(entry + ENTRY_TYPE, partition->guid);
    partition->type = type_name(partition->guid);
    label_from_utf16(entry + ENTRY_NAME, ENTRY_NAME_SIZE, partition->name, sizeof partition->name);
    if (first < header->first_usable || last > header->last_usable)
        partition_problem(table, "Partition %u lies outside the area for partitions.", number);
}

/* Reads the entries twice over: the checksum first, since it says whether they count. */
static bool read_entries(const struct partition_source *source, struct partition_table *table,
                         const struct header *header, bool *is_good)
{
    uint32_t left = header->entry_count * header->entry_size, crc = 0;

    for (uint64_t lba = header->entries_lba; left > 0; lba++) {
        uint32_t now = left < source->sector_bytes ? left : source->sector_bytes;
        if (!partition_read_sector(source, table, lba))
            return false;
        crc = crc32_update(crc, table->sector, now);
        left -= now;
    }
    *is_good = crc == header->entries_crc;
    if (!*is_good)
        return true;

    uint32_t in_sector = source->sector_bytes / header->entry_size;
    for (uint32_t i = 0; i < header->entry_count; i++) {
        if (i % in_sector == 0 &&
            !partition_read_sector(source, table, header->entries_lba + i / in_sector))
            return false;
        add_entry(source, table, header, i + 1,
                  table->sector + (i % in_sector) * header->entry_size);
    }
    return true;
}

/* Reads one of the two tables. *fault is NULL afterwards if it is good, and then it has been
 * added. */
static bool read_table(const struct partition_source *source, struct partition_table *table,
                       uint64_t lba, struct header *header, const char **fault)
{
    bool entries_are_good = true;

    if (!partition_read_sector(source, table, lba))
        return false;
    *fault = check_header(source, table->sector, lba, header);
    if (*fault)
        return true;
    if (!read_entries(source, table, header, &entries_are_good))
        return false;
    if (!entries_are_good)
        *fault = "belongs to damaged entries (wrong checksum).";
    return true;
}

bool partition_read_gpt(const struct partition_source *source, struct partition_table *table)
{
    struct header header, other;
    const char *fault, *other_fault;
    uint64_t last_lba = source->sector_count - 1;

    if (last_lba < 2) {
        partition_problem(table,
                          "The disk is too small for the table that its first sector names.");
        return true;
    }
    if (!read_table(source, table, 1, &header, &fault))
        return false;
    if (!fault) {
        table->scheme = PARTITION_SCHEME_GPT;
        /* The copy is only looked at: is it there, and where it should be? */
        if (header.other_lba != last_lba)
            partition_problem(table,
                              "The second table is not at the disk's end; has it been resized?");
        else if (!partition_read_sector(source, table, last_lba))
            return false;
        else if ((other_fault = check_header(source, table->sector, last_lba, &other)))
            partition_problem(table, "The second GPT header, at the disk's end, %s", other_fault);
        return true;
    }
    if (!read_table(source, table, last_lba, &other, &other_fault))
        return false;
    partition_problem(table, "The first GPT header, in sector 1, %s", fault);
    if (other_fault) {
        partition_problem(table, "The second GPT header, at the disk's end, %s", other_fault);
        return true;
    }
    table->scheme = PARTITION_SCHEME_GPT;
    partition_problem(table, "The second table, at the disk's end, was used instead.");
    return true;
}
