/* SPDX-License-Identifier: MIT */
/* IRQL and deferred procedures; see irql.h. Entered from every context. */
#include "port/irql.h"

enum irql irql_now = IRQL_PASSIVE;
void (*irql_poll)(void);
void (*irql_passive)(void);
struct deferred *irql_deferred_head;
static bool is_halted; /* by irql_rest, */
static uint32_t halts; /* for so many times */
struct deferred **irql_deferred_tail = &irql_deferred_head;

void deferred_queue(struct deferred *deferred)
{
    bool enabled = hal_interrupts_disable();
    deferred_queue_masked(deferred);
    hal_interrupts_restore(enabled);
}

bool deferred_cancel(struct deferred *deferred)
{
    bool enabled = hal_interrupts_disable();
    bool waited = deferred->queued;
    if (waited) {
        struct deferred **link = &irql_deferred_head;
        while (*link != deferred)
            link = &(*link)->next;
        *link = deferred->next;
        if (irql_deferred_tail == &deferred->next)
            irql_deferred_tail = link;
        deferred->queued = false;
    }
    hal_interrupts_restore(enabled);
    return waited;
}

/* Runs everything that waits. Enters and leaves with CPU interrupts off, at DISPATCH_LEVEL; the
 * procedures themselves run with interrupts on. */
static void run_deferred(void)
{
    while (irql_deferred_head) {
        struct deferred *deferred = irql_deferred_head;
        irql_deferred_head = deferred->next;
        if (!irql_deferred_head)
            irql_deferred_tail = &irql_deferred_head;
        deferred->queued = false;
        hal_interrupts_enable();
        deferred->procedure(deferred->context);
        hal_interrupts_disable_now();
    }
}

void irql_run_deferred(enum irql level)
{
    hal_interrupts_disable_now();
    irql_now = IRQL_DISPATCH;
    run_deferred();
    irql_now = level;
    hal_interrupts_enable();
}

/* The end of an interrupt: what it deferred runs now, unless it interrupted DISPATCH_LEVEL or
 * above, which runs it on its way down. */
static void interrupt_exit(void)
{
    if (!irql_deferred_head || irql_now >= IRQL_DISPATCH)
        return;
    enum irql interrupted = irql_now;
    irql_now = IRQL_DISPATCH;
    run_deferred();
    irql_now = interrupted;
}

void irql_init(void)
{
    hal_interrupt_set_exit_hook(interrupt_exit);
}

uint32_t irql_halt(void)
{
    return is_halted && irql_now == IRQL_PASSIVE ? halts : 0;
}

void irql_run_passive(void)
{
    void (*procedure)(void) = __atomic_exchange_n(&irql_passive, NULL, __ATOMIC_RELAXED);
    if (procedure)
        procedure();
}

void irql_rest(void)
{
    halts = halts == UINT32_MAX ? 1 : halts + 1;
    is_halted = true;
    hal_wait_for_interrupt();
    is_halted = false;
}

void irql_pause(void)
{
    if (irql_passive) {
        hal_interrupts_enable();
        irql_run_passive();
        hal_interrupts_disable_now();
        return;
    }
    if (!irql_poll) {
        irql_rest();
        return;
    }
    hal_interrupts_enable();
    irql_poll();
    hal_interrupts_disable_now();
}

void irql_wait(const bool *flag)
{
    ASSERT_OP(irql_now, ==, IRQL_PASSIVE);
    irql_lower(
        irql_raise_dispatch()); /* what was deferred at PASSIVE_LEVEL has had no way down yet */
    hal_interrupts_disable();
    while (!*flag)
        irql_pause();
    hal_interrupts_enable();
}
