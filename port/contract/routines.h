/* SPDX-License-Identifier: MIT */
/* The exported routines by number, with what routines.def says of each. */
#ifndef PORT_CONTRACT_ROUTINES_H
#define PORT_CONTRACT_ROUTINES_H

#include <stdint.h>

#include "port/contract/context.h"
#include "port/contract/rules.h"

/* Exported routines, and the names by which irb.h calls them. */
enum routine {
#define ROUTINE(name, modules, stack, takes, contexts, rule) ROUTINE_##name,
#define CALLED_AS(name, exported, takes, contexts, rule)     ROUTINE_##name,
#include "port/contract/routines.def"
    ROUTINE_COUNT,
};

/* Whose extension a routine takes. */
enum routine_takes {
    TAKES_NOTHING,
    TAKES_CHANNEL,
    TAKES_OWN_CHANNEL, /* of the routine that runs; another one breaks the routine's rule */
    TAKES_CHANNEL_OR_NULL,
    TAKES_CONTROLLER,
    TAKES_EITHER,
};

/* Where a routine may be called: for each kind of context a bit, and two more for two actions of
 * IdeHwControl. */
#define WITHIN(kind) (1u << CONTEXT_##kind)
#define WITHIN_START (1u << CONTEXT_KIND_COUNT)
#define WITHIN_STOP  (2u << CONTEXT_KIND_COUNT)
#define ALL_CONTEXTS ((4u << CONTEXT_KIND_COUNT) - 1)

struct routine_contexts {
    uint32_t mask;
    const char *note; /* IdeHwBuildIo may call it, but it is said why; NULL: it is not noted */
};

/* The row of a routine. */
struct routine_row {
    /* "AtaPortDeviceBusy/AtaPortDeviceStateChange": as drivers call it, and as it is exported */
    const char *name;
    uint8_t takes;    /* enum routine_takes */
    uint8_t contexts; /* index of routine_contexts */
    uint8_t rule;     /* enum rule: which is broken elsewhere */
};
extern const struct routine_row routine_rows[ROUTINE_COUNT];
extern const struct routine_contexts routine_contexts[];

static inline const char *routine_name(enum routine routine)
{
    return routine_rows[routine].name;
}

/* The bit of a context in those masks. */
static inline uint32_t routine_context_bit(const struct context *context)
{
    if (context->kind == CONTEXT_HW_CONTROL && context->action <= IdeStop)
        return context->action == IdeStart ? WITHIN_START : WITHIN_STOP;
    return 1u << context->kind;
}

#endif
