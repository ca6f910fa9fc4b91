/* SPDX-License-Identifier: MIT */
/*
 * From devices that were found (search.c) to usable ones: a name,
 * AtaControllerTransferModeSelect for the channel, IdeHwInitialize for each device, the capacity of
 * drives. Entered at PASSIVE_LEVEL.
 */
#include "port/enumerate.h"

#include <string.h>

#include "port/access/audit.h"
#include "port/access/traced.h"
#include "port/block.h"
#include "port/call.h"
#include "port/contract/report.h"
#include "port/device_names.h"
#include "port/identify.h"
#include "port/log.h"
#include "port/owned.h"
#include "port/request/fate.h"
#include "port/search.h"

/* ATA/ATAPI-6 8.15.61: a signature of A5h says that byte 511 makes the sum of all bytes 0. */
static bool checksum_is_wrong(const struct device *device)
{
    const UCHAR *bytes = (const UCHAR *)&device->given.identify;
    UCHAR sum = 0;
    if (bytes[510] != 0xA5)
        return false;
    for (unsigned i = 0; i < 512; i++)
        sum = (UCHAR)(sum + bytes[i]);
    return sum != 0;
}

/* In the channels' and targets' order: what was asked first counts, not what answered first. */
static void introduce(struct device *device)
{
    if (checksum_is_wrong(device))
        device_message(device, ": IDENTIFY data has a wrong checksum");
    device_set_name(device);
}

/* ------------------------------------------------------------------ transfer modes */

static ULONG best_of(ULONG modes)
{
    return modes ? 1u << (31 - __builtin_clz(modes)) : 0;
}

/* What a device is used with when the miniport selected something else than it supports: of what
 * both allow, the best PIO mode, and the best DMA mode where the controller masters the bus. */
static ULONG fallback_modes(const struct device *device, ULONG selected)
{
    ULONG supported =
        device->kind == DEVICE_NONE ? 0 : device->given.parameters.TransferModeSupported;
    ULONG modes = best_of(selected & supported & PIO_SUPPORT);
    if (!modes)
        modes = best_of(supported & PIO_SUPPORT);
    if (device->channel->controller->given.configuration.BusMaster)
        modes |= best_of(selected & supported & DMA_SUPPORT);
    return modes;
}

/* INI-08. Returns what holds. */
static ULONG check_selected(struct device *device, IDE_TRANSFER_MODE_SELECT routine, ULONG selected)
{
    struct channel *channel = device->channel;
    struct context context = controller_context(channel->controller, CONTEXT_TRANSFER_MODE_SELECT);
    ULONG supported =
        device->kind == DEVICE_NONE ? 0 : device->given.parameters.TransferModeSupported;

    if (!(selected & ~supported) && (!supported || selected & PIO_SUPPORT))
        return selected;
    context.channel = channel;
    contract_report_in(&context, RULE_INI_08, "AtaControllerTransferModeSelect",
                       ENTRY_PLACE(routine), "target %u: selected %#x of %#x", device->target,
                       (unsigned)selected, (unsigned)supported);
    return fallback_modes(device, selected);
}

static void select_transfer_modes(struct channel *channel)
{
    IDE_TRANSFER_MODE_SELECT select_modes =
        channel->controller->driver->interface.AtaControllerTransferModeSelect;
    IDE_TRANSFER_MODE_PARAMETERS *modes = &channel->given.modes;

    *modes = (IDE_TRANSFER_MODE_PARAMETERS){.ChannelNumber = channel->number};
    for (unsigned target = 0; target < MAX_IDE_DEVICE; target++)
        modes->DeviceType[target] = DeviceNotExist;
    for (const struct device *device = channel->devices; device; device = device->next) {
        unsigned target = device->target;
        if (device->kind == DEVICE_NONE || target >= MAX_IDE_DEVICE || device->lun)
            continue;
        modes->DeviceType[target] = device->given.parameters.IdeDeviceType;
        modes->IoReadySupported[target] = identify_iordy(device);
        modes->DeviceTransferModeSupported[target] = device->given.parameters.TransferModeSupported;
        modes->DeviceTransferModeCurrent[target] = identify_current_modes(device);
    }
    if (select_modes) {
        struct context context =
            controller_context(channel->controller, CONTEXT_TRANSFER_MODE_SELECT);
        IDE_TRANSFER_MODE_PARAMETERS before = *modes;
        (void)MINIPORT_CALL_2(&context, select_modes, channel->controller->extension, modes);
        context.channel = channel; /* for the report */
        owned_check(&context, OWNED_MODES, modes, &before, true, "AtaControllerTransferModeSelect",
                    ENTRY_PLACE(select_modes));
    }
    for (struct device *device = channel->devices; device; device = device->next) {
        ULONG selected = UNINITIALIZED_TRANSFER_MODE;
        if (select_modes && device->target < MAX_IDE_DEVICE && device->lun == 0) {
            selected = check_selected(device, select_modes,
                                      modes->DeviceTransferModeSelected[device->target]);
        }
        device->given.parameters.TransferModeSelected = selected;
    }
}

