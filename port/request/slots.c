/* SPDX-License-Identifier: MIT */
/*
 * The IRB pool of a channel: made when IdeHwControl(IdeStart) has returned and
 * NumberOfOverlappedRequests is final (or when AtaPortGetUnCachedExtension is called, whichever is
 * first), gone when it stops.
 *
 * Owns where and when the miniport sees an IRB. The port has a mapping of its own for all of it, and
 * the miniport a window of virtual addresses, with a piece for each slot: data, IrbExtension, list and
 * IRB. A page of it is there only while the miniport may touch it, so an IRB that was completed, or
 * data that is not to be touched, faults (port/memory_faults.c). On the way of a DMA request that is
 * one store to show IRB and list, and one to hide them. With checks=off all but the data is always
 * there, and DataBuffer is the port's own address.
 *
 * Entered at PASSIVE_LEVEL to make and to destroy; for the rest from any context.
 */
#include <string.h>

#include "port/contract/rules.h"
#include "port/objects.h"
#include "port/request/request.h"
#include "port/trace.h"

/* Outside NumberOfOverlappedRequests: one for LUN resets, one for power IRBs, then one request-sense IRB
 * for each target. */
#define INTERNAL_SLOTS (2u + PORT_MAX_DEVICES)

/* IRB extensions are physically contiguous, and aligned so. They end with a page. */
#define EXTENSION_ALIGNMENT 128u

/* ------------------------------------------------------------------ the window */

static size_t extension_pages(const struct channel *channel)
{
    return hal_pages_for(channel->memory.irb_extension_size);
}

static uint8_t *part_address(const struct irb_slot *slot, enum slot_part part)
{
    return slot->data_window + slot->channel->window.part_pages[part] * HAL_PAGE_SIZE;
}

/* Each part is followed by an unmapped page. The longest transfer may begin at the end of a page. */
static bool reserve_window(struct channel *channel, unsigned slot_count)
{
    size_t data_pages =
        hal_pages_for(channel->controller->given.configuration.MaximumTransferLength) + 1;
    size_t extension = data_pages + 1, irb = extension + extension_pages(channel) + 1;
    size_t end = irb + 2;
    unsigned shift = 0;

    if (end > UINT16_MAX)
        return false;
    while ((size_t)1 << shift < end)
        shift++;
    if ((size_t)slot_count << shift > channel->window.page_count) {
        channel->window.page_count = 0;
        channel->window.start = hal_window_reserve((size_t)slot_count << shift);
        if (!channel->window.start)
            return false;
        channel->window.page_count = (size_t)slot_count << shift;
    }
    channel->window.shift = (uint8_t)(shift + HAL_PAGE_SHIFT);
    channel->window.part_pages[SLOT_EXTENSION] = (uint16_t)extension;
    channel->window.part_pages[SLOT_IRB] = (uint16_t)irb;
    channel->window.part_pages[SLOT_BETWEEN] = (uint16_t)end;
    channel->window.first_irb =
        (uintptr_t)channel->window.start + irb * HAL_PAGE_SIZE + offsetof(struct irb_page, irb);
    return true;
}

bool slot_locate(struct channel *channel, uintptr_t address, struct irb_slot **slot,
                 enum slot_part *part)
{
    size_t page = (address - (uintptr_t)channel->window.start) / HAL_PAGE_SIZE;
    unsigned shift = channel->window.shift - HAL_PAGE_SHIFT;
    size_t index = page >> shift, in_piece = page - (index << shift);
    if (page >= channel->window.page_count)
        return false;
    *slot = index < channel->irbs.count ? &channel->irbs.slots[index] : NULL;
    enum slot_part at = SLOT_IRB;
    while (in_piece < channel->window.part_pages[at])
        at--;
    *part = in_piece + 1 < channel->window.part_pages[at + 1] ? at : SLOT_BETWEEN;
    return true;
}

