/* SPDX-License-Identifier: MIT */
/* Block requests that somebody waits for, and may give up; see block.h and parcel.h.
 * PASSIVE_LEVEL. */
#include "port/block.h"
#include "port/data.h"
#include "port/objects.h"
#include "port/parcel.h"

/* DISPATCH_LEVEL. */
static void block_over(struct block_request *block)
{
    struct parcel *parcel = block->context;
    parcel->is_over = true;
}

void parcel_submit_block(struct parcel *parcel)
{
    parcel->is_over = false;
    parcel->block.callback = block_over;
    parcel->block.context = parcel;
    block_submit(&parcel->block);
}

static void block_finished(struct block_request *block)
{
    *(bool *)block->context = true;
}

/* How much data a parcel for a block request has; SIZE_MAX: more than it should, or there is no
 * buffer for it, which is found without a parcel. */
static size_t data_of(struct block_request *block)
{
    if (block->operation == BLOCK_TRIM)
        return block->device->block.trim_bytes;
    if (!block_moves_data(block))
        return 0;
    uint32_t sector_size = block->device->sector_size;
    bool is_long = !sector_size || block->sector_count > PORT_MAXIMUM_TRANSFER_LENGTH / sector_size;
    size_t byte_count = is_long ? 0 : (size_t)block->sector_count * sector_size;
    if (!byte_count ||
        (block->segments && !segments_hold(block->segments, block->segment_count, byte_count)))
        return SIZE_MAX;
    request_take_data(&block->request, block->buffer, block->segments, 0, (uint32_t)byte_count);
    return request_data_is_mapped(&block->request) ? byte_count : SIZE_MAX;
}

enum block_status block_run(struct block_request *block)
{
    size_t byte_count = data_of(block);
    struct parcel *parcel = parcel_stops && byte_count != SIZE_MAX ? parcel_new(byte_count) : NULL;
    void *buffer = block->buffer;
    const struct segment *segments = block->segments;
    bool done = false;

    if (!parcel) {
        block->callback = block_finished;
        block->context = &done;
        block_submit(block);
        irql_wait(&done);
        return block->status;
    }
    parcel->block = *block;
    parcel->block.buffer = byte_count ? parcel->data : NULL;
    parcel->block.segments = NULL;
    if (block_moves_data(block) && block->operation != BLOCK_READ)
        request_data_read(&block->request, parcel->data, (uint32_t)byte_count);
    parcel_submit_block(parcel);
    if (!parcel_wait(parcel) && !parcel_give_up(parcel))
        return block->status = BLOCK_CANCELLED;
    *block = parcel->block;
    block->buffer = buffer;
    block->segments = segments;
    if (block->operation == BLOCK_READ) {
        request_take_data(&block->request, buffer, segments, 0, (uint32_t)byte_count);
        request_data_write(&block->request, parcel->data,
                           (uint32_t)block->sectors_done * block->device->sector_size);
    }
    parcel_free(parcel);
    return block->status;
}

enum block_status block_transfer(struct device *device, enum block_operation operation,
                                 uint64_t lba, uint64_t sector_count, void *buffer)
{
    struct block_request block = {.device = device,
                                  .operation = operation,
                                  .lba = lba,
                                  .sector_count = sector_count,
                                  .buffer = buffer};
    return block_run(&block);
}
