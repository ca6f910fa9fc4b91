/* SPDX-License-Identifier: MIT */
/* The order of block requests; see block_order.h. Entered at DISPATCH_LEVEL. */
#include "port/block_order.h"

#include "port/block.h"
#include "port/request/queue.h"

/* Does it change what is in sectors? */
static bool changes(const struct block_request *block)
{
    return block->operation != BLOCK_READ && block->operation != BLOCK_VERIFY &&
           block->operation != BLOCK_FLUSH;
}

static bool overlaps(const struct block_request *block, const struct block_request *other)
{
    return (changes(block) || changes(other)) && block->lba < other->lba + other->sector_count &&
           other->lba < block->lba + block->sector_count;
}

/* May it only begin when the other one has ended, which is under way, or waits before it? */
static bool follows(const struct block_request *block, const struct block_request *other)
{
    return block->operation == BLOCK_FLUSH
               ? changes(other) && (int32_t)(other->change - block->change) <= 0
               : overlaps(block, other);
}

static bool holds_back(const struct request *request, const void *context)
{
    return request->is_piece && follows(context, request->context);
}

static bool has_to_wait(const struct block_request *block)
{
    const struct device *device = block->device;

    for (const struct block_request *other = device->block.waiting; other && other != block;
         other = other->next)
        if (follows(block, other))
            return true;
    return device_has_request(device, holds_back, block);
}

bool block_order_accept(struct block_request *block)
{
    struct block_device *device = &block->device->block;
    struct block_request **link = &device->waiting;

    device->changes += changes(block);
    block->change = device->changes;
    block->is_waiting = has_to_wait(block);
    device->changing += changes(block);
    if (!block->is_waiting)
        return true;
    block->next = NULL;
    while (*link)
        link = &(*link)->next;
    *link = block;
    return false;
}

static void take_out(struct block_device *device, struct block_request *block)
{
    struct block_request **link = &device->waiting;

    while (*link != block)
        link = &(*link)->next;
    *link = block->next;
    block->is_waiting = false;
}

/* One that begins may end at once, and others with it: then they are looked through from the
 * beginning, here and not in between. */
static void start_waiting(struct block_device *device, void (*begin)(struct block_request *block))
{
    if (device->is_starting)
        return;
    device->is_starting = true;
    for (struct block_request *block = device->waiting; block;) {
        if (has_to_wait(block)) {
            block = block->next;
            continue;
        }
        take_out(device, block);
        begin(block);
        block = device->waiting;
    }
    device->is_starting = false;
}

void block_order_end(struct block_request *block, void (*begin)(struct block_request *block))
{
    struct block_device *device = &block->device->block;

    device->changing -= changes(block);
    if (block->is_waiting)
        take_out(device, block);
    if (device->waiting)
        start_waiting(device, begin);
}
