/* SPDX-License-Identifier: MIT */
/* What the files of port/request/ share with one another. */
#ifndef PORT_REQUEST_REQUEST_H
#define PORT_REQUEST_REQUEST_H

#include "port/call.h"
#include "port/port.h"

/* IrbStatus without the flags for returned registers and sense data. */
#define IRB_STATUS_CODE(status) \
    ((UCHAR)((status) & ~(IRB_STATUS_RETURN_TASKFILE_VALID | IRB_STATUS_AUTOSENSE_VALID)))

/* The slot behind an IRB pointer of this channel, NULL if it is none. */
static inline struct irb_slot *slot_from_irb(struct channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    uintptr_t offset = (uintptr_t)irb - (uintptr_t)channel->slots;
    if (offset >> channel->slot_shift >= channel->slot_count ||
        offset & (((uintptr_t)1 << channel->slot_shift) - 1))
        return NULL;
    return (struct irb_slot *)(uintptr_t)irb;
}

/* The miniport is done with a slot: it is marked and queued, nothing more. False: it is not outstanding
 * (any more); an interrupt may have been faster. Context: any. */
static inline bool slot_complete(struct channel *channel, struct irb_slot *slot)
{
    enum irql level = irql_enter_dirql();
    bool was_active = slot->state == SLOT_ACTIVE;
    if (was_active) {
        slot->state = SLOT_COMPLETED;
        slot->next = NULL;
        *channel->completed_tail = slot;
        channel->completed_tail = &slot->next;
        deferred_queue_masked(&channel->completion);
    }
    irql_leave_dirql(level);
    return was_active;
}

/* The same with a status that somebody else than the miniport's completion gives. */
bool slot_end(struct channel *channel, struct irb_slot *slot, UCHAR irb_status);

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
void power_wake(struct device *device);
/* Pauses a device's queue; it goes on by itself. Any context. */
void device_pause(struct device *device, uint64_t duration_us);

#endif
