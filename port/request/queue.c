/* SPDX-License-Identifier: MIT */
/*
 * From a request to the miniport: the queue of each logical unit, the channel's round robin over
 * them, the IRB, IdeHwBuildIo and IdeHwStartIo. The port pushes: it never waits to be asked.
 *
 * Entered at or below DISPATCH_LEVEL. A request is in exactly one place: with its issuer, in its
 * device's queue, or in a slot.
 */
#include "port/request/queue.h"

#include <string.h>

#include "port/call.h"
#include "port/contract/report.h"
#include "port/data.h"
#include "port/irb_names.h"
#include "port/log.h"
#include "port/request/bounce.h"
#include "port/request/complete.h"
#include "port/request/judge.h"
#include "port/request/results.h"
#include "port/request/slots.h"
#include "port/request/timeout.h"
#include "port/request/waiting.h"

/* ------------------------------------------------------------------ queues */

void (*request_wake)(struct device *device);

/* Does a device take one more request? */
static inline bool is_ready(const struct device *device)
{
    return !device->queue.busy.bits && device->queue.outstanding < device->queue.limit;
}

/* Does the controller reach its data, or a buffer that it goes through? */
static inline bool is_reached(struct channel *channel, struct request *request)
{
    if (__builtin_expect(!bounce_is_needed(channel, request), 1))
        return true;
    request->bounced = true;
    return bounce_is_possible(channel); /* else it goes on when one is given back */
}

/* The next device in turn that has work and room for it, and is not paused; NULL if there is
 * none. */
static struct device *next_device(struct channel *channel)
{
    struct device *device = channel->queue.turn;

    if (!channel->queue.waiting)
        return NULL;
    do {
        device = device->next ? device->next : channel->devices;
        if (device->queue.head && is_ready(device) && is_reached(channel, device->queue.head))
            return channel->queue.turn = device;
    } while (device != channel->queue.turn);
    return NULL;
}

/* ------------------------------------------------------------------ the IRB */

void irb_form_complete(struct irb_form *form, const struct device *device, bool wants_registers)
{
    const struct channel *channel = device->channel;

    form->channel_number = channel->number;
    form->target = device->target;
    form->lun = device->lun;
    form->sense_length = PORT_SENSE_BYTES;
    form->sense_type = SENSE_INFO_BUFFER_RETURN_TYPE_CDB;
    if (form->flags & (IRB_FLAGS_DATA_IN | IRB_FLAGS_DATA_OUT) &&
        channel->controller->given.configuration.BusMaster)
        form->flags |= IRB_FLAGS_USE_DMA;
    if (wants_registers) {
        form->flags |= IRB_FLAGS_RETURN_RESULTS;
        form->sense_type = form->flags & IRB_FLAGS_48BIT
                               ? SENSE_INFO_BUFFER_RETURN_TYPE_48BIT_TASKFILE
                               : SENSE_INFO_BUFFER_RETURN_TYPE_28BIT_TASKFILE;
    }
}

/* What differs from request to request; the rest is there already (slot_fill_constants). */
static inline __attribute__((always_inline)) void
fill_irb(const struct request *request, uint32_t byte_count, void *data, IDE_REQUEST_BLOCK *irb)
{
    irb_words_copy(irb, request->head, sizeof request->head);
    irb->DataTransferLength = byte_count;
    irb->DataBuffer = data;
    irb->NextIrb = NULL;
    irb_words_copy(&irb->IdeTaskFile, &request->task_file, sizeof irb->IdeTaskFile);
}

void slot_given_irb(struct irb_slot *slot, IDE_REQUEST_BLOCK *irb)
{
    slot_fill_constants(slot, irb);
    fill_irb(slot->request, slot->data_byte_count, slot->shown_data, irb);
}

/* Everything that the miniport is handed. Where the block layer knows that the whole buffer is
 * contiguous, and where it is, so is the list; in all other cases it is built when it is asked
 * for. */
static inline __attribute__((always_inline)) void fill_slot(struct irb_slot *slot,
                                                            struct request *request)
{
    struct irb_page *page = slot->page;
    const uint32_t byte_count = request->byte_count;
    void *data = request->bounced ? slot->bounce : request->buffer;
    void *shown = slot_data_address(slot, data, request->in_segments && !request->bounced);

    fill_irb(request, byte_count, shown, &page->irb);
    page->elements[0].Address.QuadPart = (LONGLONG)request->physical;
    page->elements[0].Length = byte_count;
    page->list.NumberOfElements = 1;
    slot->seal = irb_seal(page);
    slot->request = request;
    slot->data = data;
    slot->shown_data = shown;
    slot->data_byte_count = byte_count;
    slot->list_built = byte_count - 1 < request->physical_byte_count; /* (no data: no list) */
    slot->care = slot->care_always | (request->wants_registers ? CARE_REGISTERS : 0);
}

