/* SPDX-License-Identifier: MIT */
/*
 * The IRB pool of a channel: made when IdeHwControl(IdeStart) has returned and
 * NumberOfOverlappedRequests is final (or when AtaPortGetUnCachedExtension is called, whichever is
 * first), gone when it stops.
 *
 * Owns where and when the miniport sees an IRB. The port has a mapping of its own for all of it,
 * and the miniport a window of virtual addresses, with a piece for each slot: data, IrbExtension,
 * list and IRB. A page of it is there only while the miniport may touch it, so an IRB that was
 * completed, or data that is not to be touched, faults (port/memory_faults.c). On the way of a DMA
 * request that is one store to show IRB and list, and one to hide them. With checks=off all but the
 * data is always there, and DataBuffer is the port's own address.
 *
 * Entered at PASSIVE_LEVEL to make and to destroy; for the rest from any context.
 */
#include "port/request/slots.h"

#include <string.h>

#include "port/contract/rules.h"
#include "port/data.h"
#include "port/limits.h"
#include "port/objects.h"
#include "port/trace.h"

/* Outside NumberOfOverlappedRequests: one for LUN resets, one for power IRBs, then the
 * request-sense IRBs: as many as requests may fail at once, but no more than are likely to. */
#define RESET_AND_POWER 2u

/* IRB extensions are physically contiguous, and aligned so. They end with a page. */
#define EXTENSION_ALIGNMENT 128u

/* ------------------------------------------------------------------ the window */

static size_t extension_pages(const struct channel *channel)
{
    return hal_pages_for(channel->memory.irb_extension_size);
}

static uint8_t *part_address(const struct irb_slot *slot, enum slot_part part)
{
    const struct channel_window *window = &slot->channel->window;
    return window->start + ((size_t)slot->index << window->shift) +
           window->part_pages[part] * HAL_PAGE_SIZE;
}

/* Where a piece of the window has its parts, each followed by an unmapped page, the last one at the
 * piece's end. The longest transfer may begin at the end of a page. False: the driver's
 * IrbExtension is longer than gates reach. */
static bool divide_window(struct channel_window *window, size_t data_pages, size_t extension_pages)
{
    size_t page_count = data_pages + 1 + extension_pages + 1 + 1 + 1;
    unsigned shift = 0;

    if (page_count > HAL_GATES_PAGES)
        return false;
    while ((size_t)1 << shift < page_count)
        shift++;
    size_t data = ((size_t)1 << shift) - page_count, extension = data + data_pages + 1;
    window->shift = (uint8_t)(shift + HAL_PAGE_SHIFT);
    window->part_pages[SLOT_DATA] = (uint16_t)data;
    window->part_pages[SLOT_EXTENSION] = (uint16_t)extension;
    window->part_pages[SLOT_IRB] = (uint16_t)(extension + extension_pages + 1);
    window->part_pages[SLOT_BETWEEN] = (uint16_t)(1u << shift);
    return true;
}

/* A piece begins at a multiple of its size.
 *
 * QEMU: an INVLPG drops the translated code of one in 64 pages out of its jump cache, which is the
 * one with the number (page ^ page >> 6) % 64. The kernel's code is in low numbers, pata's too. So
 * the IRB, at the end of its piece, is in a high one while the number of its piece is low. */
#define QEMU_JUMP_GROUPS 64u
static bool reserve_window(struct channel *channel, unsigned slot_count)
{
    struct channel_window *window = &channel->window;
    size_t data_pages =
        hal_pages_for(channel->controller->given.configuration.MaximumTransferLength) + 1;

    if (!divide_window(window, data_pages, extension_pages(channel)))
        return false;
    uintptr_t piece_bytes = (uintptr_t)1 << window->shift;
    size_t page_count = slot_count * (piece_bytes / HAL_PAGE_SIZE);
    if (page_count > window->page_count || (uintptr_t)window->start & (piece_bytes - 1)) {
        uintptr_t multiple =
            piece_bytes * (slot_count <= QEMU_JUMP_GROUPS / 4 ? QEMU_JUMP_GROUPS : 1);
        uint8_t *start = hal_window_reserve(page_count + multiple / HAL_PAGE_SIZE);
        window->page_count = 0;
        if (!start)
            return false;
        window->start = start + (-(uintptr_t)start & (multiple - 1));
        window->page_count = page_count;
    }
    window->first_irb = (uintptr_t)window->start + window->part_pages[SLOT_IRB] * HAL_PAGE_SIZE +
                        offsetof(struct irb_page, irb);
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
    const uint16_t *part_pages = channel->window.part_pages;
    enum slot_part at = SLOT_IRB;
    while (at > SLOT_DATA && in_piece < part_pages[at])
        at--;
    bool is_part = in_piece >= part_pages[at] && in_piece + 1 < part_pages[at + 1];
    *part = is_part ? at : SLOT_BETWEEN;
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
    const void *memory =
        slot_behind(slot, SLOT_EXTENSION, (uintptr_t)part_address(slot, SLOT_EXTENSION));
    hal_gates_show(&slot->extension_gates, 0, hal_physical(memory), extension_pages(slot->channel));
}

