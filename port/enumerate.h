/* SPDX-License-Identifier: MIT */
/* The devices of a channel: who is there, and what the miniport makes of them. */
#ifndef PORT_ENUMERATE_H
#define PORT_ENUMERATE_H

struct channel;

/* Once. Context: PASSIVE_LEVEL. */
void enumerate_init(void);
/* Looks for devices on the channels of a list (by `search.next`) that have started, on all of them
 * at once, and initialises those found, one channel after the other; channel->devices says which
 * are usable. Context: PASSIVE_LEVEL. */
void channels_enumerate(struct channel *channels);

#endif
