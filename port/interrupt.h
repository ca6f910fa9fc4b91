/* SPDX-License-Identifier: MIT */
/* A channel's interrupt: what channel.c needs of interrupt.c. */
#ifndef PORT_INTERRUPT_H
#define PORT_INTERRUPT_H

#include <stdbool.h>

struct channel;

/* `reset` is what is done to a channel, at DISPATCH_LEVEL, whose line does not get calm. Before any
 * channel is started, once. Context: PASSIVE_LEVEL. */
void interrupt_init(void (*reset)(struct channel *channel));
/* From here on IdeHwInterrupt is called, or polled in dump mode, while
 * channel_hears_interrupts(channel->state) is set. False: the line cannot be connected. Context:
 * PASSIVE_LEVEL. */
bool interrupt_connect(struct channel *channel);
/* IdeHwInterrupt is not called any more. Nothing happens where it was not connected. Context:
 * PASSIVE_LEVEL. */
void interrupt_disconnect(struct channel *channel);

#endif
