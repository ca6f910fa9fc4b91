/* SPDX-License-Identifier: MIT */
/* The queue of a logical unit; see waiting.h. DISPATCH_LEVEL. */
#include "port/request/waiting.h"

void queue_append(struct device *device, struct request *request)
{
    trace_waiting(device->channel, request, device->target);
    request->next = NULL;
    if (device->queue.head) {
        device->queue.tail->next = request;
    } else {
        device->queue.head = request;
        device->channel->queue.waiting++;
    }
    device->queue.tail = request;
}

void queue_prepend(struct device *device, struct request *request)
{
    trace_waiting(device->channel, request, device->target);
    request->next = device->queue.head;
    if (!device->queue.head) {
        device->queue.tail = request;
        device->channel->queue.waiting++;
    }
    device->queue.head = request;
}

void queue_insert(struct device *device, struct request *request)
{
    struct request *before = NULL;

    for (struct request *waiting = device->queue.head; waiting; waiting = waiting->next)
        if (waiting->flags & IRB_FLAGS_HIGH_PRIORITY)
            before = waiting; /* a request that is repeated may stand before it */
    if (!before) {
        queue_prepend(device, request);
    } else if (!before->next) {
        queue_append(device, request);
    } else {
        trace_waiting(device->channel, request, device->target);
        request->next = before->next;
        before->next = request;
    }
}

bool queue_take(struct device *device, const struct request *request)
{
    struct request *waiting = device->queue.head, *before = NULL;

    while (waiting && waiting != request) {
        before = waiting;
        waiting = waiting->next;
    }
    if (waiting && !before) {
        queue_take_head(device, TRACE_DROPPED);
    } else if (waiting) {
        trace_waiting(device->channel, request, TRACE_DROPPED);
        before->next = waiting->next;
        if (device->queue.tail == waiting)
            device->queue.tail = before;
    }
    return waiting;
}
