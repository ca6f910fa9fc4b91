/* SPDX-License-Identifier: MIT */
/* What the block layer (block.h) keeps of each device. */
#ifndef PORT_BLOCK_DEVICE_H
#define PORT_BLOCK_DEVICE_H

#include "port/irb_form.h"

#define BLOCK_OPERATION_COUNT 6u /* enum block_operation */

struct block_request;

struct block_device {
    /* Order: block_order.c's, at DISPATCH_LEVEL. */
    struct block_request
        *waiting;      /* for the end of an earlier one, in the order in which they came */
    uint32_t changing; /* accepted and not ended, those that change sectors */
    uint32_t changes;  /* so many have been accepted */
    bool is_starting;  /* what waits is looked through */

    /* Written by block_configure (and device_set_usable), read by whoever cuts requests into
     * pieces. */
    uint32_t most_sectors;     /* that one command moves; 0: not configured */
    uint32_t straight_sectors; /* the same of a disk with LBA; 0: it is another one, or unusable */
    uint32_t trim_sectors;     /* that one command trims; 0: none does */
    uint32_t trim_bytes;       /* of data that such a one has at most */
    /* What an operation begins as: all but address, count and data. */
    struct irb_form forms[BLOCK_OPERATION_COUNT];
};

#endif
