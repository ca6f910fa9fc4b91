/* SPDX-License-Identifier: MIT */
/* One-shot timers: a list in order of deadlines. Entered from every context; never waits. */
#include "port/timer.h"

#include "hal/hal.h"

static struct port_timer *timers;

static void arm_hardware(void)
{
    hal_timer_arm(timers ? timers->deadline_us : HAL_TIMER_NEVER);
}

/* Interrupt context. */
static void expired(void)
{
    uint64_t now_us = hal_clock_us();
    while (timers && timers->deadline_us <= now_us) {
        struct port_timer *timer = timers;
        timers = timer->next;
        timer->armed = false;
        deferred_queue(&timer->deferred);
    }
    arm_hardware();
}

void timer_init(void)
{
    hal_timer_set_handler(expired);
}

/* Interrupts off. */
static bool unlink_timer(struct port_timer *timer)
{
    if (!timer->armed)
        return false;
    struct port_timer **link = &timers;
    while (*link != timer)
        link = &(*link)->next;
    *link = timer->next;
    timer->armed = false;
    return true;
}

void timer_arm(struct port_timer *timer, uint64_t delay_us)
{
    bool enabled = hal_interrupts_disable();
    unlink_timer(timer);
    deferred_cancel(&timer->deferred); /* it may be over, and its procedure still to run */
    timer->deadline_us = hal_clock_us() + delay_us;
    struct port_timer **link = &timers;
    while (*link && (*link)->deadline_us <= timer->deadline_us)
        link = &(*link)->next;
    timer->next = *link;
    *link = timer;
    timer->armed = true;
    arm_hardware();
    hal_interrupts_restore(enabled);
}

bool timer_cancel(struct port_timer *timer)
{
    bool enabled = hal_interrupts_disable();
    bool waited = unlink_timer(timer);
    if (waited)
        arm_hardware();
    waited |= deferred_cancel(&timer->deferred);
    hal_interrupts_restore(enabled);
    return waited;
}
