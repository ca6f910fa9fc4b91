/* SPDX-License-Identifier: MIT */
/*
 * Recognising file systems; see filesystems.h. Pure: tested on the host, and compared with blkid.
 *
 * Most kinds have a mark of several bytes at a fixed place, and are rows of a table. A mark of two
 * bytes is no proof: what stands around it has to make sense as well, which is a function's
 * business.
 */
#include <string.h>

#include "boot/shell/filesystems.h"
#include "boot/shell/labels.h"

/* What one look has read: the block that the last question was about. */
struct look {
    const struct filesystem_source *source;
    uint64_t offset; /* of `block`; UINT64_MAX: nothing is in it */
    uint8_t block[512];
    bool failed;
};

/* The byte at `offset` and those behind it up to the end of its block; NULL: beyond the end, or not
 * to be read. They hold until the next call. */
static const uint8_t *look_at(struct look *look, uint64_t offset, size_t count)
{
    uint64_t start = offset & ~(uint64_t)(sizeof look->block - 1);

    if (offset + count > look->source->byte_count || offset + count > start + sizeof look->block)
        return NULL;
    if (look->offset != start) {
        uint64_t left = look->source->byte_count - start;
        size_t size = left < sizeof look->block ? (size_t)left : sizeof look->block;
        memset(look->block, 0, sizeof look->block);
        look->offset = UINT64_MAX;
        if (look->failed || !look->source->read(look->source->context, start, look->block, size)) {
            look->failed = true;
            return NULL;
        }
        look->offset = start;
    }
    return look->block + (offset - start);
}

static bool has(struct look *look, uint64_t offset, const void *bytes, size_t count)
{
    const uint8_t *there = look_at(look, offset, count);
    return there && memcmp(there, bytes, count) == 0;
}

static uint32_t get16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t get32(const uint8_t *bytes)
{
    return get16(bytes) | get16(bytes + 2) << 16;
}

static bool is_power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static void take_label(struct look *look, uint64_t offset, size_t length, char *label)
{
    const uint8_t *bytes = look_at(look, offset, length);
    if (bytes)
        label_from_bytes(bytes, length, label, FILESYSTEM_LABEL_CAPACITY);
}

/* ------------------------------------------------------------------ kinds with a mark */

struct mark {
    const char *name;
    uint32_t offset;
    const char *bytes;
    uint8_t length;
    uint8_t label_length;
    uint32_t label_offset;
};

#define MARK(name, offset, bytes)                    \
    {                                                \
        name, offset, bytes, sizeof(bytes) - 1, 0, 0 \
    }
#define LABELLED(name, offset, bytes, label, label_size)          \
    {                                                             \
        name, offset, bytes, sizeof(bytes) - 1, label_size, label \
    }

/* Containers: what lies in one may show through its gaps, and does not count. */
static const struct mark containers[] = {
    LABELLED("LUKS", 0, "LUKS\xBA\xBE\0\2", 24, 48),
    MARK("LUKS", 0, "LUKS\xBA\xBE\0\1"),
    MARK("BitLocker", 3, "-FVE-FS-"),
    MARK("LVM", 24, "LVM2 001"),
    MARK("LVM", 512 + 24, "LVM2 001"),
    MARK("LVM", 1024 + 24, "LVM2 001"),
    MARK("LVM", 1536 + 24, "LVM2 001"),
    MARK("Linux RAID", 0, "\xFC\x4E\x2B\xA9\1\0\0\0"),
    MARK("Linux RAID", 4096, "\xFC\x4E\x2B\xA9\1\0\0\0"),
    MARK("bcache", 4096 + 24, "\xC6\x85\x73\xF6\x4E\x1A\x45\xCA\x82\x65\xF5\x7F\x48\xBA\x6D\x81"),
};

