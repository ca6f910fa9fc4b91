/* SPDX-License-Identifier: MIT */
/*
 * IRQL: how far what runs now may be interrupted, and the procedures deferred to DISPATCH_LEVEL.
 *
 * One CPU, so a level is a number and, for DIRQL, disabled CPU interrupts. What is deferred runs
 * when the level falls below DISPATCH_LEVEL: at the end of the interrupt that queued it, or in
 * irql_lower.
 */
#ifndef PORT_IRQL_H
#define PORT_IRQL_H

#include "hal/hal.h"

enum irql {
    IRQL_PASSIVE,
    IRQL_DISPATCH,
    IRQL_DIRQL,
};

/* A procedure that waits for DISPATCH_LEVEL. Queueing it again while it waits changes nothing. */
struct deferred {
    void (*procedure)(void *context);
    void *context;
    struct deferred *next;
    bool queued;
};

extern enum irql irql_now;

void irql_init(void);

extern struct deferred *irql_deferred_head, **irql_deferred_tail;
/* Runs what was deferred, and comes back to a level below DISPATCH_LEVEL. */
void irql_run_deferred(enum irql level);

/* Raises to DISPATCH_LEVEL; returns the old level for irql_lower. Context: below DIRQL. */
static inline enum irql irql_raise_dispatch(void)
{
    enum irql old = irql_now;
    irql_now = IRQL_DISPATCH;
    hal_compiler_barrier();
    return old;
}

/* Goes back to a level that was left by irql_raise_dispatch, running what was deferred. The level
 * falls first: an interrupt before that leaves its work to the test, one after it does the work
 * itself. */
static inline void irql_lower(enum irql level)
{
    hal_compiler_barrier();
    irql_now = level;
    hal_compiler_barrier();
    if (level < IRQL_DISPATCH && irql_deferred_head)
        irql_run_deferred(level);
}

/* DIRQL: CPU interrupts off; below it they are on, so the level tells what the CPU's flag is.
 * Nests; returns the level for irql_leave_dirql. */
static inline void irql_enter_dirql_from(enum irql level)
{
    if (level != IRQL_DIRQL)
        hal_interrupts_disable_now();
    irql_now = IRQL_DIRQL;
}
static inline enum irql irql_enter_dirql(void)
{
    enum irql old = irql_now;
    irql_enter_dirql_from(old);
    return old;
}
static inline void irql_leave_dirql(enum irql level)
{
    irql_now = level;
    if (level != IRQL_DIRQL)
        hal_interrupts_enable();
    if (level < IRQL_DISPATCH && irql_deferred_head)
        irql_run_deferred(level);
}

/* Flags, a bit each, that code of several levels changes: every change is one instruction, which no
 * interrupt divides. Of a type of their own, so that nobody writes |= and loses what an interrupt
 * has just said. Context: any. */
struct shared_flags {
    uint8_t bits;
};
static inline void shared_set(struct shared_flags *flags, unsigned bits)
{
    __atomic_fetch_or(&flags->bits, (uint8_t)bits, __ATOMIC_RELAXED);
}
static inline void shared_clear(struct shared_flags *flags, unsigned bits)
{
    __atomic_fetch_and(&flags->bits, (uint8_t)~bits, __ATOMIC_RELAXED);
}
/* All that are set; none is, afterwards. */
static inline unsigned shared_take(struct shared_flags *flags)
{
    return __atomic_exchange_n(&flags->bits, 0, __ATOMIC_RELAXED);
}

/* Context: CPU interrupts off. */
static inline void deferred_queue_masked(struct deferred *deferred)
{
    if (deferred->queued)
        return;
    deferred->queued = true;
    deferred->next = NULL;
    *irql_deferred_tail = deferred;
    irql_deferred_tail = &deferred->next;
}

/* Context: any. */
void deferred_queue(struct deferred *deferred);
/* Takes a waiting procedure back. Returns whether it waited. Context: any. */
bool deferred_cancel(struct deferred *deferred);

/* What is called again and again while something is waited for, instead of halting the CPU: for
 * channels whose interrupts do not come (dump mode). NULL: nothing. Called at PASSIVE_LEVEL. */
extern void (*irql_poll)(void);
/* What waits for PASSIVE_LEVEL: called once, by who waits there next. NULL: nothing does. Set from
 * any context. */
extern void (*irql_passive)(void);
/* Calls it now. Context: PASSIVE_LEVEL, CPU interrupts on. */
void irql_run_passive(void);
/* Halts until an interrupt. Context: as irql_pause. */
void irql_rest(void);
/* One step of a wait: halts until an interrupt, or polls. Context: PASSIVE_LEVEL, CPU interrupts
 * off, and off again afterwards. */
void irql_pause(void);
/* In which of its halts by that has an interrupt found the CPU? From 1 on; 0: in none. Between two
 * of them all interrupts that waited have been served. Context: interrupt. */
uint32_t irql_halt(void);
/* Waits at PASSIVE_LEVEL, halting the CPU between interrupts, until *flag is set. */
void irql_wait(const bool *flag);

#endif
