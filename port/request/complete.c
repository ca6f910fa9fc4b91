/* SPDX-License-Identifier: MIT */
/*
 * From the miniport back to the issuer: AtaPortCompleteRequest marks and queues, nothing more; at
 * DISPATCH_LEVEL results are taken from the IRB, the slot is freed, the issuer called, and the next
 * request pushed.
 */
#include <string.h>

#include "port/objects.h"
#include "port/request/queue.h"
#include "port/request/request.h"
#include "port/trace.h"

/* How often a request may be repeated after resets before its issuer hears of it; and once while busy
 * (IDE_REQUEST_BLOCK). */
#define MAXIMUM_RETRIES 3u

/* All that have come back since the last look. */
static struct irb_slot *take_completed(struct channel *channel)
{
    enum irql level = irql_enter_dirql();
    struct irb_slot *slots = channel->irbs.completed_head;
    channel->irbs.completed_head = NULL;
    channel->irbs.completed_tail = &channel->irbs.completed_head;
    irql_leave_dirql(level);
    return slots;
}

/* Of any IRB: device 1 is to be enumerated, whatever MaxTargetId is. While devices are looked for, that is
 * done in the same go. */
static void force_device_1(struct channel *channel, const struct request *request)
{
    bool is_new = !channel->device_1_forced;
    channel->device_1_forced = true;
    if (is_new && request->function != IRB_FUNCTION_ATA_IDENTIFY &&
        channel->devices[1].kind == DEVICE_NONE)
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

static void take_results(struct irb_slot *slot, struct request *request)
{
    const IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    struct channel *channel = slot->channel;
    UCHAR status = irb->IrbStatus;

    request->irb_status = IRB_STATUS(status);
    request->sense_valid = request->registers_valid = false;
    if (__builtin_expect(status != IRB_STATUS(status), 0))
        take_flags(slot, request);
    request->ata_status = irb->AtaStatus;
    request->ata_error = irb->AtaError;
    request->transferred = irb->DataTransferLength < request->byte_count ? irb->DataTransferLength
                                                                         : request->byte_count;
    if (request->bounced) {
        if (request->flags & IRB_FLAGS_DATA_IN)
            memcpy(request->buffer, channel->bounce.buffer, request->transferred);
        channel->bounce.owner = NULL;
        request->bounced = false;
    }
}

static void count(struct device *device, const struct request *request)
{
    struct device_counters *counters = &device->counters;
    counters->requests++;
    if (request->function == IRB_FUNCTION_ATA_WRITE)
        device->was_written = true;
    if (request->irb_status != IRB_STATUS_SUCCESS)
        counters->errors++;
    else if (request->flags & IRB_FLAGS_DATA_IN)
        counters->bytes_read += request->transferred;
    else
        counters->bytes_written += request->transferred;
}

/* Is a request worth another try? A device that is busy is given a pause first; it gets one more chance, whatever
 * the request is, a flush before a stop as well. */
static bool should_retry(struct request *request)
{
    struct device *device = request->device;

    if (request->is_cancelled)
        return false;
    if (request->irb_status == IRB_STATUS_BUSY && !request->was_busy) {
        request->was_busy = true;
        if (!(device->queue.busy.bits &
              BUSY_ASKED)) /* else the miniport knows better for how long */
            device_pause(device, BUSY_PAUSE_US);
    } else if (request->irb_status == IRB_STATUS_BUS_RESET && !request->is_once &&
               request->retries < MAXIMUM_RETRIES && !channel_is_leaving(device->channel->state)) {
        request->retries++;
    } else {
        return false;
    }
    device->counters.retries++;
    return true;
}

bool slot_end(struct channel *channel, struct irb_slot *slot, UCHAR irb_status)
{
    enum irql level = irql_enter_dirql();
    bool was_active = slot->state == SLOT_ACTIVE;
    if (was_active) {
        slot->page->irb.IrbStatus = irb_status;
        slot_complete(channel, slot);
    }
    irql_leave_dirql(level);
    return was_active;
}

/* Takes the results and frees the slot. Returns the request if it is to be repeated; otherwise its issuer
 * has it back. */
static struct request *slot_finish(struct channel *channel, struct irb_slot *slot)
{
    struct request *request = slot->request;

    (void)trace_put(TRACE_IRB_END, slot->trace_end, slot->page->irb.IrbStatus);
    take_results(slot, request);
    slot_step(slot, SLOT_COMPLETED, SLOT_FREE);
    slot->request = NULL;
    if (slot->is_internal) {
        slot->next = channel->irbs.free_internal;
        channel->irbs.free_internal = slot;
        request->callback(request);
        return NULL;
    }
    slot->next = NULL;
    *channel->irbs.free_tail = slot;
    channel->irbs.free_tail = &slot->next;
    channel->irbs.outstanding--;
    request->device->queue.outstanding--;
    count(request->device, request);
    if (request->irb_status != IRB_STATUS_SUCCESS && should_retry(request))
        return request;
    request->callback(request);
    return NULL;
}

void completion_run(void *context)
{
    struct channel *channel = context;
    struct request *again = NULL; /* the last one first */

    for (struct irb_slot *slot = take_completed(channel); slot;) {
        struct irb_slot *next = slot->next; /* the callback may use the slot again */
        struct request *request = slot_finish(channel, slot);
        if (request) {
            request->next = again;
            again = request;
        }
        slot = next;
    }
    while (again) { /* so that they go out again in their old order */
        struct request *request = again;
        again = request->next;
        request_requeue(request);
    }
    if (channel->queue.waiting)
        channel_dispatch(channel);
}
