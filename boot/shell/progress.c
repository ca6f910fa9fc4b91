/* SPDX-License-Identifier: MIT */
/* The progress bar; see progress.h. It goes to the console alone: the log holds results. */
#include <stdio.h>
#include <string.h>

#include "boot/shell/columns.h"
#include "boot/shell/numbers.h"
#include "boot/shell/progress.h"
#include "boot/shell/session.h"
#include "hal/hal.h"

#define BAR_COLUMNS      24u
#define BAR_LEAST        4u
#define WHAT_COLUMNS     10u
#define DRAW_INTERVAL_US 200000u

static uint64_t rate(uint64_t byte_count, uint64_t elapsed_us)
{
    /* Bytes a second without overflow: up to 16 TiB the product fits. */
    if (byte_count > UINT64_MAX / 1000000)
        return number_divide(byte_count, number_divide(elapsed_us, 1000000));
    return number_divide(byte_count * 1000000, elapsed_us);
}

void progress_begin(struct progress *progress, const char *what, uint64_t total_bytes)
{
    uint64_t now = hal_clock_us();
    *progress = (struct progress){
        .what = what, .total_bytes = total_bytes, .started_us = now, .drawn_us = now};
}

/* " [###---]" */
static void format_bar(char *bar, unsigned columns, unsigned percent)
{
    unsigned filled = percent < 100 ? percent * columns / 100 : columns;

    memcpy(bar, " [", 2);
    memset(bar + 2, '-', columns);
    memset(bar + 2, '#', filled);
    memcpy(bar + 2 + columns, "]", 2);
}

static void draw(struct progress *progress, uint64_t done_bytes, uint64_t now)
{
    char bar[BAR_COLUMNS + 4] = "", tail[64], speed[SIZE_TEXT_CAPACITY],
                           left[DURATION_TEXT_CAPACITY], line[100];
    uint64_t per_second = rate(done_bytes, now - progress->started_us);
    uint64_t unit =
        (progress->total_bytes >> 10) + 1; /* so that percentages need no wide product */
    unsigned percent = (unsigned)number_divide((done_bytes >> 10) * 100, unit);
    unsigned width = columns_width() - 1; /* the last column stays free, so that it never wraps */

    size_format(per_second, speed, sizeof speed);
    uint64_t seconds_left = number_divide(progress->total_bytes - done_bytes, per_second);
    duration_format(seconds_left > UINT32_MAX ? UINT64_MAX : seconds_left * 1000000, left,
                    sizeof left);
    unsigned used = WHAT_COLUMNS + 3; /* with a blank and the brackets */
    used += (unsigned)snprintf(tail, sizeof tail, " %3u%%  %s/s  %s left", percent, speed, left);
    if (width >= used + BAR_LEAST)
        format_bar(bar, width - used < BAR_COLUMNS ? width - used : BAR_COLUMNS, percent);
    unsigned length = (unsigned)snprintf(line, sizeof line, "\r%-*.*s%s%s", (int)WHAT_COLUMNS,
                                         (int)WHAT_COLUMNS, progress->what, bar, tail);
    if (length - 1 < width)
        width = length - 1;
    hal_console_write(line, width + 1);
    for (; progress->width > width; progress->width--)
        hal_console_write(" ", 1);
    progress->width = width;
}

void progress_update(struct progress *progress, uint64_t done_bytes)
{
    uint64_t now = hal_clock_us();
    if (!shell_is_interactive() || now - progress->drawn_us < DRAW_INTERVAL_US)
        return;
    progress->drawn_us = now;
    draw(progress, done_bytes, now);
}

void progress_end(struct progress *progress)
{
    if (progress->width == 0)
        return;
    hal_console_write("\r", 1);
    for (; progress->width > 0; progress->width--)
        hal_console_write(" ", 1);
    hal_console_write("\r", 1);
}

void progress_summary(const struct progress *progress, uint64_t done_bytes,
                      char text[PROGRESS_SUMMARY_CAPACITY])
{
    char size[SIZE_TEXT_CAPACITY], time[DURATION_TEXT_CAPACITY], speed[SIZE_TEXT_CAPACITY];
    uint64_t elapsed_us = hal_clock_us() - progress->started_us;

    size_format(done_bytes, size, sizeof size);
    duration_format(elapsed_us, time, sizeof time);
    size_format(rate(done_bytes, elapsed_us), speed, sizeof speed);
    snprintf(text, PROGRESS_SUMMARY_CAPACITY, "%s in %s, %s/s", size, time, speed);
}
