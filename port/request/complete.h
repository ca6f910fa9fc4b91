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

/* The completion procedure of a channel: DISPATCH_LEVEL. */
void completion_run(void *channel);

#endif
