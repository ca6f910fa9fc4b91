/* SPDX-License-Identifier: MIT */
/* What the files of port/request/ share with one another. */
#ifndef PORT_REQUEST_REQUEST_H
#define PORT_REQUEST_REQUEST_H

#include "port/objects.h"

/* The slot behind an IRB pointer of this channel's miniport, NULL if it is none. The pieces of the
 * window lie at a power of two apart: what is left below that shows up as a very large index. */
static inline struct irb_slot *slot_from_irb(struct channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    uintptr_t offset = (uintptr_t)irb - channel->window.first_irb;
    uintptr_t index =
        offset >> channel->window.shift | offset << (sizeof offset * 8 - channel->window.shift);
    return index < channel->irbs.count ? &channel->irbs.slots[index] : NULL;
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
    uintptr_t seal = page->list.NumberOfElements ^ page->elements[0].Length;

    seal ^= (uintptr_t)page->elements[0].Address.QuadPart;
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
/* The IRB as it was before the miniport had it. */
void slot_given_irb(struct irb_slot *slot, IDE_REQUEST_BLOCK *irb);
/* Makes the list of physically contiguous pieces of a buffer, at most PORT_PHYSICAL_BREAKS + 1.
 * False: it is in more, which the block layer prevents, or not in memory. Context: any. */
bool list_build(const void *data, uint32_t byte_count, IDE_SCATTER_GATHER_LIST *list,
                IDE_SCATTER_GATHER_ELEMENT *elements);
/* judge.c: INI-09, IRB-05, 07, 14, 15, 16 when an IRB comes back; what is wrong is put right. */
void slot_judge(struct irb_slot *slot, const char *routine, const void *place)
    __attribute__((cold));
/* IRB-17: IdeHwBuildIo has left IRB_FLAGS_MAP_BUFFERS. */
void slot_judge_build_io(struct irb_slot *slot) __attribute__((cold));
/* IRB-18: has a packet command failed, as far as can be told? */
bool slot_may_need_sense(const struct irb_slot *slot) __attribute__((cold));

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
static inline void slot_hide(struct irb_slot *slot)
{
    if (slot->hides)
        hal_gate_hide(&slot->gate);
    if (slot->care & CARE_MORE)
        slot_hide_more(slot);
}

/* A buffer of the port as DataBuffer: at its place in its page. */
static inline void *slot_data_address(const struct irb_slot *slot, const void *data)
{
    if (!slot->hides || !data)
        return (void *)(uintptr_t)data;
    return slot->data_window + (uintptr_t)data % HAL_PAGE_SIZE;
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

/* A step of a request's slot, by who knows what state it is in. */
static inline __attribute__((always_inline)) void
slot_step(struct irb_slot *slot, enum irb_slot_state from, enum irb_slot_state next)
{
    state_step_known(irb_slot_followers, from, next);
    slot->state = next;
}

/* Queues an active slot for completion_run. Context: DIRQL. */
static inline void slot_queue_completed(struct channel *channel, struct irb_slot *slot)
{
    slot_step(slot, SLOT_ACTIVE, SLOT_COMPLETED);
    slot->next = channel->irbs.completed;
    channel->irbs.completed = slot;
    deferred_queue_masked(&channel->irbs.completion);
}

/* The miniport is done with a slot: it is marked and queued, nothing more. False: it is not
 * outstanding (any more); an interrupt may have been faster. Context: any. */
static inline bool slot_complete(struct channel *channel, struct irb_slot *slot)
{
    enum irql level = irql_enter_dirql();
    bool was_active = slot->state == SLOT_ACTIVE;
    if (was_active) {
        slot_hide(slot);
        slot->sense = NULL;
        slot_fill_constants(slot, &slot->page->irb);
        slot_queue_completed(channel, slot);
    }
    irql_leave_dirql(level);
    return was_active;
}

/* results.c: what is judged before that, and put right where it must be. `routine` is where it came
 * back. */
void slot_check_results(struct irb_slot *slot, const char *routine, const void *place)
    __attribute__((cold));
/* A request-sense slot is used. False: the miniport has it already. Context: any, as for the next
 * three. */
bool slot_begin_sense(struct irb_slot *sense);
/* It is taken from the miniport. False: the miniport does not have it. */
bool slot_end_sense(struct irb_slot *sense, enum irb_slot_state next);
/* The miniport releases one that was taken from it before. False: it is no such one. */
bool slot_release_late(struct irb_slot *sense);
/* An IRB ends, and its request-sense IRB with it: SLOT_TAKEN_BACK or SLOT_OWED. */
void slot_take_back_sense(struct irb_slot *slot, enum irb_slot_state next);
/* IRB-11, when a request-sense slot is used again, or for the last time. */
void slot_check_released(struct irb_slot *sense);

/* The same with a status that somebody else than the miniport's completion gives. */
bool slot_end(struct channel *channel, struct irb_slot *slot, UCHAR irb_status);

/* Makes and frees the slots of a channel. NumberOfOverlappedRequests is final. False: no memory.
 * PASSIVE_LEVEL. */
bool slots_create(struct channel *channel);
void slots_destroy(struct channel *channel);
struct irb_slot *slot_at(struct channel *channel, unsigned index);
/* The request-sense slot of a target. */
struct irb_slot *slot_sense_for(struct channel *channel, unsigned target);
/* The completion procedure of a channel: DISPATCH_LEVEL. */
void completion_run(void *channel);
/* A recovery or power IRB, outside NumberOfOverlappedRequests. False: none is free. DISPATCH_LEVEL.
 */
bool request_start_internal(struct request *request);
/* Puts a request back at the head of its queue. DISPATCH_LEVEL. */
void request_requeue(struct request *request);
/* Ends everything that waits in the queues of these targets, a bit each. DISPATCH_LEVEL. */
void queues_fail(struct channel *channel, UCHAR irb_status, unsigned targets);
#define ALL_TARGETS ((1u << PORT_MAX_DEVICES) - 1)
/* A request waits for a device without power: it gets it. DISPATCH_LEVEL. */
extern void (*request_wake)(struct device *device);
/* The pause before an IRB that came back with IRB_STATUS_BUSY is sent once more. */
#define BUSY_PAUSE_US 100000u
/* Pauses a device's queue; it goes on by itself. Any context. */
void device_pause(struct device *device, uint64_t duration_us);

#endif
