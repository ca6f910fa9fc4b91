/* SPDX-License-Identifier: MIT */
/*
 * The registry-buffer arena; see arena.h.
 *
 * Owns its pages. May not allocate memory.
 */
#include "port/registry/arena.h"

#include <string.h>

#define NO_PAGE UINT16_MAX

static size_t round_up_to_pointer(size_t byte_count)
{
    return (byte_count + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
}

static uint8_t *window_end(const struct arena_window *window)
{
    return window->base + window->capacity * ARENA_PAGE_SIZE;
}

/* First byte of the pages that the buffer has. */
static uint8_t *pages_begin(const struct arena_window *window)
{
    return window_end(window) - window->page_count * ARENA_PAGE_SIZE;
}

void arena_init(struct arena *arena, unsigned page_count, const struct arena_operations *operations)
{
    *arena = (struct arena){
        .operations = *operations, .page_count = page_count, .free_count = page_count};
    for (unsigned page = 0; page < page_count; page++)
        arena->next_page[page] = (uint16_t)(page + 1);
    arena->next_page[page_count - 1] = NO_PAGE;
}

bool arena_add_window(struct arena *arena, struct arena_window *window, void *base,
                      unsigned capacity)
{
    const struct arena_operations *operations = &arena->operations;
    unsigned mapped = 0;

    *window = (struct arena_window){
        .next = arena->windows, .base = base, .capacity = capacity, .first_page = NO_PAGE};
    while (mapped < capacity &&
           operations->map(operations->context, window->base + mapped * ARENA_PAGE_SIZE, 0))
        mapped++;
    if (mapped > 0)
        operations->unmap(operations->context, window->base, mapped);
    if (mapped < capacity)
        return false;
    arena->windows = window;
    return true;
}

/* Takes the window's first page_count pages back, of which `mapped` are mapped. */
static void give_back(struct arena *arena, struct arena_window *window, unsigned mapped)
{
    if (mapped > 0)
        arena->operations.unmap(arena->operations.context, pages_begin(window), mapped);
    while (window->first_page != NO_PAGE) {
        uint16_t page = window->first_page;
        window->first_page = arena->next_page[page];
        arena->next_page[page] = arena->first_free;
        arena->first_free = page;
        arena->free_count++;
    }
}

static bool take_pages(struct arena *arena, struct arena_window *window)
{
    for (unsigned i = 0; i < window->page_count; i++) {
        uint16_t page = arena->first_free;
        arena->first_free = arena->next_page[page];
        arena->free_count--;
        arena->next_page[page] = window->first_page;
        window->first_page = page;
        if (!arena->operations.map(arena->operations.context,
                                   pages_begin(window) + i * ARENA_PAGE_SIZE, page)) {
            give_back(arena, window, i);
            return false;
        }
    }
    return true;
}

void *arena_allocate(struct arena *arena, struct arena_window *window, size_t byte_count)
{
    size_t page_count;

    if (window->is_live || byte_count == 0 || byte_count > window->capacity * ARENA_PAGE_SIZE)
        return NULL;
    page_count = (byte_count + ARENA_PAGE_SIZE - 1) / ARENA_PAGE_SIZE;
    if (page_count > arena->free_count)
        return NULL;
    window->page_count = (unsigned)page_count;
    window->byte_count = byte_count;
    window->buffer = window_end(window) - round_up_to_pointer(byte_count);
    if (!take_pages(arena, window))
        return NULL;
    memset(window->buffer, 0, byte_count);
    arena_repair(window);
    window->is_live = true;
    return window->buffer;
}

void arena_free(struct arena *arena, struct arena_window *window)
{
    if (!window->is_live)
        return;
    window->is_live = false;
    give_back(arena, window, window->page_count);
}

bool arena_contains(const struct arena_window *window, const void *bytes, size_t byte_count)
{
    uintptr_t begin = (uintptr_t)window->buffer, at = (uintptr_t)bytes;

    return window->is_live && at >= begin && byte_count <= window->byte_count &&
           at - begin <= window->byte_count - byte_count;
}

enum arena_damage arena_check(const struct arena_window *window, size_t *distance)
{
    const uint8_t *end = window->buffer + window->byte_count;

    if (!window->is_live)
        return ARENA_INTACT;
    for (const uint8_t *at = end; at < window_end(window); at++) {
        if (*at != ARENA_PATTERN) {
            *distance = (size_t)(at - end);
            return ARENA_DAMAGED_BEHIND;
        }
    }
    for (const uint8_t *at = window->buffer; at > pages_begin(window); at--) {
        if (at[-1] != ARENA_PATTERN) {
            *distance = (size_t)(window->buffer - at) + 1;
            return ARENA_DAMAGED_BEFORE;
        }
    }
    return ARENA_INTACT;
}

void arena_repair(struct arena_window *window)
{
    uint8_t *end = window->buffer + window->byte_count;

    memset(pages_begin(window), ARENA_PATTERN, (size_t)(window->buffer - pages_begin(window)));
    memset(end, ARENA_PATTERN, (size_t)(window_end(window) - end));
}

/* The unmapped page behind one window may be the one before another: behind goes first. */
static struct arena_window *find_window(const struct arena *arena, uintptr_t at, size_t before)
{
    for (struct arena_window *window = arena->windows; window; window = window->next) {
        if (at >= (uintptr_t)window->base - before &&
            at < (uintptr_t)window_end(window) + ARENA_PAGE_SIZE)
            return window;
    }
    return NULL;
}

enum arena_place arena_locate(const struct arena *arena, const void *address,
                              struct arena_window **found)
{
    uintptr_t at = (uintptr_t)address;
    struct arena_window *window = find_window(arena, at, 0);

    if (!window)
        window = find_window(arena, at, ARENA_PAGE_SIZE);
    *found = window;
    if (!window)
        return ARENA_NOWHERE;
    if (!window->is_live)
        return ARENA_FREED;
    if (at >= (uintptr_t)window_end(window))
        return ARENA_BEHIND;
    if (at < (uintptr_t)pages_begin(window))
        return ARENA_BEFORE;
    return arena_contains(window, address, 1) ? ARENA_BUFFER : ARENA_SLACK;
}