static const struct mark plain[] = {
    MARK("exFAT", 3, "EXFAT   "),
    MARK("ReFS", 3, "ReFS\0\0\0\0"),
    MARK("APFS", 32, "NXSB"),
    LABELLED("XFS", 0, "XFSB", 108, 12),
    LABELLED("Btrfs", 0x10040, "_BHRfS_M", 0x1012B, 32),
    MARK("SquashFS", 0, "hsqs"),
    LABELLED("cramfs", 0, "\x45\x3D\xCD\x28", 48, 16),
    LABELLED("EROFS", 1024, "\xE2\xE1\xF5\xE0", 1024 + 64, 16),
    LABELLED("JFS", 32768, "JFS1", 32768 + 152, 16),
    LABELLED("ReiserFS", 65536 + 52, "ReIsEr2Fs", 65536 + 100, 16),
    LABELLED("ReiserFS", 65536 + 52, "ReIsEr3Fs", 65536 + 100, 16),
    MARK("HFS+", 1024, "H+\0\4"),
    MARK("HFS+", 1024, "HX\0\5"),
    MARK("BFS", 0, "\xCE\xFA\xAD\x1B"),
    MARK("romfs", 0, "-rom1fs-"),
};

static bool has_mark(struct look *look, const struct mark *mark, struct filesystem *found)
{
    if (!has(look, mark->offset, mark->bytes, mark->length))
        return false;
    found->name = mark->name;
    take_label(look, mark->label_offset, mark->label_length, found->label);
    return true;
}

/* The older forms of Linux RAID stand near the end. */
static bool find_raid(struct look *look, struct filesystem *found)
{
    uint64_t size = look->source->byte_count;
    uint64_t version_0 = (size & ~(uint64_t)0xFFFF) - 0x10000;
    uint64_t version_1 = ((size >> 9) - 16) / 8 * 8 << 9;

    found->name = "Linux RAID";
    return (size >= 0x10000 && has(look, version_0, "\xFC\x4E\x2B\xA9\0\0\0\0", 8)) ||
           (size >= 0x2000 && has(look, version_1, "\xFC\x4E\x2B\xA9\1\0\0\0", 8));
}

/* ------------------------------------------------------------------ FAT and NTFS */

/* A boot sector's parameter block. */
struct parameters {
    uint32_t sector_bytes, cluster_sectors, reserved, fat_count, root_entries, sectors, fat_sectors;
    uint32_t root_cluster; /* FAT32; 0: the root directory follows the FATs */
};

/* FAT's label is an entry of the root directory; the one in the boot sector may be older. */
static bool find_fat_label(struct look *look, const struct parameters *fat, char *label)
{
    enum {
        ENTRY_BYTES = 32,
        ATTRIBUTES = 11,
        IS_LABEL = 0x08,
        IS_LABEL_MASK = 0x18,
        DELETED = 0xE5
    };
    uint64_t sector = fat->reserved + (uint64_t)fat->fat_count * fat->fat_sectors;
    uint32_t entries = fat->root_entries;

    if (fat->root_cluster) {
        sector += (uint64_t)(fat->root_cluster - 2) * fat->cluster_sectors;
        entries = fat->cluster_sectors * fat->sector_bytes / ENTRY_BYTES;
    }
    for (uint32_t i = 0; i < entries; i++) {
        const uint8_t *entry =
            look_at(look, sector * fat->sector_bytes + (uint64_t)i * ENTRY_BYTES, ENTRY_BYTES);
        if (!entry || entry[0] == 0)
            return false;
        if (entry[0] == DELETED || (entry[ATTRIBUTES] & IS_LABEL_MASK) != IS_LABEL ||
            (entry[ATTRIBUTES] & 0x3F) == 0x0F)
            continue;
        label_from_bytes(entry, 11, label, FILESYSTEM_LABEL_CAPACITY);
        return true;
    }
    return false;
}

/* The boot signature, or the name of the kind, which stands where a FAT's parameters end. */
static bool has_fat_mark(const uint8_t *head)
{
    return (head[510] == 0x55 && head[511] == 0xAA) || memcmp(head + 54, "FAT", 3) == 0 ||
           memcmp(head + 82, "FAT32", 5) == 0;
}

/* FAT has no magic number that must be there: its parameter block has to make sense as a whole. The
 * 16-bit length of a FAT is 0 on FAT32 alone, whatever the number of clusters; between the other
 * two that number decides.
 * Source: Microsoft's FAT specification, "FAT Type Determination"; mkfs.fat -F 32 makes FAT32 with
 * few clusters. */
