/* SPDX-License-Identifier: MIT */
/*
 * What may stand where in a command, by its usage in the table of commands: "DISK
 * eject|load|capacity". Words in capitals say what kind of word stands there, others stand for
 * themselves; `|` separates ways, brackets hold what may be missing, dots say that there may be
 * more.
 *
 * Owns nothing. May not: touch the HAL or the port. Any context.
 */
#ifndef BOOT_SHELL_USAGE_H
#define BOOT_SHELL_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USAGE_ITEMS     63u
#define USAGE_WORD_SIZE 32u

/* Places in a usage at which one may be, a bit each. The bit behind the last item's: at its end. */
typedef uint64_t usage_places;

struct usage {
    struct usage_item {
        const char *text;
        uint8_t length;
        char what; /* '[', ']', '|', 'w' for words that stand for themselves, 'k' for a kind */
        bool repeats;
    } items[USAGE_ITEMS];
    unsigned count;
};

/* A usage with more items than there is room for ends early. */
void usage_read(struct usage *usage, const char *text);
/* Before the first word. */
usage_places usage_start(const struct usage *usage);
/* Behind a word, at some of `places`. None: it may stand at none of them. */
usage_places usage_step(const struct usage *usage, usage_places places, const char *word);
/* May nothing but certain words stand there? */
bool usage_wants_words(const struct usage *usage, usage_places places);
/* The index-th word that may stand there for itself: each once. A word with `=` at its end is the
 * beginning of one. False: there are no more. */
bool usage_word(const struct usage *usage, usage_places places, unsigned index,
                char word[USAGE_WORD_SIZE]);
/* The index-th kind of word, in capitals. */
bool usage_kind(const struct usage *usage, usage_places places, unsigned index,
                char kind[USAGE_WORD_SIZE]);
/* The only word that begins so and may stand there, where nothing but certain words may. Returns
 * how many there are; `word` is valid for one. */
unsigned usage_expand(const struct usage *usage, usage_places places, const char *beginning,
                      char word[USAGE_WORD_SIZE]);

#endif
