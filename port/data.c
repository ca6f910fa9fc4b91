/* SPDX-License-Identifier: MIT */
/* Where a request's data lies; see data.h. Entered from any context. */
#include "port/data.h"

#include <string.h>

static uint32_t page_offset(const void *address)
{
    return (uint32_t)((uintptr_t)address % HAL_PAGE_SIZE);
}

bool segments_hold(const struct segment *segments, uint32_t count, uint64_t byte_count)
{
    uint64_t held = 0;

    for (uint32_t i = 0; i < count && held < byte_count; i++)
        held += segments[i].byte_count;
    return held >= byte_count;
}

void request_take_segments(struct request *request, const struct segment *segments, uint64_t offset,
                           uint32_t byte_count)
{
    while (offset >= segments->byte_count)
        offset -= (segments++)->byte_count;
    request->segments = segments;
    request->buffer = (uint8_t *)segments->at + offset;
    request->in_segments = byte_count > segments->byte_count - offset;
}

uint8_t *request_segment_at(const struct request *request, uint32_t offset, uint32_t *run)
{
    const struct segment *segment = request->segments;
    uint32_t in_segment = (uint32_t)((uint8_t *)request->buffer - (uint8_t *)segment->at) + offset;

    while (in_segment >= segment->byte_count)
        in_segment -= (segment++)->byte_count;
    if (*run > segment->byte_count - in_segment)
        *run = segment->byte_count - in_segment;
    return (uint8_t *)segment->at + in_segment;
}

const void *slot_data_page(const struct irb_slot *slot, size_t index)
{
    uint32_t run = 1;
    const uint8_t *at = slot_data_at(
        slot, index ? (uint32_t)(index * HAL_PAGE_SIZE) - page_offset(slot->data) : 0, &run);
    return at - page_offset(at);
}

/* ------------------------------------------------------------------ as a whole */

bool request_data_joins(const struct request *request)
{
    const uint8_t *end = NULL; /* of what is before */
    uint32_t run;

    for (uint32_t offset = 0; offset < request->byte_count; offset += run) {
        run = request->byte_count - offset;
        const uint8_t *at = request_data_at(request, offset, &run);
        if (offset && (page_offset(at) || page_offset(end)))
            return false;
        end = at + run;
    }
    return true;
}

uint32_t request_data_in_runs(const struct request *request, uint32_t most_runs)
{
    uint32_t offset = 0;

    for (uint32_t i = 0; i < most_runs && offset < request->byte_count; i++) {
        uint32_t run = request->byte_count - offset;
        const uint8_t *at = request_data_at(request, offset, &run);
        if (!memory_physical_run(at, &run))
            break;
        offset += run;
    }
    return offset;
}

bool request_data_is_mapped(const struct request *request)
{
    return request_data_in_runs(request, UINT32_MAX) == request->byte_count;
}

bool request_data_is_below(const struct request *request, uint64_t physical_limit)
{
    uint32_t run;

    for (uint32_t offset = 0; offset < request->byte_count; offset += run) {
        run = request->byte_count - offset;
        const uint8_t *at = request_data_at(request, offset, &run);
        if (!memory_is_below(at, run, physical_limit))
            return false;
    }
    return true;
}

void request_data_read(const struct request *request, void *to, uint32_t byte_count)
{
    uint32_t run;

    for (uint32_t offset = 0; offset < byte_count; offset += run) {
        run = byte_count - offset;
        const void *at = request_data_at(request, offset, &run);
        memcpy((uint8_t *)to + offset, at, run);
    }
}

void request_data_write(const struct request *request, const void *from, uint32_t byte_count)
{
    uint32_t run;

    for (uint32_t offset = 0; offset < byte_count; offset += run) {
        run = byte_count - offset;
        void *at = request_data_at(request, offset, &run);
        memcpy(at, (const uint8_t *)from + offset, run);
    }
}
