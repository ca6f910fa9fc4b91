/* SPDX-License-Identifier: MIT */
/*
 * Controllers: found on PCI or at the ISA legacy ports, bound to drivers by the registry, started
 * and stopped. What they own of ports, memory and interrupt lines is found in resources.c. Entered
 * at PASSIVE_LEVEL.
 */
#include "port/controller.h"

#include <stdio.h>
#include <string.h>

#include "port/access/access.h"
#include "port/call.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/control.h"
#include "port/device.h"
#include "port/log.h"
#include "port/owned.h"
#include "port/power.h"
#include "port/registry/binding.h"
#include "port/registry/kernel.h"
#include "port/registry/name.h"
#include "port/resources.h"

/* PCI configuration space (PCI Local Bus 3.0, 6.1). */
enum {
    PCI_VENDOR_ID = 0x00,
    PCI_REVISION = 0x08,
    PCI_SUBSYSTEM = 0x2C,
};

/* ------------------------------------------------------------------ discovery */

static struct driver *driver_named(const char *name)
{
    for (struct driver *driver = port_drivers; driver; driver = driver->next)
        if (names_equal(registry_name(driver->name), registry_name(name)) && driver->is_registered)
            return driver;
    return NULL;
}

static void controller_name(const struct controller *controller, char *text, size_t size)
{
    if (controller->is_pci)
        snprintf(text, size, "PCI %02x:%02x.%x (%04x:%04x, class %06x)", controller->pci.bus,
                 controller->pci.device, controller->pci.function, controller->vendor_id,
                 controller->device_id, (unsigned)controller->class_code);
    else
        snprintf(text, size, "ISA controller");
}

/* Adds a controller that the registry binds to a service. One whose driver is missing is kept too,
 * so that the shell can say so. */
static void add_controller(const struct controller *found)
{
    char name[64];
    if (port_controller_count == PORT_MAX_CONTROLLERS) {
        controller_name(found, name, sizeof name);
        port_message(NULL, "%s: more than %u controllers; left alone", name, PORT_MAX_CONTROLLERS);
        return;
    }
    struct controller *controller = &port_controllers[port_controller_count];
    *controller = *found;
    controller->index = port_controller_count++;
    controller->driver = driver_named(controller->service);
    if (!controller->driver) {
        controller_name(found, name, sizeof name);
        controller->failure = "its driver is not loaded";
        port_message(NULL, "%s: service %s is bound to it, but no driver of that name is loaded",
                     name, controller->service);
    } else {
        controller_step(controller, CONTROLLER_STOPPED);
    }
}

static void say_bad_service(const char *id)
{
    port_message(
        NULL,
        "CriticalDeviceDatabase\\%s binds nothing: its \"Service\" is no text of 1 to %u bytes", id,
        (unsigned)sizeof port_controllers->service - 1);
}

static void find_pci_controllers(void)
{
    char bad_id[BINDING_ID_BYTES];
    struct hal_pci_address pci = {0, 0, 0};
    for (bool first = true; hal_pci_next(&pci, first); first = false) {
        struct controller found = {.is_pci = true, .pci = pci};
        uint32_t id = hal_pci_read(pci, PCI_VENDOR_ID, 4);
        uint32_t class = hal_pci_read(pci, PCI_REVISION, 4);
        uint32_t subsystem = hal_pci_read(pci, PCI_SUBSYSTEM, 4);
        found.vendor_id = (uint16_t)id;
        found.device_id = (uint16_t)(id >> 16);
        found.class_code = class >> 8;
        struct registry_pci_id identity = {
            .vendor = found.vendor_id,
            .device = found.device_id,
            .subsystem = subsystem,
            .revision = (uint8_t) class,
            .class_code = found.class_code,
        };
        if (binding_find_pci(&port_registry.hive.store, &identity, found.service,
                             sizeof found.service, bad_id))
            add_controller(&found);
        if (bad_id[0])
            say_bad_service(bad_id);
    }
}

static void find_isa_controller(void)
{
    static const char id[] = BINDING_IDE_CHANNEL;
    struct controller found = {.is_pci = false};
    enum binding binding =
        binding_find(&port_registry.hive.store, id, found.service, sizeof found.service);
    if (binding == BINDING_FOUND)
        add_controller(&found);
    else if (binding == BINDING_BAD)
        say_bad_service(id);
}

