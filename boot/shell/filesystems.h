/* SPDX-License-Identifier: MIT */
/*
 * Which file system lies on a disk, in a partition or on a CD: a look at the places where each kind
 * has its mark, nothing more. Names and decisions are blkid's (tests/boot/partitions.t compares).
 *
 * Owns nothing and keeps nothing. May not: touch the HAL or the port, or trust a byte. Any context
 * that the source's function may be called in; not re-entrant.
 */
#ifndef BOOT_SHELL_FILESYSTEMS_H
#define BOOT_SHELL_FILESYSTEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILESYSTEM_LABEL_CAPACITY 97u /* 32 characters of three bytes each */

struct filesystem_source {
    /* Reads `count` bytes, at most 512, from `offset` on. They lie inside byte_count and inside a
     * block of 512 bytes that is counted from the beginning. False: they cannot be read. */
    bool (*read)(void *context, uint64_t offset, void *bytes, size_t count);
    void *context;
    uint64_t byte_count; /* of the partition or disk */
};

enum filesystem_result {
    FILESYSTEM_UNKNOWN,
    FILESYSTEM_FOUND,
    FILESYSTEM_UNREADABLE, /* the source failed before one was found */
};

struct filesystem {
    const char *name; /* "FAT16" */
    const char *also; /* another one whose mark is there too, so that it may be either, or NULL */
    /* Printable UTF-8, without blanks at its end; "" if there is none. */
    char label[FILESYSTEM_LABEL_CAPACITY];
};

enum filesystem_result filesystem_probe(const struct filesystem_source *source,
                                        struct filesystem *filesystem);

#endif