/* What it is that a slot carries now, and for whom (TRACE_BUILD). */
static inline __attribute__((always_inline)) void trace_request(const struct irb_slot *slot)
{
    const IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    const uint32_t head = slot->trace_start - trace_head(TRACE_IRB_START, 0, 0);
    uint32_t whom, end;

    __builtin_memcpy(&whom, &irb->AtaError, sizeof whom);
    trace_timed(TRACE_BUILD, head + trace_head(TRACE_BUILD, 0, 0), whom);
    __builtin_memcpy(&end, irb->Cdb + sizeof(uint64_t), sizeof end);
    uintptr_t place = trace_put(TRACE_IRB_FORM, head + trace_head(TRACE_IRB_FORM, 0, 0), end);
    __builtin_memcpy(trace_time_at(place), irb->Cdb, sizeof(uint64_t));
}
_Static_assert(offsetof(IDE_REQUEST_BLOCK, TargetId) == offsetof(IDE_REQUEST_BLOCK, AtaError) + 2 &&
                   offsetof(IDE_REQUEST_BLOCK, Lun) == offsetof(IDE_REQUEST_BLOCK, AtaError) + 3,
               "TRACE_BUILD's value");

/* StartIo for a slot that is ready, with the channel's lock. */
static inline __attribute__((always_inline)) void start_io(struct channel *channel,
                                                           struct irb_slot *slot)
{
    struct context *context = channel_context(channel, CONTEXT_START_IO);
    struct sync_saved saved = sync_enter_from(channel, IRQL_DISPATCH);
    uint32_t levels = saved.with_isr ? IRQL_DIRQL << 16 | IRQL_DISPATCH << 24
                                     : IRQL_DISPATCH << 16 | IRQL_DISPATCH << 24;
    context->slot = channel->irbs.last = slot;
    trace_timed(TRACE_IRB_START, slot->trace_start, slot->page->irb.Function | levels);
    /* What it returns is of no interest: the IRB has to end in any case. */
    (void)call_fast(context, &channel->given.interface.IdeHwStartIo, 2, channel->memory.extension,
                    slot->shown_irb);
    sync_leave(saved);
}

/* BuildIo, without a lock. It touches no device, so StartIo's trace entry stands for both. Returns
 * false if it has finished the request itself. */
static inline __attribute__((always_inline)) bool build_io(struct channel *channel,
                                                           struct irb_slot *slot)
{
    struct context *context = channel_context(channel, CONTEXT_BUILD_IO);
    context->slot = slot;
    (void)call_fast(context, &channel->given.interface.IdeHwBuildIo, 2, channel->memory.extension,
                    slot->shown_irb);
    return slot->page->irb.IrbStatus == IRB_STATUS_PENDING;
}

uint8_t port_build_io_care;

void requests_follow_trace(void)
{
    port_build_io_care = (uint8_t)((port_build_io_care & ~BUILD_IO_TRACED) |
                                   (trace_steps[TRACE_BUILD] ? BUILD_IO_TRACED : 0));
}

/* The same where the miniport may not write its channel's extension: CTX-11. */
static __attribute__((cold, noinline)) bool build_io_guarded(struct irb_slot *slot)
{
    const struct guarded *extension = &slot->channel->memory.extension_guard;

    guard_lock(extension, true);
    bool goes_on = build_io(slot->channel, slot);
    guard_lock(extension, false);
    return goes_on;
}

/* Is it guarded? What else is wanted of the call is done. (What the trace does not record has no
 * place there.) */
static inline __attribute__((always_inline)) bool prepare_build_io(const struct irb_slot *slot)
{
    if (__builtin_expect(!port_build_io_care, 1))
        return false;
    trace_request(slot);
    return port_build_io_care & BUILD_IO_GUARDED;
}

/* It has finished the request, which is judged as any other. CTX-02, false: not really, and
 * IdeHwStartIo gets it. */
static __attribute__((cold, noinline)) bool finished_by_build_io(struct irb_slot *slot)
{
    static const char routine[] = "IdeHwBuildIo";
    struct channel *channel = slot->channel;
    struct context *context = channel_context(channel, CONTEXT_BUILD_IO);
    const void *place = ENTRY_PLACE(channel->given.interface.IdeHwBuildIo);
    UCHAR status = slot->page->irb.IrbStatus;

    context_push(context); /* as if it still ran */
    if (irb_status_is_final(status)) {
        slot_check_results(slot, routine, place);
    } else {
        contract_report(RULE_CTX_02, channel, routine, place,
                        "IrbStatus became %#x (%s), which is no final one", status,
                        irb_status_name(status));
        slot->page->irb.IrbStatus = IRB_STATUS(status) == IRB_STATUS_PENDING
                                        ? IRB_STATUS_PENDING
                                        : IRB_STATUS_INTERNAL_ERROR;
    }
    context_pop(context);
    slot->place = place;
    slot->place_caller = NULL;
    return slot->page->irb.IrbStatus != IRB_STATUS_PENDING;
}

