/* SPDX-License-Identifier: MIT */
/*
 * What becomes of requests that fail, and of a device whose requests fail again and again: slower
 * modes, PIO, and at last it is taken off line. Context of all: DISPATCH_LEVEL.
 */
#ifndef PORT_REQUEST_FATE_H
#define PORT_REQUEST_FATE_H

#include "port/objects.h"

/* A request came back, and did not succeed. True: it goes back into its queue, to be repeated. */
bool request_is_repeated(struct request *request);
/* Which repeat of its kind that is, and how many there are at most: 0, 0 where it begins anew,
 * since its device is used in another mode now. */
struct repeat_count {
    unsigned number, limit;
};
struct repeat_count request_repeat_count(const struct request *request);
/* The channel is about to be reset, or the unit, since this request does not end. */
void device_caused_reset(const struct request *request);
/* A channel whose devices are to be used in other modes (BUSY_MODES) holds its queues, until
 * nothing is at the miniport: then this is called at PASSIVE_LEVEL. enumerate.c's. */
extern void (*modes_change)(void);
/* Does it wait for that, and may it be done now? */
bool modes_may_change(const struct channel *channel);
/* They have changed: reads and writes by DMA to a device that does none any more go back to the
 * block layer, and the queues go on. */
void modes_have_changed(struct channel *channel);
/* Its timer; once in a channel's life. */
void modes_init(struct channel *channel);
/* What has failed so far does not count any more. True: a device was off line, or used in a slower
 * mode than it could, and has to be initialised anew. */
bool channel_forget_failures(struct channel *channel);

#endif
