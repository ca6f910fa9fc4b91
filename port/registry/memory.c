/* SPDX-License-Identifier: MIT */
/*
 * Size-class allocator of the registry; see memory.h.
 *
 * Owns the pages it was given. May not be entered from interrupts.
 */
#include "port/registry/memory.h"

#include <stdbool.h>

/* Under AddressSanitizer, touching a free block or the room behind a block's last byte is an error,
 * as it is with malloc. */
#ifndef __has_feature /* clang's way to say it */
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define FORBID(bytes, byte_count) ASAN_POISON_MEMORY_REGION(bytes, byte_count)
#define ALLOW(bytes, byte_count)  ASAN_UNPOISON_MEMORY_REGION(bytes, byte_count)
#else
#define FORBID(bytes, byte_count) ((void)(bytes), (void)(byte_count))
#define ALLOW(bytes, byte_count)  ((void)(bytes), (void)(byte_count))
#endif

#define SMALL_STEP      ((size_t)16)
#define SMALL_LIMIT     (SMALL_STEP * MEMORY_SMALL_CLASSES) /* 128 */
#define STEPS           4u                                  /* classes for each doubling */
#define CHUNK_PAGES     16u
#define CHUNK_MAX_BLOCK ((size_t)16384) /* longer blocks are pages of their own */

_Static_assert(SMALL_LIMIT << (MEMORY_CLASSES - MEMORY_SMALL_CLASSES) / STEPS >= MEMORY_MAX_BLOCK,
               "the largest block has a class");

struct memory_block {
    struct memory_block *next;
};

static unsigned highest_bit(size_t value)
{
    return (unsigned)(sizeof(unsigned long long) * 8 - 1) - (unsigned)__builtin_clzll(value);
}

/* Class of a request, and the size of that class's blocks. */
static unsigned size_class(size_t byte_count, size_t *class_byte_count)
{
    unsigned doubling, step;
    size_t base;

    if (byte_count <= SMALL_LIMIT) {
        step = (unsigned)((byte_count - 1) / SMALL_STEP);
        *class_byte_count = (step + 1) * SMALL_STEP;
        return step;
    }
    doubling = highest_bit((byte_count - 1) / SMALL_LIMIT);
    base = SMALL_LIMIT << doubling;
    step = (unsigned)((byte_count - 1 - base) / (base / STEPS));
    *class_byte_count = base + (step + 1) * (base / STEPS);
    return MEMORY_SMALL_CLASSES + doubling * STEPS + step;
}

void memory_init(struct memory *memory, const struct memory_operations *operations)
{
    *memory = (struct memory){.operations = *operations};
}

void *memory_pages(struct memory *memory, size_t page_count)
{
    void *pages = memory->operations.pages_alloc(memory->operations.context, page_count);
    if (pages)
        memory->page_count += page_count;
    return pages;
}

static void put_free(struct memory *memory, unsigned class, void *bytes)
{
    struct memory_block *block = bytes;
    block->next = memory->free[class];
    memory->free[class] = block;
}

/* Gives what is left of the chunk to the free lists, in the largest blocks that fit: each turn at
 * least halves what is left, down to the smallest class. */
static void retire_chunk(struct memory *memory)
{
    while (memory->chunk_byte_count >= SMALL_STEP) {
        size_t left = memory->chunk_byte_count, block = SMALL_STEP, class_byte_count;
        unsigned class;

        if (left > SMALL_STEP) {
            size_t power = (size_t)1 << highest_bit(left);
            block = power < CHUNK_MAX_BLOCK ? power : CHUNK_MAX_BLOCK;
        }
        class = size_class(block, &class_byte_count);
        put_free(memory, class, memory->chunk);
        memory->chunk += class_byte_count;
        memory->chunk_byte_count -= class_byte_count;
    }
}

/* Makes the chunk hold at least byte_count bytes. When memory is short, a chunk just large enough
 * is tried, too. */
static bool refill_chunk(struct memory *memory, size_t byte_count)
{
    size_t page_count = CHUNK_PAGES;
    void *pages = memory_pages(memory, page_count);

    if (!pages) {
        page_count = (byte_count + MEMORY_PAGE_SIZE - 1) / MEMORY_PAGE_SIZE;
        pages = memory_pages(memory, page_count);
    }
    if (!pages)
        return false;
    retire_chunk(memory);
    memory->chunk = pages;
    memory->chunk_byte_count = page_count * MEMORY_PAGE_SIZE;
    return true;
}

static void *cut_from_chunk(struct memory *memory, size_t byte_count)
{
    void *block;

    if (memory->chunk_byte_count < byte_count && !refill_chunk(memory, byte_count))
        return NULL;
    block = memory->chunk;
    memory->chunk += byte_count;
    memory->chunk_byte_count -= byte_count;
    return block;
}

void *memory_alloc(struct memory *memory, size_t byte_count)
{
    struct memory_block *block;
    size_t class_byte_count;
    unsigned class;

    if (byte_count == 0 || byte_count > MEMORY_MAX_BLOCK)
        return NULL;
    class = size_class(byte_count, &class_byte_count);
    block = memory->free[class];
    if (block) {
        memory->free[class] = block->next;
        ALLOW(block, class_byte_count);
    } else if (class_byte_count <= CHUNK_MAX_BLOCK)
        block = cut_from_chunk(memory, class_byte_count);
    else
        block = memory_pages(memory, (class_byte_count + MEMORY_PAGE_SIZE - 1) / MEMORY_PAGE_SIZE);
    if (block) {
        memory->bytes_used += class_byte_count;
        FORBID((uint8_t *)block + byte_count, class_byte_count - byte_count);
    }
    return block;
}

void memory_free(struct memory *memory, void *block, size_t byte_count)
{
    size_t class_byte_count;
    unsigned class;

    if (!block)
        return;
    class = size_class(byte_count, &class_byte_count);
    ALLOW(block, class_byte_count);
    put_free(memory, class, block);
    FORBID((struct memory_block *)block + 1, class_byte_count - sizeof(struct memory_block));
    memory->bytes_used -= class_byte_count;
}
