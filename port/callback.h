/* SPDX-License-Identifier: MIT */
/* The callbacks a miniport may ask for, and what else channel.c, power.c and ddi/ need of one another. */
#ifndef PORT_CALLBACK_H
#define PORT_CALLBACK_H

#include "port/port.h"

/* Both at PASSIVE_LEVEL; the first once in a channel's life. After callbacks_cancel nothing that the miniport asked for runs (CBK-02).
 */
void callbacks_init(struct channel *channel);
void callbacks_cancel(struct channel *channel);
/* The end of an AtaPortDeviceBusy for the whole channel: procedure of channel->busy_timer. */
void channel_ready(void *context);
/* AtaPortDeviceRemoved, at DISPATCH_LEVEL: procedure of channel->removal. */
void devices_removed(void *context);

/* What power.c needs of channel.c and controller.c. */
bool channel_flush(struct channel *channel);
BOOLEAN hw_control(struct channel *channel, IDE_CONTROL_ACTION action, PVOID parameters);
BOOLEAN adapter_control(struct controller *controller, IDE_CONTROL_ACTION action);
/* Asked for by miniports, and done at PASSIVE_LEVEL. */
void channel_change_power(struct channel *channel);
void power_init(struct channel *channel);

#endif
