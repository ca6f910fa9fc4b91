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
/* Between line and routine, while fault rules are armed: it is called with a channel in the place
 * of interrupt_serve. NULL: nothing stands there. Context: PASSIVE_LEVEL. */
void interrupt_set_filter(bool (*filter)(void *channel));
/* An interrupt has come on a channel's line: IdeHwInterrupt is called, if it may be. True: it was
 * the channel's. Context: interrupt. */
bool interrupt_serve(void *channel);
/* The same for one that no device has raised; is_anothers: of those that share the line one claims
 * it. False: the line does not interrupt (any more). Context: below DIRQL. */
bool interrupt_raise(struct channel *channel, bool is_anothers);
/* IdeHwInterrupt is not called any more. Nothing happens where it was not connected. Context:
 * PASSIVE_LEVEL. */
void interrupt_disconnect(struct channel *channel);

#endif
