/* SPDX-License-Identifier: MIT */
/*
 * What the two files of `session` have in common: session.c, which stays beside QEMU, and session_host.c,
 * which knows what the host could not do.
 */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

/* Why QEMU was ended, and what `session` ends with; run-qemu.sh has words for each. */
enum end {
    END_BY_ITSELF = 0,
    END_TOLD = 112,        /* by a signal */
    END_UNREAD = 114,      /* nobody reads the console */
    END_KEY = 116,         /* Ctrl-] X */
    END_HOST_FAILED = 118, /* the host could not read or write, and that was said */
    END_TIME_OUT = 124,
    END_NOT_STARTED = 126,
};

/* session.c */

extern bool is_terminal; /* somebody sits there */

/* A sentence for the user, in a line of its own. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A command of QEMU's machine protocol: one line of JSON. */
void send_command(const char *command);

/* Ends QEMU; the first reason is the one that counts. */
void end_qemu(enum end why);

/* session_host.c */

/* Before QEMU starts. The strings must live. False: there are too many drives, or no such file. */
bool host_add_drive(const char *device, const char *words, const char *store);
bool host_add_journal(int descriptor, const char *words);

/* A line of QEMU's machine protocol. */
void host_event(const char *line);

/* Bytes from the guest: numbers of eight bytes, each how many it has appended to the registry's file. */
void host_count(const unsigned char *bytes, size_t byte_count);

/* QEMU has ended: says what was not said yet. True: the host has failed. */
bool host_conclude(void);

#endif
