/* SPDX-License-Identifier: MIT */
/*
 * Partition tables and file systems, good and bad, made in memory. Those that real tools make, and damage to
 * them, are in tests/boot/partitions.t.
 *
 * SOURCES: boot/shell/partitions.c boot/shell/partitions_mbr.c boot/shell/partitions_gpt.c
 * SOURCES: boot/shell/partitions_table.c boot/shell/filesystems.c boot/shell/labels.c lib/crc32.c lib/utf.c
 */
#include <stdlib.h>
#include <string.h>

#include "boot/shell/filesystems.h"
#include "boot/shell/partitions.h"
#include "lib/crc32.h"
#include "tests/host/tap.h"

#define DISK_SECTORS 4096u

static uint8_t disk[DISK_SECTORS][512];
static struct partition_table table;
static uint64_t failing_lba, reads;

static bool read_sector(void *context, uint64_t lba, void *sector)
{
    (void)context;
    reads++;
    if (lba >= DISK_SECTORS || lba == failing_lba)
        return false;
    memcpy(sector, disk[lba], 512);
    return true;
}

static bool read_table(void)
{
    struct partition_source source = {
        .read = read_sector, .sector_bytes = 512, .sector_count = DISK_SECTORS};
    reads = 0;
    return partitions_read(&source, &table);
}

static bool has_problem(const char *part)
{
    for (unsigned i = 0; i < table.problem_count && i < PARTITION_PROBLEMS_MAX; i++)
        if (strstr(table.problems[i], part))
            return true;
    return false;
}

static void clear_disk(void)
{
    memset(disk, 0, sizeof disk);
    failing_lba = UINT64_MAX;
}

static void put16(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *bytes, uint32_t value)
{
    put16(bytes, value);
    put16(bytes + 2, value >> 16);
}

static void put64(uint8_t *bytes, uint64_t value)
{
    put32(bytes, (uint32_t)value);
    put32(bytes + 4, (uint32_t)(value >> 32));
}

static void put_entry(uint8_t *sector, unsigned index, uint8_t type, uint32_t first, uint32_t count)
{
    uint8_t *entry = sector + 446 + index * 16;
    entry[4] = type;
    put32(entry + 8, first);
    put32(entry + 12, count);
    put16(sector + 510, 0xAA55);
}

/* ------------------------------------------------------------------ MBR */

static bool partition_is(unsigned index, unsigned number, uint64_t first, uint64_t count)
{
    const struct partition *partition = &table.partitions[index];
    return index < table.count && partition->number == number && partition->first_lba == first &&
           partition->sector_count == count;
}

static void test_mbr(void)
{
    clear_disk();
    TAP_CHECK(read_table() && table.scheme == PARTITION_SCHEME_NONE && table.problem_count == 0);
    put_entry(disk[0], 0, 0x0E, 64, 1000);
    put_entry(disk[0], 2, 0x83, 2000, 96);
    disk[0][446] = 0x80;
    TAP_CHECK(read_table() && table.scheme == PARTITION_SCHEME_MBR && table.count == 2);
    TAP_CHECK(partition_is(0, 1, 64, 1000) && table.partitions[0].is_active);
    TAP_CHECK(partition_is(1, 3, 2000, 96) && strcmp(table.partitions[1].type, "Linux") == 0);
    TAP_CHECK(table.problem_count == 0);
    put_entry(disk[0], 1, 0x77, 100, 10);
    TAP_CHECK(read_table() && !table.partitions[1].type && has_problem("1 and 2 overlap"));
    put_entry(disk[0], 1, 0x83, 1064, 0);
    TAP_CHECK(read_table() && has_problem("2 has no sectors"));
    put_entry(disk[0], 1, 0x83, 4000, 200);
    TAP_CHECK(read_table() && has_problem("2 ends 104 sectors beyond"));
    put_entry(disk[0], 1, 0x83, 0xFFFFFFFF, 0xFFFFFFFF);
    TAP_CHECK(read_table() && has_problem("2 begins at sector 4294967295"));
    put_entry(disk[0], 1, 0x83, 0, 10);
    disk[0][446 + 16] = 0x80;
    TAP_CHECK(read_table() && has_problem("2 begins at sector 0") &&
              has_problem("2 partitions are marked"));
    disk[0][446 + 16] = 0x12;
    TAP_CHECK(read_table() && table.count == 3 && has_problem("may be no partition table"));
    put_entry(disk[0], 2, 0x83, 2000, DISK_SECTORS);
    TAP_CHECK(read_table() && table.scheme == PARTITION_SCHEME_NONE &&
              has_problem("is no partition"));
    clear_disk();
    put16(disk[0] + 510, 0xAA55);
    TAP_CHECK(read_table() && table.scheme == PARTITION_SCHEME_MBR && table.count == 0 &&
              table.is_doubtful);
    memcpy(disk[1], "EFI PART", 8);
    TAP_CHECK(read_table() && table.count == 0 && has_problem("does not announce"));
    failing_lba = 1;
    TAP_CHECK(!read_table());
    failing_lba = 0;
    TAP_CHECK(!read_table());
}

