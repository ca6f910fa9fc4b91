/* SPDX-License-Identifier: MIT */
/*
 * The port's state machines: their states, and the one way from one to another. Which may follow
 * which upon what says states.def; docs/states.md shows both.
 *
 * Each machine has one setter, a function of the file that owns it, which calls state_step before
 * it writes the state. A step that the table does not know is the kernel's own bug, and ends it.
 * Steps are made from every context.
 */
#ifndef PORT_STATES_H
#define PORT_STATES_H

#include "port/trace.h"

/* ------------------------------------------------------------------ the machines */

enum state_machine {
    MACHINE_CONTROLLER,
    MACHINE_CHANNEL,
    MACHINE_RECOVERY,
    MACHINE_POWER,
    MACHINE_POWER_IRB,
    MACHINE_SLOT,
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

/* IdeHwControl(IdeStart) has begun and IdeHwControl(IdeStop) has not returned: interrupts are the
 * miniport's. */
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
    RECOVERY_LUN_RESET_AGAIN, /* it came back with IRB_STATUS_BUSY, and goes out again in a
                                 second */
    RECOVERY_RESET,           /* IdeHwReset runs, and what it leaves is ended */
};

/* Power of a device. */
enum power_state {
    POWER_D0,      /* it has power */
    POWER_FALLING, /* its queue is paused; its requests end, then the IRB goes out */
    POWER_D3,      /* it has none; a request that comes brings it back */
    POWER_RISING,  /* the IRB for D0 is under way */
    POWER_REFUSED, /* it did not come back to D0: requests may try, rather than wait for ever */
};

static inline bool power_lets_requests_out(enum power_state state)
{
    return state == POWER_D0 || state == POWER_REFUSED;
}

/* The power IRB of a channel: one at a time. */
enum power_irb_state {
    POWER_IRB_NONE,   /* the next one may be sent */
    POWER_IRB_SENT,   /* it is at the miniport, for so long, and then the channel is reset */
    POWER_IRB_PAUSED, /* it came back with IRB_STATUS_BUSY, and goes out again after a pause */
};

/* The slot of an IRB: a request's, or of request sense. */
enum irb_slot_state {
    SLOT_FREE,       /* it waits for a request */
    SLOT_ACTIVE,     /* the miniport has it */
    SLOT_COMPLETED,  /* AtaPortCompleteRequest was called; it waits for DISPATCH_LEVEL */
    SLOT_TAKEN_BACK, /* request sense: its original has ended first; the release may still come */
    SLOT_OWED,       /* the same, by the miniport's fault (IRB-12): it has to come */
};

/* ------------------------------------------------------------------ the form */

struct state_table {
    const char *name; /* as the trace says it */
    const char *const *names;
    unsigned count; /* of names */
    bool has_units; /* there is one for each logical unit of a channel */
};
extern const struct state_table state_tables[MACHINE_COUNT];

/* A step's `where`: a controller's index, a channel (trace_channel), or a unit of one, which is
 * beyond what a trace entry has as its place: it stands beside the states then. */
#define STATE_UNIT 0xFFFF0000u
static inline unsigned state_place(unsigned channel, unsigned target, unsigned lun)
{
    return channel | target << 16 | lun << 24;
}
/* What a state is called; "?": the machine has no such state. */
const char *state_name(enum state_machine machine, unsigned state);
/* Whose steps they are, for people: "recovery of channel 0.0". */
void state_subject(enum state_machine machine, unsigned where, char *text, size_t size);

/* Does states.def have it? */
bool state_has_step(enum state_machine machine, unsigned from, unsigned to);
_Noreturn void state_refuse(enum state_machine machine, unsigned where, unsigned from, unsigned to)
    __attribute__((cold));

/* A step is about to be made: it is in the trace, and in the table. */
static inline void state_step(enum state_machine machine, unsigned where, unsigned from,
                              unsigned to)
{
    trace_timed(TRACE_STATE, trace_head(TRACE_STATE, where & ~STATE_UNIT, machine),
                from | to << 8 | (where & STATE_UNIT));
    if (!state_has_step(machine, from, to))
        state_refuse(machine, where, from, to);
}

/* The same where both states are known when it is compiled, since every request's slot makes three
 * steps: it costs nothing, and a wrong step is an error then. The trace has entries of other kinds
 * there. */
void state_step_is_wrong(void) __attribute__((error("states.def does not have this step")));
static inline __attribute__((always_inline)) void state_step_known(enum state_machine machine,
                                                                   unsigned from, unsigned to)
{
#define STEP(machine_, from_, event, to_)                                     \
    (machine == MACHINE_##machine_ && from == (unsigned)machine_##_##from_ && \
     to == (unsigned)machine_##_##to_) ||
    if (!(
#include "port/states.def"
            false))
        state_step_is_wrong();
#undef STEP
}

#endif
