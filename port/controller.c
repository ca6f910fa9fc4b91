/* SPDX-License-Identifier: MIT */
/*
 * Controllers: found on PCI or at the ISA legacy ports, bound to drivers by the registry, started
 * and stopped. Entered at PASSIVE_LEVEL.
 */
#include <stdio.h>
#include <string.h>

#include "port/access.h"
#include "port/call.h"
#include "port/loader/image.h"
#include "port/registry/binding.h"
#include "port/registry/kernel.h"

struct controller port_controllers[PORT_MAX_CONTROLLERS];
unsigned port_controller_count;

/* The command and control blocks that PC hardware has had since the AT (ATA/ATAPI-6 Annex; PCI IDE
 * Controller Specification 1.0, 2.4 "compatibility mode"). */
static const struct {
    uint16_t command, control;
    uint8_t irq;
} legacy[2] = {{0x1F0, 0x3F6, 14}, {0x170, 0x376, 15}};

#define LEGACY_COMMAND_BYTES 8u
#define LEGACY_CONTROL_BYTES 1u /* the register itself */
#define BUS_MASTER_BYTES     8u /* of a channel; a controller has twice that */

/* PCI configuration space (PCI Local Bus 3.0, 6.1). */
enum {
    PCI_VENDOR_ID = 0x00,
    PCI_REVISION = 0x08,
    PCI_BAR0 = 0x10,
    PCI_SUBSYSTEM = 0x2C,
    PCI_INTERRUPT_LINE = 0x3C,
};
#define PCI_CLASS_IDE 0x0101u
/* Programming interface of an IDE controller (PCI IDE Controller Specification 1.0, 3.1). */
#define PCI_IDE_NATIVE(interface, channel) ((interface) >> ((channel)*2) & 1)
#define PCI_IDE_BUS_MASTER                 0x80u

/* ------------------------------------------------------------------ access ranges */

static IDE_ACCESS_RANGE range(uint64_t start, uint32_t length, bool in_memory, unsigned bar)
{
    IDE_ACCESS_RANGE result = {.RangeLength = length, .InMemory = in_memory, .Bar = (UCHAR)bar};
    result.RangeStart.QuadPart = result.PhysicalRangeStart.QuadPart = (LONGLONG)start;
    return result;
}

static void add_range(struct controller *controller, IDE_ACCESS_RANGE added)
{
    unsigned count = controller->resources.NumberOfAccessRanges;
    if (count < PORT_MAX_RANGES) {
        controller->ranges[count] = added;
        controller->resources.NumberOfAccessRanges = count + 1;
    }
}

/* Reads a BAR and finds its size by writing ones (PCI Local Bus 3.0, 6.2.5.1), with decoding off so
 * that nothing answers at the wrong place meanwhile. Returns how many BARs it took: 1, or 2 for a
 * 64-bit one. */
static unsigned add_bar(struct controller *controller, unsigned bar)
{
    struct hal_pci_address pci = controller->pci;
    unsigned offset = PCI_BAR0 + bar * 4;
    uint32_t low = hal_pci_read(pci, offset, 4);
    bool in_memory = !(low & 1), is_64 = in_memory && (low >> 1 & 3) == 2;
    uint32_t mask = in_memory ? ~0xFu : ~0x3u;
    uint64_t start = low & mask;
    uint32_t command = hal_pci_read(pci, 4, 2);

    hal_pci_write(pci, 4, 2, command & ~3u);
    hal_pci_write(pci, offset, 4, UINT32_MAX);
    uint32_t size_bits = hal_pci_read(pci, offset, 4) & mask;
    hal_pci_write(pci, offset, 4, low);
    hal_pci_write(pci, 4, 2, command);
    if (is_64)
        start |= (uint64_t)hal_pci_read(pci, offset + 4, 4) << 32;
    if (!in_memory)
        size_bits |= 0xFFFF0000u; /* the upper half of an I/O BAR may read as 0 */
    if (start && size_bits)
        add_range(controller, range(start, ~size_bits + 1, in_memory, bar));
    return is_64 ? 2 : 1;
}

static bool is_legacy_channel(const struct controller *controller, unsigned channel)
{
    if (!controller->is_pci)
        return true;
    return controller->class_code >> 8 == PCI_CLASS_IDE && channel < 2 &&
           !PCI_IDE_NATIVE(controller->class_code, channel);
}

static void find_ranges(struct controller *controller)
{
    bool is_ide = !controller->is_pci || controller->class_code >> 8 == PCI_CLASS_IDE;

    controller->resources.NumberOfAccessRanges = 0;
    controller->resources.IdeAccessRange = controller->ranges;
    for (unsigned channel = 0; is_ide && channel < 2; channel++) {
        if (!is_legacy_channel(controller, channel))
            continue;
        add_range(controller,
                  range(legacy[channel].command, LEGACY_COMMAND_BYTES, false, channel * 2));
        add_range(controller,
                  range(legacy[channel].control, LEGACY_CONTROL_BYTES, false, channel * 2 + 1));
    }
    if (!controller->is_pci)
        return;
    for (unsigned bar = 0; bar < 6;) {
        if (is_ide && bar < 4 && is_legacy_channel(controller, bar / 2))
            bar++; /* a legacy channel's BARs mean nothing */
        else
            bar += add_bar(controller, bar);
    }
}