/* ------------------------------------------------------------------ start and stop */

/* Its address is known for as long as there is no other: CTX-10. */
static void take_extension_back(struct controller *controller)
{
    guard_take_back(&controller->extension_memory);
}

static void stop_adapter(struct controller *controller)
{
    if (!adapter_control(controller, IdeStop))
        port_message(NULL, "%s: AtaAdapterControl(IdeStop) returned FALSE", controller->service);
    access_unmap_all(controller);
    for (unsigned i = 0; i < controller->channel_count; i++)
        channel_take_extension_back(controller->channels[i]);
    take_extension_back(controller);
}

/* What the two limits start as. */
#define BREAKS_UNSET ((UCHAR)IDE_UNINITIALIZED_VALUE)
#define LENGTH_UNSET ((ULONG)IDE_UNINITIALIZED_VALUE)
#define SECTOR_BYTES 512u

/* INI-06: what of the two limits holds. What is not set is the port's; what is more than the port
 * can serve is lowered, which breaks no rule: the log says it. */
static void settle_limits(IDE_CONTROLLER_CONFIGURATION *configuration, const char *driver,
                          const char *routine, const void *place)
{
    ULONG breaks = configuration->NumberOfPhysicalBreaks;
    ULONG length = configuration->MaximumTransferLength;

    if (breaks == BREAKS_UNSET && configuration->BusMaster)
        contract_report(RULE_INI_06, NULL, routine, place,
                        "BusMaster is TRUE, and NumberOfPhysicalBreaks was not set; %u are used",
                        PORT_PHYSICAL_BREAKS);
    else if (breaks != BREAKS_UNSET && breaks > PORT_PHYSICAL_BREAKS)
        hal_log("%s: of NumberOfPhysicalBreaks, %u, the port serves %u\n", driver, (unsigned)breaks,
                PORT_PHYSICAL_BREAKS);
    if (breaks > PORT_PHYSICAL_BREAKS)
        configuration->NumberOfPhysicalBreaks = PORT_PHYSICAL_BREAKS;

    if (length < SECTOR_BYTES)
        contract_report(RULE_INI_06, NULL, routine, place,
                        "MaximumTransferLength became %u, less than a sector; %u is used",
                        (unsigned)length, PORT_MAXIMUM_TRANSFER_LENGTH);
    else if (length != LENGTH_UNSET && length > PORT_MAXIMUM_TRANSFER_LENGTH)
        hal_log("%s: of MaximumTransferLength, %u, the port serves %u\n", driver, (unsigned)length,
                PORT_MAXIMUM_TRANSFER_LENGTH);
    if (length < SECTOR_BYTES || length > PORT_MAXIMUM_TRANSFER_LENGTH)
        configuration->MaximumTransferLength = PORT_MAXIMUM_TRANSFER_LENGTH;
}

/* What AtaAdapterControl(IdeStart) has left behind: INI-06, INI-09. */
static void check_configuration(struct controller *controller)
{
    static const char routine[] = "AtaAdapterControl";
    const void *place = ENTRY_PLACE(controller->driver->interface.AtaAdapterControl);
    struct context context = controller_context(controller, CONTEXT_ADAPTER_CONTROL);

    context_push(&context); /* as if it still ran */
    settle_limits(&controller->given.configuration, controller->driver->name, routine, place);
    if (controller->given.configuration.Reserved)
        contract_report(RULE_INI_09, NULL, routine, place,
                        "Reserved of IDE_CONTROLLER_CONFIGURATION was written");
    context_pop(&context);
}

static bool fail(struct controller *controller, const char *why)
{
    char name[64];
    controller_name(controller, name, sizeof name);
    controller_step(controller, CONTROLLER_FAILED);
    controller->failure = why;
    port_message(NULL, "%s: not started: %s", name, why);
    return false;
}

/* A miniport without AtaChannelInitRoutine serves its controller only. The channels then are the
 * business of another driver's channel interface, as in Windows. */
