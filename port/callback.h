/* SPDX-License-Identifier: MIT */
/* The callbacks a miniport may ask for, and what else channel.c, power.c and ddi/ need of one another. */
#ifndef PORT_CALLBACK_H
#define PORT_CALLBACK_H

#include "port/port.h"

/* Both at PASSIVE_LEVEL; the first once in a channel's life. After callbacks_cancel nothing that the miniport asked for runs (CBK-02).
 */
void callbacks_init(struct channel *channel);
void callbacks_cancel(struct channel *channel);
/* What is deferred of notifications, once in a channel's life. */
void notifications_init(struct channel *channel);

/* Asked for by miniports, and done at PASSIVE_LEVEL. */
bool channel_wants_power_change(const struct channel *channel);
void channel_change_power(struct channel *channel);
void power_init(struct channel *channel);
/* The channel is about to start: its devices have power. */
void power_start(struct channel *channel);

#endif
