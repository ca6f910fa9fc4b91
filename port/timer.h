/* SPDX-License-Identifier: MIT */
/* One-shot timers over the HAL's one timer; a timer's procedure is deferred to DISPATCH_LEVEL. */
#ifndef PORT_TIMER_H
#define PORT_TIMER_H

#include "port/irql.h"

struct port_timer {
    struct deferred deferred; /* procedure and context are the caller's to set */
    uint64_t deadline_us;
    struct port_timer *next;
    bool armed;
};

/* Before any timer is armed, once. Context: PASSIVE_LEVEL. */
void timer_init(void);
/* Arms, or arms anew. Context: any. */
void timer_arm(struct port_timer *timer, uint64_t delay_us);
/* Takes it back, also when its procedure is deferred but has not run. Returns whether it waited.
 * Context: any. */
bool timer_cancel(struct port_timer *timer);

#endif
