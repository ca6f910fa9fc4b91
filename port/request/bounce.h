/* SPDX-License-Identifier: MIT */
/* Buffers for data that a controller cannot reach where it is. */
#ifndef PORT_REQUEST_BOUNCE_H
#define PORT_REQUEST_BOUNCE_H

#include "port/data.h"
#include "port/objects.h"

/* Makes the first buffer of a channel that starts, and decides what has to go through one. False:
 * no memory. Context: PASSIVE_LEVEL. */
bool bounce_start(struct channel *channel);
/* Frees all of them. No request is under way. Context: PASSIVE_LEVEL. */
void bounce_stop(struct channel *channel);

/* May this request's data not be handed to the controller as it is? (channel->bounce allows
 * everything where the driver has no bus master.) */
static inline bool bounce_is_needed(const struct channel *channel, const struct request *request)
{
    return request->must_bounce || (uintptr_t)request->buffer & channel->bounce.alignment_mask ||
           (channel->bounce.physical_limit != UINT64_MAX &&
            !request_data_is_below(request, channel->bounce.physical_limit));
}

/* Is there a buffer, or memory for one more? Context: DISPATCH_LEVEL. */
bool bounce_is_possible(struct channel *channel);
/* Takes a buffer for a slot, after bounce_is_possible, and fills it with what the device shall be
 * sent. Context: DISPATCH_LEVEL. */
void bounce_take(struct irb_slot *slot, struct request *request);
/* Gives it back when the request has ended, and hands what came from the device to its issuer.
 * Context: DISPATCH_LEVEL. */
void bounce_give_back(struct irb_slot *slot, struct request *request);

#endif
