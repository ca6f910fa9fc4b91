/* SPDX-License-Identifier: MIT */
/* What the registry gets from the machine, made of what a process has: pages, and an arena in a
 * memfd. */
#ifndef TESTS_HOST_REGISTRY_HOST_H
#define TESTS_HOST_REGISTRY_HOST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "port/registry/arena.h"
#include "port/registry/memory.h"

/* ------------------------------------------------------------------ pages */

struct host_pages {
    void **taken;
    size_t taken_count, capacity;
    size_t budget; /* pages that may still be taken */
};

static inline void *host_pages_alloc(void *context, size_t page_count)
{
    struct host_pages *pages = context;
    void *memory;

    if (page_count > pages->budget)
        return NULL;
    if (pages->taken_count == pages->capacity) {
        pages->capacity = pages->capacity ? 2 * pages->capacity : 64;
        pages->taken = realloc(pages->taken, pages->capacity * sizeof(void *));
    }
    memory = aligned_alloc(MEMORY_PAGE_SIZE, page_count * MEMORY_PAGE_SIZE);
    memset(memory, 0, page_count * MEMORY_PAGE_SIZE);
    pages->budget -= page_count;
    pages->taken[pages->taken_count++] = memory;
    return memory;
}

static inline struct memory_operations host_memory(struct host_pages *pages, size_t budget)
{
    *pages = (struct host_pages){.budget = budget};
    return (struct memory_operations){host_pages_alloc, pages};
}

static inline void host_pages_free(struct host_pages *pages)
{
    for (size_t i = 0; i < pages->taken_count; i++)
        free(pages->taken[i]);
    free(pages->taken);
    *pages = (struct host_pages){0};
}

/* ------------------------------------------------------------------ arena */

struct host_arena {
    int file;
    unsigned fail_after; /* successful maps until one fails; UINT_MAX: never */
};

static inline bool host_map(void *context, void *address, unsigned page)
{
    struct host_arena *host = context;

    if (host->fail_after == 0)
        return false;
    if (host->fail_after != UINT32_MAX)
        host->fail_after--;
    return mmap(address, ARENA_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                host->file, (off_t)(page * ARENA_PAGE_SIZE)) == address;
}

static inline void host_unmap(void *context, void *address, size_t page_count)
{
    (void)context;
    mmap(address, page_count * ARENA_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
         -1, 0);
}

static inline struct arena_operations host_arena(struct host_arena *host, unsigned page_count)
{
    *host = (struct host_arena){.file = memfd_create("arena", 0), .fail_after = UINT32_MAX};
    if (host->file < 0 || ftruncate(host->file, (off_t)(page_count * ARENA_PAGE_SIZE)) != 0)
        abort();
    return (struct arena_operations){host_map, host_unmap, host};
}

/* A range of addresses with nothing behind it, and a page of nothing at either end. */
static inline void *host_window(unsigned page_count)
{
    uint8_t *window = mmap(NULL, (page_count + 2) * ARENA_PAGE_SIZE, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return window + ARENA_PAGE_SIZE;
}

static inline void host_window_free(void *window, unsigned page_count)
{
    munmap((uint8_t *)window - ARENA_PAGE_SIZE, (page_count + 2) * ARENA_PAGE_SIZE);
}

/* Can this byte be read? */
static inline bool host_is_mapped(const void *address)
{
    static int pipe_ends[2] = {-1, -1};
    char byte;

    if (pipe_ends[0] < 0 && pipe(pipe_ends) != 0)
        abort();
    if (write(pipe_ends[1], address, 1) != 1)
        return false;
    return read(pipe_ends[0], &byte, 1) == 1;
}

#endif
