/* SPDX-License-Identifier: MIT */
/* The watchdog of a channel, and the ladder of resets that it starts. */
#ifndef PORT_REQUEST_TIMEOUT_H
#define PORT_REQUEST_TIMEOUT_H

struct channel;
struct request;

/* Once in a channel's life. Context: PASSIVE_LEVEL. */
void watchdog_init(struct channel *channel);
/* A channel that has been idle has got work: the watchdog ticks every second until there is none.
 * Context: DISPATCH_LEVEL. */
void watchdog_arm(struct channel *channel);
/* Calls IdeHwReset, and ends what it left with IRB_STATUS_BUS_RESET. Context: DISPATCH_LEVEL. */
void channel_reset(struct channel *channel);

/* The miniport has lost an LUN reset or power IRB, which have no TimeOutValue: IRB-20, and the
 * channel is reset. Context: DISPATCH_LEVEL. */
void request_lost_internal(const struct request *lost);

#endif
