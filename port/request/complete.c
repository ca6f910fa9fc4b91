/* SPDX-License-Identifier: MIT */
/*
 * From the miniport back to the issuer: AtaPortCompleteRequest marks and queues, nothing more; at
 * DISPATCH_LEVEL results are taken from the IRB, the slot is freed, the issuer called, and the next
 * request pushed.
 */
#include "port/request/complete.h"

#include <stdio.h>
#include <string.h>

#include "lib/plural.h"
#include "port/irb_names.h"
#include "port/limits.h"
#include "port/log.h"
#include "port/objects.h"
#include "port/request/bounce.h"
#include "port/request/fate.h"
#include "port/request/queue.h"
#include "port/request/slots.h"
#include "port/trace.h"

/* Those that have come back, the last one first, in their order. */
static struct irb_slot *in_order(struct irb_slot *slot)
{
    struct irb_slot *later = NULL;

    if (!slot)
        return NULL;
    while (slot->next) {
        struct irb_slot *earlier = slot->next;
        slot->next = later;
        later = slot;
        slot = earlier;
    }
    slot->next = later;
    return slot;
}

/* Of any IRB: device 1 is to be enumerated, whatever MaxTargetId is. While devices are looked for,
 * that is done in the same go. */
static void force_device_1(struct channel *channel, const struct request *request)
{
    bool is_new = !channel->device_1_forced;
    channel->device_1_forced = true;
    if (is_new && request->function != IRB_FUNCTION_ATA_IDENTIFY &&
        channel_device_kind(channel, 1) == DEVICE_NONE)
        channel->notified.rescan_wanted = true;
}

/* The flags of IrbStatus: what the miniport left in the sense buffer, and what it wants. */
static __attribute__((cold)) void take_flags(struct irb_slot *slot, struct request *request)
{
    UCHAR status = slot->page->irb.IrbStatus;
    if (status & IRB_STATUS_FORCE_ENUM_DEVICE1_NEEDED)
        force_device_1(slot->channel, request);
    request->sense_valid = (status & IRB_STATUS_AUTOSENSE_VALID) != 0;
    request->registers_valid = (status & IRB_STATUS_RETURN_TASKFILE_VALID) != 0;
    memcpy(request->sense, slot->page->sense, sizeof request->sense);
    memset(slot->page->sense, 0,
           sizeof slot->page->sense); /* so that it is not taken for another's */
}

static inline void take_results(const IDE_REQUEST_BLOCK *irb, struct request *request, UCHAR status)
{
    uint32_t transferred = irb->DataTransferLength, asked = request->byte_count;

    request->irb_status = IRB_STATUS(status);
    request->ata_status = irb->AtaStatus;
    request->ata_error = irb->AtaError;
    request->transferred = transferred < asked ? transferred : asked;
}

/* Of a request that succeeded. */
static inline void count(struct device *device, const struct request *request)
{
    struct device_counters *counters = &device->counters;
    if (request->flags & IRB_FLAGS_DATA_IN) {
        counters->bytes_read += request->transferred;
    } else {
        counters->bytes_written += request->transferred;
        device->was_written |= request->function == IRB_FUNCTION_ATA_WRITE;
    }
}

bool slot_end(struct channel *channel, struct irb_slot *slot, UCHAR irb_status)
{
    enum irql level = irql_enter_dirql();
    bool was_active = slot->state == SLOT_ACTIVE;
    if (was_active) {
        slot->page->irb.IrbStatus = irb_status;
        slot->place = slot->place_caller = NULL;
        slot_complete(channel, slot);
    }
    irql_leave_dirql(level);
    return was_active;
}

/* Takes the results; the slot is not the request's any more. */
static inline void slot_leave(struct irb_slot *slot, struct request *request, UCHAR status)
{
    trace_timed(TRACE_IRB_END, slot->trace_end, status);
    take_results(&slot->page->irb, request, status);
    slot_step(slot, SLOT_COMPLETED, SLOT_FREE);
    slot->request = NULL;
}

static __attribute__((cold, noinline)) void
finish_internal(struct channel *channel, struct irb_slot *slot, struct request *request)
{
    slot_leave(slot, request, slot->page->irb.IrbStatus);
    if (slot->page->irb.IrbStatus != request->irb_status)
        take_flags(slot, request);
    slot->next = channel->irbs.free_internal;
    channel->irbs.free_internal = slot;
    request->callback(request);
}

