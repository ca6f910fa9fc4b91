/* SPDX-License-Identifier: MIT */
/*
 * The control routines of drivers, and the flush before a device loses its power: what starting,
 * stopping and power changes share. PASSIVE_LEVEL.
 */
#include "port/control.h"

#include <string.h>

#include "port/block.h"
#include "port/call.h"
#include "port/contract/report.h"
#include "port/irb_names.h"
#include "port/limits.h"
#include "port/log.h"
#include "port/parcel.h"

void controller_step(struct controller *controller, enum controller_state next)
{
    state_step(MACHINE_CONTROLLER, controller->index, controller->state, next);
    controller->state = next;
}

void channel_step(struct channel *channel, enum channel_state next)
{
    state_step(MACHINE_CHANNEL, channel->traced, channel->state, next);
    channel->state = next;
    channel->queue.is_closed = !channel_takes_requests(next);
}

/* INI-10: NumberOfOverlappedRequests is the miniport's at any time, up to what there are IRBs
 * for. */
static void take_overlapped(struct channel *channel)
{
    UCHAR *overlapped = &channel->given.configuration.NumberOfOverlappedRequests;

    if (!*overlapped) {
        port_message(channel, "NumberOfOverlappedRequests is 0; 1 is used");
        *overlapped = 1;
    }
    if (!channel->irbs.slots)
        return;
    if (*overlapped > channel->irbs.made_for) {
        contract_report_in(channel_context(channel, CONTEXT_HW_CONTROL), RULE_INI_10,
                           "IdeHwControl", ENTRY_PLACE(channel->given.interface.IdeHwControl),
                           "NumberOfOverlappedRequests went from %u to %u; %u hold",
                           channel->irbs.made_for, *overlapped, channel->irbs.made_for);
        *overlapped = channel->irbs.made_for;
    }
    if (channel->given.configuration.ChannelMode != IdeModeDump)
        channel->irbs.limit = *overlapped;
}

BOOLEAN hw_control(struct channel *channel, IDE_CONTROL_ACTION action, PVOID parameters)
{
    struct context *context = channel_context(channel, CONTEXT_HW_CONTROL);
    context->action = action;
    BOOLEAN result = MINIPORT_CALL_3(context, channel->given.interface.IdeHwControl,
                                     channel->memory.extension, action, parameters);
    take_overlapped(channel);
    irql_lower(irql_raise_dispatch()); /* what the miniport asked for meanwhile runs now */
    return result;
}

bool channel_wants_setting(const struct channel *channel, const GUID *setting)
{
    const IDE_ADVANCED_CHANNEL_CONFIGURATION *advanced = &channel->given.advanced;

    for (unsigned i = 0;
         advanced->Present.VendorDefinedPower && i < advanced->VendorDefinedPower.ValidGuids; i++)
        if (memcmp(&advanced->VendorDefinedPower.Guid[i], setting, sizeof *setting) == 0)
            return true;
    return false;
}

BOOLEAN hw_control_setting(struct channel *channel, uint8_t target, const GUID *setting,
                           uint32_t value)
{
    struct channel_given *given = &channel->given;

    given->setting_value = value;
    given->setting = (IDE_VENDOR_DEFINED_POWER_INFO){
        .TargetId = target,
        .SettingGuid = *setting,
        .Value = &given->setting_value,
        .ValueLength = sizeof given->setting_value,
    };
    return hw_control(channel, IdeVendorDefined, &given->setting);
}

BOOLEAN adapter_control(struct controller *controller, IDE_CONTROL_ACTION action)
{
    struct context context = controller_context(controller, CONTEXT_ADAPTER_CONTROL);
    context.action = action;
    return MINIPORT_CALL_3(&context, controller->driver->interface.AtaAdapterControl,
                           controller->extension, action,
                           action == IdeStart ? &controller->given.configuration : NULL);
}

/* Something that is the miniport's affair, not the device's. One that has nothing to do for it may
 * refuse. */
static bool tell(struct device *device, USHORT function)
{
    struct request request = {
        .device = device, .function = function, .timeout_s = LIMIT_CONTROLLER_S, .is_once = true};

    request_run(&request);
    if (request.irb_status == IRB_STATUS_SUCCESS ||
        request.irb_status == IRB_STATUS_INVALID_REQUEST)
        return true;
    device_message(device, ": what was written may be lost: %s: %s", irb_function_name(function),
                   irb_status_name(request.irb_status));
    return false;
}

/* What the controller holds back goes to the device, and from there to the medium; what the device
 * holds does so in any case. */
static bool flush(struct device *device)
{
    struct block_request flush = {.device = device, .operation = BLOCK_FLUSH};
    bool was_handed_on = tell(device, IRB_FUNCTION_ADAPTER_FLUSH);
    char text[160];

    if (block_run(&flush) == BLOCK_OK)
        return was_handed_on;
    block_describe(&flush, text, sizeof text);
    port_message(device->channel, "what was written may be lost: %s", text);
    return false;
}

bool channel_flush(struct channel *channel, bool is_stopping)
{
    bool flushed = true;
    for (struct device *device = channel->devices; device; device = device->next) {
        if (device->usable && device->was_written)
            flushed &= flush(device) && (!is_stopping || tell(device, IRB_FUNCTION_SHUTDOWN));
    }
    return flushed;
}
