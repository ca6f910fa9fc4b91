/* SPDX-License-Identifier: MIT */
/*
 * Which file system lies in a partition: a look at its first bytes, nothing more.
 *
 * Owns nothing and keeps nothing. May not: touch the HAL or the port, or trust a byte. Any context.
 */
#ifndef BOOT_FILESYSTEMS_H
#define BOOT_FILESYSTEMS_H

#include <stdbool.h>
#include <stdint.h>

#define FILESYSTEM_HEAD_BYTES 4096u /* what a look needs: the start of the partition */

struct filesystem {
    const char *name; /* "FAT16" */
    char label[33];   /* printable, without blanks at its end; "" if it has none */
};

/* False: none that is known here. */
bool filesystem_probe(const uint8_t head[FILESYSTEM_HEAD_BYTES], struct filesystem *filesystem);

/* The same for sector 16 of a CD-ROM: ISO 9660's primary volume descriptor. */
bool filesystem_probe_cd(const uint8_t sector[2048], struct filesystem *filesystem);

#endif