static inline void slot_free(struct channel *channel, struct irb_slot *slot, struct device *device)
{
    slot->next = NULL;
    *channel->irbs.free_tail = slot;
    channel->irbs.free_tail = &slot->next;
    channel->irbs.outstanding--;
    device->queue.outstanding--;
    device->counters.requests++;
}

static unsigned repeats_of(const struct request *request)
{
    return (unsigned)request->retries + request->busy_times + request->ready_times;
}

/* Takes the results and frees the slot. Is the request to be repeated? */
static bool slot_finish(struct channel *channel, struct irb_slot *slot, struct request *request)
{
    struct device *device = request->device;

    slot_leave(slot, request, slot->page->irb.IrbStatus);
    if (slot->page->irb.IrbStatus != request->irb_status)
        take_flags(slot, request);
    if (request->bounced)
        bounce_give_back(slot, request);
    slot_free(channel, slot, device);
    if (request->irb_status != IRB_STATUS_SUCCESS)
        return request_is_repeated(request);
    if (request->timed_out || request->busy_times)
        device_note(device, ": %s has succeeded, after %u repeat%s",
                    irb_function_name(request->function), repeats_of(request),
                    plural(repeats_of(request)));
    count(device, request);
    return false;
}

/* One line for all that came back together; the trace has each. */
static __attribute__((cold)) void tell_repeats(const struct channel *channel,
                                               const struct request *again)
{
    char which[24] = "in another mode";
    unsigned count = 1;

    for (; again->next; again = again->next)
        count++;
    const struct repeat_count repeat = request_repeat_count(again);
    if (repeat.limit)
        snprintf(which, sizeof which, "%u of %u", repeat.number, repeat.limit);
    port_note(channel, "%u request%s repeated after %s: %s, %s", count,
              count == 1 ? " is" : "s are", irb_status_name(again->irb_status),
              irb_function_name(again->function), which);
}

/* Issuers hear of theirs when all others are in their queue again, or known to be over: what may
 * begin now depends on what has not ended (block_order.h), and the issuer of a piece sends the
 * next. */
static __attribute__((noinline)) void run_any(struct channel *channel, struct irb_slot *completed)
{
    struct request *again = NULL; /* the last one first */
    struct request **ended_tail = &channel->irbs.ended;

    for (struct irb_slot *slot = in_order(completed); slot;) {
        struct irb_slot *next = slot->next; /* it is used again */
        struct request *request = slot->request;
        if (slot_is_internal(slot)) {
            finish_internal(channel, slot, request);
        } else if (slot_finish(channel, slot, request)) {
            request->next = again;
            again = request;
        } else {
            *ended_tail = request;
            ended_tail = &request->next;
        }
        slot = next;
    }
    *ended_tail = NULL;
    if (again)
        tell_repeats(channel, again);
    while (again) { /* so that they go out again in their old order */
        struct request *request = again;
        again = request->next;
        request_requeue(request);
    }
    while (channel->irbs.ended) {
        struct request *request = channel->irbs.ended;
        channel->irbs.ended = request->next;
        request->callback(request);
    }
    queues_fail_off_line(channel);
    if (channel->queue.waiting)
        channel_dispatch(channel);
}

/* The straight way, which most requests go: one alone comes back, as a plain success, at its first
 * try and without a buffer of the port's, and none waits for its place. Its issuer has it back
 * then, and nothing is left to be done here. */
void completion_run(void *context)
{
    struct channel *channel = context;
    struct irb_slot *slot = __atomic_exchange_n(&channel->irbs.completed, NULL, __ATOMIC_RELAXED);

    if (__builtin_expect(!slot || slot->next || channel->queue.waiting ||
                             slot->page->irb.IrbStatus != IRB_STATUS_SUCCESS ||
                             slot_is_internal(slot) || slot->request->is_special,
                         0)) {
        run_any(channel, slot);
        return;
    }
    struct request *request = slot->request;
    slot_leave(slot, request, IRB_STATUS_SUCCESS);
    slot_free(channel, slot, request->device);
    count(request->device, request);
    request->callback(request);
}
