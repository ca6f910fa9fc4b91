/* SPDX-License-Identifier: MIT */
/*
 * The tables of the port's state machines: which state may follow which, and what the trace calls
 * them. Nothing else: what a state means says states.h, and what it does the file that owns the
 * machine.
 */
#include "port/states.h"

#include <stdio.h>

#include "hal/hal.h"

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
    /* An interrupt line that does not get calm, and a device that stays busy, reset without a
     * time-out. */
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

/* ------------------------------------------------------------------ power */

#define BIT(name) (1u << POWER_##name)
/* A channel that starts finds its devices so. */
#define AT_START BIT(D0)
static const uint16_t power_followers[] = {
    [POWER_D0] = BIT(FALLING),
    [POWER_FALLING] = BIT(D3) | BIT(D0),
    [POWER_D3] = AT_START | BIT(RISING),
    [POWER_RISING] = BIT(D0) | BIT(REFUSED),
    [POWER_REFUSED] = AT_START | BIT(RISING),
};
#undef BIT
static const char *const power_names[] = {
    [POWER_D0] = "D0",         [POWER_FALLING] = "falling", [POWER_D3] = "D3",
    [POWER_RISING] = "rising", [POWER_REFUSED] = "refused",
};

#define BIT(name) (1u << POWER_IRB_##name)
static const uint16_t power_irb_followers[] = {
    [POWER_IRB_NONE] = BIT(SENT),
    [POWER_IRB_SENT] = BIT(PAUSED) | BIT(NONE),
    [POWER_IRB_PAUSED] = BIT(SENT) | BIT(NONE),
};
#undef BIT
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

const struct state_table state_tables[MACHINE_COUNT] = {
    [MACHINE_CONTROLLER] = {"controller", controller_followers, controller_names, false},
    [MACHINE_CHANNEL] = {"channel", channel_followers, channel_names, false},
    [MACHINE_RECOVERY] = {"recovery of channel", recovery_followers, recovery_names, false},
    [MACHINE_POWER] = {"power of channel", power_followers, power_names, true},
    [MACHINE_POWER_IRB] = {"power IRB of channel", power_irb_followers, power_irb_names, false},
    [MACHINE_SLOT] = {"request sense of channel", irb_slot_followers, irb_slot_names, true},
};

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
    const struct state_table *table = &state_tables[machine];
    char subject[64];

    state_subject(machine, where, subject, sizeof subject);
    PANIC("%s: '%s' may not be followed by '%s'", subject, table->names[from], table->names[to]);
}
