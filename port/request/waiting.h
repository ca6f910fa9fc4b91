/* SPDX-License-Identifier: MIT */
/*
 * The queue of a logical unit: requests that are not yet at the miniport. Owns device->queue.head
 * and tail, and how many devices of a channel have something there. For request/queue.c.
 *
 * Context: DISPATCH_LEVEL.
 */
#ifndef PORT_REQUEST_WAITING_H
#define PORT_REQUEST_WAITING_H

#include "port/objects.h"
#include "port/trace.h"

/* A request waits from here on, or does not any more: TRACE_WAITS. */
static inline void trace_waiting(const struct channel *channel, const struct request *request,
                                 unsigned target)
{
    trace_timed(TRACE_WAITS, trace_head(TRACE_WAITS, channel->traced, target),
                (uint32_t)(uintptr_t)request);
}

void queue_append(struct device *device, struct request *request);
void queue_prepend(struct device *device, struct request *request);
/* Before all but those of high priority that wait already. */
void queue_insert(struct device *device, struct request *request);
/* It is not wanted there any more. False: it is not there. */
bool queue_take(struct device *device, const struct request *request);
/* `why`: it goes out, or TRACE_DROPPED. */
static inline void queue_take_head(struct device *device, unsigned why)
{
    trace_waiting(device->channel, device->queue.head, why);
    device->queue.head = device->queue.head->next;
    if (!device->queue.head)
        device->channel->queue.waiting--;
}

#endif
