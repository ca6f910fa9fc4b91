/* SPDX-License-Identifier: MIT */
/*
 * The tables of the port's state machines: which state may follow which, and what the trace calls them. Nothing else:
 * what a state means says states.h, and what it does the file that owns the machine.
 */
#include "port/states.h"

/* ------------------------------------------------------------------ controller */

#define BIT(name) (1u << CONTROLLER_##name)
static const uint16_t controller_followers[] = {
    [CONTROLLER_NO_DRIVER] = BIT(STOPPED),
    [CONTROLLER_STOPPED] = BIT(STARTING),
    [CONTROLLER_STARTING] = BIT(STARTED) | BIT(FAILED),
    [CONTROLLER_STARTED] = BIT(SUSPENDED) | BIT(STOPPED),
    [CONTROLLER_SUSPENDED] = BIT(STARTED),
    [CONTROLLER_FAILED] = BIT(STARTING),
};
#undef BIT
static const char *const controller_names[] = {
    [CONTROLLER_NO_DRIVER] = "no driver", [CONTROLLER_STOPPED] = "stopped",
    [CONTROLLER_STARTING] = "starting",   [CONTROLLER_STARTED] = "started",
    [CONTROLLER_SUSPENDED] = "suspended", [CONTROLLER_FAILED] = "failed",
};

/* ------------------------------------------------------------------ channel */

#define BIT(name) (1u << CHANNEL_##name)
/* A controller that starts has its channels asked for anew. */
#define AT_ENABLED (BIT(ABSENT) | BIT(STOPPED))
static const uint16_t channel_followers[] = {
    [CHANNEL_ABSENT] = AT_ENABLED,
    [CHANNEL_STOPPED] = AT_ENABLED | BIT(INITIALISING),
    [CHANNEL_FAILED] = AT_ENABLED | BIT(INITIALISING),
    [CHANNEL_INITIALISING] = BIT(STARTING) | BIT(FAILED),
    [CHANNEL_STARTING] = BIT(RUNNING) | BIT(CLOSING) | BIT(FAILED),
    [CHANNEL_RUNNING] = BIT(SUSPENDED) | BIT(DRAINING),
    [CHANNEL_SUSPENDED] = BIT(RUNNING),
    [CHANNEL_DRAINING] = BIT(STOPPING),
    [CHANNEL_STOPPING] = BIT(CLOSING),
    [CHANNEL_CLOSING] = BIT(STOPPED) | BIT(FAILED),
};
#undef BIT
static const char *const channel_names[] = {
    [CHANNEL_ABSENT] = "disabled",        [CHANNEL_STOPPED] = "stopped",
    [CHANNEL_FAILED] = "failed to start", [CHANNEL_INITIALISING] = "initialising",
    [CHANNEL_STARTING] = "starting",      [CHANNEL_RUNNING] = "running",
    [CHANNEL_SUSPENDED] = "suspended",    [CHANNEL_DRAINING] = "draining",
    [CHANNEL_STOPPING] = "stopping",      [CHANNEL_CLOSING] = "closing",
};

/* ------------------------------------------------------------------ recovery */

#define BIT(name) (1u << RECOVERY_##name)
static const uint16_t recovery_followers[] = {
    /* An interrupt line that does not get calm resets its channels without a time-out. */
    [RECOVERY_NONE] = BIT(LUN_RESET) | BIT(RESET),
    [RECOVERY_LUN_RESET] = BIT(LUN_RESET_AGAIN) | BIT(RESET) | BIT(NONE),
    [RECOVERY_LUN_RESET_AGAIN] = BIT(LUN_RESET) | BIT(RESET),
    [RECOVERY_RESET] = BIT(NONE),
};
#undef BIT
static const char *const recovery_names[] = {
    [RECOVERY_NONE] = "none",
    [RECOVERY_LUN_RESET] = "LUN reset",
    [RECOVERY_LUN_RESET_AGAIN] = "LUN reset again",
    [RECOVERY_RESET] = "reset",
};

/* ------------------------------------------------------------------ all */

const struct state_table state_tables[MACHINE_COUNT] = {
    [MACHINE_CONTROLLER] = {"controller", controller_followers, controller_names},
    [MACHINE_CHANNEL] = {"channel", channel_followers, channel_names},
    [MACHINE_RECOVERY] = {"recovery of channel", recovery_followers, recovery_names},
};

void state_refuse(enum state_machine machine, unsigned where, unsigned from, unsigned to)
{
    const struct state_table *table = &state_tables[machine];

    PANIC("%s %u: '%s' may not be followed by '%s'", table->name, where, table->names[from],
          table->names[to]);
}