static const IDE_ACCESS_RANGE *range_of_bar(const struct controller *controller, unsigned bar)
{
    for (unsigned i = 0; i < controller->resources.NumberOfAccessRanges; i++)
        if (controller->ranges[i].Bar == bar)
            return &controller->ranges[i];
    return NULL;
}

void controller_channel_resources(struct controller *controller, struct channel *channel)
{
    unsigned number = channel->number, count = 0;
    bool is_ide = !controller->is_pci || controller->class_code >> 8 == PCI_CLASS_IDE;

    if (is_ide && number < 2) {
        for (unsigned bar = number * 2; bar < number * 2 + 2; bar++) {
            const IDE_ACCESS_RANGE *found = range_of_bar(controller, bar);
            if (found)
                channel->ranges[count++] = *found;
        }
        const IDE_ACCESS_RANGE *bus_master =
            controller->is_pci ? range_of_bar(controller, 4) : NULL;
        if (bus_master && controller->class_code & PCI_IDE_BUS_MASTER &&
            bus_master->RangeLength >= 2 * BUS_MASTER_BYTES)
            channel->ranges[count++] =
                range((uint64_t)bus_master->RangeStart.QuadPart + number * BUS_MASTER_BYTES,
                      BUS_MASTER_BYTES, bus_master->InMemory, 4);
    }
    channel->resources.NumberOfAccessRanges = count;
    channel->resources.IdeAccessRange = channel->ranges;

    bool is_legacy = number < 2 && is_legacy_channel(controller, number);
    channel->interrupt.line =
        is_legacy ? legacy[number].irq : hal_pci_read(controller->pci, PCI_INTERRUPT_LINE, 1);
    channel->interrupt.level = !is_legacy;
}

/* ------------------------------------------------------------------ discovery */

static struct driver *driver_named(const char *name)
{
    for (struct driver *driver = port_drivers; driver; driver = driver->next)
        if (strcmp(driver->name, name) == 0 && driver->is_registered)
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
        snprintf(text, size, "ISA controller at %03xh and %03xh", legacy[0].command,
                 legacy[1].command);
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
        controller->state = CONTROLLER_NO_DRIVER;
        controller->failure = "its driver is not loaded";
        port_message(NULL, "%s: service %s is bound to it, but no driver of that name is loaded",
                     name, controller->service);
    } else {
        controller->state = CONTROLLER_STOPPED;
    }
}

static void find_pci_controllers(void)
{
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
                             sizeof found.service))
            add_controller(&found);
    }
}

static void find_isa_controller(void)
{
    struct controller found = {.is_pci = false};
    if (binding_find(&port_registry.hive.store, "*PNP0600", found.service, sizeof found.service))
        add_controller(&found);
}

/* ------------------------------------------------------------------ start and stop */

static BOOLEAN adapter_control(struct controller *controller, IDE_CONTROL_ACTION action)
{
    struct context context = controller_context(controller, CONTEXT_ADAPTER_CONTROL);
    context.action = action;
    return MINIPORT_CALL(&context, controller->driver->interface.AtaAdapterControl(
                                       controller->extension, action,
                                       action == IdeStart ? &controller->configuration : NULL));
}

static void stop_adapter(struct controller *controller)
{
    adapter_control(controller, IdeStop);
    access_unmap_all(controller);
    controller->extension_live = false;
}

/* The two limits may be lowered by the miniport, never raised: INI-06. */
static void check_limits(struct controller *controller)
{
    IDE_CONTROLLER_CONFIGURATION *configuration = &controller->configuration;
    const void *place = ENTRY_PLACE(controller->driver->interface.AtaAdapterControl);
    struct context context = controller_context(controller, CONTEXT_ADAPTER_CONTROL);

    if (configuration->NumberOfPhysicalBreaks > PORT_PHYSICAL_BREAKS) {
        contract_report_in(&context, RULE_INI_06, "AtaAdapterControl", place,
                           "NumberOfPhysicalBreaks became %u; the port's %u holds",
                           configuration->NumberOfPhysicalBreaks, PORT_PHYSICAL_BREAKS);
        configuration->NumberOfPhysicalBreaks = PORT_PHYSICAL_BREAKS;
    }
    if (configuration->MaximumTransferLength > PORT_MAXIMUM_TRANSFER_LENGTH ||
        configuration->MaximumTransferLength < 512) {
        contract_report_in(&context, RULE_INI_06, "AtaAdapterControl", place,
                           "MaximumTransferLength became %u; the port's %u holds",
                           (unsigned)configuration->MaximumTransferLength,
                           PORT_MAXIMUM_TRANSFER_LENGTH);
        configuration->MaximumTransferLength = PORT_MAXIMUM_TRANSFER_LENGTH;
    }
}