/* ------------------------------------------------------------------ IdeHwInitialize */

/* The members of DeviceCharacteristics that are the port's: the high byte, but for one bit. */
#define PORTS_CHARACTERISTICS (0xFF00u & ~(unsigned)DFLAGS_FUA_SUPPORT)

/* INI-07. Serial ATA has no transfer modes: a miniport need not choose any, and gets the best. */
static void check_modes(struct device *device, struct context *context, const void *place)
{
    ULONG selected = device->given.parameters.TransferModeSelected;
    bool has_modes = device->channel->controller->given.configuration.AtaBusType != IdeBusSata;

    if (selected != UNINITIALIZED_TRANSFER_MODE && selected & PIO_SUPPORT)
        return;
    if (has_modes)
        contract_report_in(context, RULE_INI_07, "IdeHwInitialize", place,
                           "target %u: TransferModeSelected is %#x", device->target,
                           (unsigned)selected);
    else if (!selected)
        selected = UNINITIALIZED_TRANSFER_MODE;
    device->given.parameters.TransferModeSelected = fallback_modes(device, selected);
}

static void check_parameters(struct device *device, const IDE_DEVICE_PARAMETERS *before)
{
    struct channel *channel = device->channel;
    IDE_DEVICE_PARAMETERS *after = &device->given.parameters;
    const void *place = ENTRY_PLACE(channel->given.interface.IdeHwInitialize);
    struct context *context = channel_context(channel, CONTEXT_HW_INITIALIZE);

    owned_check(context, OWNED_DEVICE, after, before, true, "IdeHwInitialize", place);
    USHORT changed = after->DeviceCharacteristics ^ before->DeviceCharacteristics;
    if (changed & PORTS_CHARACTERISTICS) {
        contract_report_in(context, RULE_INI_07, "IdeHwInitialize", place,
                           "target %u: DeviceCharacteristics went from %#06x to %#06x",
                           device->target, before->DeviceCharacteristics,
                           after->DeviceCharacteristics);
        after->DeviceCharacteristics ^= changed & PORTS_CHARACTERISTICS;
    }
    check_modes(device, context, place);
    /* Bit 31 is no mode: IS_DEFAULT. */
    if (after->TransferModeSelected & ~after->TransferModeSupported & ALL_MODE_SUPPORT) {
        contract_report_in(context, RULE_INI_12, "IdeHwInitialize", place,
                           "target %u: TransferModeSelected is %#x, of %#x that are supported",
                           device->target, (unsigned)after->TransferModeSelected,
                           (unsigned)after->TransferModeSupported);
        after->TransferModeSelected = fallback_modes(device, after->TransferModeSelected);
    }
    if (after->AddressTranslation == ChsMode && after->Chs.Reserved)
        contract_report_in(context, RULE_INI_09, "IdeHwInitialize", place,
                           "target %u: Reserved of IDE_DEVICE_PARAMETERS.Chs was written",
                           device->target);
    if (after->NumberOfOverlappedRequests == 0)
        after->NumberOfOverlappedRequests = 1;
}

static void initialize(struct device *device)
{
    struct channel *channel = device->channel;
    struct context *context = channel_context(channel, CONTEXT_HW_INITIALIZE);
    IDE_DEVICE_PARAMETERS before = device->given.parameters;

    struct sync_saved saved = sync_enter(channel);
    BOOLEAN succeeded = MINIPORT_CALL_3(context, channel->given.interface.IdeHwInitialize,
                                        channel->memory.extension, &device->given.parameters,
                                        &device->given.identify);
    sync_leave(saved);
    if (!succeeded) {
        device_message(device, " (%s): IdeHwInitialize returned FALSE; not used", device->model);
        return;
    }
    check_parameters(device, &before);
    if (!identify_capacity(device))
        return;
    block_configure(device);
    if (device->block.most_sectors == 0) {
        device_message(device, " (%s): MaximumTransferLength is less than a sector; not used",
                       device->model);
        return;
    }
    device_set_usable(device, true);
}