/* An extended partition from 1000 on; logical ones are built by the caller. */
static void begin_extended(void)
{
    clear_disk();
    put_entry(disk[0], 0, 0x83, 1, 900);
    put_entry(disk[0], 1, 0x05, 1000, 2000);
}

static void test_logical(void)
{
    begin_extended();
    put_entry(disk[1000], 0, 0x83, 10, 100);
    put_entry(disk[1000], 1, 0x05, 500, 300);
    put_entry(disk[1500], 0, 0x82, 20, 200);
    put_entry(disk[1500], 1, 0x05, 200, 300); /* back, which is legal */
    put_entry(disk[1200], 0, 0x0B, 5, 50);
    TAP_CHECK(read_table() && table.count == 5 && table.problem_count == 0);
    TAP_CHECK(partition_is(2, 5, 1010, 100) && partition_is(3, 6, 1520, 200) &&
              partition_is(4, 7, 1205, 50));
    put_entry(disk[1200], 1, 0x05, 500, 300);
    TAP_CHECK(read_table() && table.count == 5 && has_problem("circles at sector 1500"));
    put_entry(disk[1200], 1, 0x05, 0, 300);
    TAP_CHECK(read_table() && has_problem("circles at sector 1000"));
    put_entry(disk[1200], 1, 0x05, 2000, 300);
    TAP_CHECK(read_table() && has_problem("leaves the extended one, to sector 3000"));
    put_entry(disk[1200], 1, 0x05, 0xFFFFFFFF, 300);
    TAP_CHECK(read_table() && has_problem("leaves the extended one") &&
              has_problem("beyond the disk's end"));
    put_entry(disk[1200], 1, 0x05, 700, 300);
    TAP_CHECK(read_table() && has_problem("sector 1700 is no partition record"));
    failing_lba = 1700;
    TAP_CHECK(!read_table() && table.count == 5);

    begin_extended();
    for (unsigned i = 0; i < 200; i++) { /* a chain that never ends */
        put_entry(disk[1000 + i], 0, 0x83, 1, 1);
        put_entry(disk[1000 + i], 1, 0x05, i + 1, 1);
    }
    TAP_CHECK(read_table() && reads < 70 && has_problem("more than 60") && table.count == 62);

    begin_extended();
    put_entry(disk[0], 2, 0x05, 5000, 10); /* a second extended one, off the disk */
    put_entry(disk[1000], 0, 0x83, 10, 100);
    TAP_CHECK(read_table() && table.count == 4 && has_problem("Partition 3 is a second extended"));

    begin_extended();
    put_entry(disk[1000], 0, 0x05, 500, 300); /* the link first, the partition last */
    put_entry(disk[1000], 3, 0x83, 10, 100);
    put_entry(disk[1500], 0, 0x83, 1, 1);
    put_entry(disk[1500], 1, 0x83, 2, 1);
    TAP_CHECK(read_table() && table.count == 4 && partition_is(2, 5, 1010, 100) &&
              partition_is(3, 6, 1501, 1));
    TAP_CHECK(table.problem_count == 1 && has_problem("1500 has a second partition"));
    put16(disk[1500] + 510, 0);
    TAP_CHECK(read_table() && table.count == 4 && has_problem("1500 has no signature"));
    disk[1500][446] = 0x42;
    TAP_CHECK(read_table() && table.count == 3 && has_problem("1500 is no partition record"));
}

