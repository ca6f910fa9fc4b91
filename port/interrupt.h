/* SPDX-License-Identifier: MIT */
/* A channel's interrupt: what channel.c needs of interrupt.c. */
#ifndef PORT_INTERRUPT_H
#define PORT_INTERRUPT_H

#include <stdbool.h>

struct channel;

/* Before any channel is started. */
void interrupt_init(void);
/* From here on IdeHwInterrupt is called, or polled in dump mode, while channel_hears_interrupts(channel->state) is
 * set. False: the line cannot be connected. Context: PASSIVE_LEVEL. */
bool interrupt_connect(struct channel *channel);
/* Context: PASSIVE_LEVEL. */
void interrupt_disconnect(struct channel *channel);

#endif
