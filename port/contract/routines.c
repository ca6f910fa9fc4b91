/* SPDX-License-Identifier: MIT */
/* The rows of routines.def, as the port looks at them. Owns nothing; any context. */
#include "port/contract/routines.h"

#include <stddef.h>

enum contexts {
#define CONTEXTS(name, mask, note, words) CONTEXTS_##name,
#include "port/contract/routines.def"
};

const struct routine_contexts routine_contexts[] = {
#define CONTEXTS(name, mask, note, words) {mask, note},
#include "port/contract/routines.def"
};

const struct routine_row routine_rows[ROUTINE_COUNT] = {
#define ROUTINE(name, modules, stack, takes, contexts, rule) \
    {#name, TAKES_##takes, CONTEXTS_##contexts, RULE_##rule},
#define CALLED_AS(name, exported, takes, contexts, rule) \
    {#name "/" #exported, TAKES_##takes, CONTEXTS_##contexts, RULE_##rule},
#include "port/contract/routines.def"
};
