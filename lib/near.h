/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean": which of some words is a slip of the hand away from one that nobody knows. Small
 * and capital letters are one.
 *
 * Owns nothing. Any context.
 */
#ifndef LIB_NEAR_H
#define LIB_NEAR_H

#include <stdbool.h>
#include <stddef.h>

struct near {
    const char *word; /* that nobody knows; not terminated */
    size_t length;
    const char *best; /* the nearest so far; NULL: none is near */
    unsigned distance;
};

static inline struct near near_begin(const char *word, size_t length)
{
    return (struct near){.word = word, .length = length};
}

/* Another word that could be meant. The first of several that are as near is kept. */
void near_consider(struct near *near, const char *candidate);

/* How many letters must be put in, left out, replaced or swapped with their neighbours to make one
 * of the other. Longer words than 40 letters are as far away as they are long. */
unsigned near_distance(const char *word, size_t length, const char *other, size_t other_length);

/* Puts "; did you mean X?" behind a text, or `otherwise`. */
void near_finish(const struct near *near, const char *otherwise, char *text, size_t size);

#endif
