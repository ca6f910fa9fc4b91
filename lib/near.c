/* SPDX-License-Identifier: MIT */
/* "Did you mean"; see near.h. Pure: tested on the host. */
#include <stdio.h>
#include <string.h>

#include "lib/near.h"

#define MOST 40u

static char small(char letter)
{
    return (char)(letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Row by row of the usual table; a swap looks two rows back. */
unsigned near_distance(const char *word, size_t length, const char *other, size_t other_length)
{
    unsigned rows[3][MOST + 1];

    if (length > MOST || other_length > MOST)
        return (unsigned)(length > other_length ? length : other_length);
    for (unsigned j = 0; j <= other_length; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3], *above_that = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= other_length; j++) {
            char a = small(word[i - 1]), b = small(other[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a != b));
            if (i > 1 && j > 1 && a == small(other[j - 2]) && small(word[i - 2]) == b)
                row[j] = least(row[j], above_that[j - 2] + 1);
        }
    }
    return rows[length % 3][other_length];
}

void near_consider(struct near *near, const char *candidate)
{
    size_t length = strlen(candidate);
    unsigned distance = near_distance(near->word, near->length, candidate, length);
    /* A third of the word may be wrong. */
    unsigned most = (unsigned)(near->length < 3 ? near->length / 2 : (near->length + 1) / 3);
    /* The beginning of a word is that word, unless it is too short to say which. */
    bool begins = near->length >= 2 && near->length < length &&
                  near_distance(near->word, near->length, candidate, near->length) == 0;

    if (begins)
        distance = 1;
    if ((distance > most && !begins) || (near->best && distance >= near->distance))
        return;
    near->best = candidate;
    near->distance = distance;
}

void near_finish(const struct near *near, const char *otherwise, char *text, size_t size)
{
    size_t length = strlen(text);

    if (near->best)
        snprintf(text + length, size - length, "; did you mean %s?", near->best);
    else
        snprintf(text + length, size - length, "%s", otherwise);
}
