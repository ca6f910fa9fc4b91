/* SPDX-License-Identifier: MIT */
/*
 * The shell: runs commands from a person at the serial console, from a text, or on its own for the
 * tour. Context of everything here: PASSIVE_LEVEL, on the boot stack.
 */
#ifndef BOOT_SHELL_SHELL_H
#define BOOT_SHELL_SHELL_H

#include <stdbool.h>
#include <stddef.h>

/* Before anything else. */
void shell_begin(void);
/* Has lines that were entered in other sessions, and hands over those that are entered from here on
 * (lib/host_file.h). */
void shell_load_history(const char *text, size_t byte_count);
/* Reads commands from the console until poweroff. */
void shell_interactive(void);
/* Runs the commands of a text, each shown before it runs; names those that failed at the end. True:
 * none failed. */
bool shell_run_text(const char *text, size_t length);
/* The tour: shows what there is, like a person who looks around. True: nothing failed. */
bool shell_tour(void);
/* One command of the tour, shown and run. */
bool shell_run_shown(const char *text);

#endif
