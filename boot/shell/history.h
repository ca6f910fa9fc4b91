/* SPDX-License-Identifier: MIT */
/*
 * The lines that were entered at the prompt, in this session and, as the host has kept them, before
 * it. Memory is bounded: the oldest lines give way, when there are too many or they are too long.
 *
 * Owns nothing but what it is given. May not: touch the HAL or the port. Context: PASSIVE_LEVEL.
 */
#ifndef BOOT_SHELL_HISTORY_H
#define BOOT_SHELL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_LINES 1000u
#define HISTORY_BYTES 0x20000u /* of all lines, each with its terminator */

struct history {
    char text[HISTORY_BYTES];       /* a ring; no line runs over its end */
    uint32_t starts[HISTORY_LINES]; /* a ring, too: where each line begins */
    unsigned first, count;          /* the oldest line's place in `starts` */
    uint32_t next;                  /* where the next line goes, if it fits there */
};

/* Keeps a line, without a terminator. False, and it is not kept: it is empty, begins with a blank,
 * repeats the newest line, or holds control characters. */
bool history_add(struct history *history, const char *line, size_t length);
/* Keeps the lines of a text that are no longer than `longest`. */
void history_load(struct history *history, const char *text, size_t byte_count, size_t longest);
/* The line that was entered so many lines before the one that is being written: 1 is the newest.
 * NULL: there are not so many. */
const char *history_line(const struct history *history, unsigned back);

#endif