/* ------------------------------------------------------------------ GPT */

enum { ENTRIES = 128, ENTRY_BYTES = 128, ENTRY_SECTORS = 32 };
static const uint8_t linux_guid[16] = {0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47,
                                       0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4};

static void seal_header(uint64_t lba, uint64_t other, uint64_t entries)
{
    uint8_t *header = disk[lba];

    memset(header, 0, 512);
    memcpy(header, "EFI PART\0\0\1\0", 12);
    put32(header + 12, 92);
    put64(header + 24, lba);
    put64(header + 32, other);
    put64(header + 40, 34);
    put64(header + 48, DISK_SECTORS - 34);
    put64(header + 72, entries);
    put32(header + 80, ENTRIES);
    put32(header + 84, ENTRY_BYTES);
    put32(header + 88, crc32_update(0, disk[entries], ENTRIES * ENTRY_BYTES));
    put32(header + 16, crc32_update(0, header, 92));
}

static void seal(void)
{
    memcpy(disk[DISK_SECTORS - 33], disk[2], ENTRY_SECTORS * 512);
    seal_header(1, DISK_SECTORS - 1, 2);
    seal_header(DISK_SECTORS - 1, 1, DISK_SECTORS - 33);
}

static void put_gpt_entry(unsigned index, uint64_t first, uint64_t last, const char *name)
{
    uint8_t *entry = disk[2] + index * ENTRY_BYTES;

    memcpy(entry, linux_guid, 16);
    put64(entry + 32, first);
    put64(entry + 40, last);
    for (unsigned i = 0; name[i]; i++)
        put16(entry + 56 + 2 * i, (uint8_t)name[i]);
}

static void begin_gpt(void)
{
    clear_disk();
    put_entry(disk[0], 0, 0xEE, 1, DISK_SECTORS - 1);
    put_gpt_entry(0, 64, 163, "root");
    put_gpt_entry(5, 200, 299, "home");
    seal();
}