static bool find_channel_driver(struct controller *controller)
{
    char name[sizeof controller->service];

    controller->channel_driver = controller->driver;
    if (controller->driver->interface.AtaChannelInitRoutine)
        return true;
    if (binding_channel_driver(&port_registry.hive.store, controller->service, name, sizeof name) ==
        BINDING_BAD)
        port_message(NULL, "%s: its \"ChannelDriver\" is no text of 1 to %u bytes; %s is used",
                     controller->service, (unsigned)sizeof name - 1, name[0] ? name : "none");
    controller->channel_driver = driver_named(name);
    if (controller->channel_driver && controller->channel_driver->interface.AtaChannelInitRoutine)
        return true;
    if (name[0])
        port_message(NULL,
                     "%s.sys has no channel interface, and the default channel driver %s.sys %s",
                     controller->service, name,
                     controller->channel_driver ? "has none either" : "is not loaded");
    else
        port_message(NULL,
                     "%s.sys has no channel interface, and the registry binds no driver to the "
                     "channels of IDE controllers, CriticalDeviceDatabase\\" BINDING_IDE_CHANNEL,
                     controller->service);
    return fail(controller, "no driver for its channels");
}

static struct channel *channel_create(struct controller *controller, unsigned number)
{
    struct channel *channel = hal_pages_alloc(hal_pages_for(sizeof *channel), UINT64_MAX);
    if (!channel)
        return NULL;
    if (!registry_kernel_add_channel(&channel->registry))
        port_message(NULL,
                     "no room for the registry window of channel %u.%u: its registry buffers "
                     "will be NULL",
                     controller->index, number);
    channel->controller = controller;
    channel->number = (uint8_t)number;
    channel->traced = (uint16_t)trace_channel(controller->index, number);
    snprintf(channel->name, sizeof channel->name, "%u.%u", controller->index, number);
    if (!device_make(channel, 0, 0) || !(channel->queue.turn = device_make(channel, 1, 0)))
        return NULL;
    channel_init(channel);
    return channel;
}

static ATA_CHANNEL_STATE channel_enabled(struct controller *controller, unsigned number)
{
    struct context context = controller_context(controller, CONTEXT_CHANNEL_ENABLED);
    if (!controller->driver->interface.AtaControllerChannelEnabled || port_dump_mode)
        return ChannelStateUnKnown; /* nobody is asked in dump mode */
    return MINIPORT_CALL_2(&context, controller->driver->interface.AtaControllerChannelEnabled,
                           controller->extension, number);
}

static void start_channels(struct controller *controller)
{
    controller->channel_count = controller->given.configuration.NumberOfChannels;
    if (controller->channel_count > PORT_MAX_CHANNELS)
        controller->channel_count = PORT_MAX_CHANNELS;
    if (!controller->channel_count ||
        controller->channel_count < controller->given.configuration.NumberOfChannels)
        port_message(NULL, "%s: NumberOfChannels is %u; %u are used", controller->service,
                     controller->given.configuration.NumberOfChannels, controller->channel_count);
    for (unsigned i = 0; i < controller->channel_count; i++) {
        if (!controller->channels[i])
            controller->channels[i] = channel_create(controller, i);
        struct channel *channel = controller->channels[i];
        if (!channel) {
            port_message(NULL, "no memory for channel %u.%u", controller->index, i);
            controller->channel_count = i;
            break;
        }
        channel_step(channel, channel_enabled(controller, i) == ChannelStateDisabled
                                  ? CHANNEL_ABSENT
                                  : CHANNEL_STOPPED);
    }
    for (unsigned i = 0; i < controller->channel_count; i++)
        if (controller->channels[i]->state == CHANNEL_STOPPED)
            channel_start_hardware(controller->channels[i]);
}

