/* SPDX-License-Identifier: MIT */
/*
 * Power: devices by IRB_FUNCTION_POWER_CHANGE, channels by IdeHwControl, controllers by
 * AtaAdapterControl. What lies below loses its power first and gets it back last, and nothing is
 * outstanding when a level goes down, or a driver is told a setting (ATA Port Driver's Power
 * Management, IDE_HW_CONTROL, IDE_ADAPTER_CONTROL). These pages name no IRQL.
 *
 * Entered at PASSIVE_LEVEL, but for `wake` and the end of an IRB: DISPATCH_LEVEL. Power IRBs go out
 * one at a time, outside NumberOfOverlappedRequests. A device without power, or on the way there or
 * back, has its queue paused (BUSY_POWER).
 */
#include "port/power.h"

#include <string.h>

#include "port/access/audit.h"
#include "port/block.h"
#include "port/control.h"
#include "port/irb_names.h"
#include "port/limits.h"
#include "port/log.h"
#include "port/objects.h"
#include "port/parcel.h"
#include "port/request/queue.h"
#include "port/request/timeout.h"

/* ------------------------------------------------------------------ the two machines */

static void set_power(struct device *device, enum power_state next)
{
    struct channel *channel = device->channel;

    state_step(MACHINE_POWER, state_place(channel->traced, device->target, device->lun),
               device->power, next);
    device->power = next;
    if (power_lets_requests_out(next)) {
        shared_clear(&device->queue.busy, BUSY_POWER);
        deferred_queue(&channel->irbs.completion); /* from there the queue goes on */
    } else {
        shared_set(&device->queue.busy, BUSY_POWER);
    }
}

static void set_irb(struct channel *channel, enum power_irb_state next)
{
    state_step(MACHINE_POWER_IRB, channel->traced, channel->power_irb, next);
    channel->power_irb = next;
}

/* As IRBs say it, and callers of this file. */
static IDE_POWER_STATE power_of(const struct device *device)
{
    return device->power == POWER_D0 || device->power == POWER_FALLING ? IdePowerD0 : IdePowerD3;
}

/* ------------------------------------------------------------------ IRBs */

static void wake_next(struct channel *channel);

/* No IRB is under way any more, and what it was for has come true, or not. */
static void end_change(struct channel *channel, bool succeeded)
{
    struct device *device = channel->power.request.device;

    set_irb(channel, POWER_IRB_NONE);
    if (device->power == POWER_FALLING)
        set_power(device, succeeded ? POWER_D3 : POWER_D0);
    else
        set_power(device, succeeded ? POWER_D0 : POWER_REFUSED);
}

/* The IRB has come back. DISPATCH_LEVEL. */
static void power_done(struct request *request)
{
    struct device *device = request->device;
    struct channel *channel = device->channel;

    timer_cancel(&channel->power.limit);
    if (request->irb_status == IRB_STATUS_BUSY && !request->busy_times++) {
        set_irb(channel, POWER_IRB_PAUSED);
        timer_arm(&channel->power.limit, LIMIT_BUSY_PAUSE_MS * 1000u);
        return;
    }
    if (request->irb_status != IRB_STATUS_SUCCESS)
        device_message(device, ": a change of its power failed: %s",
                       irb_status_name(request->irb_status));
    end_change(channel, request->irb_status == IRB_STATUS_SUCCESS);
    wake_next(channel);
}

static void start_irb(struct channel *channel)
{
    set_irb(channel, POWER_IRB_SENT);
    timer_arm(&channel->power.limit, LIMIT_INTERNAL_S * 1000000u);
    ASSERT(request_start_internal(&channel->power.request)); /* its slot is used for nothing else */
}

static void time_is_over(void *context)
{
    struct channel *channel = context;
    if (channel->power_irb == POWER_IRB_PAUSED) {
        start_irb(channel);
        return;
    }
    port_message(channel, "a power IRB did not end; the channel is reset");
    request_lost_internal(&channel->power.request);
}

/* DISPATCH_LEVEL, no power IRB is under way. */
static void send(struct device *device, IDE_POWER_STATE wanted)
{
    struct channel *channel = device->channel;
    struct request *request = &channel->power.request;

    memset(request, 0, sizeof *request);
    request->device = device;
    request->function = IRB_FUNCTION_POWER_CHANGE;
    request->power.CurrentPowerState = power_of(device);
    request->power.DesiredPowerState = wanted;
    request->callback = power_done;
    if (wanted == IdePowerD0)
        set_power(device, POWER_RISING);
    start_irb(channel);
}

