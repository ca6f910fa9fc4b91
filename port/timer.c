/* SPDX-License-Identifier: MIT */
/* One-shot timers: a list in order of deadlines. Entered from every context; never waits. */
#include "port/timer.h"

#include "hal/hal.h"

/* What has begun at another speed and is about to be over: a device needs 2 ms after a reset, and
 * means them. */
#define SETTLE_US 3000u

uint32_t timer_speed = 1;

static struct port_timer *timers;
static uint64_t ahead_us;     /* how far the timers' clock is ahead of time */
static uint64_t looked_at_us; /* when that was so, while it runs faster */

/* Interrupts off. Returns what the timers' clock shows. Only what the CPU has waited for a timer
 * passes faster, and not what it has done: else a driver that looks every few milliseconds would
 * find much less time between its looks than one that waits for seconds. */
static uint64_t look(bool has_waited)
{
    uint64_t time_us = hal_clock_us();
    if (__builtin_expect(timer_speed != 1, 0) && time_us > looked_at_us) {
        uint64_t gained_us = has_waited ? (time_us - looked_at_us) * (timer_speed - 1) : 0;
        uint64_t now_us = time_us + ahead_us;
        uint64_t due_us = timers ? timers->deadline_us : now_us;
        uint64_t most_us = due_us > now_us ? due_us - now_us : 0;
        ahead_us += gained_us < most_us ? gained_us : most_us;
        looked_at_us = time_us;
    }
    return time_us + ahead_us;
}

static void arm_hardware(void)
{
    if (!timers) {
        hal_timer_arm(HAL_TIMER_NEVER);
        return;
    }
    uint64_t deadline_us = timers->deadline_us - ahead_us;
    if (__builtin_expect(timer_speed != 1, 0) && deadline_us > looked_at_us)
        deadline_us = looked_at_us + (deadline_us - looked_at_us) / timer_speed;
    hal_timer_arm(deadline_us);
}

/* Interrupt context. */
static void expired(void)
{
    uint64_t now_us = look(true);
    while (timers && timers->deadline_us <= now_us) {
        struct port_timer *timer = timers;
        timers = timer->next;
        timer->armed = false;
        deferred_queue(&timer->deferred);
    }
    arm_hardware();
}

void timer_set_speed(uint32_t speed)
{
    bool enabled = hal_interrupts_disable();
    (void)look(false);
    timer_speed = speed;
    looked_at_us = hal_clock_us() + SETTLE_US;
    arm_hardware();
    hal_interrupts_restore(enabled);
}

uint64_t timer_ahead_us(void)
{
    bool enabled = hal_interrupts_disable();
    (void)look(false);
    uint64_t now_us = ahead_us;
    hal_interrupts_restore(enabled);
    return now_us;
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
    timer->deadline_us = look(false) + delay_us;
    unlink_timer(timer);
    deferred_cancel(&timer->deferred); /* it may be over, and its procedure still to run */
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
    (void)look(false);
    bool waited = unlink_timer(timer);
    if (waited)
        arm_hardware();
    waited |= deferred_cancel(&timer->deferred);
    hal_interrupts_restore(enabled);
    return waited;
}
