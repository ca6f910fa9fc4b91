/* SPDX-License-Identifier: MIT */
/* `devices`, `mode` and `cd`: which devices there are and how they are driven. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/columns.h"
#include "boot/shell/commands.h"
#include "boot/shell/numbers.h"
#include "lib/plural.h"
#include "port/block.h"
#include "port/identify.h"
#include "port/objects.h"

/* ------------------------------------------------------------------ words about devices */

/* Bit 31 of a bitmap marks it as chosen; it is no mode. */
#define MODE_BITS 0x7FFFFFFFu

bool device_uses_dma(const struct device *device)
{
    return device->channel->controller->given.configuration.BusMaster &&
           (device->given.parameters.TransferModeSelected & DMA_SUPPORT);
}

const char *device_mode_name(const struct device *device)
{
    ULONG unused =
        device_uses_dma(device) ? 0 : DMA_SUPPORT; /* chosen, but not by this controller */
    return identify_mode_name(device->given.parameters.TransferModeSelected & MODE_BITS & ~unused);
}

static const char *addressing_name(const struct device *device)
{
    if (device->kind == DEVICE_ATAPI)
        return "packets";
    switch (device->given.parameters.AddressTranslation) {
    case UnknownMode:
        break;
    case ChsMode:
        return "CHS";
    case LbaMode:
        return "LBA28";
    case Lba48BitMode:
        return "LBA48";
    }
    return "unknown";
}

/* ------------------------------------------------------------------ devices */

/* Those of a device's line beside the model, up to "Ultra DMA 5, LBA48". */
#define OTHER_COLUMNS 64u

/* Columns for the longest model name that fits. */
static int model_columns(void)
{
    size_t columns = strlen("MODEL");

    for (struct device *device = NULL; (device = port_next_device(device));)
        if (strlen(device->model) > columns)
            columns = strlen(device->model);
    return (int)columns_fit((unsigned)columns, OTHER_COLUMNS);
}

static void print_device(const struct device *device, int columns)
{
    char size[SIZE_TEXT_CAPACITY] = "-", sectors[48] = "no medium";

    hal_printf("%-5s %-7s  %-*.*s ", device->name, device->channel->name, columns, columns,
               device->model);
    if (!device->usable) {
        hal_printf(" not used: the driver refused it\n");
        return;
    }
    if (device->sector_count > 0 || device->kind == DEVICE_ATA) {
        size_format(device->sector_count * device->sector_size, size, sizeof size);
        snprintf(sectors, sizeof sectors, "%" PRIu64 " x %u", device->sector_count,
                 (unsigned)device->sector_size);
    }
    hal_printf("%10s  %-15s  %s, %s", size, sectors, device_mode_name(device),
               addressing_name(device));
    if (device->target > 1)
        hal_printf(", target %u", device->target);
    if (device->lun)
        hal_printf(", unit %u", device->lun);
    hal_printf("\n");
}

static const char *channel_state_words(const struct channel *channel)
{
    return channel->state == CHANNEL_RUNNING ? "running, without devices"
                                             : state_tables[MACHINE_CHANNEL].names[channel->state];
}

static bool has_devices(const struct channel *channel)
{
    for (const struct device *device = channel->devices; device; device = device->next)
        if (device->kind != DEVICE_NONE)
            return true;
    return false;
}

/* Where a controller is: "PCI 00:01.1 8086:7010", "ISA". */
static const char *controller_place(const struct controller *controller, char text[32])
{
    if (controller->is_pci)
        snprintf(text, 32, "PCI %02x:%02x.%x %04x:%04x", controller->pci.bus,
                 controller->pci.device, controller->pci.function, controller->vendor_id,
                 controller->device_id);
    else
        snprintf(text, 32, "ISA");
    return text;
}

static void print_controller(const struct controller *controller)
{
    char place[32];

    controller_place(controller, place);
    switch (controller->state) {
    case CONTROLLER_NO_DRIVER:
        hal_printf("%s: no driver%s%s\n", place, controller->service[0] ? ", wants " : "",
                   controller->service);
        return;
    case CONTROLLER_STOPPED:
        hal_printf("%s: %s, stopped\n", place, controller->service);
        return;
    case CONTROLLER_FAILED:
        hal_printf("%s: %s, failed: %s\n", place, controller->service,
                   controller->failure ? controller->failure : "unknown reason");
        return;
    case CONTROLLER_STARTING:
    case CONTROLLER_STARTED:
    case CONTROLLER_SUSPENDED:
        break;
    }
    hal_printf("%s: %s, channels", place, controller->service);
    for (unsigned i = 0; i < controller->channel_count; i++) {
        const struct channel *channel = controller->channels[i];
        if (!channel)
            continue;
        hal_printf(" %s", channel->name);
        if (!has_devices(channel) || channel->state != CHANNEL_RUNNING)
            hal_printf(" (%s%s%s)", channel_state_words(channel),
                       channel->state == CHANNEL_FAILED && channel->failure ? ": " : "",
                       channel->state == CHANNEL_FAILED && channel->failure ? channel->failure
                                                                            : "");
    }
    hal_printf("\n");
}

enum command_result command_devices(unsigned count, char **words)
{
    (void)words;
    if (count != 1)
        return COMMAND_BAD_ARGUMENTS;

