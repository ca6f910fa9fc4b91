/* SPDX-License-Identifier: MIT */
/*
 * One channel's life: AtaChannelInitRoutine, interrupt, IdeHwControl(IdeStart), devices; and back.
 * Entered at PASSIVE_LEVEL.
 */
#include "port/channel.h"

#include <string.h>

#include "port/access/access.h"
#include "port/access/audit.h"
#include "port/access/traced.h"
#include "port/call.h"
#include "port/contract/given.h"
#include "port/contract/report.h"
#include "port/control.h"
#include "port/ddi/callback.h"
#include "port/ddi/notification.h"
#include "port/enumerate.h"
#include "port/interrupt.h"
#include "port/limits.h"
#include "port/log.h"
#include "port/owned.h"
#include "port/parcel.h"
#include "port/power.h"
#include "port/registry/ddi.h"
#include "port/request/bounce.h"
#include "port/request/complete.h"
#include "port/request/fate.h"
#include "port/request/queue.h"
#include "port/request/results.h"
#include "port/request/slots.h"
#include "port/request/timeout.h"
#include "port/resources.h"

/* ------------------------------------------------------------------ start */

/* IdeHwControl(IdeStop), after which no callback runs (CBK-02). */
static void stop_hardware(struct channel *channel)
{
    channel_step(channel, CHANNEL_CLOSING);
    callbacks_cancel(channel);
    if (!hw_control(channel, IdeStop, NULL))
        port_message(channel, "IdeHwControl(IdeStop) returned FALSE");
}

void channel_init(struct channel *channel)
{
    callbacks_init(channel);
    notifications_init(channel);
    watchdog_init(channel);
    modes_init(channel);
    power_init(channel);
    channel->irbs.completion = (struct deferred){.procedure = completion_run, .context = channel};
}

/* The levels at which this channel's miniport is called. SyncWithIsr is known once
 * IdeHwControl(IdeStart) has returned, and the routines that it is about are called after that. */
static void channel_levels(struct channel *channel)
{
    enum irql device_level = channel->given.configuration.SyncWithIsr ? IRQL_DIRQL : IRQL_DISPATCH;
    struct context *contexts = channel->contexts;

    contexts[CONTEXT_INTERRUPT].level = IRQL_DIRQL;
    contexts[CONTEXT_SYNCHRONIZED].level = contexts[CONTEXT_CONTROLLER_SYNC].level = IRQL_DIRQL;
    contexts[CONTEXT_WORKER].level = contexts[CONTEXT_TIMER].level = IRQL_DISPATCH;
    contexts[CONTEXT_BUILD_IO].level = IRQL_DISPATCH;
    contexts[CONTEXT_HW_INITIALIZE].level = contexts[CONTEXT_START_IO].level =
        contexts[CONTEXT_RESET].level = device_level;
    for (unsigned kind = 0; kind < CONTEXT_KIND_COUNT; kind++)
        contexts[kind].cpu = context_cpu(contexts[kind].level);
}

/* The contexts in which this channel's miniport will run. IdeHwBuildIo may touch no port, and no
 * routine goes a short way there. */
static void make_contexts(struct channel *channel)
{
    for (unsigned kind = 0; kind < CONTEXT_KIND_COUNT; kind++)
        channel->contexts[kind] = (struct context){
            .kind = (enum context_kind)kind,
            .driver = channel->controller->channel_driver,
            .controller = channel->controller,
            .channel = channel,
            .trace_head = trace_head(TRACE_CALL, channel->traced, 0),
            .extension = kind == CONTEXT_BUILD_IO ? (const void *)channel /* no extension */
                                                  : channel->memory.extension,
            .port_map = kind == CONTEXT_BUILD_IO ? &access_no_ports : channel->controller->port_map,
        };
    channel_levels(channel);
}

