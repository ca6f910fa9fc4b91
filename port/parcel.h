/* SPDX-License-Identifier: MIT */
/*
 * Requests whose issuer may give up before they end. A parcel is pages of its own, with a request
 * and its data in them: whatever the miniport or the device still does with IRB and buffer touches
 * nobody else's memory, and the pages are used again only when the request has come back. The
 * miniport keeps the IRB's slot for as long.
 *
 * Context: PASSIVE_LEVEL.
 */
#ifndef PORT_PARCEL_H
#define PORT_PARCEL_H

#include "port/block.h"
#include "port/objects.h"

struct parcel {
    struct block_request block; /* or its `request` alone */
    bool is_over;               /* the callback has run */
    uint8_t *data;              /* page-aligned */
    size_t page_count;
    struct parcel *next; /* of those that were given up */
};

/* Does the one who waits want to stop? The shell's Ctrl-C. NULL: nobody ever does. */
extern bool (*parcel_stops)(void);
/* How what is in a parcel is given up: block_cancel, from port_init on. */
extern void (*parcel_cancel)(struct block_request *block);

/* NULL: there is no memory. */
struct parcel *parcel_new(size_t data_byte_count);
void parcel_free(struct parcel *parcel);
/* Submits `block.request` alone; `callback` and `context` are the parcel's. */
void parcel_submit(struct parcel *parcel);
/* Submits the block request; `callback` and `context` are the parcel's. */
void parcel_submit_block(struct parcel *parcel);
/* Waits for the end. False: parcel_stops said so first, and parcel_give_up comes next. */
bool parcel_wait(const struct parcel *parcel);
/* The same for what says itself whether it is over; it is asked after each interrupt. */
bool parcel_wait_until(bool (*is_over)(const void *context), const void *context);
/* Takes the request back: out of its queue, or, if the miniport has it, waits for it a moment.
 * True: it has ended. False: it has not, and the parcel is the port's from now on. */
bool parcel_give_up(struct parcel *parcel);

/* A request of somebody's own: submits it and waits for the end, or for parcel_stops; then it
 * is_cancelled, and its buffer is not touched any more. */
void request_run(struct request *request);

#endif