static bool fail(struct controller *controller, const char *why)
{
    char name[64];
    controller_name(controller, name, sizeof name);
    controller->state = CONTROLLER_FAILED;
    controller->failure = why;
    port_message(NULL, "%s: not started: %s", name, why);
    return false;
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
    channel->state = CHANNEL_STOPPED;
    snprintf(channel->name, sizeof channel->name, "%u.%u", controller->index, number);
    for (unsigned target = 0; target < PORT_MAX_DEVICES; target++) {
        channel->devices[target].channel = channel;
        channel->devices[target].target = (uint8_t)target;
    }
    channel_init(channel);
    return channel;
}

static ATA_CHANNEL_STATE channel_enabled(struct controller *controller, unsigned number)
{
    struct context context = controller_context(controller, CONTEXT_CHANNEL_ENABLED);
    if (!controller->driver->interface.AtaControllerChannelEnabled)
        return ChannelStateUnKnown;
    return MINIPORT_CALL(&context, controller->driver->interface.AtaControllerChannelEnabled(
                                       controller->extension, number));
}

static void start_channels(struct controller *controller)
{
    controller->channel_count = controller->configuration.NumberOfChannels;
    if (controller->channel_count > PORT_MAX_CHANNELS)
        controller->channel_count = PORT_MAX_CHANNELS;
    for (unsigned i = 0; i < controller->channel_count; i++) {
        if (!controller->channels[i])
            controller->channels[i] = channel_create(controller, i);
        struct channel *channel = controller->channels[i];
        if (!channel) {
            port_message(NULL, "no memory for channel %u.%u", controller->index, i);
            controller->channel_count = i;
            break;
        }
        channel->state = channel_enabled(controller, i) == ChannelStateDisabled ? CHANNEL_ABSENT
                                                                                : CHANNEL_STOPPED;
    }
    for (unsigned i = 0; i < controller->channel_count; i++)
        if (controller->channels[i]->state == CHANNEL_STOPPED)
            channel_start(controller->channels[i]);
}

bool controller_start(struct controller *controller)
{
    const IDE_CONTROLLER_INTERFACE *interface = &controller->driver->interface;

    find_ranges(controller);
    controller->number = controller->driver->controllers_started++;
    controller->extension =
        hal_pages_alloc(hal_pages_for(interface->ControllerExtensionSize + 1), UINT64_MAX);
    if (!controller->extension || !access_create_map(controller))
        return fail(controller, "no memory for the controller extension");
    controller->extension_live = true;
    controller->configuration = (IDE_CONTROLLER_CONFIGURATION){
        .Version = sizeof(IDE_CONTROLLER_CONFIGURATION),
        .NumberOfChannels = 2,
        .ControllerMode = IdeModeNormal,
        .NumberOfPhysicalBreaks = PORT_PHYSICAL_BREAKS,
        .MaximumTransferLength = PORT_MAXIMUM_TRANSFER_LENGTH,
        .AtaBusType = IdeBusPata,
        .ControllerResources = &controller->resources,
    };
    if (!adapter_control(controller, IdeStart)) {
        controller->extension_live = false;
        return fail(controller, "AtaAdapterControl(IdeStart) returned FALSE");
    }
    check_limits(controller);
    controller->state = CONTROLLER_STARTED;
    if (!interface->AtaChannelInitRoutine) {
        stop_adapter(controller);
        return fail(controller,
                    "its miniport has no AtaChannelInitRoutine, and there is no default "
                    "channel driver");
    }
    start_channels(controller);
    return true;
}

bool controller_stop(struct controller *controller)
{
    bool flushed = true;
    if (controller->state != CONTROLLER_STARTED)
        return true;
    for (unsigned i = 0; i < controller->channel_count; i++)
        flushed &= channel_stop(controller->channels[i]);
    stop_adapter(controller);
    controller->state = CONTROLLER_STOPPED;
    return flushed;
}

void port_start(void)
{
    if (hal_pci_present())
        find_pci_controllers();
    else
        find_isa_controller();
    for (unsigned i = 0; i < port_controller_count; i++)
        if (port_controllers[i].state == CONTROLLER_STOPPED)
            controller_start(&port_controllers[i]);
}

bool port_stop(void)
{
    bool flushed = true;
    for (unsigned i = port_controller_count; i-- > 0;)
        flushed &= controller_stop(&port_controllers[i]);
    return flushed;
}

/* Names drivers' code in back traces and reports, and shows the last trace entries on a panic. */
static void show_trace(void)
{
    hal_printf("The last trace entries:\n");
    trace_print(24);
}

void port_init(void)
{
    irql_init();
    timer_init();
    if (!registry_kernel_init())
        PANIC("no memory for the registry");
    hal_set_symbol_hook(image_name_address);
    hal_set_panic_hook(show_trace);
}
