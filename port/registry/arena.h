/* SPDX-License-Identifier: MIT */
/*
 * The registry-buffer arena: a fixed number of pages, shown to drivers through windows.
 *
 * Every channel has a window: a range of virtual addresses of its own, ended by a page in which
 * nothing is ever mapped. A buffer is made of whole pages of the arena, mapped at the end of the
 * window so that its last byte, rounded up to a pointer, is the last byte before that page. So
 *   - any free pages serve any request: it succeeds exactly when there are enough, whatever came
 *     before;
 *   - the first byte past the rounded size faults, and so does every byte of a freed buffer;
 *   - the rest of the mapped pages (before the buffer, and up to 7 bytes behind it) holds a
 *     pattern, and a change of it is found at the next look.
 *
 * Owns the pages and who has them. May not allocate memory, nor touch what is not mapped. Context:
 * one call at a time; the checks may be called from interrupts.
 *
 * Bounds, with n pages to a buffer (at most REGISTRY_ARENA_PAGES, 64 by default): arena_allocate n
 * calls of `map` and n * 4096 bytes written; arena_free one call of `unmap` and n steps; the checks
 * at most 4096 + 7 bytes read; arena_locate a step for each window.
 */
#ifndef PORT_REGISTRY_ARENA_H
#define PORT_REGISTRY_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_PAGE_SIZE ((size_t)4096)

/* Bytes in the arena: a whole number of pages. Set by the build. */
#ifndef REGISTRY_ARENA_BYTE_COUNT
#define REGISTRY_ARENA_BYTE_COUNT (256 * 1024)
#endif
#define REGISTRY_ARENA_PAGES (REGISTRY_ARENA_BYTE_COUNT / 4096)

_Static_assert(REGISTRY_ARENA_PAGES >= 1 && REGISTRY_ARENA_PAGES < UINT16_MAX &&
                   REGISTRY_ARENA_BYTE_COUNT % 4096 == 0,
               "the registry arena is a whole number of pages, at most 65534");

#define ARENA_PATTERN 0xA5u

struct arena_operations {
    /* Shows page number `page` of the arena at `address`, for reading and writing. False: it
     * cannot. Once every page of a window has been mapped, mapping there again must not fail. */
    bool (*map)(void *context, void *address, unsigned page);
    void (*unmap)(void *context, void *address, size_t page_count);
    void *context;
};

struct arena_window {
    struct arena_window *next; /* all windows of the arena */
    uint8_t *base;
    unsigned capacity; /* pages, without the unmapped one behind them */
    bool is_live;
    /* The live buffer, or the last one. */
    uint8_t *buffer;
    size_t byte_count; /* as asked for */
    unsigned page_count;
    uint16_t first_page;
};

struct arena {
    struct arena_operations operations;
    unsigned page_count, free_count;
    uint16_t first_free;
    uint16_t next_page[REGISTRY_ARENA_PAGES]; /* of the free pages, and of each buffer's */
    struct arena_window *windows;
};

/* page_count is at most REGISTRY_ARENA_PAGES. */
void arena_init(struct arena *arena, unsigned page_count,
                const struct arena_operations *operations);

/* Adds a window of `capacity` pages at `base`, where nothing is mapped. It stays for ever. Every
 * page of it is mapped once, so that page tables exist from now on. False: they could not be made.
 */
bool arena_add_window(struct arena *arena, struct arena_window *window, void *base,
                      unsigned capacity);

/* A zeroed, pointer-aligned buffer. NULL: byte_count is 0, or more than the window or the arena
 * holds; the window has a live buffer; fewer pages are free than it takes. */
void *arena_allocate(struct arena *arena, struct arena_window *window, size_t byte_count);

/* Unmaps the window's live buffer and takes its pages back. */
void arena_free(struct arena *arena, struct arena_window *window);

/* Do the byte_count bytes at `bytes` lie in the window's live buffer? */
bool arena_contains(const struct arena_window *window, const void *bytes, size_t byte_count);

enum arena_damage {
    ARENA_INTACT,
    ARENA_DAMAGED_BEFORE, /* the buffer */
    ARENA_DAMAGED_BEHIND,
};

/* Looks at the pattern around the live buffer. *distance: from the buffer's begin or end to the
 * changed byte nearest to it; the first byte behind the buffer has 0, the last one before it 1. */
enum arena_damage arena_check(const struct arena_window *window, size_t *distance);

/* Restores the pattern. */
void arena_repair(struct arena_window *window);

enum arena_place {
    ARENA_NOWHERE, /* in no window */
    ARENA_BUFFER,  /* in a live buffer */
    ARENA_SLACK,   /* in a live buffer's pages, beside the buffer */
    ARENA_BEFORE,  /* before a live buffer's pages; the page before the window counts, too */
    ARENA_BEHIND,  /* in the unmapped page behind a live buffer */
    ARENA_FREED,   /* in a window whose buffer was freed (or that never had one) */
};

/* Where an address lies, for the page-fault handler. */
enum arena_place arena_locate(const struct arena *arena, const void *address,
                              struct arena_window **window);

#endif