void slot_show_data(struct irb_slot *slot)
{
    const uint8_t *data = slot->data;
    size_t page_count =
        hal_pages_for((uintptr_t)data % HAL_PAGE_SIZE + (size_t)slot->data_byte_count);

    if (slot->shown_data == data || slot->data_pages)
        return;
    if (hal_is_plain(data, slot->data_byte_count) && !slot_is_in_segments(slot))
        hal_gates_show(&slot->data_gates, 0, (uintptr_t)slot_data_page(slot, 0), page_count);
    else
        for (size_t i = 0; i < page_count; i++)
            hal_gates_show(&slot->data_gates, i, hal_physical(slot_data_page(slot, i)), 1);
    slot->data_pages = (uint16_t)page_count;
    slot->care |= CARE_MORE;
}

void slot_hide_more(struct irb_slot *slot)
{
    if (slot->care_always & CARE_MORE)
        hal_gates_hide(&slot->extension_gates, extension_pages(slot->channel));
    hal_gates_hide(&slot->data_gates, slot->data_pages);
    slot->data_pages = 0;
}

/* ------------------------------------------------------------------ the pool */

struct irb_slot *slot_at(struct channel *channel, unsigned index)
{
    return &channel->irbs.slots[index];
}

struct irb_slot *slot_sense_for(const struct device *device)
{
    struct channel *channel = device->channel;
    struct irb_slot *found = NULL;

    for (unsigned i = channel->irbs.sense_first; i < channel->irbs.count; i++) {
        struct irb_slot *slot = slot_at(channel, i);
        if (slot->state != SLOT_FREE && slot->unit == device)
            return slot;
        if (slot->state == SLOT_FREE || (slot->state != SLOT_ACTIVE && !found))
            found = slot;
    }
    return found;
}

void slot_fill_constants(const struct irb_slot *slot, IDE_REQUEST_BLOCK *irb)
{
    irb->IrbExtension = slot->extension;
    irb->SenseInfoBuffer = slot_shown_sense(slot);
    irb->Reserved = NULL;
}

static bool make_visible(struct irb_slot *slot)
{
    struct channel *channel = slot->channel;
    uint8_t *irb = part_address(slot, SLOT_IRB);
    size_t data_pages =
        channel->window.part_pages[SLOT_EXTENSION] - channel->window.part_pages[SLOT_DATA] - 1u;

    if (!hal_gate_make(&slot->gate, irb, hal_physical(slot->page), HAL_MAP_WRITE) ||
        !hal_gates_make(&slot->data_gates, part_address(slot, SLOT_DATA), data_pages,
                        HAL_MAP_WRITE) ||
        !hal_gates_make(&slot->extension_gates, part_address(slot, SLOT_EXTENSION),
                        extension_pages(channel), HAL_MAP_WRITE))
        return false;
    slot->shown_irb = (IDE_REQUEST_BLOCK *)(irb + offsetof(struct irb_page, irb));
    slot->hides = contract_checks;
    if (!slot->hides) {
        hal_gate_show(&slot->gate);
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
    slot->index = (uint16_t)index;
    slot->care_always = (uint8_t)((index >= channel->irbs.overlapped_count ? CARE_INTERNAL : 0) |
                                  (size && contract_checks ? CARE_MORE : 0));
    slot->trace_start = trace_head(TRACE_IRB_START, channel->traced, index);
    slot->trace_end = trace_head(TRACE_IRB_END, channel->traced, index);
    if (size) {
        slot->extension = part_address(slot, SLOT_EXTENSION) +
                          extension_pages(channel) * HAL_PAGE_SIZE -
                          ((size + EXTENSION_ALIGNMENT - 1) & ~(size_t)(EXTENSION_ALIGNMENT - 1));
        slot->extension_memory = slot_behind(slot, SLOT_EXTENSION, (uintptr_t)slot->extension);
    }
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
    channel->irbs.sense_first = (uint16_t)(overlapped + RESET_AND_POWER);
    unsigned count =
        channel->irbs.sense_first +
        (channel->irbs.limit < LIMIT_SENSE_IRBS ? channel->irbs.limit : LIMIT_SENSE_IRBS);
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
        if (!slot_is_internal(slot)) {
            *channel->irbs.free_tail = slot;
            channel->irbs.free_tail = &slot->next;
        } else if (i < channel->irbs.sense_first) {
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
    channel->irbs.free = channel->irbs.free_internal = channel->irbs.last = NULL;
}
