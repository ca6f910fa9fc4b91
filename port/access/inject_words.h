/* SPDX-License-Identifier: MIT */
/* What the readers of fault words share: inject_words.c, and inject_keys.c for the keys. */
#ifndef PORT_ACCESS_INJECT_WORDS_H
#define PORT_ACCESS_INJECT_WORDS_H

#include "port/access/inject_rule.h"

#define INJECT_WORD_LIMIT 20u
#define INJECT_WORD_SIZE  40u

/* A rule that is being read: its words, and where the sentence goes. */
struct reading {
    struct inject_rule *rule;
    char words[INJECT_WORD_LIMIT][INJECT_WORD_SIZE];
    unsigned count, next;
    char *error;
    size_t error_size;
};

/* Keys that mean something to a fault. */
enum {
    KEY_CHANNEL = 1u << 0,
    KEY_TARGET = 1u << 1,
    KEY_REGISTER = 1u << 2,
    KEY_COMMAND = 1u << 3,
    KEY_NTH = 1u << 4,
    KEY_COUNT = 1u << 5,
    KEY_EVERY = 1u << 6,
    KEY_RATE = 1u << 7,
    KEY_SEED = 1u << 8,
    KEY_AFTER = 1u << 9,
    KEY_FOR = 1u << 10,
};

/* Puts a sentence where it is wanted, and returns false. */
bool inject_wrong(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The next word; "": there is none. */
const char *inject_next_word(struct reading *reading);

/* The digits at the beginning of a text; 0x makes it hexadecimal in any case. Returns where they
 * end; NULL: there are none, or too many. */
const char *inject_number_at(const char *text, unsigned base, uint64_t limit, uint64_t *value);
/* All of a text; a hexadecimal one may end with h. */
bool inject_number_is(const char *text, unsigned base, uint64_t limit, uint64_t *value);

/* Reads key=value, of those that are `allowed` to `what`. */
bool inject_take_key(struct reading *reading, const char *what, unsigned allowed, unsigned *given);

#endif