/* What IdeHwBuildIo may make of TimeOutValue, seconds: a request that is lost must end some day. */
#define TIMEOUT_LIMIT_S 600u

static __attribute__((cold, noinline)) ULONG raised_timeout(struct irb_slot *slot, ULONG timeout_s)
{
    ULONG asked = slot->request->timeout_s;
    ULONG limit = asked > TIMEOUT_LIMIT_S ? asked : TIMEOUT_LIMIT_S;

    if (timeout_s <= asked)
        return asked;
    if (timeout_s <= limit)
        return timeout_s;
    if (!slot->channel->queue.timeout_told)
        port_message(slot->channel, "IdeHwBuildIo made TimeOutValue %u s; it is %u s",
                     (unsigned)timeout_s, (unsigned)limit);
    slot->channel->queue.timeout_told = true;
    return slot->page->irb.TimeOutValue = limit;
}

/* Fills in the IRB of a slot, takes it through BuildIo and StartIo. */
static inline __attribute__((always_inline)) void slot_start(struct irb_slot *slot,
                                                             struct request *request)
{
    struct channel *channel = slot->channel;

    if (__builtin_expect(request->bounced, 0))
        bounce_take(slot, request);
    fill_slot(slot, request);
    slot_step(slot, SLOT_FREE, SLOT_ACTIVE);
    slot_show(slot);
    slot->begun = (uint32_t)++channel->counters.requests;
    if (!channel->given.interface.IdeHwBuildIo) {
        if (port_build_io_care & BUILD_IO_TRACED)
            trace_request(slot);
        slot->page->irb.IrbFlags |= IRB_FLAGS_MAP_BUFFERS; /* it has no other way to ask for it */
    } else if (!(prepare_build_io(slot) ? build_io_guarded(slot) : build_io(channel, slot)) &&
               finished_by_build_io(slot)) {
        slot_complete(channel, slot);
        return;
    }
    if (slot->page->irb.IrbFlags & IRB_FLAGS_MAP_BUFFERS) {
        if (slot->data_byte_count) {
            slot->seal ^= IRB_FLAGS_MAP_BUFFERS;
            slot_show_data(slot);
        } else {
            slot_judge_build_io(slot);
        }
    }
    if (!slot_is_internal(slot)) {
        /* BuildIo may have raised it. One more, since the first tick can be near. */
        ULONG timeout_s = slot->page->irb.TimeOutValue;
        if (timeout_s != request->timeout_s)
            timeout_s = raised_timeout(slot, timeout_s);
        slot->timeout_s = timeout_s;
        slot->ticks_left = timeout_s ? timeout_s + 1 : 0;
        if (!channel->timeouts.watchdog.armed)
            watchdog_arm(channel);
    }
    start_io(channel, slot);
}

/* ------------------------------------------------------------------ pushing */

/* Does the miniport take one more request? (A channel that has not got its slots yet takes
 * none.) */
static inline bool has_room(const struct channel *channel)
{
    return channel->irbs.outstanding < channel->irbs.limit;
}

/* The slot that a device's next request goes out in. */
static inline struct irb_slot *take_slot(struct channel *channel, struct device *device)
{
    struct irb_slot *slot = channel->irbs.free;
    channel->irbs.free = slot->next;
    channel->irbs.outstanding++;
    device->queue.outstanding++;
    return slot;
}

/* For those that have waited, and internal ones. */
static __attribute__((noinline)) void slot_start_later(struct irb_slot *slot,
                                                       struct request *request)
{
    ASSERT_OP(irql_now, ==, IRQL_DISPATCH);
    slot_start(slot, request);
}

void channel_dispatch(struct channel *channel)
{
    struct device *device;
    const struct channel_queue *queue = &channel->queue;

    while (has_room(channel) && !queue->busy.bits && !queue->is_recovering &&
           (device = next_device(channel))) {
        struct request *request = device->queue.head;
        queue_take_head(device, TRACE_TAKEN);
        slot_start_later(take_slot(channel, device), request);
    }
}

static void request_fail(struct request *request, uint8_t irb_status)
{
    request->irb_status = irb_status;
    request->transferred = 0;
    request->callback(request);
}

/* Data of an odd length goes through a buffer of the port, which is longer. */
static void take_segments(struct request *request)
{
    const IDE_CONTROLLER_CONFIGURATION *controller =
        &request->device->channel->controller->given.configuration;
    uint32_t most_runs =
        controller->BusMaster ? controller->NumberOfPhysicalBreaks + 1u : UINT32_MAX;

    request_take_data(request, NULL, request->segments, 0, request->byte_count);
    request->must_bounce = request->byte_count & 1 || !request_data_joins(request) ||
                           request_data_in_runs(request, most_runs) < request->byte_count;
}

