/* SPDX-License-Identifier: MIT */
/*
 * Random tests against a model: episodes of random operations, and the shrinking of one that fails.
 *
 * An operation is four random numbers, which the test's run function reads as it likes; so any part
 * of an episode is an episode, too. The first argument of a test is the number of operations, the
 * second one the seed; without arguments MODEL_OPERATIONS and MODEL_SEED of the environment say so.
 */
#ifndef TESTS_HOST_MODEL_H
#define TESTS_HOST_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model_operation {
    uint32_t kind, a, b, c;
};

/* Runs an episode on a fresh system. Returns NULL, or what went wrong; *failed_at is the
 * operation's number. `verbose`: prints each operation in words. */
typedef const char *model_run(const struct model_operation *operations, size_t count,
                              size_t *failed_at, bool verbose);

#define MODEL_EPISODE 2000u

static uint64_t model_state;

static inline uint32_t model_random(void)
{
    model_state ^= model_state >> 12;
    model_state ^= model_state << 25;
    model_state ^= model_state >> 27;
    return (uint32_t)(model_state * UINT64_C(0x2545F4914F6CDD1D) >> 32);
}

static inline uint64_t model_number(int argc, char **argv, int index, const char *variable,
                                    uint64_t otherwise)
{
    const char *text = argc > index ? argv[index] : getenv(variable);
    return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

/* Takes out whatever can go while the episode still fails. Returns the number of operations left.
 */
static inline size_t model_shrink(model_run *run, struct model_operation *operations, size_t count)
{
    struct model_operation *shorter = malloc((count + 1) * sizeof(*shorter));
    size_t failed_at;

    for (size_t step = count; step > 0; step /= 2) {
        for (size_t at = 0; at < count;) {
            size_t gone = count - at < step ? count - at : step;
            memcpy(shorter, operations, at * sizeof(*shorter));
            memcpy(shorter + at, operations + at + gone, (count - at - gone) * sizeof(*shorter));
            if (run(shorter, count - gone, &failed_at, false)) {
                count = failed_at + 1;
                memcpy(operations, shorter, count * sizeof(*shorter));
            } else {
                at += gone;
            }
        }
    }
    free(shorter);
    return count;
}

/* Runs `total` operations. False: the first failure has been printed, shrunk. */
static inline bool model_explore(model_run *run, uint64_t total, uint64_t seed)
{
    struct model_operation operations[MODEL_EPISODE];
    size_t failed_at = 0;

    printf("# %llu operations, seed %llu\n", (unsigned long long)total, (unsigned long long)seed);
    model_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (uint64_t done = 0; done < total; done += MODEL_EPISODE) {
        const char *fault;
        size_t count;
        for (unsigned i = 0; i < MODEL_EPISODE; i++) {
            operations[i] = (struct model_operation){model_random(), model_random(), model_random(),
                                                     model_random()};
        }
        fault = run(operations, MODEL_EPISODE, &failed_at, false);
        if (!fault)
            continue;
        printf("# episode %llu, operation %zu: %s\n", (unsigned long long)(done / MODEL_EPISODE),
               failed_at, fault);
        count = model_shrink(run, operations, failed_at + 1);
        printf("# shrunk to %zu operations:\n", count);
        fault = run(operations, count, &failed_at, true);
        printf("# -> %s\n", fault ? fault : "(passes now)");
        return false;
    }
    return true;
}

#endif
