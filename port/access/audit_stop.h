/* SPDX-License-Identifier: MIT */
/* What becomes of a request whose transfer the auditor has stopped: HWR-21. */
#ifndef PORT_ACCESS_AUDIT_STOP_H
#define PORT_ACCESS_AUDIT_STOP_H

#include "port/objects.h"

/* A transfer is not started: the device never hears of it, so nobody waits for it. The
 * request that it is for fails, after a reset of the channel (request/timeout.c); NULL: that is not
 * known. Context: any. */
void audit_stop_request(struct channel *channel, const struct irb_slot *owner);

#endif
