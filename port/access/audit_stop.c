/* SPDX-License-Identifier: MIT */
/* Requests that were stopped; see audit_stop.h. Any context. */
#include "port/access/audit_stop.h"

void audit_stop_request(struct channel *channel, const struct irb_slot *owner)
{
    if (!owner) /* nobody is known: then it is for what the driver was handed last */
        owner = context_now->slot;
    for (unsigned i = 0; i < channel->irbs.count; i++) {
        const struct irb_slot *slot = &channel->irbs.slots[i];
        bool is_it = slot == owner || (owner && slot->sense == owner);
        if (is_it && slot->state == SLOT_ACTIVE && slot->request)
            slot->request->was_stopped = true;
    }
    timer_arm(&channel->timeouts.stopped, 0);
}
