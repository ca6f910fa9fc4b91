/* SPDX-License-Identifier: MIT */
/*
 * The allocator of physical pages: first fit over a bitmap.
 *
 * Owns all RAM that is neither below 1 MiB nor the kernel's image nor a boot module, and the
 * bitmap, which lies in RAM itself. May not: map anything; RAM is mapped where it lies. Interrupts
 * are off while it works, so page tables can grow in any context.
 *
 * Memory that may lie anywhere comes from above 4 GiB while there is some: the rest is needed for
 * devices that cannot reach as far.
 */
#include <string.h>

#include "hal/internal.h"

#define FIRST_PAGE     256u /* at 1 MiB: below it are the firmware's tables and the BIOS */
#define LOW_ZONE_END   ((size_t)1 << 20) /* the page at 4 GiB */
#define BITS_PER_WORD  (8 * sizeof(uintptr_t))
#define RESERVED_LIMIT (HAL_MAX_BOOT_MODULES + 2u)

/* A bit is set for a page that is used, or that is no RAM. */
static uintptr_t *bitmap;
static size_t page_limit; /* pages that have a bit */
static size_t free_count;

/* First fit starts at the first page of its zone that can be free. */
struct zone {
    size_t first, end;
    size_t hint; /* no page of the zone below this one is free */
};
static struct zone low_zone, high_zone;

extern const uint8_t hal_kernel_start[], hal_kernel_end[];

/* ------------------------------------------------------------------ the bitmap */

static void set_used(size_t first, size_t end, bool used)
{
    for (size_t page = first; page < end;) {
        size_t bit = page % BITS_PER_WORD;
        size_t count = BITS_PER_WORD - bit < end - page ? BITS_PER_WORD - bit : end - page;
        uintptr_t mask =
            count == BITS_PER_WORD ? UINTPTR_MAX : (((uintptr_t)1 << count) - 1) << bit;
        if (used)
            bitmap[page / BITS_PER_WORD] |= mask;
        else
            bitmap[page / BITS_PER_WORD] &= ~mask;
        page += count;
    }
}

/* First page in [page, end) that is used or is free, as asked; end if there is none. */
static size_t find_page(size_t page, size_t end, bool used)
{
    while (page < end) {
        uintptr_t word = bitmap[page / BITS_PER_WORD];
        uintptr_t wanted = (used ? word : ~word) >> page % BITS_PER_WORD;
        if (wanted != 0) {
            page += (size_t)__builtin_ctzl(wanted);
            return page < end ? page : end;
        }
        page += BITS_PER_WORD - page % BITS_PER_WORD;
    }
    return end;
}

/* ------------------------------------------------------------------ setting up */

static struct hal_range whole_pages(uintptr_t start, uintptr_t end)
{
    return (struct hal_range){start & ~(uint64_t)(HAL_PAGE_SIZE - 1),
                              ((uint64_t)end + HAL_PAGE_SIZE - 1) & ~(uint64_t)(HAL_PAGE_SIZE - 1)};
}

/* Ranges of RAM that hold something already. */
static size_t list_reserved(struct hal_range *reserved)
{
    const struct hal_boot_info *boot = hal_boot_info();
    size_t count = 0;
    reserved[count++] = (struct hal_range){0, FIRST_PAGE * HAL_PAGE_SIZE};
    reserved[count++] = whole_pages((uintptr_t)hal_kernel_start, (uintptr_t)hal_kernel_end);
    for (unsigned i = 0; i < boot->module_count; i++) {
        uintptr_t start = (uintptr_t)boot->modules[i].data;
        reserved[count++] = whole_pages(start, start + boot->modules[i].byte_count);
    }
    return count;
}

/* Looks for byte_count bytes of RAM, below 4 GiB and where it is used, that touch nothing
 * reserved. */
static uintptr_t find_place(const struct hal_range *map, size_t map_count,
                            const struct hal_range *reserved, size_t reserved_count,
                            uint64_t byte_count)
{
    uint64_t limit = hal_ram_limit < UINT32_MAX ? hal_ram_limit : UINT32_MAX;
    for (size_t i = 0; i < map_count; i++) {
        uint64_t start = map[i].start;
        /* Each reserved range can push the place up once; in the worst order, all of them in
         * turn. */
        for (size_t tries = 0; tries <= reserved_count; tries++) {
            bool pushed = false;
            for (size_t j = 0; j < reserved_count; j++) {
                if (start < reserved[j].end && reserved[j].start < start + byte_count) {
                    start = reserved[j].end;
                    pushed = true;
                }
            }
            if (!pushed)
                break;
        }
        if (start + byte_count <= map[i].end && start + byte_count <= limit)
            return (uintptr_t)start;
    }
    PANIC("no room for the page bitmap, bytes: %llu: give the machine more memory",
          (unsigned long long)byte_count);
}

static void set_zone(struct zone *zone, size_t first, size_t end)
{
    *zone = (struct zone){first < page_limit ? first : page_limit,
                          end < page_limit ? end : page_limit, 0};
    zone->hint = zone->first;
}

