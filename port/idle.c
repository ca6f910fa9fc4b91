/* SPDX-License-Identifier: MIT */
/*
 * What the port leaves for PASSIVE_LEVEL while the shell waits for a command: looking for devices
 * after a bus change, power states that a miniport asked for, polling in dump mode. Entered at
 * PASSIVE_LEVEL.
 */
#include "port/idle.h"

#include <string.h>

#include "port/channel.h"
#include "port/enumerate.h"
#include "port/log.h"
#include "port/objects.h"
#include "port/power.h"

static bool wants_rescan(const struct channel *channel)
{
    return channel->state == CHANNEL_RUNNING && channel->notified.rescan_wanted &&
           !channel_has_work(channel);
}

static bool wants_power_change(const struct channel *channel)
{
    return channel->state == CHANNEL_RUNNING && channel_wants_power_change(channel);
}

bool port_idle_speaks(void)
{
    if (irql_passive)
        return true;
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));)
        if (wants_rescan(channel) || wants_power_change(channel))
            return true;
    return false;
}

bool port_idle_wanted(void)
{
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));)
        if (channel->interrupt.is_polled && channel_has_work(channel))
            return true;
    return irql_passive || port_idle_speaks();
}

/* What a device is known by is noted in it, so that it can be told from what is there later. */
static void note_identity(struct device *device)
{
    device->known.kind = device->kind;
    memcpy(device->known.model, device->model, sizeof device->known.model);
    memcpy(device->known.serial, device->serial, sizeof device->known.serial);
}

static void tell_change(struct device *device)
{
    const struct device_identity *old = &device->known;

    if (device->kind == old->kind &&
        (device->kind == DEVICE_NONE ||
         (strcmp(device->model, old->model) == 0 && strcmp(device->serial, old->serial) == 0)))
        return;
    device->was_written = false;
    if (old->kind != DEVICE_NONE)
        device_message(device, ": %s is gone", old->model);
    if (device->kind != DEVICE_NONE)
        device_message(device, ": %s has come, as %s", device->model, device->name);
}

void channel_look_again(struct channel *channel)
{
    for (struct device *device = channel->devices; device; device = device->next)
        note_identity(device);
    channel->search.next = NULL;
    channels_enumerate(channel);
    for (struct device *device = channel->devices; device; device = device->next)
        tell_change(device);
}

void port_idle(void)
{
    if (irql_poll)
        irql_poll();
    irql_run_passive();
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));) {
        if (wants_power_change(channel))
            channel_change_power(channel);
        if (wants_rescan(channel)) {
            channel->notified.rescan_wanted = false;
            port_message(channel, "a bus change was notified; looking for devices");
            channel_look_again(channel);
        }
    }
}
