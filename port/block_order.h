/* SPDX-License-Identifier: MIT */
/*
 * The order of a device's block requests: block.h says what it is. For block.c alone.
 *
 * What is under way is found where it is, in the queue of its device, at the miniport, or on its
 * way back from there; only those that wait are in a list. A request overlaps none of those that
 * wait before it, or waits behind them; so whatever is under way and overlaps one that waits came
 * before it. A flush alone has to look when a write came.
 */
#ifndef PORT_BLOCK_ORDER_H
#define PORT_BLOCK_ORDER_H

#include "port/objects.h"

struct block_request;

/* May it begin? False: it waits now, until the end of another one lets it begin. It is checked
 * already. Context: DISPATCH_LEVEL. */
bool block_order_accept(struct block_request *block);
/* It has ended, or one that waits is not wanted any more; `begin` is called with each one that only
 * waited for it. Context: DISPATCH_LEVEL. */
void block_order_end(struct block_request *block, void (*begin)(struct block_request *block));

/* Is there nothing to be accepted or ended, for a read? */
static inline bool block_order_is_idle(const struct device *device)
{
    return __builtin_expect(device->block.changing == 0, 1);
}

#endif
