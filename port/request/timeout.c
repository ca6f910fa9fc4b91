/* SPDX-License-Identifier: MIT */
/*
 * Time-outs and recovery. While requests are at the miniport, a watchdog ticks once a second; a
 * request whose TimeOutValue is over starts the ladder: an LUN reset IRB, and if that does not end
 * the request, IdeHwReset, after which the port ends what is left with IRB_STATUS_BUS_RESET.
 * What becomes of the requests then, and of the device, fate.c knows.
 * Where the auditor has stopped a request's transfer, the channel is reset at once.
 *
 * Entered at DISPATCH_LEVEL.
 */
#include "port/request/timeout.h"

#include <string.h>

#include "lib/plural.h"
#include "port/access/audit.h"
#include "port/access/inject_state.h"
#include "port/call.h"
#include "port/contract/report.h"
#include "port/irb_names.h"
#include "port/limits.h"
#include "port/log.h"
#include "port/request/complete.h"
#include "port/request/fate.h"
#include "port/request/queue.h"
#include "port/request/results.h"
#include "port/request/slots.h"

#define TICK_US (LIMIT_TICK_S * 1000000u)

static void set_recovery(struct channel *channel, enum recovery_state next)
{
    state_step(MACHINE_RECOVERY, channel->traced, channel->recovery, next);
    channel->recovery = next;
    channel->queue.is_recovering = next != RECOVERY_NONE;
}

void watchdog_arm(struct channel *channel)
{
    if (!channel->timeouts.watchdog.armed)
        timer_arm(&channel->timeouts.watchdog, TICK_US);
}

/* Is a request that has timed out, or was stopped, still at the miniport? */
static struct irb_slot *late_slot(struct channel *channel)
{
    for (unsigned i = 0; i < channel->irbs.overlapped_count; i++) {
        struct irb_slot *slot = slot_at(channel, i);
        if (slot->state == SLOT_ACTIVE &&
            (slot->request->was_stopped || (slot->timeout_s && !slot->ticks_left)))
            return slot;
    }
    return NULL;
}

/* IRB-10, for each that IdeHwReset has left. */
static void end_outstanding(struct channel *channel, struct context *context)
{
    for (unsigned i = 0; i < channel->irbs.count; i++) {
        struct irb_slot *slot = slot_at(channel, i);
        if (!slot->request) {
            (void)slot_end_sense(slot, SLOT_TAKEN_BACK);
        } else if (slot_end(channel, slot, IRB_STATUS_BUS_RESET)) {
            audit_dma_forget(slot);
            context->slot = slot;
            contract_report_in(context, RULE_IRB_10, "IdeHwReset",
                               ENTRY_PLACE(channel->given.interface.IdeHwReset),
                               "it was still outstanding; the port ended it");
        }
    }
}

/* How many of its IRBs has the miniport? */
static unsigned count_active(struct channel *channel)
{
    unsigned count = 0;
    for (unsigned i = 0; i < channel->irbs.count; i++)
        count += slot_at(channel, i)->state == SLOT_ACTIVE && slot_at(channel, i)->request;
    return count;
}

void channel_reset(struct channel *channel)
{
    struct context *context = channel_context(channel, CONTEXT_RESET);
    unsigned active = count_active(channel);
    uint64_t began_us = hal_clock_us();

    channel->counters.resets++;
    set_recovery(channel, RECOVERY_RESET);
    context->slot = NULL;
    struct sync_saved saved = sync_enter(channel);
    BOOLEAN succeeded =
        MINIPORT_CALL_1(context, channel->given.interface.IdeHwReset, channel->memory.extension);
    sync_leave(saved);
    if (!succeeded)
        port_message(channel, "IdeHwReset failed");
    unsigned took_us = (unsigned)(hal_clock_us() - began_us);
    end_outstanding(channel, context);
    port_note(channel, "IdeHwReset took %u us, and has ended %u IRB%s", took_us, active,
              plural(active));
    set_recovery(channel, RECOVERY_NONE);
    deferred_queue(&channel->irbs.completion); /* what waited is pushed from there */
}

