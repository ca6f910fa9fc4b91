/* SPDX-License-Identifier: MIT */
/*
 * The tables of drivers, controllers, channels and devices, and the walks over them; see objects.h.
 * Who changes an entry says the header of its module. Any context.
 */
#include "port/objects.h"

#include <string.h>

struct controller port_controllers[PORT_MAX_CONTROLLERS];
unsigned port_controller_count;
struct driver *port_drivers;
bool port_dump_mode;

struct channel *port_next_channel(struct channel *after)
{
    bool found = !after;
    for (unsigned i = 0; i < port_controller_count; i++)
        for (unsigned c = 0; c < port_controllers[i].channel_count; c++) {
            struct channel *channel = port_controllers[i].channels[c];
            if (found && channel)
                return channel;
            found |= channel == after;
        }
    return NULL;
}

struct channel *port_next_channel_of(const struct controller *controller,
                                     const struct channel *after)
{
    unsigned number = after ? after->number + 1u : 0;
    return number < controller->channel_count ? controller->channels[number] : NULL;
}

struct channel *port_channel_by_name(const char *name)
{
    struct channel *channel = NULL;
    while ((channel = port_next_channel(channel)))
        if (strcmp(channel->name, name) == 0)
            break;
    return channel;
}

struct device *port_next_device(struct device *after)
{
    struct channel *channel = after ? after->channel : NULL;
    struct device *device = after ? after->next : NULL;

    while (!device || device->kind == DEVICE_NONE) {
        if (device) {
            device = device->next;
        } else {
            channel = port_next_channel(channel);
            if (!channel)
                return NULL;
            device = channel->devices;
        }
    }
    return device;
}

struct device *port_device_by_name(const char *name)
{
    struct device *device = NULL;
    while ((device = port_next_device(device)))
        if (strcmp(device->name, name) == 0)
            break;
    return device;
}