static bool find_fat(struct look *look, struct filesystem *found)
{
    const uint8_t *head = look_at(look, 0, 512);
    if (!head || !has_fat_mark(head) || (head[0] != 0xEB && head[0] != 0xE9))
        return false;

    bool is_fat32 = get16(head + 22) == 0;
    struct parameters fat = {
        .sector_bytes = get16(head + 11),
        .cluster_sectors = head[13],
        .reserved = get16(head + 14),
        .fat_count = head[16],
        .root_entries = get16(head + 17),
        .sectors = get16(head + 19) ? get16(head + 19) : get32(head + 32),
        .fat_sectors = is_fat32 ? get32(head + 36) : get16(head + 22),
        .root_cluster = is_fat32 ? get32(head + 44) : 0,
    };
    if (!is_power_of_two(fat.sector_bytes) || fat.sector_bytes < 512 || fat.sector_bytes > 4096 ||
        !is_power_of_two(fat.cluster_sectors) || fat.reserved == 0 || fat.fat_count == 0 ||
        fat.fat_sectors == 0 || (is_fat32 && fat.root_cluster < 2) ||
        (head[21] != 0xF0 && head[21] < 0xF8))
        return false;
    uint64_t overhead = fat.reserved + (uint64_t)fat.fat_count * fat.fat_sectors +
                        (fat.root_entries * 32 + fat.sector_bytes - 1) / fat.sector_bytes;
    if (overhead >= fat.sectors)
        return false;
    uint32_t clusters = (fat.sectors - (uint32_t)overhead) / fat.cluster_sectors;
    found->name = is_fat32 ? "FAT32" : clusters < 4085 ? "FAT12" : "FAT16";

    const uint8_t *extension = head + (is_fat32 ? 66 : 38); /* signature, serial number, label */
    if (extension[0] == 0x29 && memcmp(extension + 5, "NO NAME    ", 11) != 0)
        label_from_bytes(extension + 5, 11, found->label, FILESYSTEM_LABEL_CAPACITY);
    find_fat_label(look, &fat, found->label);
    return true;
}

static bool find_ntfs(struct look *look, struct filesystem *found)
{
    const uint8_t *head = look_at(look, 0, 512);
    /* What FAT has there is 0: reserved sectors, FATs, root entries, 16-bit number of sectors. */
    static const uint8_t zeros[7];

    found->name = "NTFS";
    return head && memcmp(head + 3, "NTFS    ", 8) == 0 && is_power_of_two(get16(head + 11)) &&
           get16(head + 11) >= 256 && memcmp(head + 14, zeros, sizeof zeros) == 0;
}

/* ------------------------------------------------------------------ Unix */

/* ext2, ext3 and ext4 share a superblock 1,024 bytes in; features that the older ones do not know
 * make it ext4. */
static bool find_ext(struct look *look, struct filesystem *found)
{
    enum { COMPAT_JOURNAL = 0x4, INCOMPAT_JOURNAL_DEVICE = 0x8 };
    const uint32_t old_incompat = 0x16, old_ro = 0x7;
    const uint8_t *superblock = look_at(look, 1024, 512);

    if (!superblock || get16(superblock + 56) != 0xEF53)
        return false;
    uint32_t compat = get32(superblock + 92), incompat = get32(superblock + 96);
    if (incompat & INCOMPAT_JOURNAL_DEVICE)
        found->name = "ext journal";
    else if (incompat & ~old_incompat || get32(superblock + 100) & ~old_ro)
        found->name = "ext4";
    else
        found->name = compat & COMPAT_JOURNAL ? "ext3" : "ext2";
    label_from_bytes(superblock + 120, 16, found->label, FILESYSTEM_LABEL_CAPACITY);
    return true;
}

static bool find_minix(struct look *look, struct filesystem *found)
{
    const uint8_t *superblock = look_at(look, 1024, 32);
    if (!superblock)
        return false;
    uint32_t magic = get16(superblock + 16);
    bool is_version_3 = get16(superblock + 24) == 0x4D5A;

    /* Inodes, and a block of each map; version 3 has 32 bits for the inodes, and a gap before the
     * maps. */
    const uint8_t *maps = superblock + (is_version_3 ? 6 : 4);
    found->name = "Minix";
    return (is_version_3 || magic == 0x137F || magic == 0x138F || magic == 0x2468 ||
            magic == 0x2478) &&
           get16(superblock) != 0 && get16(maps) != 0 && get16(maps + 2) != 0 &&
           get16(maps + 4) != 0;
}

/* The mark ends the first page, whose size depends on the machine. A suspended system has put
 * another mark in its place, and the label is still there. */
