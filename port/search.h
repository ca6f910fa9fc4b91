/* SPDX-License-Identifier: MIT */
/*
 * Who is there: IDENTIFY DEVICE, and IDENTIFY PACKET DEVICE for what is no disk, for each target in
 * turn, on several channels at once.
 *
 * Context: PASSIVE_LEVEL.
 */
#ifndef PORT_SEARCH_H
#define PORT_SEARCH_H

#include <stdbool.h>

struct channel;

/* Searches the channels of a list (by `search.next`) that have started: for unit 0 of each target,
 * or `for_units`, for the others of those that are usable and have them (MaximumLun). Afterwards
 * `kind` and what is decoded say what each device is; none of those that were looked for is usable.
 * A channel whose issuer has given up (the shell's Ctrl-C), or that finds no memory, has no more
 * devices than were found until then. */
void search_channels(struct channel *channels, bool for_units);

#endif
