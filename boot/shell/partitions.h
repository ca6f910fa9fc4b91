/* SPDX-License-Identifier: MIT */
/*
 * Partition tables: MBR with logical partitions, and GPT, read and checked.
 *
 * Nothing on the disk is believed: every place is compared with the disk's size and with the other
 * partitions, chains are followed a bounded way, checksums are computed. What is wrong, or can be
 * read in more than one way, is kept as sentences for people; what can still be read is there as
 * well. Which entries count, and their numbers, are those of sfdisk: tests/boot/partitions.t
 * compares, and has a reason for each difference.
 *
 * Owns nothing. May not: touch the HAL or the port; sectors come from the caller's function. Not
 * entered from interrupts.
 */
#ifndef BOOT_SHELL_PARTITIONS_H
#define BOOT_SHELL_PARTITIONS_H

#include <stdbool.h>
#include <stdint.h>

#define PARTITIONS_MAX             128u
#define PARTITION_PROBLEMS_MAX     12u
#define PARTITION_PROBLEM_CAPACITY 128u
#define PARTITION_NAME_CAPACITY \
    (36u * 3u + 2u) /* 36 UTF-16 units as UTF-8; the last may need four bytes */
#define PARTITION_MAX_SECTOR_BYTES   4096u
#define PARTITION_GUID_TEXT_CAPACITY 37u

enum partition_scheme {
    PARTITION_SCHEME_NONE,
    PARTITION_SCHEME_MBR,
    PARTITION_SCHEME_GPT,
};

struct partition {
    unsigned number;    /* MBR: 1 to 4, logical ones from 5; GPT: place in the table, from 1 */
    uint64_t first_lba; /* in the disk's sectors */
    uint64_t sector_count;
    const char *type;                        /* in words; NULL: not known */
    uint8_t mbr_type;                        /* MBR only */
    bool is_active;                          /* MBR only */
    bool is_extended;                        /* holds logical partitions, no data of its own */
    char guid[PARTITION_GUID_TEXT_CAPACITY]; /* GPT only: the type as text */
    char name[PARTITION_NAME_CAPACITY];      /* GPT only */
};

struct partition_source {
    /* Reads one sector; false ends the whole reading. */
    bool (*read)(void *context, uint64_t lba, void *sector);
    void *context;
    uint32_t sector_bytes; /* 512 to PARTITION_MAX_SECTOR_BYTES */
    uint64_t sector_count; /* of the disk */
};

struct partition_table {
    enum partition_scheme scheme;
    /* Signature and size of an MBR, but what stands in it may be the code of a boot sector: believe
     * it only if the sector is not the beginning of a file system. */
    bool is_doubtful;
    const char *foreign; /* another kind of table, which is not read here, in words; NULL: none */
    unsigned count;
    struct partition partitions[PARTITIONS_MAX];
    unsigned problem_count; /* may be more than are kept */
    char problems[PARTITION_PROBLEMS_MAX][PARTITION_PROBLEM_CAPACITY];
    uint8_t sector[PARTITION_MAX_SECTOR_BYTES]; /* while reading */
};

/* Reads a disk's table, whichever it has. False: the source could not read a sector; the table then
 * holds what was found before. */
bool partitions_read(const struct partition_source *source, struct partition_table *table);

#endif
