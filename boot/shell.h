/* SPDX-License-Identifier: MIT */
/*
 * The shell: runs commands from a person at the serial console, from a text, or on its own for the
 * tour. Context of everything here: PASSIVE_LEVEL, on the boot stack.
 */
#ifndef BOOT_SHELL_H
#define BOOT_SHELL_H

#include <stdbool.h>
#include <stddef.h>

enum command_result {
    COMMAND_DONE,
    COMMAND_FAILED,        /* the reason has been said */
    COMMAND_BAD_ARGUMENTS, /* the shell prints the command's usage; it has failed */
};

struct command {
    const char *name;
    const char *arguments; /* "DISK LBA [COUNT]" */
    const char *help;      /* one line without a full stop */
    /* words[0] is the name; words[word_count] is NULL. */
    enum command_result (*run)(unsigned word_count, char **words);
};

/* All commands, in the order in which `help` shows them. */
extern const struct command shell_commands[];
extern const unsigned shell_command_count;

/* Reads commands from the console until poweroff. */
void shell_interactive(void);
/* Runs the commands of a text, each shown before it runs; names those that failed at the end. True:
 * none failed. */
bool shell_run_text(const char *text, size_t length);
/* The tour: shows what there is, like a person who looks around. True: nothing failed. */
bool shell_tour(void);
/* One command of the tour, shown and run. */
bool shell_run_shown(const char *text);

/* ------------------------------------------------------------------ for commands */

/* Says in a sentence why a command failed. */
enum command_result command_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Is a person watching? Then long work shows its progress. */
bool shell_is_interactive(void);
/* True after Ctrl-C: the command shall stop. */
bool shell_is_stopped(void);
/* One that came so far was not meant for what comes now. */
void shell_forget_break(void);
/* The shell ends after this command. */
void shell_power_off(void);

#endif
