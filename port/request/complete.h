/* SPDX-License-Identifier: MIT */
/* An IRB comes back: from any context, marked and queued; at DISPATCH_LEVEL, ended. */
#ifndef PORT_REQUEST_COMPLETE_H
#define PORT_REQUEST_COMPLETE_H

#include "port/request/slots.h"

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

/* The same with a status that somebody else than the miniport's completion gives. */
bool slot_end(struct channel *channel, struct irb_slot *slot, UCHAR irb_status);

/* Who has ended it, for the reports of what comes later: the driver's address behind its call, and
 * `frame`, of the routine that was called. Drivers often complete by a helper, so the helper's
 * caller is kept, too, if the driver's frames are chained; whether that is code is asked by those
 * who report. (Without chained frames it may be any word of the stack close by.) */
#define SLOT_HELPER_FRAME 512u
static inline __attribute__((always_inline)) void
slot_note_end(struct irb_slot *slot, const void *place, const void *frame)
{
    const uintptr_t helper = *(const uintptr_t *)frame;
    bool is_close = helper - (uintptr_t)frame < SLOT_HELPER_FRAME;

    slot->place = place;
    slot->place_caller = is_close ? ((const void *const *)helper)[1] : NULL;
}

/* The completion procedure of a channel: DISPATCH_LEVEL. */
void completion_run(void *channel);

#endif