/* What was found on a channel: the first units of its targets, or `for_units`, the others, for
 * which the target's modes hold. */
static void take_devices(struct channel *channel, bool for_units)
{
    for (struct device *device = channel->devices; device; device = device->next)
        if (device->kind != DEVICE_NONE && !device->failures.is_offline &&
            (device->lun != 0) == for_units)
            introduce(device);
    if (!for_units)
        select_transfer_modes(channel);
    ULONG selected = UNINITIALIZED_TRANSFER_MODE; /* of the target that they are at */
    for (struct device *device = channel->devices; device; device = device->next) {
        if (!device->lun)
            selected = device->given.parameters.TransferModeSelected;
        if (device->kind == DEVICE_NONE || device->failures.is_offline ||
            (device->lun != 0) != for_units)
            continue;
        device->given.parameters.TransferModeSelected = selected;
        initialize(device);
    }
}

static void read_capacities(struct channel *channel)
{
    for (struct device *device = channel->devices; device; device = device->next)
        if (device->usable && device->kind == DEVICE_ATAPI)
            atapi_read_capacity(device);
}

/* AtaControllerTransferModeSelect and IdeHwInitialize once more, for all devices: from what they
 * have said of themselves, less the modes that fate.c withholds. The medium of a drive stays what
 * it is. */
static void initialize_again(struct channel *channel)
{
    for (struct device *device = channel->devices; device; device = device->next)
        if (device->usable)
            identify_decode(device);
    select_transfer_modes(channel);
    for (struct device *device = channel->devices; device; device = device->next) {
        const uint32_t sector_size = device->sector_size;
        const uint64_t sector_count = device->sector_count;
        if (!device->usable)
            continue;
        device->given.parameters.TransferModeSelected =
            device_first_unit(device)->given.parameters.TransferModeSelected;
        device_set_usable(device, false);
        initialize(device);
        if (device->kind != DEVICE_ATAPI || !device->usable)
            continue;
        device->sector_size = sector_size;
        device->sector_count = sector_count;
        block_configure(device);
    }
    audit_modes_selected(channel);
}

/* The modes that the units 0 of a channel are used in, for the message. */
static void tell_modes(const struct channel *channel, const ULONG *before)
{
    for (const struct device *device = channel->devices; device; device = device->next) {
        ULONG now = device->given.parameters.TransferModeSelected;
        if (device->lun || device->target >= MAX_IDE_DEVICE || !device->usable ||
            now == before[device->target])
            continue;
        device_message(device, ": %s: %s instead of %s from now on, until `reset %s`",
                       device->failures.why ? device->failures.why : "its channel's modes change",
                       identify_mode_name(now), identify_mode_name(before[device->target]),
                       channel->name);
    }
}

/* What was cut for commands that are not used any more goes back to the block layer, which cuts it
 * anew (does_no_dma); and the queues go on. */
static void change_modes(struct channel *channel)
{
    ULONG before[MAX_IDE_DEVICE] = {0};

    for (const struct device *device = channel->devices; device; device = device->next)
        if (!device->lun && device->target < MAX_IDE_DEVICE)
            before[device->target] = device->given.parameters.TransferModeSelected;
    initialize_again(channel);
    tell_modes(channel, before);
    enum irql level = irql_raise_dispatch();
    modes_have_changed(channel);
    irql_lower(level);
}

static void channels_change_modes(void)
{
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));)
        if (modes_may_change(channel))
            change_modes(channel);
}

void enumerate_init(void)
{
    modes_change = channels_change_modes;
}

void channels_enumerate(struct channel *channels)
{
    traced_publish();
    for (unsigned for_units = 0; for_units < 2; for_units++) {
        search_channels(channels, for_units);
        for (struct channel *channel = channels; channel; channel = channel->search.next)
            take_devices(channel, for_units);
    }
    for (struct channel *channel = channels; channel; channel = channel->search.next)
        read_capacities(channel);
    traced_publish();
}
