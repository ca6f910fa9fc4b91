/* SPDX-License-Identifier: MIT */
/*
 * The one-shot timer: of the local APIC's timer and channel 0 of the PIT the one that the watch
 * (watch.c) does not want.
 *
 * Owns that hardware's countdown. hal_timer_arm may be called in any context; expiry is entered in
 * interrupt context.
 *
 * Deadlines mostly move away (a request ended in time, the next one's limit is later). The
 * countdown is then left as it is, finds at its end that nothing is due, and starts again for the
 * rest: a timer that is armed for each request costs no access to the hardware.
 *
 * With hal_timer_tick it never rests. QEMU: with rr=record and rr=replay what has come for the
 * guest (a block request that has ended, a key) waits until the CPU does something, and a halted
 * one does nothing until a timer interrupts it.
 */
#include "hal/x86/pc/pc.h"
#include "hal/x86/pc/pit.h"

#define MICROSECONDS 1000000u
#define PIT_LINE     0u
#define APIC_LIMIT   0xF0000000u
#define PIT_LIMIT    0xFFFFu
#define IDLE_TICKS   16u /* where nothing is waited for, ticks are so much rarer */

static void (*timer_handler)(void);
static uint64_t deadline_us = HAL_TIMER_NEVER;
static uint64_t countdown_end_us = HAL_TIMER_NEVER; /* when the hardware will interrupt */
static uint64_t countdown_hz;
static uint32_t countdown_limit;
static uint32_t tick_us; /* 0: there are none */

void hal_pit_start(uint32_t count)
{
    hal_out8(PIT_COMMAND, PIT_0_ONE_SHOT);
    hal_out8(PIT_CHANNEL_0, (uint8_t)count);
    hal_out8(PIT_CHANNEL_0, (uint8_t)(count >> 8));
}

static void start_countdown(uint32_t count)
{
    if (countdown_hz != PIT_HZ) {
        hal_apic_timer_start(count);
        return;
    }
    hal_pit_start(count);
}

/* Between two ticks. */
static uint64_t pause_us(void)
{
    return deadline_us == HAL_TIMER_NEVER ? (uint64_t)IDLE_TICKS * tick_us : tick_us;
}

/* Starts the countdown to deadline_us, or as far as the hardware can count. */
static void program(uint64_t now_us)
{
    uint64_t longest_us = (uint64_t)countdown_limit * MICROSECONDS / countdown_hz;
    uint64_t wait_us = deadline_us > now_us ? deadline_us - now_us : 0;
    if (tick_us && longest_us > pause_us())
        longest_us = pause_us();
    if (wait_us > longest_us)
        wait_us = longest_us;
    countdown_end_us = now_us + wait_us;
    /* One more: rounded up, so that the deadline has passed when the interrupt comes. */
    start_countdown((uint32_t)(wait_us * countdown_hz / MICROSECONDS) + 1);
}

void hal_timer_set_handler(void (*handler)(void))
{
    timer_handler = handler;
}

void hal_timer_arm(uint64_t new_deadline_us)
{
    bool enabled = hal_interrupts_disable();
    deadline_us = new_deadline_us;
    if (deadline_us < countdown_end_us)
        program(hal_clock_us());
    hal_interrupts_restore(enabled);
}

void hal_timer_tick(uint32_t longest_us)
{
    bool enabled = hal_interrupts_disable();
    tick_us = longest_us;
    program(hal_clock_us());
    hal_interrupts_restore(enabled);
}

static bool expire(void *context)
{
    (void)context;
    uint64_t now_us = hal_clock_us();
    countdown_end_us = HAL_TIMER_NEVER;
    if (deadline_us <= now_us) {
        deadline_us = HAL_TIMER_NEVER;
        if (timer_handler)
            timer_handler();
    }
    if (countdown_end_us == HAL_TIMER_NEVER && (deadline_us != HAL_TIMER_NEVER || tick_us))
        program(now_us);
    return true;
}

void hal_timer_initialise(void)
{
    static struct hal_interrupt interrupt = {.line = PIT_LINE, .handler = expire};
    if (hal_ioapic_is_used()) {
        countdown_hz = hal_apic_timer_hz();
        countdown_limit = APIC_LIMIT;
        hal_interrupt_connect_apic_timer(&interrupt);
        return;
    }
    countdown_hz = PIT_HZ;
    countdown_limit = PIT_LIMIT;
    if (!hal_interrupt_connect(&interrupt))
        PANIC("the interval timer's interrupt line cannot be used");
}