static bool find_swap(struct look *look, struct filesystem *found)
{
    static const char suspended[][10] = {"S1SUSPEND", "S2SUSPEND", "ULSUSPEND"};

    for (uint32_t page = 4096; page <= 65536; page *= 2) {
        for (size_t i = 0; i < sizeof suspended / sizeof *suspended; i++)
            if (has(look, page - 10, suspended[i], 9))
                found->name = "suspended Linux";
        if (!found->name && has(look, page - 10, "SWAPSPACE2", 10)) {
            const uint8_t *header = look_at(look, 1024, 8); /* version, last page */
            if (header && get32(header) == 1 && get32(header + 4) != 0)
                found->name = "Linux swap";
        }
        if (found->name) {
            take_label(look, 1024 + 28, 16, found->label);
            return true;
        }
    }
    return false;
}

static bool find_f2fs(struct look *look, struct filesystem *found)
{
    const uint8_t *superblock = look_at(look, 1024, 512);

    if (!superblock || memcmp(superblock, "\x10\x20\xF5\xF2", 4) != 0)
        return false;
    found->name = "F2FS";
    label_from_utf16(superblock + 0x7C, 64, found->label, FILESYSTEM_LABEL_CAPACITY);
    return true;
}

/* ------------------------------------------------------------------ discs */

/* A sequence of descriptors, one in every 2,048 bytes or more: ISO 9660's come first, and on a disc
 * for both kinds of readers, or on one for UDF alone, one says NSR.
 * Source: ECMA-119, 8.4 (primary volume descriptor); ECMA-167, part 2, 9 (volume structure
 * descriptors). */
static bool find_disc(struct look *look, struct filesystem *found)
{
    enum { IDENTIFIER = 1, VOLUME = 40, VOLUME_SIZE = 32 };

    for (uint64_t offset = 32768; offset < 65536; offset += 2048) {
        const uint8_t *descriptor = look_at(look, offset, 512);
        if (!descriptor)
            break;
        const uint8_t *identifier = descriptor + IDENTIFIER;
        if (memcmp(identifier, "CD001", 5) == 0) {
            if (descriptor[0] != 1)
                continue;
            found->name = "ISO 9660";
            label_from_bytes(descriptor + VOLUME, VOLUME_SIZE, found->label,
                             FILESYSTEM_LABEL_CAPACITY);
        } else if (memcmp(identifier, "NSR02", 5) == 0 || memcmp(identifier, "NSR03", 5) == 0) {
            found->name = "UDF";
            break;
        } else if (identifier[0] != 0 && memcmp(identifier, "BEA01", 5) != 0 &&
                   memcmp(identifier, "BOOT2", 5) != 0) {
            break;
        }
    }
    return found->name;
}

/* ------------------------------------------------------------------ all of them */

/* Keeps the first that is found, and the name of a second one. True: that is enough. */
static bool keep(struct filesystem *kept, const struct filesystem *found)
{
    if (kept->name)
        kept->also = found->name;
    else
        *kept = *found;
    return kept->also;
}

static enum filesystem_result result(const struct look *look, const struct filesystem *filesystem)
{
    if (filesystem->name)
        return FILESYSTEM_FOUND;
    return look->failed ? FILESYSTEM_UNREADABLE : FILESYSTEM_UNKNOWN;
}

enum filesystem_result filesystem_probe(const struct filesystem_source *source,
                                        struct filesystem *filesystem)
{
    static bool (*const finders[])(struct look *, struct filesystem *) = {
        find_fat, find_ntfs, find_ext, find_swap, find_minix, find_f2fs, find_disc,
    };
    static struct look look;
    struct filesystem found = {.name = NULL};

    memset(filesystem, 0, sizeof *filesystem);
    look = (struct look){.source = source, .offset = UINT64_MAX};
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
        if (has_mark(&look, &containers[i], filesystem))
            return FILESYSTEM_FOUND;
    if (find_raid(&look, &found)) {
        *filesystem = found;
        return FILESYSTEM_FOUND;
    }
    for (size_t i = 0; i < sizeof finders / sizeof *finders; i++) {
        memset(&found, 0, sizeof found);
        if (finders[i](&look, &found) && keep(filesystem, &found))
            return FILESYSTEM_FOUND;
    }
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        memset(&found, 0, sizeof found);
        if (has_mark(&look, &plain[i], &found) && keep(filesystem, &found))
            return FILESYSTEM_FOUND;
    }
    return result(&look, filesystem);
}
