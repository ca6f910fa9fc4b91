/* SPDX-License-Identifier: MIT */
/* What a miniport tells the port about its devices. */
#ifndef PORT_DDI_NOTIFICATION_H
#define PORT_DDI_NOTIFICATION_H

struct channel;

/* What is deferred of notifications, once in a channel's life. Context: PASSIVE_LEVEL. */
void notifications_init(struct channel *channel);

#endif
