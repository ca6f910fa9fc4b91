/* SPDX-License-Identifier: MIT */
/*
 * A progress bar for long work: how much is done, how fast, how long it will take. It is drawn on
 * the terminal's present line, only for a person, at most five times a second, and wiped away at
 * the end. Context: PASSIVE_LEVEL.
 */
#ifndef BOOT_SHELL_PROGRESS_H
#define BOOT_SHELL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* at most 10 characters */
    uint64_t total_bytes;
    uint64_t started_us, drawn_us;
    unsigned width; /* of what stands on the line; 0: nothing */
};

void progress_begin(struct progress *progress, const char *what, uint64_t total_bytes);
/* Draws the bar if it is time to. */
void progress_update(struct progress *progress, uint64_t done_bytes);
/* Wipes it away. */
void progress_end(struct progress *progress);

/* "64.0 MiB in 0.5 s, 128.0 MiB/s", for the line that is left after the work. */
#define PROGRESS_SUMMARY_CAPACITY 72u
void progress_summary(const struct progress *progress, uint64_t done_bytes,
                      char text[PROGRESS_SUMMARY_CAPACITY]);

#endif