    int columns = model_columns();
    struct device *device = port_next_device(NULL);
    if (device)
        hal_printf("%-5s %-7s  %-*s %10s  %-15s  %s\n", "DISK", "CHANNEL", columns, "MODEL", "SIZE",
                   "SECTORS", "MODE");
    else
        hal_printf("There are no disks.\n");
    for (; device; device = port_next_device(device))
        print_device(device, columns);
    for (unsigned i = 0; i < port_controller_count; i++)
        print_controller(&port_controllers[i]);
    if (port_controller_count == 0)
        hal_printf("There is no controller.\n");
    for (const struct driver *driver = port_drivers; driver; driver = driver->next)
        if (driver->failure[0])
            hal_printf("%s.sys is not used: %s\n", driver->name, driver->failure);
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ mode */

/* "PIO 0 to 4, MW DMA 0 to 2, Ultra DMA 0 to 5" */
static void print_modes(const char *title, uint32_t modes)
{
    static const struct {
        const char *name;
        unsigned first, count;
    } kinds[] = {{"PIO", 0, 5}, {"SW DMA", 5, 3}, {"MW DMA", 8, 3}, {"Ultra DMA", 11, 7}};
    const char *separator = "";

    hal_printf("  %-18s", title);
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint32_t bits = modes >> kinds[i].first & ((1u << kinds[i].count) - 1);
        if (!bits)
            continue;
        unsigned low = (unsigned)__builtin_ctz(bits), high = 31u - (unsigned)__builtin_clz(bits);
        hal_printf("%s%s %u", separator, kinds[i].name, low);
        if (high > low)
            hal_printf(" to %u", high);
        separator = ", ";
    }
    hal_printf("%s\n", *separator ? "" : "none");
}

enum command_result command_mode(unsigned count, char **words)
{
    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    struct device *device = argument_any_device(words[1]);
    if (!device)
        return COMMAND_FAILED;
    const IDE_DEVICE_PARAMETERS *parameters = &device->given.parameters;
    const struct controller *controller = device->channel->controller;
    char place[32], size[SIZE_TEXT_CAPACITY];

    hal_printf("  %-18s%s, channel %s, target %u\n", "Place", controller_place(controller, place),
               device->channel->name, device->target);
    hal_printf("  %-18s%s.sys", "Driver", controller->service);
    if (controller->channel_driver != controller->driver)
        hal_printf(", channels by %s.sys", controller->channel_driver->name);
    hal_printf("\n");
    print_modes("Supported", parameters->TransferModeSupported & MODE_BITS);
    print_modes("Selected", parameters->TransferModeSelected & MODE_BITS);
    hal_printf("  %-18s%s, %s\n", "Data", device_uses_dma(device) ? "bus-master DMA" : "PIO",
               device_mode_name(device));
    hal_printf("  %-18s%s", "Addressing", addressing_name(device));
    if (device->kind == DEVICE_ATA && parameters->AddressTranslation == ChsMode)
        hal_printf(" %u/%u/%u", parameters->Chs.NumCylinders, parameters->Chs.NumHeads,
                   parameters->Chs.NumSectorsPerTrack);
    hal_printf("\n");
    if (device->kind == DEVICE_ATA)
        hal_printf("  %-18s%u sector%s\n", "Multiple", parameters->MaxBlockXfer,
                   plural(parameters->MaxBlockXfer));
    hal_printf("  %-18s%u\n", "Requests at once", device_request_limit(device));
    size_format(controller->given.configuration.MaximumTransferLength, size, sizeof size);
    hal_printf("  %-18s%s\n", "Longest transfer", size);
    if (device->channel->interrupt.is_polled)
        hal_printf("  %-18s%s\n", "Operation", "dump mode: polled, no callbacks, no registry");
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ cd */

static enum command_result cd_capacity(struct device *device)
{
    char size[SIZE_TEXT_CAPACITY];
    enum block_status status = atapi_read_capacity(device);

    if (status != BLOCK_OK)
        return block_status_fail(device, status);
    size_format(device->sector_count * device->sector_size, size, sizeof size);
    hal_printf("%s: %" PRIu64 " sector%s of %u bytes, %s\n", device->name, device->sector_count,
               plural(device->sector_count), (unsigned)device->sector_size, size);
    return COMMAND_DONE;
}

enum command_result command_cd(unsigned count, char **words)
{
    bool is_load = count == 3 && strcmp(words[2], "load") == 0;
    bool is_eject = count == 3 && strcmp(words[2], "eject") == 0;

    if (!is_load && !is_eject && (count != 3 || strcmp(words[2], "capacity") != 0))
        return COMMAND_BAD_ARGUMENTS;
    struct device *device = argument_device(words[1]);
    if (!device)
        return COMMAND_FAILED;
    if (device->kind != DEVICE_ATAPI)
        return command_fail("Disk %s is no CD-ROM drive.", device->name);
    if (!is_load && !is_eject)
        return cd_capacity(device);

    enum block_status status = atapi_eject(device, is_load);
    if (status != BLOCK_OK)
        return block_status_fail(device, status);
    hal_printf("The drive's tray is %s.\n", is_load ? "closed" : "open");
    return COMMAND_DONE;
}
