/* SPDX-License-Identifier: MIT */
/*
 * Every state that any sequence of calls can lead to, of whatever length: from the first state on,
 * every call is tried in every state until no new state turns up. So what `step` checks is shown for
 * all of them.
 */
#ifndef TESTS_HOST_CLOSURE_H
#define TESTS_HOST_CLOSURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct closure {
    size_t byte_count; /* of a state; states with the same bytes are the same */
    unsigned call_count;
    /* Makes call number `call` in the state, which it changes to the next one. NULL, or what was
     * wrong. */
    const char *(*step)(void *state, unsigned call);
    /* Results. */
    uint32_t state_count;
    uint64_t tried;
};

#define CLOSURE_MAX_STATES (1u << 20)

/* Adds the state if it is new. False: there are too many. */
static inline bool closure_visit(struct closure *closure, uint8_t *states, uint32_t *table,
                                 const void *state)
{
    const uint8_t *bytes = state;
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i + 4 <= closure->byte_count; i += 4) {
        uint32_t word;
        memcpy(&word, bytes + i, 4);
        hash = (hash ^ word) * 16777619u;
        hash ^= hash >> 15;
    }
    for (uint32_t at = hash;; at++) {
        uint32_t *entry = &table[at % (2 * CLOSURE_MAX_STATES)];
        if (*entry == 0) {
            if (closure->state_count == CLOSURE_MAX_STATES)
                return false;
            memcpy(states + closure->state_count * closure->byte_count, state, closure->byte_count);
            *entry = ++closure->state_count;
            return true;
        }
        if (memcmp(states + (*entry - 1) * closure->byte_count, state, closure->byte_count) == 0)
            return true;
    }
}

static inline const char *closure_run(struct closure *closure, const void *first)
{
    uint8_t *states = calloc(CLOSURE_MAX_STATES, closure->byte_count);
    uint32_t *table = calloc(2 * CLOSURE_MAX_STATES, sizeof(*table));
    uint8_t *state = calloc(1, closure->byte_count);
    const char *fault = NULL;

    closure->state_count = 0;
    closure->tried = 0;
    closure_visit(closure, states, table, first);
    for (uint32_t at = 0; at < closure->state_count && !fault; at++) {
        for (unsigned call = 0; call < closure->call_count && !fault; call++) {
            memcpy(state, states + at * closure->byte_count, closure->byte_count);
            fault = closure->step(state, call);
            closure->tried++;
            if (!fault && !closure_visit(closure, states, table, state))
                fault = "there are more states than there is room for";
        }
    }
    free(states);
    free(table);
    free(state);
    return fault;
}

#endif
