/* SPDX-License-Identifier: MIT */
/*
 * The IRB pool of a channel, and what the miniport sees of it: slots.c says when. Also what an IRB
 * has to come back with.
 */
#ifndef PORT_REQUEST_SLOTS_H
#define PORT_REQUEST_SLOTS_H

#include "port/objects.h"

/* ------------------------------------------------------------------ the pool */

/* Makes and frees the slots of a channel. NumberOfOverlappedRequests is final. False: no memory.
 * PASSIVE_LEVEL. */
bool slots_create(struct channel *channel);
void slots_destroy(struct channel *channel);
struct irb_slot *slot_at(struct channel *channel, unsigned index);
/* The request-sense slot that a unit has, or can have. NULL: the miniport has them all. */
struct irb_slot *slot_sense_for(const struct device *device);
static inline bool slot_is_internal(const struct irb_slot *slot)
{
    return slot->care_always & CARE_INTERNAL;
}

/* The slot behind an IRB pointer of this channel's miniport, NULL if it is none. The pieces of the
 * window lie at a power of two apart: what is left below that shows up as a very large index. */
static inline struct irb_slot *slot_from_irb(struct channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    uintptr_t offset = (uintptr_t)irb - channel->window.first_irb;
    uintptr_t index =
        offset >> channel->window.shift | offset << (sizeof offset * 8 - channel->window.shift);
    return index < channel->irbs.count ? &channel->irbs.slots[index] : NULL;
}

/* The same where it is the request that was given to the miniport last: found without a look at
 * the window. */
static inline struct irb_slot *slot_if_last(struct channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    struct irb_slot *slot = channel->irbs.last;
    return __builtin_expect(slot && slot->shown_irb == irb, 1) ? slot : NULL;
}

/* A step of a request's slot, by who knows what state it is in. */
static inline __attribute__((always_inline)) void
slot_step(struct irb_slot *slot, enum irb_slot_state from, enum irb_slot_state next)
{
    state_step_known(MACHINE_SLOT, from, next);
    slot->state = next;
}

/* ---------------------------------------------------------------- what the miniport may change */

/* Of the members that a plain success leaves as they were, and of the list's first element, one
 * word that changes with any single one of them. */
static inline __attribute__((always_inline)) uintptr_t irb_seal(const struct irb_page *page)
{
    static const IDE_REQUEST_BLOCK others = {
        .IrbStatus = 0xFF,
        .AtaStatus = 0xFF,
        .AtaError = 0xFF,
        .NextIrb = (void *)UINTPTR_MAX,
        .IdeTaskFile.Previous = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
    };
    const IDE_SCATTER_GATHER_ELEMENT *element = &page->elements[0];
    /* Multiplied: who consumes an element adds to one what it takes from the other. */
    uintptr_t seal = page->list.NumberOfElements ^ element->Length * 0x9E3779B1u;

    seal ^= (uintptr_t)element->Address.QuadPart;
    if (sizeof seal < sizeof element->Address.QuadPart)
        seal ^= (uintptr_t)element->Address.HighPart;
#pragma GCC unroll 24
    for (size_t at = 0; at < sizeof page->irb; at += sizeof seal) {
        uintptr_t word, mask;
        if (at >= offsetof(IDE_REQUEST_BLOCK, DataTransferLength) &&
            at < offsetof(IDE_REQUEST_BLOCK, IrbExtension))
            continue;
        __builtin_memcpy(&word, (const uint8_t *)&page->irb + at, sizeof word);
        __builtin_memcpy(&mask, (const uint8_t *)&others + at, sizeof mask);
        seal ^= word & ~mask;
    }
    return seal;
}

/* The members that are the same for each request of a slot. They are written again whenever a
 * miniport may have changed them: when an IRB comes back in another way than as a plain success. */
void slot_fill_constants(const struct irb_slot *slot, IDE_REQUEST_BLOCK *irb);

/* ------------------------------------------------------------------ what the miniport sees */

/* Parts of a slot's piece of the window, in this order, each followed by an unmapped page. */
enum slot_part {
    SLOT_DATA,      /* what DataBuffer points to; mapped under IRB_FLAGS_MAP_BUFFERS */
    SLOT_EXTENSION, /* IrbExtension */
    SLOT_IRB,       /* the page with list, sense buffer and IRB */
    SLOT_BETWEEN,   /* an unmapped page */
};

/* The slot and the part of it that an address in the channel's window belongs to. False: it is not
 * in the window. *slot is NULL while the channel has no slots, or not so many. */
bool slot_locate(struct channel *channel, uintptr_t address, struct irb_slot **slot,
                 enum slot_part *part);
/* Where the port sees the byte that the miniport sees at `address`, in any part but SLOT_DATA. */
void *slot_behind(const struct irb_slot *slot, enum slot_part part, uintptr_t address);

/* Extensions and data: all that is not in every request. */
void slot_show_extension(struct irb_slot *slot);
void slot_show_data(struct irb_slot *slot);
void slot_hide_more(struct irb_slot *slot);

/* The miniport has the slot from here on. */
static inline void slot_show(struct irb_slot *slot)
{
    hal_gate_show(&slot->gate); /* with checks=off it is open anyway */
    if (slot->care & CARE_MORE)
        slot_show_extension(slot);
}

/* The miniport does not have it any more. The port sees it as before. */
static inline void slot_hide_irb(const struct irb_slot *slot)
{
    if (slot->hides)
        hal_gate_hide(&slot->gate);
}
static inline void slot_hide(struct irb_slot *slot)
{
    slot_hide_irb(slot);
    if (slot->care & CARE_MORE)
        slot_hide_more(slot);
}

/* Data as DataBuffer: at its place in its page. What lies in segments is one range of addresses in
 * the window alone. */
static inline void *slot_data_address(const struct irb_slot *slot, const void *data,
                                      bool in_segments)
{
    if ((!slot->hides && !in_segments) || !data)
        return (void *)(uintptr_t)data;
    return (void *)(slot->data_gates.address + (uintptr_t)data % HAL_PAGE_SIZE);
}

static inline IDE_SCATTER_GATHER_LIST *slot_shown_list(const struct irb_slot *slot)
{
    return (IDE_SCATTER_GATHER_LIST *)slot->gate.address;
}

/* SenseInfoBuffer. */
static inline UCHAR *slot_shown_sense(const struct irb_slot *slot)
{
    return (UCHAR *)slot->shown_irb - sizeof slot->page->sense;
}

#endif
