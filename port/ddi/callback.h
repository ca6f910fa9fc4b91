/* SPDX-License-Identifier: MIT */
/* The callbacks that a miniport may ask for. */
#ifndef PORT_DDI_CALLBACK_H
#define PORT_DDI_CALLBACK_H

struct channel;

/* Once in a channel's life. Context: PASSIVE_LEVEL. */
void callbacks_init(struct channel *channel);
/* Nothing that the miniport asked for runs any more (CBK-02). Context: PASSIVE_LEVEL. */
void callbacks_cancel(struct channel *channel);

#endif
