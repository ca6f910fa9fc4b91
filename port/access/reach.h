/* SPDX-License-Identifier: MIT */
/*
 * HWR-21: what a controller that masters the bus may reach of memory, by physical addresses: what
 * its drivers were given. Context: any.
 */
#ifndef PORT_ACCESS_REACH_H
#define PORT_ACCESS_REACH_H

#include <stdbool.h>
#include <stdint.h>

struct controller;
struct irb_slot;

/* Does all of it lie in the data of a request that the miniport has? A last byte is allowed that
 * makes an odd length even. */
bool reach_is_data(const struct irb_slot *slot, uint64_t physical, uint64_t byte_count);

/* Does all of it lie in memory of the drivers that run this controller: data and sense buffers of
 * requests that they have, IRB extensions, the uncached extension, the extensions of controller and
 * channels, their images? Other channels' of the same controller count as well: ports may be
 * anybody's. */
bool reach_is_given(const struct controller *controller, uint64_t physical, uint64_t byte_count);

#endif
