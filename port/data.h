/* SPDX-License-Identifier: MIT */
/*
 * Where a request's data lies: in one buffer, or in segments of it (scatter/gather).
 *
 * What a miniport knows of data is one range of addresses, DataBuffer, and a list of where the
 * pages behind it lie (AtaPortGetScatterGatherList): elements begin and end at pages but for the
 * first one's beginning and the last one's end. Segments that meet at the boundaries of pages are
 * shown to it as such a range: the list has their pages, and the window of the IRB's slot has them
 * side by side. All others go through a buffer of the port (request/bounce.h).
 *
 * Context: any.
 */
#ifndef PORT_DATA_H
#define PORT_DATA_H

#include "port/memory.h"
#include "port/objects.h"

/* The port's address of a byte of the data; *run, at entry how many bytes from there on are wanted,
 * becomes how many of these lie in one range of addresses. */
static inline uint8_t *request_data_at(const struct request *request, uint32_t offset,
                                       uint32_t *run);
/* The same for what the miniport was given: a buffer of the port's is in the place of the data that
 * goes through it. */
static inline uint8_t *slot_data_at(const struct irb_slot *slot, uint32_t offset, uint32_t *run);
/* The beginning of the page of the port's that is behind a page of DataBuffer. */
const void *slot_data_page(const struct irb_slot *slot, size_t index);

/* Have segments so many bytes? (None have none.) */
bool segments_hold(const struct segment *segments, uint32_t count, uint64_t byte_count);
/* The request is about byte_count bytes, from `offset` on, of a buffer, or of segments that have so
 * many. */
void request_take_segments(struct request *request, const struct segment *segments, uint64_t offset,
                           uint32_t byte_count);
static inline void request_take_data(struct request *request, void *buffer,
                                     const struct segment *segments, uint64_t offset,
                                     uint32_t byte_count)
{
    request->byte_count = byte_count;
    request->in_segments = false;
    if (__builtin_expect(!segments, 1))
        request->buffer = (uint8_t *)buffer + offset;
    else
        request_take_segments(request, segments, offset, byte_count);
}
static inline void request_take_no_data(struct request *request)
{
    request->buffer = NULL;
    request->byte_count = 0;
    request->must_bounce = request->in_segments = false;
}

/* Do its segments meet at the boundaries of pages? */
bool request_data_joins(const struct request *request);
/* How many bytes, from its beginning, lie in so many physically contiguous runs at most? Less than
 * all, too, where there is no memory behind an address. */
uint32_t request_data_in_runs(const struct request *request, uint32_t most_runs);
bool request_data_is_mapped(const struct request *request);
bool request_data_is_below(const struct request *request, uint64_t physical_limit);
void request_data_read(const struct request *request, void *to, uint32_t byte_count);
void request_data_write(const struct request *request, const void *from, uint32_t byte_count);

/* ------------------------------------------------------------------ bodies */

uint8_t *request_segment_at(const struct request *request, uint32_t offset, uint32_t *run);

static inline uint8_t *request_data_at(const struct request *request, uint32_t offset,
                                       uint32_t *run)
{
    if (__builtin_expect(request->in_segments, 0))
        return request_segment_at(request, offset, run);
    return (uint8_t *)request->buffer + offset;
}

static inline bool slot_is_in_segments(const struct irb_slot *slot)
{
    const struct request *request = slot->request; /* NULL: a request-sense IRB */
    return __builtin_expect(request && request->in_segments && !request->bounced, 0);
}

static inline uint8_t *slot_data_at(const struct irb_slot *slot, uint32_t offset, uint32_t *run)
{
    if (slot_is_in_segments(slot))
        return request_segment_at(slot->request, offset, run);
    return (uint8_t *)slot->data + offset;
}

#endif