static void test_gpt(void)
{
    begin_gpt();
    TAP_CHECK(read_table() && table.scheme == PARTITION_SCHEME_GPT && table.count == 2 &&
              table.problem_count == 0);
    TAP_CHECK(partition_is(0, 1, 64, 100) && strcmp(table.partitions[0].name, "root") == 0 &&
              strcmp(table.partitions[0].type, "Linux") == 0);
    TAP_CHECK(partition_is(1, 6, 200, 100) &&
              strcmp(table.partitions[1].guid, "0FC63DAF-8483-4772-8E79-3D69D8477DE4") == 0);

    put16(disk[2] + 56, 0x20AC); /* a name in other letters, and with an escape character */
    put16(disk[2] + 58, 0x1B);
    put16(disk[2] + 60, 0xD800);
    disk[2][0] ^= 1;
    seal();
    TAP_CHECK(read_table() && !table.partitions[0].type &&
              strcmp(table.partitions[0].name, "\xE2\x82\xAC\xEF\xBF\xBD\xEF\xBF\xBDt") == 0);

    begin_gpt();
    disk[1][50] ^= 1;
    TAP_CHECK(read_table() && table.count == 2 &&
              has_problem("The first GPT header, in sector 1, is damaged") &&
              has_problem("used instead"));
    disk[DISK_SECTORS - 1][0] = 0;
    TAP_CHECK(read_table() && table.scheme == PARTITION_SCHEME_MBR &&
              has_problem("disk's end, is missing"));
    begin_gpt();
    disk[3][0] ^= 1;
    TAP_CHECK(read_table() && table.count == 2 && has_problem("damaged entries"));
    begin_gpt();
    disk[DISK_SECTORS - 1][60] ^= 1;
    TAP_CHECK(read_table() && table.count == 2 &&
              has_problem("The second GPT header, at the disk's end, is damaged"));
    seal_header(1, 3000, 2);
    TAP_CHECK(read_table() && table.count == 2 && has_problem("not at the disk's end"));
    memcpy(disk[1], disk[DISK_SECTORS - 1], 512);
    TAP_CHECK(read_table() && has_problem("is damaged"));
    seal_header(DISK_SECTORS - 1, 1, DISK_SECTORS - 33);
    memcpy(disk[1], disk[DISK_SECTORS - 1], 512);
    TAP_CHECK(read_table() && has_problem("a copy from another place"));

    begin_gpt();
    put_gpt_entry(1, 100, 210, "across");
    put_gpt_entry(2, 300, 250, "backwards");
    put_gpt_entry(3, 4090, 4095, "over the end");
    put_gpt_entry(4, 400, UINT64_MAX, "endless");
    seal();
    TAP_CHECK(read_table() && has_problem("1 and 2 overlap") && has_problem("2 and 6 overlap"));
    TAP_CHECK(has_problem("3 has no sectors") && has_problem("4 lies outside"));
    TAP_CHECK(has_problem("Partition 5 ends"));

    begin_gpt();
    for (unsigned i = 0; i < ENTRIES; i++)
        put_gpt_entry(i, 64 + i, 64 + i, "small");
    seal();
    TAP_CHECK(read_table() && table.count == 128 && table.problem_count == 0);
    failing_lba = 20;
    TAP_CHECK(!read_table());
}

/* A header that is sealed properly and says nonsense. */
static bool nonsense_is_refused(unsigned offset, uint64_t value, const char *sentence)
{
    begin_gpt();
    for (unsigned copy = 0; copy < 2; copy++) {
        uint8_t *header = disk[copy ? DISK_SECTORS - 1 : 1];
        if (offset == 72 || offset == 48)
            put64(header + offset, value);
        else
            put32(header + offset, (uint32_t)value);
        put32(header + 16, 0);
        uint32_t size = header[12] | (uint32_t)header[13] << 8;
        put32(header + 16, crc32_update(0, header, size <= 512 ? size : 512));
    }
    /* What is left is the entry that announces it. */
    return read_table() && table.scheme == PARTITION_SCHEME_MBR && table.count == 1 &&
           has_problem(sentence);
}

static void test_gpt_nonsense(void)
{
    TAP_CHECK(nonsense_is_refused(12, 91, "impossible size"));
    TAP_CHECK(nonsense_is_refused(12, 513, "impossible size"));
    TAP_CHECK(nonsense_is_refused(12, 0xFFFFFFFF, "impossible size"));
    TAP_CHECK(nonsense_is_refused(84, 0, "entries of an impossible size"));
    TAP_CHECK(nonsense_is_refused(84, 129, "entries of an impossible size"));
    TAP_CHECK(nonsense_is_refused(84, 1024, "entries of an impossible size"));
    TAP_CHECK(nonsense_is_refused(80, 0xFFFFFFFF, "impossible number of entries"));
    TAP_CHECK(nonsense_is_refused(48, DISK_SECTORS, "has it been cut"));
    TAP_CHECK(nonsense_is_refused(72, DISK_SECTORS, "beyond the disk's end"));
    TAP_CHECK(nonsense_is_refused(72, DISK_SECTORS - 31, "beyond the disk's end"));
    TAP_CHECK(nonsense_is_refused(72, UINT64_MAX, "beyond the disk's end"));
}

static void test_other_disks(void)
{
    struct partition_source source = {.read = read_sector, .sector_bytes = 512};

    begin_gpt();
    TAP_CHECK(partitions_read(&source, &table) && table.count == 0); /* no sectors at all */
    source.sector_count = 2;
    TAP_CHECK(partitions_read(&source, &table) && has_problem("too small"));
    source.sector_bytes = 8192;
    TAP_CHECK(partitions_read(&source, &table) && has_problem("8192 bytes"));
}

