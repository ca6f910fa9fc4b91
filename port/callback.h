/* SPDX-License-Identifier: MIT */
/* The callbacks a miniport may ask for; what channel.c needs of ddi/callback.c. */
#ifndef PORT_CALLBACK_H
#define PORT_CALLBACK_H

#include "port/port.h"

/* Both at PASSIVE_LEVEL; the first once in a channel's life. After callbacks_cancel nothing that the miniport asked for runs (CBK-02).
 */
void callbacks_init(struct channel *channel);
void callbacks_cancel(struct channel *channel);
/* The end of an AtaPortDeviceBusy for the whole channel: procedure of channel->busy_timer. */
void channel_ready(void *context);

#endif
