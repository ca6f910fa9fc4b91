/* SPDX-License-Identifier: MIT */
/*
 * What a miniport tells the port about its devices: arrival, removal, bus change, power, busy and
 * ready. Entered from every context; what needs PASSIVE_LEVEL is left for port_idle.
 */
#include "port/ddi/notification.h"

#include "port/contract/entry.h"
#include "port/contract/routines.h"
#include "port/ddi/variadic.h"
#include "port/limits.h"
#include "port/log.h"
#include "port/objects.h"
#include "port/request/queue.h"

/* At DISPATCH_LEVEL: what waits for a device that is gone ends now; the rest is port_idle's. */
static void devices_removed(void *context)
{
    struct channel *channel = context;
    for (struct device *device = channel->devices; device; device = device->next)
        if (__atomic_exchange_n(&device->is_removed, false, __ATOMIC_RELAXED)) {
            device->failures = (struct device_failures){0}; /* what comes there next is another */
            device_set_usable(device, false);
            device_queue_fail(device, IRB_STATUS_SELECTION_TIMEOUT);
        }
    channel->notified.rescan_wanted = true;
}

/* The name by which a driver has called AtaPortNotification. */
static enum routine called_as(IDE_NOTIFICATION_TYPE type, unsigned target)
{
    if (type == IdeDeviceArrival)
        return target == IDE_UNTAGGED ? ROUTINE_AtaPortBusChangeDetected
                                      : ROUTINE_AtaPortDeviceArrived;
    return type == IdeDeviceRemoval      ? ROUTINE_AtaPortDeviceRemoved
           : type == IdePowerStateChange ? ROUTINE_AtaPortRequestPowerStateChange
                                         : ROUTINE_AtaPortNotification;
}

VOID NTAPI_V AtaPortNotification(IDE_NOTIFICATION_TYPE NotificationType, PVOID ChannelExtension,
                                 ...)
{
    ddi_va_list arguments;

    ddi_va_start(arguments, ChannelExtension);
    unsigned target = __builtin_va_arg(arguments, unsigned) & 0xFF;
    unsigned lun = __builtin_va_arg(arguments, unsigned) & 0xFF;
    const enum routine routine = called_as(NotificationType, target);
    struct channel *channel = entry_channel(routine, ChannelExtension, CALLER);
    if (!channel)
        return;
    switch (NotificationType) {
    case IdeDeviceArrival:
        /* Target 0xFF: the bus may have changed anywhere. One look at all targets serves both. */
        channel->notified.rescan_wanted = true;
        break;
    case IdeDeviceRemoval:
        for (struct device *device = channel->devices; device; device = device->next)
            if (device_is_meant(device, target, IDE_UNTAGGED)) /* units are not told apart */
                device->is_removed = true;
        deferred_queue(&channel->notified.removal);
        break;
    case IdePowerStateChange: {
        IDE_POWER_STATE state = (IDE_POWER_STATE) __builtin_va_arg(arguments, unsigned);
        for (struct device *device = channel->devices; device; device = device->next)
            if (device_is_meant(device, target, lun) &&
                (state == IdePowerD0 || state == IdePowerD3))
                device->power_wanted = state;
        break;
    }
    default:
        port_message(channel, "%s: notification %u is unknown (target %u, unit %u)",
                     routine_name(routine), (unsigned)NotificationType, target, lun);
        break;
    }
    ddi_va_end(arguments);
}

/* ------------------------------------------------------------------ busy and ready */

static void channel_ready(void *context)
{
    struct channel *channel = context;
    shared_clear(&channel->queue.busy, BUSY_ASKED);
    channel_dispatch(channel);
}

void notifications_init(struct channel *channel)
{
    channel->queue.busy_timer.deferred =
        (struct deferred){.procedure = channel_ready, .context = channel};
    channel->notified.removal = (struct deferred){.procedure = devices_removed, .context = channel};
}

/* Is there, or may there be, such a device? While a channel starts nobody knows. */
static bool has_device(const struct channel *channel, unsigned target, unsigned lun)
{
    for (const struct device *device = channel->devices; device; device = device->next)
        if (device_is_meant(device, target, lun) &&
            target <= channel->given.configuration.MaxTargetId &&
            (channel->state <= CHANNEL_STARTING || device->kind != DEVICE_NONE))
            return true;
    return false;
}

/* For so long; 0: it is ready. */
static void set_pause(struct device *device, uint64_t duration_us)
{
    timer_cancel(&device->queue.busy_timer);
    shared_clear(&device->queue.busy, BUSY_ASKED);
    if (duration_us)
        device_pause(device, duration_us);
}

static void set_channel_pause(struct channel *channel, uint64_t duration_us)
{
    timer_cancel(&channel->queue.busy_timer);
    shared_clear(&channel->queue.busy, BUSY_ASKED);
    if (!duration_us)
        return;
    shared_set(&channel->queue.busy, BUSY_ASKED);
    timer_arm(&channel->queue.busy_timer, duration_us);
}

/* BusyTimeout is in seconds; 0 means ready, which is how AtaPortDeviceReady calls it. When the time
 * is over the queue goes on by itself. */
VOID NTAPI AtaPortDeviceStateChange(PVOID ChannelExtension, UCHAR TargetId, UCHAR Lun,
                                    ULONG BusyTimeout)
{
    const enum routine routine =
        BusyTimeout ? ROUTINE_AtaPortDeviceBusy : ROUTINE_AtaPortDeviceReady;
    struct channel *channel = entry_channel(routine, ChannelExtension, CALLER);
    if (!channel)
        return;
    if (TargetId != IDE_UNTAGGED && !has_device(channel, TargetId, Lun)) {
        if (BusyTimeout) /* drivers say ready for all that they ever had */
            port_message(channel, "%s: there is no device at target %u, unit %u; nothing is paused",
                         routine_name(routine), TargetId, Lun);
        return;
    }
    /* A queue that never goes on helps nobody, since requests that wait in it have no time-out. */
    if (BusyTimeout > LIMIT_PAUSE_S) {
        port_message(channel, "%s: a pause of %u s is too long; the queue goes on after %u s",
                     routine_name(routine), (unsigned)BusyTimeout, LIMIT_PAUSE_S);
        BusyTimeout = LIMIT_PAUSE_S;
    }
    uint64_t duration_us = BusyTimeout * 1000000ull;
    if (TargetId == IDE_UNTAGGED)
        set_channel_pause(channel, duration_us);
    for (struct device *device = channel->devices; device; device = device->next)
        if (TargetId != IDE_UNTAGGED && device_is_meant(device, TargetId, Lun))
            set_pause(device, duration_us);
    if (!BusyTimeout) /* from there the queues go on, at DISPATCH_LEVEL */
        deferred_queue(&channel->irbs.completion);
}
