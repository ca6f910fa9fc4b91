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
    return port_idle_speaks();
}

/* What a device is known by. */
struct identity {
    enum device_kind kind;
    char model[41], serial[21];
};

static struct identity identity_of(const struct device *device)
{
    struct identity identity = {.kind = device->kind};
    if (device->kind != DEVICE_NONE) {
        memcpy(identity.model, device->model, sizeof identity.model);
        memcpy(identity.serial, device->serial, sizeof identity.serial);
    }
    return identity;
}

/* Looks for devices anew, and says what has come and gone. */
static void rescan(struct channel *channel)
{
    struct identity before[PORT_MAX_DEVICES];

    for (unsigned target = 0; target < PORT_MAX_DEVICES; target++)
        before[target] = identity_of(&channel->devices[target]);
    port_message(channel, "a bus change was notified; looking for devices");
    channel->search.next = NULL;
    channels_enumerate(channel);
    for (unsigned target = 0; target < PORT_MAX_DEVICES; target++) {
        struct device *device = &channel->devices[target];
        struct identity now = identity_of(device), *old = &before[target];
        if (now.kind == old->kind && strcmp(now.model, old->model) == 0 &&
            strcmp(now.serial, old->serial) == 0)
            continue;
        device->was_written = false;
        if (old->kind != DEVICE_NONE)
            port_message(channel, "target %u: %s is gone", target, old->model);
        if (now.kind != DEVICE_NONE)
            port_message(channel, "target %u: %s has come, as %s", target, now.model, device->name);
    }
}

void port_idle(void)
{
    if (irql_poll)
        irql_poll();
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));) {
        if (wants_power_change(channel))
            channel_change_power(channel);
        if (wants_rescan(channel)) {
            channel->notified.rescan_wanted = false;
            rescan(channel);
        }
    }
}
