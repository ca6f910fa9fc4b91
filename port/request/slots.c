/* SPDX-License-Identifier: MIT */
/*
 * The IRB pool of a channel: made when IdeHwControl(IdeStart) has returned and
 * NumberOfOverlappedRequests is final (or when AtaPortGetUnCachedExtension is called, whichever is
 * first), gone when it stops. Entered at PASSIVE_LEVEL, but for slot_from_irb: any context.
 */
#include <string.h>

#include "port/request/request.h"

/* Outside NumberOfOverlappedRequests: one for LUN resets, one for power IRBs, then one request-sense IRB
 * for each target. */
#define INTERNAL_SLOTS (2u + PORT_MAX_DEVICES)

/* Slots lie at a power of two apart, so that an IRB pointer is checked without a division. */
static uint8_t slot_shift(void)
{
    uint8_t shift = 0;
    while ((size_t)1 << shift < sizeof(struct irb_slot))
        shift++;
    return shift;
}

/* IRB extensions are physically contiguous and 128-byte aligned at least; one of a page or less
 * does not cross a page, so that a table of descriptors in it crosses no boundary that hardware
 * minds. */
static uint32_t extension_stride(uint32_t byte_count)
{
    uint32_t stride = 128;
    while (stride < byte_count && stride < HAL_PAGE_SIZE)
        stride *= 2;
    if (stride < byte_count)
        stride = (uint32_t)(hal_pages_for(byte_count) * HAL_PAGE_SIZE);
    return stride;
}

struct irb_slot *slot_at(struct channel *channel, unsigned index)
{
    return (struct irb_slot *)((uint8_t *)channel->slots + ((size_t)index << channel->slot_shift));
}

struct irb_slot *slot_sense_for(struct channel *channel, unsigned target)
{
    return slot_at(channel, channel->slot_count - PORT_MAX_DEVICES + target);
}

bool slots_create(struct channel *channel)
{
    unsigned count = channel->configuration.NumberOfOverlappedRequests;
    if (count == 0 || channel->configuration.ChannelMode == IdeModeDump)
        count = 1; /* in dump mode requests come one after the other */
    unsigned overlapped = count;
    count += INTERNAL_SLOTS;
    channel->slot_shift = slot_shift();
    channel->slot_pages = hal_pages_for((size_t)count << channel->slot_shift);
    channel->irb_extension_stride = extension_stride(channel->irb_extension_size);
    channel->irb_extension_pages = hal_pages_for((size_t)count * channel->irb_extension_stride);
    uint64_t limit = channel->controller->configuration.Dma64BitAddress ? UINT64_MAX : 1ull << 32;

    channel->slots = hal_pages_alloc(channel->slot_pages, UINT64_MAX);
    channel->irb_extensions = hal_pages_alloc(channel->irb_extension_pages, limit);
    if (!channel->slots || !channel->irb_extensions) {
        slots_destroy(channel);
        return false;
    }
    channel->slot_count = (uint16_t)count;
    channel->overlapped_slots = (uint16_t)overlapped;
    channel->free_slots = channel->free_internal = NULL;
    channel->completed_head = NULL;
    channel->completed_tail = &channel->completed_head;
    channel->outstanding = 0;
    for (unsigned i = count; i-- > 0;) {
        struct irb_slot *slot = slot_at(channel, i);
        slot->channel = channel;
        slot->index = (uint16_t)i;
        slot->is_internal = i >= overlapped;
        slot->trace_start = trace_head(TRACE_IRB_START, channel->number, i);
        slot->trace_end = trace_head(TRACE_IRB_END, channel->number, i);
        slot->extension = channel->irb_extensions + (size_t)i * channel->irb_extension_stride;
        if (i >= count - PORT_MAX_DEVICES)
            continue; /* request sense: found by target */
        struct irb_slot **list = slot->is_internal ? &channel->free_internal : &channel->free_slots;
        slot->next = *list;
        *list = slot;
    }
    return true;
}

void slots_destroy(struct channel *channel)
{
    if (channel->slots)
        hal_pages_free(channel->slots, channel->slot_pages);
    if (channel->irb_extensions)
        hal_pages_free(channel->irb_extensions, channel->irb_extension_pages);
    channel->slots = NULL;
    channel->irb_extensions = NULL;
    channel->slot_count = channel->overlapped_slots = 0;
    channel->free_slots = channel->free_internal = NULL;
}