void request_submit(struct request *request)
{
    const struct controller *controller = request->device->channel->controller;

    irb_form_complete(&request->form, request->device, request->wants_registers);
    if (request->segments)
        take_segments(request);
    if (request->byte_count <= controller->given.configuration.MaximumTransferLength) {
        request_send(request);
        return;
    }
    enum irql level = irql_raise_dispatch();
    request->so_far = 0;
    request_fail(request, IRB_STATUS_INVALID_REQUEST);
    irql_lower(level);
}

/* It waits its turn, or is refused. */
static __attribute__((noinline)) void enqueue(struct channel *channel, struct request *request)
{
    if (!channel_takes_requests(channel->state) || request->device->failures.is_offline) {
        request_fail(request, IRB_STATUS_SELECTION_TIMEOUT);
        return;
    }
    if (request->flags & IRB_FLAGS_HIGH_PRIORITY)
        queue_insert(request->device, request);
    else
        queue_append(request->device, request);
    if (request->device->queue.busy.bits & BUSY_POWER)
        request_wake(request->device);
    channel_dispatch(channel);
}

void request_send(struct request *request)
{
    struct device *device = request->device;
    struct channel *channel = device->channel;
    enum irql level = irql_raise_dispatch();

    request->so_far = 0;
    if (!channel->queue.holds && has_room(channel) && is_ready(device) &&
        is_reached(channel, request))
        slot_start(take_slot(channel, device), request);
    else
        enqueue(channel, request);
    irql_lower(level);
}

bool device_has_request(const struct device *device,
                        bool (*is_true)(const struct request *request, const void *context),
                        const void *context)
{
    const struct channel *channel = device->channel;

    for (unsigned i = 0; i < channel->irbs.overlapped_count; i++) {
        const struct request *request = channel->irbs.slots[i].request;
        if (request && request->device == device && is_true(request, context))
            return true;
    }
    for (const struct request *request = channel->irbs.ended; request; request = request->next)
        if (request->device == device && is_true(request, context))
            return true;
    for (const struct request *request = device->queue.head; request; request = request->next)
        if (is_true(request, context))
            return true;
    return false;
}

void request_cancel(struct request *request)
{
    enum irql level = irql_raise_dispatch();

    request->is_cancelled = true;
    if (queue_take(request->device, request))
        request_fail(request, IRB_STATUS_BUSY);
    irql_lower(level);
}

void request_requeue(struct request *request)
{
    queue_prepend(request->device, request);
}

void device_queue_fail(struct device *device, UCHAR irb_status)
{
    while (device->queue.head) {
        struct request *request = device->queue.head;
        queue_take_head(device, TRACE_DROPPED);
        request_fail(request, irb_status);
    }
}

void queues_fail(struct channel *channel, UCHAR irb_status)
{
    for (struct device *device = channel->devices; device; device = device->next)
        device_queue_fail(device, irb_status);
}

/* One after the other, so that the others are in the queue when an issuer sends another one in its
 * stead (block_order.h), which goes behind them, or before those that are less urgent. */
void device_queue_return(struct device *device, bool (*is_returned)(const struct request *request))
{
    unsigned count = 0;

    for (const struct request *request = device->queue.head; request; request = request->next)
        count++;
    for (struct request *request = device->queue.head; request && count;) {
        if (!is_returned(request)) {
            request = request->next;
            continue;
        }
        count--;
        (void)queue_take(device, request);
        request_fail(request, IRB_STATUS_INVALID_REQUEST);
        request = device->queue.head;
    }
}

void queues_fail_off_line(struct channel *channel)
{
    for (struct device *device = channel->devices; device; device = device->next)
        if (device->failures.is_offline)
            device_queue_fail(device, IRB_STATUS_SELECTION_TIMEOUT);
}

/* The time of a pause is over. */
static void device_ready(void *context)
{
    struct device *device = context;
    shared_clear(&device->queue.busy, BUSY_ASKED);
    channel_dispatch(device->channel);
}

void device_pause(struct device *device, uint64_t duration_us)
{
    shared_set(&device->queue.busy, BUSY_ASKED);
    device->queue.busy_timer.deferred.procedure = device_ready;
    device->queue.busy_timer.deferred.context = device;
    timer_arm(&device->queue.busy_timer, duration_us);
}

bool request_start_internal(struct request *request)
{
    struct channel *channel = request->device->channel;
    struct irb_slot *slot = channel->irbs.free_internal;
    if (!slot)
        return false;
    channel->irbs.free_internal = slot->next;
    request->bounced = false;
    irb_form_complete(&request->form, request->device, false);
    slot_start_later(slot, request);
    return true;
}