/* It lies there until AtaAdapterControl(IdeStop) has returned. */
static const char *prepare_extension(struct channel *channel)
{
    const struct controller *controller = channel->controller;
    uint32_t wanted = controller->channel_driver->interface.ChannelExtensionSize;
    channel->memory.extension = guard_give(&channel->memory.extension_guard, "channel extension",
                                           channel, wanted, GUARD_TO_PAGE, UINT64_MAX);
    if (!channel->memory.extension)
        return "no memory for the channel extension";
    channel->memory.extension_size = wanted;
    make_contexts(channel);
    return NULL;
}

/* The default channel driver does not know what another's controller extension holds, and gets
 * none. */
static const char *call_channel_init(struct channel *channel)
{
    struct controller *controller = channel->controller;
    bool is_own = controller->channel_driver == controller->driver;
    IDE_CHANNEL_INIT channel_init_routine =
        controller->channel_driver->interface.AtaChannelInitRoutine;
    struct context *context = channel_context(channel, CONTEXT_CHANNEL_INIT);
    IDE_CHANNEL_INTERFACE *interface = &channel->given.interface;

    memset(interface, 0, sizeof *interface);
    interface->Version = owned_version(OWNED_INTERFACE, sizeof *interface);
    interface->ChannelNumber = channel->number;
    IDE_CHANNEL_INTERFACE before = *interface;
    if (!MINIPORT_CALL_3(context, channel_init_routine, channel->memory.extension, interface,
                         is_own ? controller->extension : NULL))
        return "AtaChannelInitRoutine returned FALSE";
    const void *place = ENTRY_PLACE(channel_init_routine);
    owned_check(context, OWNED_INTERFACE, interface, &before, true, "AtaChannelInitRoutine", place);
    if (interface->Reserved || interface->ReservedUlong)
        contract_report_in(context, RULE_INI_09, "AtaChannelInitRoutine", place,
                           "a reserved member of IDE_CHANNEL_INTERFACE was written");
    const char *missing = !interface->IdeHwInitialize  ? "IdeHwInitialize"
                          : !interface->IdeHwStartIo   ? "IdeHwStartIo"
                          : !interface->IdeHwInterrupt ? "IdeHwInterrupt"
                          : !interface->IdeHwReset     ? "IdeHwReset"
                          : !interface->IdeHwControl   ? "IdeHwControl"
                                                       : NULL;
    if (missing) {
        contract_report_in(context, RULE_INI_04, "AtaChannelInitRoutine", place,
                           "%s is NULL; the channel is not started", missing);
        return "its channel interface is not complete";
    }
    const struct given_routine given[] = {
        GIVEN_ROUTINE(interface, IdeHwInitialize), GIVEN_ROUTINE(interface, IdeHwBuildIo),
        GIVEN_ROUTINE(interface, IdeHwStartIo),    GIVEN_ROUTINE(interface, IdeHwInterrupt),
        GIVEN_ROUTINE(interface, IdeHwReset),      GIVEN_ROUTINE(interface, IdeHwControl),
    };
    for (unsigned i = 0; i < sizeof given / sizeof *given; i++) {
        char text[192];
        if (!given_is_own_code(controller->channel_driver, &given[i], text, sizeof text)) {
            contract_report_in(context, RULE_MEM_03, "AtaChannelInitRoutine", place,
                               "%s; the channel is not started", text);
            return "its channel interface leads out of the driver";
        }
    }
    return NULL;
}

/* The first start of a channel since AtaAdapterControl(IdeStart). */
static const char *initialise(struct channel *channel)
{
    struct controller *controller = channel->controller;
    const char *failure = prepare_extension(channel);

    if (failure)
        return failure;
    controller_channel_resources(controller, channel);
    access_mark(controller);
    traced_publish();
    registry_bind_channel(&channel->registry, controller->service, controller->number,
                          channel->number);
    channel->given.configuration.ChannelMode = port_dump_mode ? IdeModeDump : IdeModeNormal;
    channel->init_failure = call_channel_init(channel);
    return NULL;
}

void channel_take_extension_back(struct channel *channel)
{
    guard_take_back(&channel->memory.extension_guard); /* its address is known yet: CTX-10 */
}