/* AtaAdapterControl(IdeStart), and what it may not have changed: INI-11. */
static BOOLEAN start_adapter(struct controller *controller)
{
    struct context context = controller_context(controller, CONTEXT_ADAPTER_CONTROL);
    const void *place = ENTRY_PLACE(controller->driver->interface.AtaAdapterControl);
    IDE_CONTROLLER_CONFIGURATION before = controller->given.configuration;
    IDE_MINIPORT_RESOURCES resources = controller->given.resources;
    IDE_ACCESS_RANGE ranges[PORT_MAX_RANGES];

    memcpy(ranges, controller->given.ranges, sizeof ranges);
    BOOLEAN succeeded = adapter_control(controller, IdeStart);
    owned_check(&context, OWNED_CONTROLLER, &controller->given.configuration, &before, succeeded,
                "AtaAdapterControl", place);
    owned_check_resources(&context, &controller->given.resources, &resources,
                          controller->given.ranges, ranges, PORT_MAX_RANGES, "AtaAdapterControl",
                          place);
    return succeeded;
}

/* As far as IdeHwControl(IdeStart) of its channels. */
static bool start_hardware(struct controller *controller)
{
    const IDE_CONTROLLER_INTERFACE *interface = &controller->driver->interface;

    controller_step(controller, CONTROLLER_STARTING);
    if (!find_channel_driver(controller))
        return false;
    controller_find_resources(controller);
    access_configured(controller);
    if (!controller->is_numbered)
        controller->number = controller->driver->controllers_started++;
    controller->is_numbered = true;
    controller->extension =
        guard_give(&controller->extension_memory, "controller extension", NULL,
                   interface->ControllerExtensionSize, GUARD_TO_PAGE, UINT64_MAX);
    if (!controller->extension || !access_create_map(controller)) {
        take_extension_back(controller);
        return fail(controller, "no memory for the controller extension");
    }
    controller->given.configuration = (IDE_CONTROLLER_CONFIGURATION){
        .Version = owned_version(OWNED_CONTROLLER, sizeof(IDE_CONTROLLER_CONFIGURATION)),
        .NumberOfChannels = 2,
        .ControllerMode = port_dump_mode ? IdeModeDump : IdeModeNormal,
        .NumberOfPhysicalBreaks = BREAKS_UNSET,
        .MaximumTransferLength = LENGTH_UNSET,
        .NativeModeEnabled = controller_is_native(controller),
        .AtaBusType = IdeBusPata,
        .ControllerResources = &controller->given.resources,
    };
    if (!start_adapter(controller)) {
        access_unmap_all(controller);
        take_extension_back(controller);
        return fail(controller, "AtaAdapterControl(IdeStart) returned FALSE");
    }
    check_configuration(controller);
    if (controller->given.configuration.BusMaster)
        controller_enable_bus_master(controller);
    controller_step(controller, CONTROLLER_STARTED);
    start_channels(controller);
    return true;
}

bool controller_start(struct controller *controller)
{
    if (!start_hardware(controller))
        return false;
    channels_start_devices();
    return true;
}

bool controller_stop(struct controller *controller)
{
    bool flushed = true;
    (void)controller_power_up(controller);
    if (controller->state != CONTROLLER_STARTED)
        return true;
    for (unsigned i = 0; i < controller->channel_count; i++)
        flushed &= channel_stop(controller->channels[i]);
    stop_adapter(controller);
    controller_step(controller, CONTROLLER_STOPPED);
    return flushed;
}

/* A driver that was asked for and serves nothing. */
static void name_unused(void)
{
    for (const struct driver *driver = port_drivers; driver; driver = driver->next) {
        bool is_used = !driver->is_registered || driver->is_default;
        for (unsigned i = 0; i < port_controller_count; i++)
            is_used |= port_controllers[i].driver == driver ||
                       port_controllers[i].channel_driver == driver;
        if (!is_used)
            port_message(NULL,
                         "%s.sys serves no device of this machine: in the registry, no "
                         "CriticalDeviceDatabase key of one has the Service \"%s\"",
                         driver->name, driver->name);
    }
}

void port_start(void)
{
    if (hal_pci_present())
        find_pci_controllers();
    else
        find_isa_controller();
    for (unsigned i = 0; i < port_controller_count; i++)
        if (port_controllers[i].state == CONTROLLER_STOPPED)
            start_hardware(&port_controllers[i]);
    channels_start_devices();
    name_unused();
}

bool port_stop(void)
{
    bool flushed = true;
    for (unsigned i = port_controller_count; i-- > 0;)
        flushed &= controller_stop(&port_controllers[i]);
    return flushed;
}