/* Random damage: nothing to compare; the sanitizers and the bound on reads are the test. */
static void test_damage(void)
{
    uint32_t state = 7;
    uint64_t most = 0;

    for (unsigned round = 0; round < 3000; round++) {
        if (round % 2)
            begin_gpt();
        else
            begin_extended();
        for (unsigned i = 0; i < 40; i++) {
            state = state * 1664525 + 1013904223;
            uint8_t *sector =
                disk[(const unsigned[]){0, 1, 2, 1000, DISK_SECTORS - 1}[state >> 8 & 3]];
            sector[(state >> 16 & 63) + (state & 1 ? 446 : 0)] = (uint8_t)(state >> 24);
        }
        read_table();
        most = reads > most ? reads : most;
    }
    tap_ok(most < 1200, "3,000 damaged tables: at most %u sectors were read", (unsigned)most);
}

/* ------------------------------------------------------------------ file systems */

static uint8_t head[0x20000];
static struct filesystem filesystem;

static bool read_head(void *context, uint64_t offset, void *bytes, size_t count)
{
    reads++;
    if (offset + count > sizeof head || count > 512 || offset % 512 + count > 512)
        abort();
    if (context && offset == *(const uint64_t *)context)
        return false;
    memcpy(bytes, head + offset, count);
    return true;
}

static enum filesystem_result probe(void)
{
    struct filesystem_source source = {.read = read_head, .byte_count = sizeof head};
    return filesystem_probe(&source, &filesystem);
}

static bool is_filesystem(const char *name, const char *label)
{
    return probe() == FILESYSTEM_FOUND && strcmp(filesystem.name, name) == 0 &&
           strcmp(filesystem.label, label) == 0 && !filesystem.also;
}

static void put_fat(uint32_t sectors, uint32_t fat_sectors, uint8_t cluster_sectors, bool is_32)
{
    memset(head, 0, sizeof head);
    head[0] = 0xEB;
    put16(head + 11, 512);
    head[13] = cluster_sectors;
    put16(head + 14, 32);
    head[16] = 2;
    head[21] = 0xF8;
    put16(head + 17, is_32 ? 0 : 512);
    put32(head + 32, sectors);
    if (is_32) {
        put32(head + 36, fat_sectors);
        put32(head + 44, 2);
    } else {
        put16(head + 22, fat_sectors);
    }
    uint8_t *extension = head + (is_32 ? 66 : 38);
    extension[0] = 0x29;
    memcpy(extension + 5, "DEMO       ", 11);
    put16(head + 510, 0xAA55);
}

