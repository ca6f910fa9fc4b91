/* SPDX-License-Identifier: MIT */
/* The life of one channel. */
#ifndef PORT_CHANNEL_H
#define PORT_CHANNEL_H

#include <stdbool.h>

struct channel;

/* What is set up once in a channel's life. Context: PASSIVE_LEVEL. */
void channel_init(struct channel *channel);
/* AtaChannelInitRoutine, if it was not called since AtaAdapterControl(IdeStart), and
 * IdeHwControl(IdeStart). False: channel->failure says why. Context: PASSIVE_LEVEL. */
bool channel_start_hardware(struct channel *channel);
/* Looks for the devices of all channels that have come so far, on all of them at once, and then
 * they run. Context: PASSIVE_LEVEL. */
void channels_start_devices(void);
/* Both for one channel. Context: PASSIVE_LEVEL. */
bool channel_start(struct channel *channel);
/* Requests are finished, caches flushed, then IdeHwControl(IdeStop). False: what was written could
 * not be flushed, and may be lost; it is stopped all the same. Context: PASSIVE_LEVEL. */
bool channel_stop(struct channel *channel);
/* AtaAdapterControl(IdeStop) has returned: the extension is not the miniport's any more. Context:
 * PASSIVE_LEVEL. */
void channel_take_extension_back(struct channel *channel);
/* Has it requests, a power IRB or a reset under way? Context: any. */
bool channel_has_work(const struct channel *channel);

#endif
