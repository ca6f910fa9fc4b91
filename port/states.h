/* SPDX-License-Identifier: MIT */
/*
 * The port's state machines: their states, and the one way from one to another. Which may follow which say the tables in
 * states.c; docs/states.md shows them, and is made from both.
 *
 * Each machine has one setter, a function of the file that owns it, which calls state_step before it writes the state.
 * A step that the table does not know is the kernel's own bug, and ends it. Steps are made from every context.
 */
#ifndef PORT_STATES_H
#define PORT_STATES_H

#include "port/trace.h"

/* ------------------------------------------------------------------ the machines */

enum state_machine {
    MACHINE_CONTROLLER,
    MACHINE_CHANNEL,
    MACHINE_RECOVERY,
    MACHINE_COUNT,
};

/* The life of a controller. */
enum controller_state {
    CONTROLLER_NO_DRIVER, /* its service's driver is not loaded */
    CONTROLLER_STOPPED,   /* nothing of its miniport's runs */
    CONTROLLER_STARTING,  /* AtaAdapterControl(IdeStart), and what comes before */
    CONTROLLER_STARTED,   /* its channels may start */
    CONTROLLER_SUSPENDED, /* AtaAdapterControl(IdePowerDown) has returned TRUE */
    CONTROLLER_FAILED,    /* it did not start; `failure` says why */
};

/* The life of a channel. Their order counts: see below. */
enum channel_state {
    CHANNEL_ABSENT,       /* AtaControllerChannelEnabled has said so, or was not asked yet */
    CHANNEL_STOPPED,      /* nothing of the miniport's runs */
    CHANNEL_FAILED,       /* it did not start; `failure` says why */
    CHANNEL_INITIALISING, /* AtaChannelInitRoutine, if it is the first start; memory; interrupt */
    CHANNEL_STARTING,     /* IdeHwControl(IdeStart); then devices are looked for */
    CHANNEL_RUNNING,      /* requests go to the miniport */
    CHANNEL_SUSPENDED,    /* without power, or on the way there or back: requests wait */
    CHANNEL_DRAINING,     /* about to stop: what was written is flushed, nothing is repeated */
    CHANNEL_STOPPING,     /* requests are refused, and what is under way ends */
    CHANNEL_CLOSING,      /* IdeHwControl(IdeStop): callbacks are refused, too */
};

/* IdeHwControl(IdeStart) has begun and IdeHwControl(IdeStop) has not returned: interrupts are the miniport's. */
static inline bool channel_hears_interrupts(enum channel_state state)
{
    return state >= CHANNEL_STARTING;
}

static inline bool channel_takes_callbacks(enum channel_state state)
{
    return state >= CHANNEL_STARTING && state < CHANNEL_CLOSING;
}

static inline bool channel_takes_requests(enum channel_state state)
{
    return state >= CHANNEL_STARTING && state <= CHANNEL_DRAINING;
}

/* It is told to stop. */
static inline bool channel_is_leaving(enum channel_state state)
{
    return state >= CHANNEL_DRAINING;
}

/* It has started, and was not told to stop. */
static inline bool channel_is_up(enum channel_state state)
{
    return state == CHANNEL_RUNNING || state == CHANNEL_SUSPENDED;
}

/* Recovery of a channel after a time-out. */
enum recovery_state {
    RECOVERY_NONE,            /* nothing is to be recovered, and requests go out */
    RECOVERY_LUN_RESET,       /* the LUN reset IRB is at the miniport */
    RECOVERY_LUN_RESET_AGAIN, /* it came back with IRB_STATUS_BUSY, and goes out again in a second */
    RECOVERY_RESET,           /* IdeHwReset runs, and what it leaves is ended */
};

/* ------------------------------------------------------------------ the form */

struct state_table {
    const char *name;          /* as the trace says it */
    const uint16_t *followers; /* of each state, a bit for each that may come next */
    const char *const *names;
};
extern const struct state_table state_tables[MACHINE_COUNT];

_Noreturn void state_refuse(enum state_machine machine, unsigned where, unsigned from, unsigned to)
    __attribute__((cold));

/* A step is about to be made: it is in the trace, and in the table. */
static inline void state_step(enum state_machine machine, unsigned where, unsigned from,
                              unsigned to)
{
    trace_timed(TRACE_STATE, trace_head(TRACE_STATE, where, machine), from | to << 8);
    if (__builtin_expect(!(state_tables[machine].followers[from] >> to & 1), 0))
        state_refuse(machine, where, from, to);
}

#endif
