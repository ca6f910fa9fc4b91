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
    MACHINE_RECOVERY,
    MACHINE_COUNT,
};

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

_Noreturn void state_refuse(enum state_machine machine, unsigned from, unsigned to)
    __attribute__((cold));

/* A step is about to be made: it is in the trace, and in the table. */
static inline void state_step(enum state_machine machine, unsigned where, unsigned from,
                              unsigned to)
{
    trace_timed(TRACE_STATE, trace_head(TRACE_STATE, where, machine), from | to << 8);
    if (__builtin_expect(!(state_tables[machine].followers[from] >> to & 1), 0))
        state_refuse(machine, from, to);
}

#endif
