/* SPDX-License-Identifier: MIT */
/*
 * The search for devices; see search.h. Each channel has one IDENTIFY under way, in a parcel: what
 * one channel waits for costs the others nothing. The answers are taken at PASSIVE_LEVEL, as they
 * come, so nothing that people see may depend on their order: names and messages come later, in
 * enumerate.c.
 */
#include "port/search.h"

#include <string.h>

#include "port/device.h"
#include "port/identify.h"
#include "port/limits.h"
#include "port/log.h"
#include "port/objects.h"
#include "port/parcel.h"

static struct channel *searched; /* by `search.next` */

/* ------------------------------------------------------------------ one channel */

static void send(struct device *device, UCHAR command)
{
    struct channel *channel = device->channel;
    struct parcel *parcel = channel->search.parcel;
    struct request *request = &parcel->block.request;

    *request = (struct request){
        .device = device,
        .function = IRB_FUNCTION_ATA_IDENTIFY,
        .flags = IRB_FLAGS_DATA_IN,
        .timeout_s = LIMIT_IDENTIFY_S,
        .buffer = parcel->data,
        .byte_count = sizeof device->given.identify,
    };
    request->task_file.Current.bCommandReg = command;
    request->task_file.Current.bDriveHeadReg = device->target ? 0xB0 : 0xA0;
    if (device->target == 1 && channel->device_1_forced)
        request->flags |= IRB_FLAGS_FORCE_ENUM_DEVICE1;
    memset(parcel->data, 0, request->byte_count);
    parcel_submit(parcel);
}

static void forget(struct device *device)
{
    device->kind = DEVICE_NONE;
    device->name[0] = 0;
    device_set_usable(device, false);
}

static void end(struct channel *channel)
{
    parcel_free(channel->search.parcel);
    channel->search.parcel = NULL;
}

/* The last unit of a target: there is none but the first where the driver did not take that. */
static unsigned last_unit(const struct channel *channel, unsigned target)
{
    const struct device *first = channel_device(channel, target, 0);
    return first && first->usable ? first->given.parameters.MaximumLun : 0;
}

static unsigned last_target(const struct channel *channel)
{
    unsigned last = channel->given.configuration.MaxTargetId;
    return last == 0 && channel->device_1_forced ? 1 : last;
}

/* Nothing is sent to a device that was taken off line, and it stays what it was. */
static bool is_off_line(const struct channel *channel, unsigned target, unsigned lun)
{
    const struct device *device = channel_device(channel, target, lun);
    return device && device->failures.is_offline;
}

/* Looks for the next target's first unit, or for the next one of the other units. */
static void look_for_next(struct channel *channel)
{
    struct channel_search *search = &channel->search;
    const unsigned last = last_target(channel);

    while (search->target <= last) {
        bool is_past = search->for_units && search->lun > last_unit(channel, search->target);
        if (!is_past && !is_off_line(channel, search->target, search->lun))
            break;
        if (search->for_units && !is_past) {
            search->lun++;
        } else {
            search->target++;
            search->lun = search->for_units;
        }
    }
    if (search->target > last) {
        end(channel);
        return;
    }
    struct device *device = device_make(channel, search->target, search->lun);
    if (!device) {
        port_message(channel, "target %u, unit %u: no memory to look for it, and what follows",
                     search->target, search->lun);
        end(channel);
        return;
    }
    if (search->for_units)
        search->lun++;
    else
        search->target++;
    send(device, IDE_COMMAND_IDENTIFY);
}

static void begin(struct channel *channel, bool for_units)
{
    struct parcel *parcel = parcel_new(sizeof(IDENTIFY_DEVICE_DATA));

    channel->search.parcel = parcel;
    channel->search.for_units = for_units;
    channel->search.target = 0;
    channel->search.lun = for_units;
    for (struct device *device = channel->devices; device && !for_units; device = device->next)
        if (!device->failures.is_offline)
            forget(device); /* all that was there, its units too, until it is found again */
    if (parcel)
        look_for_next(channel);
    else
        port_message(channel, "no memory to look for devices");
}

/* Another device than before has not failed yet. */
static void decode(struct device *device)
{
    char serial[sizeof device->serial], model[sizeof device->model];

    memcpy(serial, device->serial, sizeof serial);
    memcpy(model, device->model, sizeof model);
    identify_decode(device);
    if (strcmp(serial, device->serial) == 0 && strcmp(model, device->model) == 0)
        return;
    device->failures = (struct device_failures){0};
    identify_decode(device);
}

/* An IDENTIFY has come back. */
static void take_answer(struct channel *channel)
{
    struct parcel *parcel = channel->search.parcel;
    const struct request *request = &parcel->block.request;
    struct device *device = request->device;
    bool is_packet = request->task_file.Current.bCommandReg == IDE_COMMAND_ATAPI_IDENTIFY;

    if (request->irb_status == IRB_STATUS_SUCCESS && request->transferred == request->byte_count) {
        memcpy(&device->given.identify, parcel->data, sizeof device->given.identify);
        device->kind = is_packet ? DEVICE_ATAPI : DEVICE_ATA;
        decode(device);
    } else if (!is_packet) {
        send(device, IDE_COMMAND_ATAPI_IDENTIFY);
        return;
    }
    look_for_next(channel);
}

static void give_up(struct channel *channel)
{
    if (parcel_give_up(channel->search.parcel))
        end(channel);
    channel->search.parcel = NULL;
}

/* ------------------------------------------------------------------ all of them */

static bool has_answer(const void *context)
{
    (void)context;
    for (const struct channel *channel = searched; channel; channel = channel->search.next)
        if (channel->search.parcel && channel->search.parcel->is_over)
            return true;
    return false;
}

static bool is_under_way(void)
{
    for (const struct channel *channel = searched; channel; channel = channel->search.next)
        if (channel->search.parcel)
            return true;
    return false;
}

void search_channels(struct channel *channels, bool for_units)
{
    searched = channels;
    for (struct channel *channel = searched; channel; channel = channel->search.next)
        begin(channel, for_units);
    while (is_under_way()) {
        bool goes_on = parcel_wait_until(has_answer, NULL);
        for (struct channel *channel = searched; channel; channel = channel->search.next) {
            if (!channel->search.parcel)
                continue;
            if (!goes_on)
                give_up(channel);
            else if (channel->search.parcel->is_over)
                take_answer(channel);
        }
    }
    searched = NULL;
}