/* IRB-19: an LUN reset that ends well has ended all that its logical unit had. */
static bool left_requests_out(struct channel *channel, struct device *device)
{
    struct context *context = channel_context(channel, CONTEXT_START_IO);

    for (unsigned i = 0; i < channel->irbs.overlapped_count; i++) {
        struct irb_slot *slot = slot_at(channel, i);
        if (slot->state != SLOT_ACTIVE || slot->request->device != device)
            continue;
        context->slot = slot;
        contract_report_in(context, RULE_IRB_19, "IdeHwStartIo",
                           ENTRY_PLACE(channel->given.interface.IdeHwStartIo),
                           "the LUN reset IRB ended with success, and this one is outstanding");
        return true;
    }
    return false;
}

void request_lost_internal(const struct request *lost)
{
    struct channel *channel = lost->device->channel;
    struct context *context = channel_context(channel, CONTEXT_START_IO);

    for (unsigned i = channel->irbs.overlapped_count; i < channel->irbs.count; i++) {
        struct irb_slot *slot = slot_at(channel, i);
        if (slot->state != SLOT_ACTIVE || slot->request != lost)
            continue;
        context->slot = slot;
        if (inject_since(channel, slot->begun))
            break; /* its device may be stuck, which is not the driver's doing */
        contract_report_in(context, RULE_IRB_20, "IdeHwStartIo",
                           ENTRY_PLACE(channel->given.interface.IdeHwStartIo),
                           "after %u s it has not been completed; the channel is reset",
                           LIMIT_INTERNAL_S);
    }
    if (lost != &channel->timeouts.recovery_request) /* which goes with a time-out already */
        device_caused_reset(lost);
    channel_reset(channel);
}

/* The LUN reset IRB has come back. A miniport that ended it with all others, by
 * AtaPortCompleteAllActiveRequests, has reset the unit. */
static void lun_reset_done(struct request *request)
{
    struct channel *channel = request->device->channel;
    bool succeeded =
        request->irb_status == IRB_STATUS_SUCCESS || request->irb_status == IRB_STATUS_BUS_RESET;

    if (channel->recovery != RECOVERY_LUN_RESET)
        return; /* it took too long, and the channel was reset meanwhile */
    if (request->irb_status == IRB_STATUS_BUSY && !request->busy_times++) {
        set_recovery(channel, RECOVERY_LUN_RESET_AGAIN);
    } else if (!succeeded ||
               (request->irb_status == IRB_STATUS_SUCCESS &&
                left_requests_out(channel, request->device)) ||
               late_slot(channel)) {
        channel_reset(channel);
    } else {
        device_note(request->device, ": the LUN reset has helped, after %u ms",
                    (unsigned)((hal_clock_us() - channel->timeouts.recovery_began_us) / 1000));
        set_recovery(channel, RECOVERY_NONE);
        deferred_queue(&channel->irbs.completion);
    }
}

static void send_lun_reset(struct channel *channel)
{
    set_recovery(channel, RECOVERY_LUN_RESET);
    if (!request_start_internal(&channel->timeouts.recovery_request))
        channel_reset(channel);
}

static void recover(struct channel *channel, struct irb_slot *slot)
{
    struct request *request = &channel->timeouts.recovery_request;

    memset(request, 0, sizeof *request);
    request->device = slot->request->device;
    request->function = IRB_FUNCTION_LUN_RESET;
    request->callback = lun_reset_done;
    channel->timeouts.recovery_ticks_left = LIMIT_INTERNAL_S;
    channel->timeouts.recovery_began_us = hal_clock_us();
    device_caused_reset(slot->request);
    send_lun_reset(channel);
}

/* Of all requests at the miniport, the moment when the first was begun: what a device does may be
 * for any of them. */
