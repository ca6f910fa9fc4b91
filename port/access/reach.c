/* SPDX-License-Identifier: MIT */
/* What a bus master may reach; see reach.h. Any context. */
#include "port/access/reach.h"

#include "port/loader/image.h"
#include "port/memory.h"
#include "port/objects.h"

static bool lies_in(uint64_t physical, uint64_t byte_count, uint64_t start, uint64_t size)
{
    return physical - start < size && byte_count <= size - (physical - start);
}

/* What lies at [start, start + size) of the kernel's or a window's addresses. Pieces that follow
 * each other in memory are one. */
static bool lies_at(uint64_t physical, uint64_t byte_count, const void *start, uint32_t size)
{
    const uint8_t *at = start;

    while (size) {
        uint32_t run = size;
        uint64_t here = memory_physical_run(at, &run);
        if (here && lies_in(physical, byte_count, here, run))
            return true;
        if (!here && run > HAL_PAGE_SIZE) /* a page that is not there */
            run = (uint32_t)HAL_PAGE_SIZE;
        at += run;
        size -= run;
    }
    return false;
}

bool reach_is_data(const struct irb_slot *slot, uint64_t physical, uint64_t byte_count)
{
    uint32_t size = slot->data_byte_count;
    if (slot->state != SLOT_ACTIVE || !slot->data || !size)
        return false;
    return lies_at(physical, byte_count, slot->data, size + size % 2);
}

/* Memory that was given is physically contiguous, and the port sees it at its physical address. */
static bool is_guarded(uint64_t physical, uint64_t byte_count, const struct guarded *guarded)
{
    return guard_is_given(guarded) && lies_in(physical, byte_count, (uintptr_t)guarded->pages,
                                              guarded->page_count * HAL_PAGE_SIZE);
}

static bool is_of_channel(uint64_t physical, uint64_t byte_count, const struct channel *channel)
{
    const struct channel_memory *memory = &channel->memory;
    size_t extensions = channel->irbs.count * hal_pages_for(memory->irb_extension_size);

    if (memory->uncached && lies_in(physical, byte_count, (uintptr_t)memory->uncached_guard.pages,
                                    memory->uncached_size))
        return true;
    if (!channel->irbs.slots)
        return is_guarded(physical, byte_count, &memory->extension_guard);
    if (lies_in(physical, byte_count, (uintptr_t)memory->irb_extensions,
                extensions * HAL_PAGE_SIZE))
        return true;
    for (unsigned i = 0; i < channel->irbs.count; i++) {
        const struct irb_slot *slot = &channel->irbs.slots[i];
        if (slot->state == SLOT_ACTIVE &&
            (reach_is_data(slot, physical, byte_count) ||
             lies_in(physical, byte_count, (uintptr_t)slot->page->sense, PORT_SENSE_BYTES)))
            return true;
    }
    return is_guarded(physical, byte_count, &memory->extension_guard);
}

static bool is_of_image(uint64_t physical, uint64_t byte_count, const struct driver *driver)
{
    return driver && driver->image &&
           lies_at(physical, byte_count, (const void *)driver->image->base,
                   (uint32_t)driver->image->byte_count);
}

bool reach_is_given(const struct controller *controller, uint64_t physical, uint64_t byte_count)
{
    for (unsigned i = 0; i < controller->channel_count; i++)
        if (controller->channels[i] && is_of_channel(physical, byte_count, controller->channels[i]))
            return true;
    return is_guarded(physical, byte_count, &controller->extension_memory) ||
           is_of_image(physical, byte_count, controller->driver) ||
           is_of_image(physical, byte_count, controller->channel_driver);
}