static void test_filesystems(void)
{
    memset(head, 0, sizeof head);
    TAP_CHECK(probe() == FILESYSTEM_UNKNOWN);
    put_fat(2880, 9, 1, false);
    TAP_CHECK(is_filesystem("FAT12", "DEMO"));
    put_fat(131072, 128, 4, false);
    TAP_CHECK(is_filesystem("FAT16", "DEMO"));
    memcpy(head + 43, "NO NAME    ", 11);
    TAP_CHECK(is_filesystem("FAT16", ""));
    memcpy(head + 43, "A\x1B[2J B    ", 11);
    TAP_CHECK(is_filesystem("FAT16", "A?[2J B"));
    put_fat(1u << 20, 2048, 4, true);
    TAP_CHECK(is_filesystem("FAT32", "DEMO"));
    head[13] = 3;
    TAP_CHECK(probe() == FILESYSTEM_UNKNOWN);
    put_fat(100, 9, 1, false);
    put16(head + 22, 500);
    TAP_CHECK(probe() == FILESYSTEM_UNKNOWN);
    put_fat(0xFFFFFFFF, 0xFFFFFFFF, 1, true);
    TAP_CHECK(probe() == FILESYSTEM_UNKNOWN);
    memset(head, 0, sizeof head);
    put16(head + 1024 + 56, 0xEF53);
    memcpy(head + 1024 + 120, "sixteen letters!", 16);
    TAP_CHECK(is_filesystem("ext2", "sixteen letters!"));
    put32(head + 1024 + 92, 4);
    TAP_CHECK(is_filesystem("ext3", "sixteen letters!"));
    put32(head + 1024 + 96, 0x40);
    TAP_CHECK(is_filesystem("ext4", "sixteen letters!"));
    memcpy(head, "XFSB", 4);
    TAP_CHECK(probe() == FILESYSTEM_FOUND && strcmp(filesystem.name, "ext4") == 0 &&
              filesystem.also && strcmp(filesystem.also, "XFS") == 0);
    memcpy(head, "LUKS\xBA\xBE\0\2", 8); /* what shows through does not count */
    TAP_CHECK(is_filesystem("LUKS", ""));
    memset(head, 0, sizeof head);
    memcpy(head + 3, "NTFS    ", 8);
    put16(head + 11, 512);
    TAP_CHECK(is_filesystem("NTFS", ""));
    put16(head + 14, 1);
    TAP_CHECK(probe() == FILESYSTEM_UNKNOWN);
    memset(head, 0, sizeof head);
    memcpy(head + 4086, "SWAPSPACE2", 10);
    TAP_CHECK(probe() == FILESYSTEM_UNKNOWN);
    put32(head + 1024, 1);
    put32(head + 1028, 15);
    TAP_CHECK(is_filesystem("Linux swap", ""));
    memset(head, 0, sizeof head);
    memcpy(head + 32768, "\1CD001", 6);
    memset(head + 32808, ' ', 32);
    memcpy(head + 32808, "A DISC", 6);
    TAP_CHECK(is_filesystem("ISO 9660", "A DISC"));
    memset(head + 32808, 'X', 32);
    TAP_CHECK(probe() == FILESYSTEM_FOUND && strlen(filesystem.label) == 32);
    memcpy(head + 32768 + 2048, "\0BEA01", 6);
    memcpy(head + 32768 + 4096, "\0NSR03", 6);
    TAP_CHECK(probe() == FILESYSTEM_FOUND && strcmp(filesystem.name, "UDF") == 0);
    head[32768] = 2;
    memset(head + 32768 + 2048, 0, 4096);
    TAP_CHECK(probe() == FILESYSTEM_UNKNOWN);

    uint64_t failing = 32768;
    struct filesystem_source source = {read_head, &failing, sizeof head};
    TAP_CHECK(filesystem_probe(&source, &filesystem) == FILESYSTEM_UNREADABLE);
    put16(head + 1024 + 56, 0xEF53);
    TAP_CHECK(filesystem_probe(&source, &filesystem) == FILESYSTEM_FOUND);
}

/* A root directory without an end, clusters far away, and any size of a partition: no read outside of it,
 * which read_head looks at, and not too many. */
static void test_damaged_filesystems(void)
{
    uint32_t state = 11;
    uint64_t most = 0;

    for (unsigned round = 0; round < 3000; round++) {
        put_fat(round % 3 ? 131072 : 1u << 20, round % 3 ? 128 : 2048, 4, round % 3 == 0);
        for (unsigned i = 0; i < 4; i++) {
            state = state * 1664525 + 1013904223;
            head[11 + (state >> 8) % 40] = (uint8_t)(state >> 24);
        }
        struct filesystem_source source = {.read = read_head, .byte_count = state % sizeof head};
        reads = 0;
        filesystem_probe(&source, &filesystem);
        most = reads > most ? reads : most;
    }
    tap_ok(most < 400, "3,000 damaged file systems: at most %u reads", (unsigned)most);
}

int main(void)
{
    test_mbr();
    test_logical();
    test_gpt();
    test_gpt_nonsense();
    test_other_disks();
    test_damage();
    test_filesystems();
    test_damaged_filesystems();
    return tap_exit();
}