/* The settings that the miniport wants to hear of: port/control.h. */
static void check_advanced(struct channel *channel, struct context *context, const void *place)
{
    IDE_ADVANCED_CHANNEL_CONFIGURATION *advanced = &channel->given.advanced;
    IDE_VENDOR_DEFINED_POWER *power = &advanced->VendorDefinedPower;
    const unsigned most = sizeof power->Guid / sizeof *power->Guid;

    if (advanced->Present.Reserved)
        contract_report_in(context, RULE_INI_09, "IdeHwControl", place,
                           "Reserved of IDE_ADVANCED_CHANNEL_CONFIGURATION.Present was written");
    if (advanced->Present.VendorDefinedPower && power->ValidGuids > most) {
        port_message(channel, "ValidGuids is %u; %u is used", power->ValidGuids, most);
        power->ValidGuids = (UCHAR)most;
    }
}

/* What IdeHwControl(IdeStart) has to leave behind: INI-05, INI-09. */
static void check_configuration(struct channel *channel)
{
    struct context *context = channel_context(channel, CONTEXT_HW_CONTROL);
    const void *place = ENTRY_PLACE(channel->given.interface.IdeHwControl);

    if (!channel->given.configuration.SyncWithIsr || !channel->given.configuration.SupportsWmi)
        contract_report_in(context, RULE_INI_05, "IdeHwControl", place,
                           "SyncWithIsr is %s and SupportsWmi is %s",
                           channel->given.configuration.SyncWithIsr ? "TRUE" : "FALSE",
                           channel->given.configuration.SupportsWmi ? "TRUE" : "FALSE");
    if (channel->given.configuration.SupportedAdvances.Reserved)
        contract_report_in(context, RULE_INI_09, "IdeHwControl", place,
                           "Reserved of SUPPORTED_ADVANCES was written");
    check_advanced(channel, context, place);
    if (channel->given.configuration.MaxTargetId == IDE_UNTAGGED) {
        port_message(channel, "MaxTargetId is %u, which stands for all targets; %u is used",
                     IDE_UNTAGGED, IDE_UNTAGGED - 1);
        channel->given.configuration.MaxTargetId = IDE_UNTAGGED - 1;
    }
}

/* IdeHwControl(IdeStart), and what it may not have changed: INI-11. */
static BOOLEAN control_start(struct channel *channel)
{
    struct context *context = channel_context(channel, CONTEXT_HW_CONTROL);
    const void *place = ENTRY_PLACE(channel->given.interface.IdeHwControl);
    IDE_CHANNEL_CONFIGURATION before = channel->given.configuration;
    IDE_ADVANCED_CHANNEL_CONFIGURATION advanced = channel->given.advanced;
    IDE_MINIPORT_RESOURCES resources = channel->given.resources;
    IDE_ACCESS_RANGE ranges[sizeof channel->given.ranges / sizeof *channel->given.ranges];

    memcpy(ranges, channel->given.ranges, sizeof ranges);
    BOOLEAN succeeded = hw_control(channel, IdeStart, &channel->given.configuration);
    owned_check(context, OWNED_CHANNEL, &channel->given.configuration, &before, succeeded,
                "IdeHwControl", place);
    owned_check(context, OWNED_ADVANCED, &channel->given.advanced, &advanced, succeeded,
                "IdeHwControl", place);
    owned_check_resources(context, &channel->given.resources, &resources, channel->given.ranges,
                          ranges, sizeof ranges / sizeof *ranges, "IdeHwControl", place);
    return succeeded;
}

