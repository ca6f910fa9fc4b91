/* SPDX-License-Identifier: MIT */
/* Recognising file systems; see filesystems.h. Pure: tested on the host. */
#include "boot/filesystems.h"

#include <stddef.h>
#include <string.h>

static uint32_t get16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t get32(const uint8_t *bytes)
{
    return get16(bytes) | get16(bytes + 2) << 16;
}

static bool has_text(const uint8_t *bytes, const char *text)
{
    return memcmp(bytes, text, strlen(text)) == 0;
}

/* Copies a label of fixed length, padded with blanks or null bytes. What a terminal could obey
 * becomes a question mark; bytes of other alphabets go through. */
static void copy_label(struct filesystem *filesystem, const uint8_t *bytes, size_t length)
{
    size_t end = 0;

    for (size_t i = 0; i < length && bytes[i]; i++) {
        filesystem->label[i] = (char)(bytes[i] < ' ' || bytes[i] == 0x7F ? '?' : bytes[i]);
        if (bytes[i] != ' ')
            end = i + 1;
    }
    filesystem->label[end] = 0;
}

static bool is_power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* FAT has no magic number that must be there: its parameter block has to make sense as a whole. The
 * number of clusters alone decides between FAT12, FAT16 and FAT32. */
static bool probe_fat(const uint8_t *head, struct filesystem *filesystem)
{
    uint32_t sector_bytes = get16(head + 11), cluster_sectors = head[13];
    uint32_t reserved = get16(head + 14), fat_count = head[16], root_entries = get16(head + 17);
    uint32_t sectors = get16(head + 19) ? get16(head + 19) : get32(head + 32);
    uint32_t fat_sectors = get16(head + 22) ? get16(head + 22) : get32(head + 36);
    bool has_16_bit_size = get16(head + 22) != 0;

    if (head[510] != 0x55 || head[511] != 0xAA || (head[0] != 0xEB && head[0] != 0xE9))
        return false;
    if (!is_power_of_two(sector_bytes) || sector_bytes < 512 || sector_bytes > 4096 ||
        !is_power_of_two(cluster_sectors) || reserved == 0 || fat_count == 0 || fat_count > 2 ||
        fat_sectors == 0)
        return false;
    uint64_t overhead = reserved + (uint64_t)fat_count * fat_sectors +
                        (root_entries * 32 + sector_bytes - 1) / sector_bytes;
    if (overhead >= sectors)
        return false;
    uint32_t clusters = (sectors - (uint32_t)overhead) / cluster_sectors;
    filesystem->name = clusters < 4085 ? "FAT12" : clusters < 65525 ? "FAT16" : "FAT32";

    const uint8_t *extension = head + (has_16_bit_size ? 38 : 66); /* 0x29, serial, label */
    if (extension[0] == 0x29 && !has_text(extension + 5, "NO NAME    "))
        copy_label(filesystem, extension + 5, 11);
    return true;
}

/* ext2, ext3 and ext4 share a superblock 1,024 bytes in. */
static bool probe_ext(const uint8_t *head, struct filesystem *filesystem)
{
    enum { HAS_JOURNAL = 0x4, HAS_EXTENTS = 0x40 };
    const uint8_t *superblock = head + 1024;

    if (get16(superblock + 56) != 0xEF53)
        return false;
    if (get32(superblock + 96) & HAS_EXTENTS)
        filesystem->name = "ext4";
    else
        filesystem->name = get32(superblock + 92) & HAS_JOURNAL ? "ext3" : "ext2";
    copy_label(filesystem, superblock + 120, 16);
    return true;
}

bool filesystem_probe(const uint8_t head[FILESYSTEM_HEAD_BYTES], struct filesystem *filesystem)
{
    filesystem->name = NULL;
    filesystem->label[0] = 0;
    if (has_text(head + 3, "NTFS    ")) {
        filesystem->name = "NTFS";
    } else if (has_text(head + 3, "EXFAT   ")) {
        filesystem->name = "exFAT";
    } else if (has_text(head, "XFSB")) {
        filesystem->name = "XFS";
        copy_label(filesystem, head + 108, 12);
    } else if (has_text(head + FILESYSTEM_HEAD_BYTES - 10, "SWAPSPACE2")) {
        filesystem->name = "Linux swap";
        copy_label(filesystem, head + 1052, 16);
    } else if (!probe_ext(head, filesystem)) {
        return probe_fat(head, filesystem);
    }
    return true;
}

bool filesystem_probe_cd(const uint8_t sector[2048], struct filesystem *filesystem)
{
    filesystem->label[0] = 0;
    if (sector[0] != 1 || !has_text(sector + 1, "CD001"))
        return false;
    filesystem->name = "ISO 9660";
    copy_label(filesystem, sector + 40, 32);
    return true;
}