void *slot_behind(const struct irb_slot *slot, enum slot_part part, uintptr_t address)
{
    const struct channel *channel = slot->channel;
    size_t offset = address - (uintptr_t)part_address(slot, part);
    if (part == SLOT_EXTENSION)
        return channel->memory.irb_extensions +
               slot->index * extension_pages(channel) * HAL_PAGE_SIZE + offset;
    return (uint8_t *)slot->page + offset;
}

/* ------------------------------------------------------------------ showing and hiding */

void slot_show_extension(struct irb_slot *slot)
{
    uint8_t *address = part_address(slot, SLOT_EXTENSION);
    const void *memory = slot_behind(slot, SLOT_EXTENSION, (uintptr_t)address);
    hal_map(address, hal_physical(memory), extension_pages(slot->channel), HAL_MAP_WRITE);
}

/* Page by page: the port's buffer may lie in pieces. Its page tables were made with the slot. */
void slot_show_data(struct irb_slot *slot)
{
    const uint8_t *page = (const uint8_t *)slot->data - (uintptr_t)slot->data % HAL_PAGE_SIZE;
    const uint8_t *end = (const uint8_t *)slot->data + slot->data_byte_count;
    if (!slot->hides || slot->shown_data == slot->data || slot->data_pages)
        return;
    for (; page < end; page += HAL_PAGE_SIZE, slot->data_pages++)
        hal_map(slot->data_window + slot->data_pages * HAL_PAGE_SIZE, hal_physical(page), 1,
                HAL_MAP_WRITE);
    slot->care |= CARE_MORE;
}

void slot_hide_more(struct irb_slot *slot)
{
    size_t pages = extension_pages(slot->channel);
    if (pages)
        hal_unmap(part_address(slot, SLOT_EXTENSION), pages);
    if (slot->data_pages)
        hal_unmap(slot->data_window, slot->data_pages);
    slot->data_pages = 0;
}

/* ------------------------------------------------------------------ the pool */

struct irb_slot *slot_at(struct channel *channel, unsigned index)
{
    return &channel->irbs.slots[index];
}

struct irb_slot *slot_sense_for(struct channel *channel, unsigned target)
{
    return slot_at(channel, channel->irbs.count - PORT_MAX_DEVICES + target);
}

void slot_fill_constants(const struct irb_slot *slot, IDE_REQUEST_BLOCK *irb)
{
    irb->IrbExtension = slot->extension;
    irb->SenseInfoBuffer = slot_shown_sense(slot);
    irb->Reserved = NULL;
}

/* Everything is mapped once, so that the page tables are there from now on; what is to be hidden goes
 * again. */
static bool make_visible(struct irb_slot *slot)
{
    struct channel *channel = slot->channel;
    uint8_t *irb = part_address(slot, SLOT_IRB);
    uint64_t physical = hal_physical(slot->page);
    size_t last_data = channel->window.part_pages[SLOT_EXTENSION] - 2u,
           pages = extension_pages(channel);

    if (!hal_gate_make(&slot->gate, irb, physical, HAL_MAP_WRITE) ||
        !hal_map(slot->data_window, physical, 1, HAL_MAP_READ) ||
        !hal_map(slot->data_window + last_data * HAL_PAGE_SIZE, physical, 1, HAL_MAP_READ) ||
        (pages && !hal_map(part_address(slot, SLOT_EXTENSION), physical, pages, HAL_MAP_READ)))
        return false;
    slot->shown_irb = (IDE_REQUEST_BLOCK *)(irb + offsetof(struct irb_page, irb));
    slot->hides = contract_checks;
    slot->data_pages = (uint16_t)(last_data + 1);
    slot_hide_more(slot);
    if (!slot->hides) {
        hal_gate_show(&slot->gate);
        if (pages)
            slot_show_extension(slot);
    }
    return true;
}