static const char *start_hardware(struct channel *channel)
{
    IDE_CHANNEL_CONFIGURATION *configuration = &channel->given.configuration;

    *configuration = (IDE_CHANNEL_CONFIGURATION){
        .Version = owned_version(OWNED_CHANNEL, sizeof *configuration),
        .ChannelNumber = channel->number,
        .ChannelMode = port_dump_mode ? IdeModeDump : IdeModeNormal,
        .ChannelResources = &channel->given.resources,
        .NumberOfOverlappedRequests = 1,
        .MaxTargetId = MAX_IDE_DEVICE - 1,
        .SupportedAdvances.AdvancedChannelConfigurationSupported = 1,
        .AdvancedChannelConfiguration = &channel->given.advanced,
    };
    channel->given.advanced =
        (IDE_ADVANCED_CHANNEL_CONFIGURATION){.Length = sizeof channel->given.advanced};
    channel->queue.busy = (struct shared_flags){0};
    channel->notified.rescan_wanted = channel->device_1_forced = false;
    channel->memory.irb_extension_size = 0;
    memset(&channel->tags, 0, sizeof channel->tags);
    for (struct device *device = channel->devices; device; device = device->next) {
        memset(&device->tags, 0, sizeof device->tags);
        device->queue.busy = (struct shared_flags){0};
        device->is_removed = false;
    }
    (void)channel_forget_failures(channel);
    power_start(channel);
    audit_start(channel);
    audit_dma_begin(channel);
    access_configured(channel->controller);

    /* Memory first: once IdeHwControl(IdeStart) has succeeded, IdeHwControl(IdeStop) is owed. */
    if (!bounce_start(channel))
        return "no memory for its bounce buffer";
    if (!interrupt_connect(channel))
        return channel->interrupt.hal.line > 15 ? "it has no interrupt line"
                                                : "its interrupt line cannot be connected";
    channel_step(channel, CHANNEL_STARTING);
    if (!control_start(channel))
        return "IdeHwControl(IdeStart) returned FALSE";
    check_configuration(channel);
    channel_levels(channel);
    if (!channel->irbs.slots && !slots_create(channel)) {
        stop_hardware(channel);
        return "no memory for its IRBs (of 2 MiB each at most, with data and IrbExtension)";
    }
    return NULL;
}

/* Gives back what belongs to a started channel; the miniport is not called any more. */
static void release_hardware(struct channel *channel)
{
    interrupt_disconnect(channel);
    callbacks_cancel(channel);
    timer_cancel(&channel->timeouts.watchdog);
    timer_cancel(&channel->timeouts.stopped);
    timer_cancel(&channel->queue.busy_timer);
    timer_cancel(&channel->queue.modes_timer);
    timer_cancel(&channel->power.limit);
    deferred_cancel(&channel->irbs.completion);
    deferred_cancel(&channel->notified.removal);
    for (struct device *device = channel->devices; device; device = device->next) {
        device->kind = DEVICE_NONE;
        device_set_usable(device, false);
        device->was_written = false;
        timer_cancel(&device->queue.busy_timer);
    }
    slots_destroy(channel);
    guard_take_back(&channel->memory.uncached_guard);
    channel->memory.uncached = NULL;
    channel->memory.uncached_size = channel->memory.uncached_reach = 0;
    bounce_stop(channel);
}

/* What the miniport should have given back, judged when IdeHwControl(`action`) has returned, and
 * shown where it was handed out. REG-07: the registry buffer is flushed and freed. IRB-11:
 * request-sense IRBs. */
static void close_leaks(struct channel *channel, IDE_CONTROL_ACTION action)
{
    struct context *context = channel_context(channel, CONTEXT_HW_CONTROL);
    const void *place = channel->registry.place;

    context->action = action;
    context_push(context);
    for (unsigned i = 0; i < channel->irbs.count; i++)
        slot_check_released(slot_at(channel, i));
    if (channel->registry.state == REGISTRY_LIVE) {
        contract_report(RULE_REG_07, channel, "IdeHwControl", place,
                        "the registry buffer was still allocated; the port flushed and freed it");
        registry_kernel_free(channel, channel->registry.window.buffer, "IdeHwControl", place);
    }
    context_pop(context);
}

