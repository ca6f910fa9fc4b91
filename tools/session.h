/* SPDX-License-Identifier: MIT */
/*
 * What the files of `session` have in common: session.c, which stays beside QEMU, session_host.c, which
 * knows what the host could not do, and session_files.c, which makes files of what the guest hands over.
 */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/end.h"

/* session.c */

extern bool is_terminal; /* somebody sits there */

/* A sentence for the user, in a line of its own. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A command of QEMU's machine protocol: one line of JSON. */
void send_command(const char *command);

/* Ends QEMU; the first reason is the one that counts. */
void end_qemu(enum end why);

/* session_host.c */

/* Before QEMU starts. The strings must live. False: there are too many drives. */
bool host_add_drive(const char *device, const char *words, const char *store);

/* A line of QEMU's machine protocol. */
void host_event(const char *line);

/* QEMU has ended: says what was not said yet. True: the host has failed. */
bool host_conclude(void);

/* session_files.c */

/* Before QEMU starts. The string must live. */
void files_go_to(const char *folder);

/* What the guest has sent. */
void files_take(const char *bytes, size_t count);

/* QEMU has ended. True: a file could not be made, which was said. */
bool files_conclude(void);

#endif
