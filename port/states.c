/* SPDX-License-Identifier: MIT */
/*
 * The tables of the port's state machines: which state may follow which, and what the trace calls them. Nothing else:
 * what a state means says states.h, and what it does the file that owns the machine.
 */
#include "port/states.h"

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
    [MACHINE_RECOVERY] = {"recovery", recovery_followers, recovery_names},
};

void state_refuse(enum state_machine machine, unsigned from, unsigned to)
{
    const struct state_table *table = &state_tables[machine];

    PANIC("%s: '%s' may not be followed by '%s'", table->name, table->names[from],
          table->names[to]);
}
