/* SPDX-License-Identifier: MIT */
/*
 * Memory of the registry: blocks in size classes, cut from whole pages.
 *
 * Owns the pages it was given, for ever: a freed block is kept for the next request of its class.
 * Classes lie at most a quarter apart, so that at most a fifth of a block is lost to rounding
 * (small ones: 15 bytes). Every call takes bounded time: one class look-up, one list step, at worst
 * one call for pages. May not be entered from interrupts. Blocks are aligned to 16 bytes and not
 * cleared.
 */
#ifndef PORT_REGISTRY_MEMORY_H
#define PORT_REGISTRY_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define MEMORY_PAGE_SIZE ((size_t)4096)
/* The largest block: the longest value of a registry, with its name and what is kept about it. */
#define MEMORY_MAX_BLOCK ((size_t)(1u << 20) + MEMORY_PAGE_SIZE)

#define MEMORY_SMALL_CLASSES 8u              /* 16, 32 ... 128 bytes */
#define MEMORY_CLASSES       (8u + 4u * 14u) /* then four for each doubling, up to 2 MiB */

/* Where pages come from. They are zeroed, and never given back. NULL: none left. */
struct memory_operations {
    void *(*pages_alloc)(void *context, size_t page_count);
    void *context;
};

struct memory_block;

struct memory {
    struct memory_operations operations;
    struct memory_block *free[MEMORY_CLASSES];
    uint8_t *chunk; /* rest of the chunk that small blocks are cut from */
    size_t chunk_byte_count;
    size_t page_count; /* taken so far */
    size_t bytes_used; /* in blocks that are not free, rounded up to their classes */
};

void memory_init(struct memory *memory, const struct memory_operations *operations);

/* NULL: no pages left, byte_count is 0 or over MEMORY_MAX_BLOCK. */
void *memory_alloc(struct memory *memory, size_t byte_count);

/* byte_count is what the block was allocated with. NULL is ignored. */
void memory_free(struct memory *memory, void *block, size_t byte_count);

/* Whole pages, zeroed, that are never freed. NULL: none left. */
void *memory_pages(struct memory *memory, size_t page_count);

#endif
