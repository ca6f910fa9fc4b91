/* SPDX-License-Identifier: MIT */
/*
 * Bytes in hexadecimal, as `hexdump -C` writes them, so that the two can be compared. Of lines that
 * have the same bytes the first one is shown, and a `*` stands for the others; but the last line of
 * a dump always stands there, with its address. Context: PASSIVE_LEVEL.
 */
#ifndef BOOT_SHELL_DUMP_H
#define BOOT_SHELL_DUMP_H

#include <stddef.h>
#include <stdint.h>

#define DUMP_LINE_BYTES 16u

/* A dump that comes in parts, of whole lines but for the last one. Begins all zeros. */
struct dump {
    uint8_t last[DUMP_LINE_BYTES]; /* the line shown last */
    size_t last_count;             /* bytes of it */
    uint64_t equal_lines;          /* since then */
    uint64_t offset;               /* of the last of these */
};

/* `offset` stands at the beginning of the first line, and counts on. */
void dump_part(struct dump *dump, uint64_t offset, const uint8_t *bytes, size_t byte_count);
void dump_end(struct dump *dump);
/* All of one. */
void dump_bytes(uint64_t offset, const uint8_t *bytes, size_t byte_count);

#endif
