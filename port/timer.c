/* SPDX-License-Identifier: MIT */
/* One-shot timers: a list in order of deadlines. Entered from every context; never waits. */
#include "port/timer.h"

#include "hal/hal.h"

#define LOOK_AGAIN_US 50u

uint32_t timer_speed = 1;

static struct port_timer *timers;
static uint64_t ahead_us;     /* how far the timers' clock is ahead of time; it may be behind */
static uint64_t countdown_us; /* when the hardware's countdown is over */
static uint32_t (*is_at_rest)(void);
static uint32_t rest, halt; /* what was found at the end of one; `rest` 0: not at rest */

/* Interrupts off. What the timers' clock shows. While it runs faster it stands still from the end
 * of a countdown until somebody looks: that may be long, since the host has stopped the machine,
 * and is nobody's fault. */
static uint64_t look(void)
{
    uint64_t time_us = hal_clock_us();
    if (__builtin_expect(timer_speed != 1, 0) && time_us > countdown_us) {
        ahead_us -= time_us - countdown_us;
        countdown_us = time_us;
    }
    return time_us + ahead_us;
}

/* Interrupts off. While the clock runs faster, a countdown is over early, and says when to look
 * whether the rest of the wait can be left out. */
static void arm_hardware(void)
{
    countdown_us = timers ? timers->deadline_us - ahead_us : HAL_TIMER_NEVER;
    if (__builtin_expect(timer_speed != 1, 0) && timers) {
        uint64_t time_us = hal_clock_us();
        uint64_t left_us = countdown_us > time_us ? countdown_us - time_us : 0;
        uint64_t wait_us = rest ? 0 : left_us / timer_speed;
        if (wait_us < LOOK_AGAIN_US)
            wait_us = LOOK_AGAIN_US;
        countdown_us = time_us + (wait_us < left_us ? wait_us : left_us);
    }
    hal_timer_arm(countdown_us);
}

/* Is there nothing to wait for but the next timer? Two looks in a row find no device at work, and
 * the CPU halted, each time anew: so no interrupt waits, it would have been served in between. */
static bool is_waiting_in_vain(void)
{
    const uint32_t rest_before = rest, halt_before = halt;

    halt = irql_halt();
    rest = halt ? is_at_rest() : 0;
    return rest && rest == rest_before && halt != halt_before;
}

/* Interrupt context. */
static void expired(void)
{
    uint64_t now_us = look();

    if (timer_speed != 1 && timers && timers->deadline_us > now_us && is_waiting_in_vain()) {
        ahead_us += timers->deadline_us - now_us;
        now_us = timers->deadline_us;
    }
    while (timers && timers->deadline_us <= now_us) {
        struct port_timer *timer = timers;
        timers = timer->next;
        timer->armed = false;
        deferred_queue(&timer->deferred);
        rest = 0;
    }
    arm_hardware();
}

void timer_set_speed(uint32_t speed, uint32_t (*at_rest)(void))
{
    bool enabled = hal_interrupts_disable();
    (void)look();
    timer_speed = speed;
    is_at_rest = at_rest;
    rest = 0;
    arm_hardware();
    hal_interrupts_restore(enabled);
}

uint64_t timer_ahead_us(void)
{
    bool enabled = hal_interrupts_disable();
    (void)look();
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
    timer->deadline_us = look() + delay_us;
    rest = 0;
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
    (void)look();
    bool waited = unlink_timer(timer);
    rest = 0;
    if (waited)
        arm_hardware();
    waited |= deferred_cancel(&timer->deferred);
    hal_interrupts_restore(enabled);
    return waited;
}