/* The next device that a request waits for, if there is one. */
static void wake_next(struct channel *channel)
{
    for (struct device *device = channel->devices; device; device = device->next) {
        if (channel->power_irb != POWER_IRB_NONE || channel->state == CHANNEL_SUSPENDED)
            return;
        if (device->power == POWER_D3 && device->queue.head)
            send(device, IdePowerD0);
    }
}

static void wake(struct device *device)
{
    wake_next(device->channel);
}

void power_end(struct channel *channel)
{
    if (channel->power_irb != POWER_IRB_PAUSED)
        return;
    timer_cancel(&channel->power.limit);
    end_change(channel, false);
}

void power_start(struct channel *channel)
{
    for (struct device *device = channel->devices; device; device = device->next) {
        device->power_wanted = IdePowerUnSpecified;
        if (device->power != POWER_D0)
            set_power(device, POWER_D0);
    }
}

void power_init(struct channel *channel)
{
    request_wake = wake; /* the same for all */
    channel->power.limit.deferred =
        (struct deferred){.procedure = time_is_over, .context = channel};
}

/* ------------------------------------------------------------------ devices */

/* Waits for the end of the power IRB that is under way, of recovery, and of requests; returns at
 * DISPATCH_LEVEL, so that none begins before it is lowered. False: whoever waits for all this has
 * given up first (parcel.h); what is under way goes on. */
static bool wait_and_raise(const struct channel *channel, const unsigned *outstanding)
{
    bool stops = false;

    hal_interrupts_disable();
    while ((channel->power_irb != POWER_IRB_NONE || channel->recovery != RECOVERY_NONE ||
            *outstanding) &&
           !(stops = parcel_stops && parcel_stops()))
        irql_pause();
    (void)irql_raise_dispatch();
    hal_interrupts_enable();
    return !stops;
}

static bool wait_for(const struct channel *channel, const unsigned *outstanding)
{
    bool is_over = wait_and_raise(channel, outstanding);
    irql_lower(IRQL_PASSIVE);
    return is_over;
}

/* What is written while this goes on is not flushed with certainty. */
static bool flush(struct device *device)
{
    if (!device->was_written || !device->usable)
        return true;
    device->was_written = false;
    bool flushed = block_transfer(device, BLOCK_FLUSH, 0, 0, NULL) == BLOCK_OK;
    if (!flushed)
        device->was_written = true;
    return flushed;
}

static const unsigned none;

/* From D0 to D3: no request goes out any more, those that are out end, and the IRB is sent. */
static bool fall(struct device *device)
{
    if (!flush(device))
        return false;
    set_power(device, POWER_FALLING);
    bool is_free = wait_and_raise(device->channel, &device->queue.outstanding);
    if (is_free)
        send(device, IdePowerD3);
    else
        set_power(device, POWER_D0);
    irql_lower(IRQL_PASSIVE);
    return is_free;
}

/* The other way, unless a request that came has begun it already. */
static bool rise(struct device *device)
{
    bool is_free = wait_and_raise(device->channel, &none);
    if (is_free && power_of(device) == IdePowerD3)
        send(device, IdePowerD0);
    irql_lower(IRQL_PASSIVE);
    return is_free;
}

bool device_set_power(struct device *device, IDE_POWER_STATE wanted)
{
    struct channel *channel = device->channel;

    if (device->failures.is_offline || !wait_for(channel, &none))
        return false;
    if (power_of(device) == wanted)
        return true;
    return (wanted == IdePowerD3 ? fall(device) : rise(device)) && wait_for(channel, &none) &&
           power_of(device) == wanted;
}

bool channel_wants_power_change(const struct channel *channel)
{
    for (const struct device *device = channel->devices; device; device = device->next)
        if (device->power_wanted != IdePowerUnSpecified)
            return true;
    return false;
}

void channel_change_power(struct channel *channel)
{
    for (struct device *device = channel->devices; device; device = device->next) {
        IDE_POWER_STATE wanted =
            __atomic_exchange_n(&device->power_wanted, IdePowerUnSpecified, __ATOMIC_RELAXED);
        if (wanted == IdePowerUnSpecified || device->kind == DEVICE_NONE)
            continue;
        device_message(device, ": the driver wants it in power state %s",
                       wanted == IdePowerD0 ? "D0" : "D3");
        (void)device_set_power(device, wanted);
    }
}

