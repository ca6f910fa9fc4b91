/* SPDX-License-Identifier: MIT */
/*
 * Memory that the port gives a miniport for a time: the extensions and the uncached memory.
 *
 * Each piece has a window of virtual addresses of its own, which stays its own for ever, with an
 * unmapped page before and behind it. What the miniport has is mapped at the window's end; what was
 * taken back is unmapped, and stays so until it is given again. An access to what is not mapped
 * ends in port/memory_faults.c. With checks=off a piece is plain memory.
 */
#ifndef PORT_GUARD_H
#define PORT_GUARD_H

#include "hal/hal.h"

struct channel;

struct guarded {
    struct guarded *next;    /* all that have a window */
    const char *what;        /* for people: "channel extension" */
    struct channel *channel; /* whose it is; NULL: the controller's */
    uint8_t *window;
    size_t window_pages;
    /* What the miniport has, or had last. */
    uint8_t *start;
    size_t byte_count;
    void *pages; /* physically contiguous; NULL: nothing is given now */
    size_t page_count;
};

extern struct guarded *guard_first;

/* How a piece lies in its pages. */
enum guard_layout {
    GUARD_FROM_PAGE, /* begins with a page */
    GUARD_TO_PAGE,   /* ends with a page: its size rounded up to 16 bytes, which is its alignment */
};

/* Gives zeroed, physically contiguous memory below `max_physical`. `guarded` was zeroed once, and
 * holds nothing that is given now. NULL: there is no memory. Context: PASSIVE_LEVEL. */
void *guard_give(struct guarded *guarded, const char *what, struct channel *channel,
                 size_t byte_count, enum guard_layout layout, uint64_t max_physical);

static inline bool guard_is_given(const struct guarded *guarded)
{
    return guarded->pages;
}

/* Takes it back, if it is given. Context: PASSIVE_LEVEL. */
void guard_take_back(struct guarded *guarded);
/* What was given may only be read (true), or written again. Does nothing with checks=off. */
void guard_lock(const struct guarded *guarded, bool locked);

#endif
