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

/* For tests, in which nobody wants to wait for a time-out, the timers' clock may run so many times
 * as fast as time, but never beyond the next timer that is due: what happens then takes its own
 * time. So all timers keep their proportions. 1: it runs as time does.
 *
 * That is so only while there is nothing but the timer to wait for: the CPU is halted, and
 * `at_rest` does not say 0, which is that a device is at work, whose time is the host's; else it is
 * a number that each interrupt of a device changes. It is called in interrupt context. Context:
 * any. */
extern uint32_t timer_speed;
void timer_set_speed(uint32_t speed, uint32_t (*at_rest)(void));
/* How far it is ahead of time. Context: any. */
uint64_t timer_ahead_us(void);

/* Before any timer is armed, once. Context: PASSIVE_LEVEL. */
void timer_init(void);
/* Arms, or arms anew. Context: any. */
void timer_arm(struct port_timer *timer, uint64_t delay_us);
/* Takes it back, also when its procedure is deferred but has not run. Returns whether it waited.
 * Context: any. */
bool timer_cancel(struct port_timer *timer);

#endif
