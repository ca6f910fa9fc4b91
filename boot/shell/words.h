/* SPDX-License-Identifier: MIT */
/*
 * Command texts: cutting a text into commands, and a command into words.
 *
 * `;` or the end of a line (LF, CR or both) ends a command, except inside double quotes. Blanks
 * separate words, except inside double quotes, which may begin and end anywhere in a word. `""`
 * inside quotes stands for a quote. `#` where a word could begin is a comment up to the end of the
 * line; inside a word it is ordinary, as are backslash, dollar and the rest.
 *
 * Owns nothing and keeps nothing. May not: touch the HAL or the port. Any context.
 */
#ifndef BOOT_SHELL_WORDS_H
#define BOOT_SHELL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* A command inside a text, without blanks at either end. */
struct command_text {
    const char *text; /* not terminated */
    size_t length;
};

/* Finds the next command of a text that is not empty, from *position on, and moves *position behind
 * it. False: there is none. A quote that is never closed takes the rest of the text with it. */
bool words_next_command(const char *text, size_t length, size_t *position,
                        struct command_text *command);

enum words_status {
    WORDS_OK,
    WORDS_UNCLOSED_QUOTE,
    WORDS_TOO_LONG, /* for the buffer */
    WORDS_TOO_MANY, /* for the list */
};

/* Splits a command. The words, terminated, go to `buffer` (command.length + 1 bytes are always
 * enough) and pointers to them to `words`; *count is how many, valid on WORDS_OK only. */
enum words_status words_split(struct command_text command, char *buffer, size_t buffer_size,
                              char **words, unsigned capacity, unsigned *count);

#endif
