/* SPDX-License-Identifier: MIT */
/*
 * Power: devices by IRB_FUNCTION_POWER_CHANGE, channels by IdeHwControl, controllers by AtaAdapterControl. What
 * lies below loses its power first and gets it back last, and nothing is outstanding when a level goes down
 * (ATA Port Driver's Power Management, IDE_HW_CONTROL, IDE_ADAPTER_CONTROL).
 *
 * Entered at PASSIVE_LEVEL, but for power_wake and the end of an IRB: DISPATCH_LEVEL. Power IRBs go out one at a time,
 * outside NumberOfOverlappedRequests. A device in IdePowerD3 has its queue paused (BUSY_POWER).
 */
#include <string.h>

#include "port/block.h"
#include "port/callback.h"
#include "port/control.h"
#include "port/parcel.h"
#include "port/request/request.h"

static void next_wake(struct channel *channel);

static void resume(struct device *device)
{
    shared_clear(&device->queue.busy, BUSY_POWER);
    deferred_queue(&device->channel->irbs.completion); /* from there the queue goes on */
}

/* The IRB has come back. DISPATCH_LEVEL. */
static void power_done(struct request *request)
{
    struct device *device = request->device;
    struct channel *channel = device->channel;

    timer_cancel(&channel->power_limit);
    if (request->irb_status == IRB_STATUS_BUSY && !request->was_busy) {
        request->was_busy = channel->power_pauses = true;
        timer_arm(&channel->power_limit, BUSY_PAUSE_US);
        return;
    }
    channel->power_under_way = false;
    if (request->irb_status == IRB_STATUS_SUCCESS)
        device->power = request->power.DesiredPowerState;
    else
        port_message(channel, "target %u: a change of its power failed: %s", device->target,
                     irb_status_name(request->irb_status));
    /* One that stays without power would hold its requests for ever: they may try. */
    if (request->power.DesiredPowerState == IdePowerD0 || device->power == IdePowerD0)
        resume(device);
    next_wake(channel);
}

static void start_irb(struct channel *channel)
{
    channel->power_pauses = false;
    timer_arm(&channel->power_limit, INTERNAL_LIMIT_S * 1000000u);
    ASSERT(request_start_internal(&channel->power_request)); /* its slot is used for nothing else */
}

static void time_is_over(void *context)
{
    struct channel *channel = context;
    if (channel->power_pauses) {
        start_irb(channel);
        return;
    }
    port_message(channel, "a power IRB did not end; the channel is reset");
    request_lost_internal(&channel->power_request);
}

/* DISPATCH_LEVEL, no power IRB is under way. */
static void send(struct device *device, IDE_POWER_STATE state)
{
    struct channel *channel = device->channel;
    struct request *request = &channel->power_request;

    memset(request, 0, sizeof *request);
    request->device = device;
    request->function = IRB_FUNCTION_POWER_CHANGE;
    request->power.CurrentPowerState = device->power;
    request->power.DesiredPowerState = state;
    request->callback = power_done;
    channel->power_under_way = true;
    start_irb(channel);
}

/* The next device that a request waits for. */
static void next_wake(struct channel *channel)
{
    for (unsigned target = 0; target < PORT_MAX_DEVICES; target++) {
        struct device *device = &channel->devices[target];
        if (channel->power_under_way || channel->state == CHANNEL_SUSPENDED)
            return;
        if (device->wake_wanted) {
            device->wake_wanted = false;
            if (device->power != IdePowerD0)
                send(device, IdePowerD0);
        }
    }
}

void power_end(struct channel *channel)
{
    timer_cancel(&channel->power_limit); /* it may be the pause before an IRB */
    for (unsigned target = 0; target < PORT_MAX_DEVICES; target++)
        channel->devices[target].wake_wanted = false;
}

static void wake(struct device *device)
{
    device->wake_wanted = true;
    next_wake(device->channel);
}

void power_init(struct channel *channel)
{
    request_wake = wake; /* the same for all */
    channel->power_limit.deferred =
        (struct deferred){.procedure = time_is_over, .context = channel};
}

/* ------------------------------------------------------------------ devices */

/* Waits for the end of the power IRB that is under way, and of requests. False: whoever waits for all this has given
 * up first (parcel.h); what is under way goes on. */
static bool wait_for(const struct channel *channel, const unsigned *outstanding)
{
    bool stops = false;

    hal_interrupts_disable();
    while ((channel->power_under_way || *outstanding) && !(stops = parcel_stops && parcel_stops()))
        irql_pause();
    hal_interrupts_enable();
    return !stops;
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

bool device_set_power(struct device *device, IDE_POWER_STATE state)
{
    struct channel *channel = device->channel;
    static const unsigned none;

    if (!wait_for(channel, &none))
        return false;
    if (device->power == state)
        return true;
    if (state == IdePowerD3) {
        if (!flush(device))
            return false;
        shared_set(&device->queue.busy, BUSY_POWER);
    }
    bool is_free = state != IdePowerD3 || wait_for(channel, &device->queue.outstanding);
    enum irql level = irql_raise_dispatch();
    if (is_free)
        send(device, state);
    else
        resume(device);
    irql_lower(level);
    return is_free && wait_for(channel, &none) && device->power == state;
}

void channel_change_power(struct channel *channel)
{
    channel->power_change_wanted = false;
    for (unsigned target = 0; target < PORT_MAX_DEVICES; target++) {
        struct device *device = &channel->devices[target];
        IDE_POWER_STATE wanted =
            __atomic_exchange_n(&device->power_wanted, IdePowerUnSpecified, __ATOMIC_RELAXED);
        if (wanted == IdePowerUnSpecified || device->kind == DEVICE_NONE)
            continue;
        port_message(channel, "target %u: the driver wants it in power state %s", target,
                     wanted == IdePowerD0 ? "D0" : "D3");
        (void)device_set_power(device, wanted);
    }
}

/* ------------------------------------------------------------------ channels */

static void set_devices(struct channel *channel, IDE_POWER_STATE state)
{
    for (unsigned target = 0; target < PORT_MAX_DEVICES; target++)
        if (channel->devices[target].kind != DEVICE_NONE)
            (void)device_set_power(&channel->devices[target], state);
}

static void give_back(struct channel *channel)
{
    channel_step(channel, CHANNEL_RUNNING);
    shared_clear(&channel->queue.busy, BUSY_POWER);
    set_devices(channel, IdePowerD0);
    deferred_queue(&channel->irbs.completion);
    irql_lower(irql_raise_dispatch());
}

bool channel_power_down(struct channel *channel)
{
    if (channel->state != CHANNEL_RUNNING)
        return channel->state == CHANNEL_SUSPENDED;
    if (!channel_flush(channel))
        return false;
    set_devices(channel, IdePowerD3); /* one that will not still loses its power with the channel */
    shared_set(&channel->queue.busy, BUSY_POWER);
    channel_step(channel, CHANNEL_SUSPENDED);
    if (wait_for(channel, &channel->irbs.outstanding)) {
        if (hw_control(channel, IdePowerDown, NULL))
            return true;
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