static bool slot_make(struct channel *channel, unsigned index)
{
    struct irb_slot *slot = slot_at(channel, index);
    uint32_t size = channel->memory.irb_extension_size;

    slot->channel = channel;
    slot->page = &channel->irbs.pages[index];
    slot->data_window = channel->window.start + ((size_t)index << channel->window.shift);
    slot->index = (uint16_t)index;
    slot->is_internal = index >= channel->irbs.overlapped_count;
    slot->care_always = (uint8_t)((slot->is_internal ? CARE_INTERNAL : 0) |
                                  (size && contract_checks ? CARE_MORE : 0));
    slot->trace_start = trace_head(TRACE_IRB_START, channel->number, index);
    slot->trace_end = trace_head(TRACE_IRB_END, channel->number, index);
    if (size)
        slot->extension = part_address(slot, SLOT_EXTENSION) +
                          extension_pages(channel) * HAL_PAGE_SIZE -
                          ((size + EXTENSION_ALIGNMENT - 1) & ~(size_t)(EXTENSION_ALIGNMENT - 1));
    if (!make_visible(slot))
        return false;
    slot_fill_constants(slot, &slot->page->irb);
    return true;
}

static size_t slot_array_pages(const struct channel *channel)
{
    return hal_pages_for(channel->irbs.count * sizeof(struct irb_slot));
}

bool slots_create(struct channel *channel)
{
    unsigned overlapped = channel->given.configuration.NumberOfOverlappedRequests;
    channel->irbs.made_for = overlapped ? (uint8_t)overlapped : 1;
    uint64_t limit =
        channel->controller->given.configuration.Dma64BitAddress ? UINT64_MAX : 1ull << 32;
    size_t pages = extension_pages(channel);

    if (overlapped == 0 || channel->given.configuration.ChannelMode == IdeModeDump)
        overlapped = 1; /* in dump mode requests come one after the other */
    channel->irbs.limit = (uint16_t)overlapped++;
    unsigned count = overlapped + INTERNAL_SLOTS;
    channel->irbs.count = (uint16_t)count;
    channel->irbs.overlapped_count = (uint16_t)overlapped;
    channel->irbs.free_internal = NULL;
    channel->irbs.completed = NULL;
    channel->irbs.outstanding = 0;
    channel->irbs.slots = hal_pages_alloc(slot_array_pages(channel), UINT64_MAX);
    channel->irbs.pages = hal_pages_alloc(count, limit);
    channel->memory.irb_extensions = pages ? hal_pages_alloc(count * pages, limit) : NULL;
    bool complete = channel->irbs.slots && channel->irbs.pages &&
                    (channel->memory.irb_extensions || pages == 0) &&
                    reserve_window(channel, count);
    channel->irbs.free_tail = &channel->irbs.free;
    for (unsigned i = 0; complete && i < count; i++) {
        struct irb_slot *slot = slot_at(channel, i);
        complete = slot_make(channel, i);
        if (!slot->is_internal) {
            *channel->irbs.free_tail = slot;
            channel->irbs.free_tail = &slot->next;
        } else if (i < count - PORT_MAX_DEVICES) { /* request sense is found by target */
            slot->next = channel->irbs.free_internal;
            channel->irbs.free_internal = slot;
        }
    }
    if (!complete)
        slots_destroy(channel);
    return complete;
}

void slots_destroy(struct channel *channel)
{
    if (channel->window.page_count)
        hal_unmap(channel->window.start, channel->window.page_count);
    if (channel->irbs.slots)
        hal_pages_free(channel->irbs.slots, slot_array_pages(channel));
    if (channel->irbs.pages)
        hal_pages_free(channel->irbs.pages, channel->irbs.count);
    if (channel->memory.irb_extensions)
        hal_pages_free(channel->memory.irb_extensions,
                       channel->irbs.count * extension_pages(channel));
    channel->irbs.slots = NULL;
    channel->irbs.pages = NULL;
    channel->memory.irb_extensions = NULL;
    channel->irbs.count = channel->irbs.overlapped_count = channel->irbs.limit = 0;
    channel->irbs.free = channel->irbs.free_internal = NULL;
}
