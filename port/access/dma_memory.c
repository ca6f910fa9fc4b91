/* SPDX-License-Identifier: MIT */
/* Whose memory a bus master reaches; see dma_memory.h. Entered from any context. */
#include "port/access/dma_memory.h"

#include "port/contract/context.h"
#include "port/data.h"
#include "port/loader/image.h"

/* A piece of what a driver has: where it sees it, and where the port does. */
struct piece {
    const void *seen, *memory;
    size_t byte_count;
    const struct irb_slot *slot; /* of data */
};

#define NO_PIECE    ((struct piece){0})
#define PLAIN(a, n) ((struct piece){a, a, n, NULL})

static struct piece data_of(const struct irb_slot *slot)
{
    if (slot->state != SLOT_ACTIVE)
        return NO_PIECE;
    /* Of odd lengths the last word is whole. */
    return (struct piece){slot->shown_data, slot->data,
                          slot->data_byte_count + (slot->data_byte_count & 1), slot};
}

static struct piece extension_of(const struct irb_slot *slot)
{
    if (!slot->extension)
        return NO_PIECE;
    return (struct piece){slot->extension, slot->extension_memory,
                          slot->channel->memory.irb_extension_size, NULL};
}

static struct piece image_of(const struct driver *driver)
{
    const struct loaded_image *image = driver ? driver->image : NULL;
    return image ? PLAIN((const void *)image->base, image->byte_count) : NO_PIECE;
}

static struct piece guarded_by(const struct guarded *guarded)
{
    if (!guarded->pages)
        return NO_PIECE;
    return (struct piece){
        guarded->start, (const uint8_t *)guarded->pages + (uintptr_t)guarded->start % HAL_PAGE_SIZE,
        guarded->byte_count, NULL};
}

/* What is not an IRB's. False: that was all. */
static bool own_piece(const struct channel *channel, unsigned index, struct piece *piece)
{
    const struct arena_window *buffer = &channel->registry.window;

    switch (index) {
    case 0:
        *piece = guarded_by(&channel->memory.uncached_guard);
        return true;
    case 1:
        *piece = guarded_by(&channel->memory.extension_guard);
        return true;
    case 2:
        *piece = guarded_by(&channel->controller->extension_memory);
        return true;
    case 3:
        *piece = buffer->is_live ? PLAIN(buffer->buffer, buffer->byte_count) : NO_PIECE;
        return true;
    case 4:
        *piece = image_of(channel->controller->channel_driver);
        return true;
    case 5:
        *piece = image_of(channel->controller->driver);
        return true;
    }
    return false;
}

/* All of them, the data first. False: there is no piece of that number, nor of a higher one. */
static bool get_piece(const struct channel *channel, unsigned index, struct piece *piece)
{
    unsigned count = channel->irbs.count;

    if (index < count)
        *piece = data_of(&channel->irbs.slots[index]);
    else if (index < 2 * count)
        *piece = extension_of(&channel->irbs.slots[index - count]);
    else
        return own_piece(channel, index - 2 * count, piece);
    return true;
}

/* How many bytes of a piece are contiguous from a physical address on; 0: it is not in it. Pages of
 * an image may be missing. */
static uint64_t left_in(const struct piece *piece, uint64_t physical)
{
    uint32_t offset = 0, left = (uint32_t)piece->byte_count;

    while (left) {
        uint32_t run = left;
        const uint8_t *at = piece->slot ? slot_data_at(piece->slot, offset, &run)
                                        : (const uint8_t *)piece->memory + offset;
        uint64_t start = memory_physical_run(at, &run);
        if (!start)
            run = (uint32_t)(HAL_PAGE_SIZE - (uintptr_t)at % HAL_PAGE_SIZE);
        else if (physical - start < run)
            return run - (physical - start);
        if (run >= left)
            break;
        offset += run;
        left -= run;
    }
    return 0;
}

/* The request that the miniport has been handed by the call which runs now, and what most commands
 * use besides. */
static bool find_handed(const struct channel *channel, uint64_t physical, struct dma_memory *memory)
{
    const struct irb_slot *handed =
        context_now->kind == CONTEXT_START_IO ? context_now->slot : NULL;

    if (!handed || handed->channel != channel)
        return false;
    const struct piece pieces[] = {data_of(handed), extension_of(handed),
                                   guarded_by(&channel->memory.uncached_guard)};
    for (unsigned i = 0; i < sizeof pieces / sizeof *pieces; i++)
        if ((memory->byte_count = left_in(&pieces[i], physical))) {
            memory->slot = pieces[i].slot;
            return true;
        }
    return false;
}

struct dma_memory dma_memory_at(const struct channel *channel, uint64_t physical)
{
    struct dma_memory memory;
    struct piece piece;

    if (find_handed(channel, physical, &memory))
        return memory;
    for (unsigned i = 0; get_piece(channel, i, &piece); i++) {
        uint64_t byte_count = left_in(&piece, physical);
        if (byte_count)
            return (struct dma_memory){byte_count, piece.slot};
    }
    return (struct dma_memory){0, NULL};
}

uint64_t dma_memory_of_data(const struct irb_slot *slot, uint32_t offset, uint32_t *run)
{
    *run = slot->data_byte_count - offset;
    const uint8_t *at = slot_data_at(slot, offset, run);
    return memory_physical_run(at, run);
}

const char *dma_memory_name(uint64_t physical)
{
    if (physical >= 0xA0000 && physical < 0x100000)
        return "the firmware's";
    if (physical < hal_window_start && hal_physical((const void *)(uintptr_t)physical))
        return "somebody else's";
    return "no memory";
}

bool dma_memory_is_virtual(const struct channel *channel, uint32_t address)
{
    struct piece piece;

    for (unsigned i = 0; get_piece(channel, i, &piece); i++)
        if (piece.byte_count && (uintptr_t)piece.seen >= hal_window_start &&
            address - (uint32_t)(uintptr_t)piece.seen < piece.byte_count)
            return true;
    return false;
}
