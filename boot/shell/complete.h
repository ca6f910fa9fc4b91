/* SPDX-License-Identifier: MIT */
/*
 * What Tab offers: which words may stand at the end of a text, by the table of commands and the
 * usages in it; and which word of them somebody means who has written its beginning, or nearly it.
 *
 * Owns a buffer for the words of a text. May not: know what disks, channels or keys there are; who
 * does hands over `complete_kinds`. Context: PASSIVE_LEVEL.
 */
#ifndef BOOT_SHELL_COMPLETE_H
#define BOOT_SHELL_COMPLETE_H

#include "boot/shell/line_editor.h"
#include "boot/shell/usage.h"

struct command;

/* Hands over the table. */
void complete_begin(const struct command *table, unsigned count);

/* What stands before a word of some kind. */
struct complete_place {
    const struct command *command;
    unsigned count; /* of words, with the command's */
    char **words;
    const char *beginning; /* of the word itself */
};

/* Offers the words of a kind ("DISK") that there are. False: it knows no words of that kind. */
extern bool (*complete_kinds)(const char *kind, const struct complete_place *place,
                              struct line_completion *completion);

/* For the line editor: what may stand at the end of `text`. */
void complete_line(const char *text, size_t length, struct line_completion *completion);

/* The command of that name, or, if `is_person`, of the only name that begins so. NULL: said why
 * there is none. */
const struct command *complete_find_command(const char *name, bool is_person);
/* Puts whole words in the places of those that were shortened, in `words`, as far as a person's
 * may be. False: one cannot be, said why. */
bool complete_expand(const struct command *command, unsigned count, char **words);
/* What was meant by the first word that cannot stand where it does, in a sentence; nothing if that
 * is not known. */
void complete_say_meant(const struct command *command, unsigned count, char **words);

#endif
