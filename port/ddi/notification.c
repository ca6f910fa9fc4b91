/* SPDX-License-Identifier: MIT */
/*
 * What a miniport tells the port about its devices: arrival, removal, bus change, power, busy and
 * ready. Entered from every context; what needs PASSIVE_LEVEL is left for port_idle.
 */
#include "port/ddi/notification.h"

#include "port/contract/entry.h"
#include "port/contract/routines.h"
#include "port/ddi/variadic.h"
#include "port/log.h"
#include "port/objects.h"
#include "port/request/queue.h"

/* The devices that a target stands for, a bit each; IDE_UNTAGGED is all of them. */
static uint8_t targets_of(unsigned target)
{
    return target == IDE_UNTAGGED ? ALL_TARGETS : target < PORT_MAX_DEVICES ? 1u << target : 0;
}

/* At DISPATCH_LEVEL: what waits for a device that is gone ends now; the rest is port_idle's. */
static void devices_removed(void *context)
{
    struct channel *channel = context;
    unsigned removed = shared_take(&channel->notified.removed_devices);
    for (unsigned target = 0; target < PORT_MAX_DEVICES; target++)
        if (removed >> target & 1)
            device_set_usable(&channel->devices[target], false);
    queues_fail(channel, IRB_STATUS_SELECTION_TIMEOUT, removed);
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
        shared_set(&channel->notified.removed_devices, targets_of(target));
        deferred_queue(&channel->notified.removal);
        break;
    case IdePowerStateChange: {
        IDE_POWER_STATE state = (IDE_POWER_STATE) __builtin_va_arg(arguments, unsigned);
        for (unsigned i = 0; i < PORT_MAX_DEVICES; i++)
            if (targets_of(target) >> i & 1 && (state == IdePowerD0 || state == IdePowerD3))
                channel->devices[i].power_wanted = state;
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

/* The longest pause that a miniport can ask for: twice what a device may take to come out of a
 * reset (ATA/ATAPI-6, 9.2). A queue that never goes on helps nobody, since requests that wait in it
 * have no time-out. */
#define PAUSE_LIMIT_S 120u

void notifications_init(struct channel *channel)
{
    channel->queue.busy_timer.deferred =
        (struct deferred){.procedure = channel_ready, .context = channel};
    channel->notified.removal = (struct deferred){.procedure = devices_removed, .context = channel};
}

static void pause_channel(struct channel *channel, uint64_t duration_us)
{
    shared_set(&channel->queue.busy, BUSY_ASKED);
    timer_arm(&channel->queue.busy_timer, duration_us);
}

/* Is there, or may there be, a device at this target? While a channel starts nobody knows. */
static bool has_target(const struct channel *channel, unsigned target)
{
    return target < PORT_MAX_DEVICES && target <= channel->given.configuration.MaxTargetId &&
           (channel->state <= CHANNEL_STARTING || channel->devices[target].kind != DEVICE_NONE);
}

/* BusyTimeout is in seconds; 0 means ready, which is how AtaPortDeviceReady calls it. When the time
 * is over the queue goes on by itself. */
VOID NTAPI AtaPortDeviceStateChange(PVOID ChannelExtension, UCHAR TargetId, UCHAR Lun,
                                    ULONG BusyTimeout)
{
    const enum routine routine =
        BusyTimeout ? ROUTINE_AtaPortDeviceBusy : ROUTINE_AtaPortDeviceReady;
    struct channel *channel = entry_channel(routine, ChannelExtension, CALLER);
    (void)Lun;
    if (!channel)
        return;
    if (TargetId != IDE_UNTAGGED && !has_target(channel, TargetId)) {
        if (BusyTimeout) /* drivers say ready for all that they ever had */
            port_message(channel, "%s: there is no device at target %u; nothing is paused",
                         routine_name(routine), TargetId);
        return;
    }
    if (BusyTimeout > PAUSE_LIMIT_S) {
        port_message(channel, "%s: a pause of %u s is too long; the queue goes on after %u s",
                     routine_name(routine), (unsigned)BusyTimeout, PAUSE_LIMIT_S);
        BusyTimeout = PAUSE_LIMIT_S;
    }
    struct device *device = TargetId == IDE_UNTAGGED ? NULL : &channel->devices[TargetId];
    uint64_t duration_us = BusyTimeout * 1000000ull;
    timer_cancel(device ? &device->queue.busy_timer : &channel->queue.busy_timer);
    shared_clear(device ? &device->queue.busy : &channel->queue.busy, BUSY_ASKED);
    if (!BusyTimeout)
        deferred_queue(
            &channel->irbs.completion); /* from there the queue goes on, at DISPATCH_LEVEL */
    else if (device)
        device_pause(device, duration_us);
    else
        pause_channel(channel, duration_us);
}