/* As far as IdeHwControl(IdeStart). */
bool channel_start_hardware(struct channel *channel)
{
    if (channel_is_up(channel->state))
        return true;
    if (channel->state == CHANNEL_ABSENT) {
        channel->failure = "the miniport says that it is disabled";
        return false;
    }
    if (channel->controller->state != CONTROLLER_STARTED) {
        channel->failure = "its controller is not started";
        return false;
    }
    channel_step(channel, CHANNEL_INITIALISING);
    channel->failure =
        guard_is_given(&channel->memory.extension_guard) ? NULL : initialise(channel);
    if (!channel->failure)
        channel->failure = channel->init_failure;
    if (!channel->failure)
        channel->failure = start_hardware(channel);
    if (channel->failure) {
        channel_step(channel, CHANNEL_FAILED);
        close_leaks(channel, IdeStart);
        release_hardware(channel);
        port_message(channel, "not started: %s", channel->failure);
        return false;
    }
    return true;
}

void channels_start_devices(void)
{
    struct channel *channels = NULL, **end = &channels;

    for (struct channel *channel = NULL; (channel = port_next_channel(channel));) {
        if (channel->state != CHANNEL_STARTING)
            continue;
        *end = channel;
        end = &channel->search.next;
    }
    *end = NULL;
    channels_enumerate(channels);
    for (struct channel *channel = channels; channel; channel = channel->search.next)
        channel_step(channel, CHANNEL_RUNNING);
}

bool channel_start(struct channel *channel)
{
    if (!channel_start_hardware(channel))
        return false;
    channels_start_devices();
    return true;
}

/* ------------------------------------------------------------------ stop */

bool channel_has_work(const struct channel *channel)
{
    return channel->irbs.outstanding || channel->queue.waiting ||
           channel->power_irb != POWER_IRB_NONE || channel->recovery != RECOVERY_NONE;
}

static void time_is_over(void *context)
{
    *(bool *)context = true;
}

/* Waits for the end of what is under way, but not for ever: a device that hangs, or a queue that
 * the miniport keeps paused, is reset and its requests ended. */
static void finish_work(struct channel *channel)
{
    bool is_over = false;
    struct port_timer limit = {.deferred = {.procedure = time_is_over, .context = &is_over}};

    timer_arm(&limit, LIMIT_STOP_S * 1000000u);
    hal_interrupts_disable();
    while (channel_has_work(channel) && !is_over && !(parcel_stops && parcel_stops()))
        irql_pause();
    hal_interrupts_enable();
    timer_cancel(&limit);
    if (!channel_has_work(channel))
        return;
    if (is_over)
        port_message(channel, "requests did not end in %u s; the channel is reset", LIMIT_STOP_S);
    else
        port_message(channel, "requests that nobody waits for are ended; the channel is reset");
    enum irql level = irql_raise_dispatch();
    channel_reset(channel);
    queues_fail(channel, IRB_STATUS_SELECTION_TIMEOUT);
    irql_lower(level); /* what the reset has ended comes back, and may ask for another try */
    level = irql_raise_dispatch();
    power_end(channel);
    queues_fail(channel, IRB_STATUS_SELECTION_TIMEOUT);
    irql_lower(level);
}

/* A miniport that paused a queue for long does not keep its channel from being stopped. */
static void end_pauses(struct channel *channel)
{
    enum irql level = irql_raise_dispatch();
    timer_cancel(&channel->queue.busy_timer);
    shared_clear(&channel->queue.busy, BUSY_ASKED);
    for (struct device *device = channel->devices; device; device = device->next) {
        timer_cancel(&device->queue.busy_timer);
        shared_clear(&device->queue.busy, BUSY_ASKED);
    }
    channel_dispatch(channel);
    irql_lower(level);
}

bool channel_stop(struct channel *channel)
{
    if (!channel_is_up(channel->state))
        return true;
    (void)channel_power_up(channel);
    channel_step(channel, CHANNEL_DRAINING);
    end_pauses(channel);
    bool flushed = channel_flush(channel, true);
    channel_step(channel, CHANNEL_STOPPING);
    finish_work(channel);
    stop_hardware(channel);
    channel_step(channel, CHANNEL_STOPPED);
    close_leaks(channel, IdeStop);
    release_hardware(channel);
    return flushed;
}
