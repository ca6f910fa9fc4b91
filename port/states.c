/* SPDX-License-Identifier: MIT */
/*
 * The port's state machines as tables: the steps of states.def, and what the trace calls the
 * states. Nothing else: what a state means says states.h, and what it does the file that owns the
 * machine.
 */
#include "port/states.h"

#include <stdio.h>

#include "hal/hal.h"

/* ------------------------------------------------------------------ controller */

static const char *const controller_names[] = {
    [CONTROLLER_NO_DRIVER] = "no driver", [CONTROLLER_STOPPED] = "stopped",
    [CONTROLLER_STARTING] = "starting",   [CONTROLLER_STARTED] = "started",
    [CONTROLLER_SUSPENDED] = "suspended", [CONTROLLER_FAILED] = "failed",
};

/* ------------------------------------------------------------------ channel */

static const char *const channel_names[] = {
    [CHANNEL_ABSENT] = "disabled",        [CHANNEL_STOPPED] = "stopped",
    [CHANNEL_FAILED] = "failed to start", [CHANNEL_INITIALISING] = "initialising",
    [CHANNEL_STARTING] = "starting",      [CHANNEL_RUNNING] = "running",
    [CHANNEL_SUSPENDED] = "suspended",    [CHANNEL_DRAINING] = "draining",
    [CHANNEL_STOPPING] = "stopping",      [CHANNEL_CLOSING] = "closing",
};

/* ------------------------------------------------------------------ recovery */

static const char *const recovery_names[] = {
    [RECOVERY_NONE] = "none",
    [RECOVERY_LUN_RESET] = "LUN reset",
    [RECOVERY_LUN_RESET_AGAIN] = "LUN reset again",
    [RECOVERY_RESET] = "reset",
};

/* ------------------------------------------------------------------ power */

static const char *const power_names[] = {
    [POWER_D0] = "D0",         [POWER_FALLING] = "falling", [POWER_D3] = "D3",
    [POWER_RISING] = "rising", [POWER_REFUSED] = "refused",
};

static const char *const power_irb_names[] = {
    [POWER_IRB_NONE] = "none",
    [POWER_IRB_SENT] = "sent",
    [POWER_IRB_PAUSED] = "paused",
};

/* ------------------------------------------------------------------ slots */

static const char *const irb_slot_names[] = {
    [SLOT_FREE] = "free",           [SLOT_ACTIVE] = "active",
    [SLOT_COMPLETED] = "completed", [SLOT_TAKEN_BACK] = "taken back",
    [SLOT_OWED] = "owed",
};

/* ------------------------------------------------------------------ all */

#define NAMES(names) names, sizeof(names) / sizeof *(names)
const struct state_table state_tables[MACHINE_COUNT] = {
    [MACHINE_CONTROLLER] = {"controller", NAMES(controller_names), false},
    [MACHINE_CHANNEL] = {"channel", NAMES(channel_names), false},
    [MACHINE_RECOVERY] = {"recovery of channel", NAMES(recovery_names), false},
    [MACHINE_POWER] = {"power of channel", NAMES(power_names), true},
    [MACHINE_POWER_IRB] = {"power IRB of channel", NAMES(power_irb_names), false},
    [MACHINE_SLOT] = {"request sense of channel", NAMES(irb_slot_names), true},
};

bool state_has_step(enum state_machine machine, unsigned from, unsigned to)
{
    static const struct {
        uint8_t machine, from, to;
    } steps[] = {
#define STEP(machine_, from_, event, to_) \
    {MACHINE_##machine_, machine_##_##from_, machine_##_##to_},
#include "port/states.def"
#undef STEP
    };

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].machine == machine && steps[i].from == from && steps[i].to == to)
            return true;
    return false;
}

const char *state_name(enum state_machine machine, unsigned state)
{
    const struct state_table *table = &state_tables[machine];

    return state < table->count ? table->names[state] : "?";
}

void state_subject(enum state_machine machine, unsigned where, char *text, size_t size)
{
    const struct state_table *table = &state_tables[machine];
    char channel[TRACE_CHANNEL_NAME];

    trace_channel_name(where & ~STATE_UNIT, channel, sizeof channel);
    if (machine == MACHINE_CONTROLLER)
        snprintf(text, size, "%s %u", table->name, where);
    else if (table->has_units && where >> 24)
        snprintf(text, size, "%s %s, target %u, unit %u", table->name, channel, where >> 16 & 0xFF,
                 where >> 24);
    else if (table->has_units)
        snprintf(text, size, "%s %s, target %u", table->name, channel, where >> 16);
    else
        snprintf(text, size, "%s %s", table->name, channel);
}

void state_refuse(enum state_machine machine, unsigned where, unsigned from, unsigned to)
{
    char subject[64];

    state_subject(machine, where, subject, sizeof subject);
    PANIC("%s: '%s' may not be followed by '%s'", subject, state_name(machine, from),
          state_name(machine, to));
}