/* The number of the page at an address; page_limit if it is none of ours. */
static size_t page_at(uint64_t address)
{
    uint64_t page = address / HAL_PAGE_SIZE;
    return page < page_limit ? (size_t)page : page_limit;
}

/* Behind the last byte of RAM that is used. */
static uint64_t used_end(void)
{
    const struct hal_range *map;
    size_t end = 0;

    for (size_t i = 0, count = hal_memory_map(&map); i < count; i++) {
        size_t page = page_at(map[i].end), first = page_at(map[i].start);
        while (page > first &&
               !(bitmap[(page - 1) / BITS_PER_WORD] >> (page - 1) % BITS_PER_WORD & 1))
            page--;
        if (page > first && page > end)
            end = page;
    }
    return (uint64_t)end * HAL_PAGE_SIZE;
}

void hal_pages_initialise(void)
{
    const struct hal_range *map;
    size_t map_count = hal_memory_map(&map);
    struct hal_range reserved[RESERVED_LIMIT];
    size_t reserved_count = list_reserved(reserved);

    uint64_t ram_end = map_count != 0 ? map[map_count - 1].end : 0;
    page_limit = (size_t)((ram_end < hal_ram_limit ? ram_end : hal_ram_limit) / HAL_PAGE_SIZE);
    size_t bitmap_size = (page_limit + BITS_PER_WORD - 1) / BITS_PER_WORD * sizeof *bitmap;
    uintptr_t place = find_place(map, map_count, reserved, reserved_count, bitmap_size);
    reserved[reserved_count++] = whole_pages(place, place + bitmap_size);
    bitmap = (uintptr_t *)place;

    memset(bitmap, 0xFF, bitmap_size);
    for (size_t i = 0; i < map_count; i++)
        set_used(page_at(map[i].start), page_at(map[i].end), false);
    for (size_t i = 0; i < reserved_count; i++)
        set_used(page_at(reserved[i].start), page_at(reserved[i].end), true);
    set_zone(&low_zone, FIRST_PAGE, LOW_ZONE_END);
    for (size_t page = find_page(0, page_limit, false); page < page_limit;) {
        size_t end = find_page(page, page_limit, true);
        free_count += end - page;
        page = find_page(end, page_limit, false);
    }
    hal_set_used_memory_hook(used_end);
}

void hal_pages_use_high_memory(void)
{
    set_zone(&high_zone, LOW_ZONE_END, SIZE_MAX);
}

/* ------------------------------------------------------------------ allocation */

/* Returns 0, which is never free, if there is no such run. */
static size_t take_from_zone(struct zone *zone, size_t page_count, size_t limit)
{
    size_t end = limit < zone->end ? limit : zone->end;
    if (zone->hint < end)
        zone->hint = find_page(zone->hint, end, false);
    size_t first = zone->hint;
    while (first < end && page_count <= end - first) {
        size_t used = find_page(first, first + page_count, true);
        if (used == first + page_count) {
            set_used(first, used, true);
            if (first == zone->hint)
                zone->hint = used;
            free_count -= page_count;
            return first;
        }
        first = find_page(used, end, false);
    }
    return 0;
}

void *hal_pages_alloc(size_t page_count, uint64_t max_physical)
{
    if (page_count == 0)
        return NULL;
    uint64_t limit = max_physical / HAL_PAGE_SIZE;
    size_t page_end = limit < page_limit ? (size_t)limit : page_limit;

    bool enabled = hal_interrupts_disable();
    size_t first = take_from_zone(&high_zone, page_count, page_end);
    if (first == 0)
        first = take_from_zone(&low_zone, page_count, page_end);
    hal_interrupts_restore(enabled);
    if (first == 0)
        return NULL;
    void *pages = (void *)(uintptr_t)(first * HAL_PAGE_SIZE);
    memset(pages, 0, page_count * HAL_PAGE_SIZE);
    return pages;
}

void hal_pages_free(void *pages, size_t page_count)
{
    size_t first = (uintptr_t)pages / HAL_PAGE_SIZE;
    ASSERT_OP((uintptr_t)pages % HAL_PAGE_SIZE, ==, 0);
    ASSERT_OP(first, >=, FIRST_PAGE);
    ASSERT_OP(first, <, page_limit);
    ASSERT_OP(page_count, <=, page_limit - first);
    /* Freed twice, or more than was allocated? */
    ASSERT_OP(find_page(first, first + page_count, false), ==, first + page_count);

    bool enabled = hal_interrupts_disable();
    set_used(first, first + page_count, false);
    free_count += page_count;
    struct zone *zone = first < LOW_ZONE_END ? &low_zone : &high_zone;
    if (first < zone->hint)
        zone->hint = first;
    hal_interrupts_restore(enabled);
}

size_t hal_pages_available(void)
{
    return free_count;
}

uint64_t hal_physical_limit(void)
{
    return (uint64_t)page_limit * HAL_PAGE_SIZE;
}
