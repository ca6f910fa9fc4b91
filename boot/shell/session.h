/* SPDX-License-Identifier: MIT */
/*
 * What a command knows of the shell that runs it: who watches, whether it shall stop, how it says
 * that it failed. Context: PASSIVE_LEVEL.
 */
#ifndef BOOT_SHELL_SESSION_H
#define BOOT_SHELL_SESSION_H

#include <stdbool.h>

enum command_result {
    COMMAND_DONE,
    COMMAND_FAILED,        /* the reason has been said */
    COMMAND_BAD_ARGUMENTS, /* the shell prints the command's usage; it has failed */
};

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
bool shell_is_ending(void);
/* The host wants the session to end: the present command is stopped, and the shell ends. Context:
 * any. */
void shell_end(void);
/* What comes now is not stopped by what came so far: the last command is over. True: it was the
 * host who wanted that. */
bool shell_close(void);

/* The shell's own; others ask with the functions above. */
struct shell_session {
    bool is_interactive;
    bool power_off_wanted;
    bool was_stopped; /* Ctrl-C came while the present line or command ran */
    bool must_end;    /* shell_end */
};
extern struct shell_session shell_session;

#endif
