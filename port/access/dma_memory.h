/* SPDX-License-Identifier: MIT */
/*
 * Whose memory a bus master reaches at a physical address: what requests at the miniport have for
 * data, and what a channel's drivers have of their own, which are the extensions, the uncached
 * memory, their images and the registry buffer. All else is somebody else's, or no memory at all.
 * Owns nothing. Context: any.
 */
#ifndef PORT_ACCESS_DMA_MEMORY_H
#define PORT_ACCESS_DMA_MEMORY_H

#include "port/objects.h"

/* What is known of the byte at a physical address. */
struct dma_memory {
    uint64_t byte_count;         /* from there on are of the same piece; 0: it is nobody's here */
    const struct irb_slot *slot; /* whose data it is; NULL: the driver's own */
};

/* Looks among what a channel's drivers have now. Data of an odd length may be one byte longer: a
 * bus master moves words. */
struct dma_memory dma_memory_at(const struct channel *channel, uint64_t physical);

/* Where a byte of a request's data lies, and how many are contiguous from there on; 0: nowhere. */
uint64_t dma_memory_of_data(const struct irb_slot *slot, uint32_t offset, uint32_t *run);

/* What is there, in a few words, where it is nobody's of theirs; and whether it would be theirs as
 * a virtual address, cut to 32 bits. */
const char *dma_memory_name(uint64_t physical);
bool dma_memory_is_virtual(const struct channel *channel, uint32_t address);

#endif
