/* SPDX-License-Identifier: MIT */
/*
 * What a miniport tells the port about its devices: arrival, removal, bus change, power, busy and
 * ready. Entered from every context; what needs PASSIVE_LEVEL is left for port_idle.
 */
#include "port/callback.h"
#include "port/ddi/variadic.h"
#include "port/request/request.h"

VOID NTAPI_V AtaPortNotification(IDE_NOTIFICATION_TYPE NotificationType, PVOID ChannelExtension,
                                 ...)
{
    static const char routine[] = "AtaPortNotification";
    struct channel *channel = contract_channel(ChannelExtension, routine, CALLER);
    ddi_va_list arguments;

    if (!channel || contract_in_build_io(routine, CALLER))
        return;
    ddi_va_start(arguments, ChannelExtension);
    unsigned target = __builtin_va_arg(arguments, unsigned) & 0xFF;
    unsigned lun = __builtin_va_arg(arguments, unsigned) & 0xFF;
    switch (NotificationType) {
    case IdeDeviceArrival:
        /* Target 0xFF: the bus may have changed anywhere. One look at all targets serves both. */
        channel->rescan_wanted = true;
        break;
    case IdeDeviceRemoval:
        if (target < PORT_MAX_DEVICES)
            channel->devices[target].usable = false;
        channel->rescan_wanted = true;
        break;
    case IdePowerStateChange: {
        IDE_POWER_STATE state = (IDE_POWER_STATE) __builtin_va_arg(arguments, unsigned);
        if (target < PORT_MAX_DEVICES) {
            channel->devices[target].power_wanted = state;
            channel->power_change_wanted = true;
        }
        break;
    }
    default:
        port_message(channel, "%s: notification %u is unknown (target %u, unit %u)", routine,
                     (unsigned)NotificationType, target, lun);
        break;
    }
    ddi_va_end(arguments);
}

/* ------------------------------------------------------------------ busy and ready */

void channel_ready(void *context)
{
    struct channel *channel = context;
    channel->busy = false;
    channel_dispatch(channel);
}

/* BusyTimeout is in seconds; 0 means ready, which is how AtaPortDeviceReady calls it. When the time
 * is over the queue goes on by itself. */
VOID NTAPI AtaPortDeviceStateChange(PVOID ChannelExtension, UCHAR TargetId, UCHAR Lun,
                                    ULONG BusyTimeout)
{
    static const char routine[] = "AtaPortDeviceStateChange";
    struct channel *channel = contract_channel(ChannelExtension, routine, CALLER);
    (void)Lun;
    if (!channel || contract_in_build_io(routine, CALLER))
        return;
    if (BusyTimeout && context_now->kind == CONTEXT_INTERRUPT) {
        contract_report(RULE_CTX_06, channel, routine, CALLER, "the queue was not paused");
        return;
    }
    uint64_t duration_us = BusyTimeout * 1000000ull;
    if (TargetId == IDE_UNTAGGED) {
        timer_cancel(&channel->busy_timer);
        channel->busy = BusyTimeout != 0;
        if (BusyTimeout)
            timer_arm(&channel->busy_timer, duration_us);
    } else if (TargetId < PORT_MAX_DEVICES) {
        struct device *device = &channel->devices[TargetId];
        timer_cancel(&device->busy_timer);
        device->busy = false;
        if (BusyTimeout)
            device_pause(device, duration_us);
    } else {
        port_message(channel, "%s: there is no target %u", routine, TargetId);
        return;
    }
    if (!BusyTimeout)
        deferred_queue(&channel->completion); /* from there the queue goes on, at DISPATCH_LEVEL */
}
