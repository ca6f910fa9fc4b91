/* SPDX-License-Identifier: MIT */
/* Physical runs of memory; see memory.h. Entered from every context. */
#include "port/memory.h"

static uint32_t bytes_left_in_page(const void *address)
{
    return (uint32_t)(HAL_PAGE_SIZE - (uintptr_t)address % HAL_PAGE_SIZE);
}

uint64_t memory_physical_long_run(const void *address, uint32_t *byte_count)
{
    const uint8_t *at = address;
    uint64_t start = hal_physical(at);
    uint32_t wanted = *byte_count;
    uint32_t run = bytes_left_in_page(at);

    if (!start)
        return 0;
    while (run < wanted && hal_physical(at + run) == start + run)
        run += (uint32_t)HAL_PAGE_SIZE;
    *byte_count = run < wanted ? run : wanted;
    return start;
}

unsigned memory_pieces(const void *address, uint32_t byte_count)
{
    const uint8_t *at = address;
    unsigned pieces = 0;
    while (byte_count) {
        uint32_t run = byte_count;
        if (!memory_physical_run(at, &run))
            return 0;
        pieces++;
        at += run;
        byte_count -= run;
    }
    return pieces;
}

bool memory_is_below(const void *address, uint32_t byte_count, uint64_t limit)
{
    const uint8_t *at = address;
    while (byte_count) {
        uint32_t run = byte_count;
        uint64_t physical = memory_physical_run(at, &run);
        if (!physical || physical + run > limit)
            return false;
        at += run;
        byte_count -= run;
    }
    return true;
}
