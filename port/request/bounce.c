/* SPDX-License-Identifier: MIT */
/*
 * Where a request's buffer breaks the drivers' AlignmentMask, lies above what the controller
 * reaches, is in more pieces than it takes, or in segments that do not join (data.h), its data goes
 * through a buffer of the port.
 *
 * Owns channel->bounce. A channel has one buffer from its start on, so that there is always one to
 * wait for, and gets more as requests want them at the same time: each slot may have one. They stay
 * the channel's until it stops.
 */
#include "port/request/bounce.h"

/* What stands at the beginning of a buffer that nobody has. */
struct bounce_buffer {
    struct bounce_buffer *next;
};

static size_t buffer_pages(const struct channel *channel)
{
    return hal_pages_for(channel->controller->given.configuration.MaximumTransferLength);
}

static void put(struct channel *channel, struct bounce_buffer *buffer)
{
    buffer->next = channel->bounce.free;
    channel->bounce.free = buffer;
}

bool bounce_is_possible(struct channel *channel)
{
    if (!channel->bounce.free) {
        struct bounce_buffer *buffer = hal_pages_alloc(buffer_pages(channel), 1ull << 32);
        if (!buffer)
            return false;
        put(channel, buffer);
    }
    return true;
}

bool bounce_start(struct channel *channel)
{
    const struct controller *controller = channel->controller;
    bool reaches_all = controller->given.configuration.Dma64BitAddress ||
                       !controller->given.configuration.BusMaster ||
                       hal_physical_limit() <= 1ull << 32;

    channel->bounce.physical_limit = reaches_all ? UINT64_MAX : 1ull << 32;
    channel->bounce.alignment_mask =
        controller->given.configuration.BusMaster
            ? (uint8_t)(controller->driver->interface.AlignmentMask |
                        controller->channel_driver->interface.AlignmentMask)
            : 0;
    return bounce_is_possible(channel);
}

void bounce_stop(struct channel *channel)
{
    while (channel->bounce.free) {
        struct bounce_buffer *buffer = channel->bounce.free;
        channel->bounce.free = buffer->next;
        hal_pages_free(buffer, buffer_pages(channel));
    }
}

void bounce_take(struct irb_slot *slot, struct request *request)
{
    struct bounce_buffer *buffer = slot->channel->bounce.free;

    slot->channel->bounce.free = buffer->next;
    slot->bounce = buffer;
    request->physical_byte_count = 0; /* the block layer knows nothing of these pieces */
    if (request->flags & IRB_FLAGS_DATA_OUT)
        request_data_read(request, buffer, request->byte_count);
}

void bounce_give_back(struct irb_slot *slot, struct request *request)
{
    if (request->flags & IRB_FLAGS_DATA_IN)
        request_data_write(request, slot->bounce, request->transferred);
    put(slot->channel, slot->bounce);
    slot->bounce = NULL;
    request->bounced = false;
}
