/* SPDX-License-Identifier: MIT */
/* The devices of a channel: who is there, and what the miniport makes of them. */
#ifndef PORT_ENUMERATE_H
#define PORT_ENUMERATE_H

struct channel;

/* Looks for devices on a channel that has started, by IRBs, and initialises those found;
 * channel->devices says which are usable. Context: PASSIVE_LEVEL. */
void channel_enumerate(struct channel *channel);

#endif