/* ------------------------------------------------------------------ channels */

static void set_devices(struct channel *channel, IDE_POWER_STATE state)
{
    for (struct device *device = channel->devices; device; device = device->next)
        if (device->kind != DEVICE_NONE)
            (void)device_set_power(device, state);
}

/* What has waited for it goes on. */
static void let_requests_out(struct channel *channel)
{
    shared_clear(&channel->queue.busy, BUSY_POWER);
    deferred_queue(&channel->irbs.completion);
    irql_lower(irql_raise_dispatch());
}

static void give_back(struct channel *channel)
{
    channel_step(channel, CHANNEL_RUNNING);
    set_devices(channel, IdePowerD0);
    let_requests_out(channel);
}

bool channel_power_down(struct channel *channel)
{
    if (channel->state != CHANNEL_RUNNING)
        return channel->state == CHANNEL_SUSPENDED;
    if (!channel_flush(channel, false))
        return false;
    set_devices(channel, IdePowerD3); /* one that will not still loses its power with the channel */
    shared_set(&channel->queue.busy, BUSY_POWER);
    channel_step(channel, CHANNEL_SUSPENDED);
    if (wait_for(channel, &channel->irbs.outstanding)) {
        if (hw_control(channel, IdePowerDown, NULL)) {
            audit_power_is_lost(channel);
            return true;
        }
        port_message(channel,
                     "IdeHwControl(IdePowerDown) returned FALSE; the channel keeps its power");
    }
    give_back(channel);
    return false;
}

bool channel_power_up(struct channel *channel)
{
    if (channel->state != CHANNEL_SUSPENDED)
        return channel->state == CHANNEL_RUNNING;
    bool succeeded = hw_control(channel, IdePowerUp, NULL);
    if (!succeeded)
        port_message(channel, "IdeHwControl(IdePowerUp) returned FALSE");
    give_back(channel); /* requests that wait find out by themselves */
    return succeeded;
}

/* IDE_HW_CONTROL: nothing is outstanding on the channel, whatever the action. Without power nothing
 * is in any case. */
enum setting_outcome channel_set_setting(struct channel *channel, uint8_t target,
                                         const GUID *setting, uint32_t value)
{
    const bool is_running = channel->state == CHANNEL_RUNNING;
    enum setting_outcome outcome = SETTING_NOT_WAITED;

    if (!channel_wants_setting(channel, setting))
        return SETTING_NOT_ASKED;
    if (is_running)
        shared_set(&channel->queue.busy, BUSY_POWER);
    if (wait_for(channel, &channel->irbs.outstanding))
        outcome = hw_control_setting(channel, target, setting, value) ? SETTING_ACCEPTED
                                                                      : SETTING_REFUSED;
    if (is_running)
        let_requests_out(channel);
    return outcome;
}

/* ------------------------------------------------------------------ controllers */

static bool channels_power_up(struct controller *controller)
{
    bool succeeded = true;
    for (unsigned i = 0; i < controller->channel_count; i++)
        if (controller->channels[i]->state == CHANNEL_SUSPENDED)
            succeeded &= channel_power_up(controller->channels[i]);
    return succeeded;
}

bool controller_power_down(struct controller *controller)
{
    if (controller->state != CONTROLLER_STARTED)
        return controller->state == CONTROLLER_SUSPENDED;
    bool succeeded = true;
    for (unsigned i = 0; succeeded && i < controller->channel_count; i++)
        if (controller->channels[i]->state == CHANNEL_RUNNING)
            succeeded = channel_power_down(controller->channels[i]);
    if (succeeded && adapter_control(controller, IdePowerDown)) {
        controller_step(controller, CONTROLLER_SUSPENDED);
        return true;
    }
    channels_power_up(controller);
    return false;
}

bool controller_power_up(struct controller *controller)
{
    if (controller->state != CONTROLLER_SUSPENDED)
        return controller->state == CONTROLLER_STARTED;
    controller_step(controller, CONTROLLER_STARTED);
    bool succeeded = adapter_control(controller, IdePowerUp);
    return channels_power_up(controller) && succeeded;
}