static uint32_t first_begun(struct channel *channel, const struct irb_slot *late)
{
    uint32_t first = late->begun;
    for (unsigned i = 0; i < channel->irbs.overlapped_count; i++) {
        const struct irb_slot *slot = slot_at(channel, i);
        if (slot->state == SLOT_ACTIVE && !audit_is_since(slot->begun, first))
            first = slot->begun;
    }
    return first;
}

/* IRB-09, or what of HWR-11 only time shows: the place is where the request was handed over. */
static void judge_lost(struct channel *channel, struct irb_slot *slot, uint32_t since)
{
    struct context *context = channel_context(channel, CONTEXT_START_IO);
    const void *place = ENTRY_PLACE(channel->given.interface.IdeHwStartIo);
    char why[160];

    context->slot = slot;
    if (audit_dma_is_unstarted(channel))
        contract_report_in(context, RULE_HWR_11, "IdeHwStartIo", place,
                           "a DMA command was written, and start never: after %u s the device "
                           "still waits for it",
                           (unsigned)slot->timeout_s);
    else if (audit_waits_in_vain(channel, since))
        return;
    else if (audit_driver_is_to_blame(channel, since, why, sizeof why))
        contract_report_in(context, RULE_IRB_09, "IdeHwStartIo", place,
                           "after %u s it has not been completed, though %s",
                           (unsigned)slot->timeout_s, why);
}

static void time_out(struct channel *channel, struct irb_slot *slot)
{
    struct request *request = slot->request;
    uint32_t since = first_begun(channel, slot) - request->retries; /* each has begun anew */
    const struct inject_rule *fault = inject_since(channel, since);
    char mention[INJECT_MENTION_SIZE];

    trace_timed(TRACE_TIMEOUT, trace_head(TRACE_TIMEOUT, channel->traced, slot->index), 0);
    request->timed_out = true;
    channel->counters.timeouts++;
    request->device->counters.timeouts++;
    device_message(request->device, ": %s was not completed in %u s%s; resetting",
                   irb_function_name(slot->page->irb.Function), (unsigned)slot->timeout_s,
                   inject_mention(fault, mention, sizeof mention));
    if (!inject_has_hidden_since(channel, since) && !audit_dma_is_told(slot))
        judge_lost(channel, slot, since);
    if (channel->recovery == RECOVERY_NONE)
        recover(channel, slot);
}

/* The auditor has stopped a transfer (HWR-21), and has said why: the device waits for it, and
 * nobody waits for the time-out. */
static void end_stopped(void *context)
{
    struct channel *channel = context;

    if (context_now->kind != CONTEXT_NONE) /* within IdeHwControl */
        timer_arm(&channel->timeouts.stopped, TICK_US);
    else if (channel->recovery == RECOVERY_NONE && late_slot(channel))
        channel_reset(channel);
}

/* Once a second. */
static void tick(void *context)
{
    struct channel *channel = context;
    bool active = false;

    for (unsigned i = 0; i < channel->irbs.overlapped_count; i++) {
        struct irb_slot *slot = slot_at(channel, i);
        if (slot->state != SLOT_ACTIVE)
            continue;
        active = true;
        if (slot->ticks_left && --slot->ticks_left == 0)
            time_out(channel, slot);
    }
    if (channel->recovery != RECOVERY_NONE) {
        active = true;
        if (--channel->timeouts.recovery_ticks_left == 0)
            request_lost_internal(&channel->timeouts.recovery_request);
        else if (channel->recovery == RECOVERY_LUN_RESET_AGAIN)
            send_lun_reset(channel);
    }
    if (active)
        watchdog_arm(channel);
}

void watchdog_init(struct channel *channel)
{
    channel->timeouts.watchdog.deferred.procedure = tick;
    channel->timeouts.watchdog.deferred.context = channel;
    channel->timeouts.stopped.deferred.procedure = end_stopped;
    channel->timeouts.stopped.deferred.context = channel;
}
