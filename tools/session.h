/* SPDX-License-Identifier: MIT */
/*
 * What the files of `session` have in common: session.c, which stays beside QEMU, session_keys.c,
 * which hands over what is typed, session_host.c,
 * which knows what the host could not do, session_files.c, which makes files of what the guest
 * hands over, session_core.c, which takes a core of a guest that has failed, session_replay.c, which
 * knows what is special about recordings, and session_door.c, which has the NBD server.
 */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/end.h"

/* session.c */

/* A sentence for the user, in a line of its own. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the guest has sent so far, as files. */
void take_files(void);

/* A command of QEMU's machine protocol: one line of JSON. */
void send_command(const char *command);

/* Ends QEMU; the first reason is the one that counts. */
void end_qemu(enum end why);

/* session_keys.c */

extern bool is_terminal; /* somebody sits there */

/* Before QEMU starts. False: errno says why. */
bool keys_prepare(void);

/* The descriptor of QEMU's standard input; -1: it has ours. */
int keys_line(void);

/* QEMU has its end. */
void keys_begin(void);

/* What is to be read, or -1; and when there is something. */
int keys_source(void);
void keys_read(void);

/* The guest has room for some more bytes. */
void keys_have_room(size_t more);

/* The terminal's size has changed. */
void keys_tell_size(void);

/* QEMU has ended. */
void keys_conclude(void);

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

/* session_history.c */

#define HISTORY_LINE_CAPACITY 4096u /* more than the guest's lines may have */

/* Before QEMU starts: the file, and what the guest's boot module is called. The strings must live. */
void history_is(const char *file, const char *name);

/* Makes the module. False: it cannot be made, which was said. */
bool history_prepare(void);

/* A line that was entered. */
void history_take(const char *line, size_t length);

/* session_core.c */

/* Before QEMU starts: where a core goes. The string must live. */
void core_goes_to(const char *path);

/* The guest says how many bytes of its memory it uses. */
void core_holds(unsigned long long byte_count);

/* A line of QEMU's machine protocol. */
void core_event(const char *line);

/* A guest that does not answer is about to be given up. True: a core is being taken first, and QEMU
 * ended then. */
bool core_take_last(void);

/* QEMU has ended: a core that is not whole is removed. */
void core_conclude(void);

/* session_replay.c */

/* Before QEMU starts: "record", "replay", or "debug" for a replay in GDB. False: it is neither. */
bool replay_set_mode(const char *word);

/* True: QEMU records. */
bool replay_records(void);

/* True: the guest may not be interrupted from here. */
bool replay_forbids_interrupts(void);

/* True: what the guest hands over was handed over before. */
bool replay_repeats(void);

/* Keeps QEMU's words, if it records. False: that failed, and was said. */
bool replay_keep_words(char *const *words);

/* Does what is due now, and says when to call this next; 0: never. */
double replay_watch(double now);

/* A line of QEMU's machine protocol. */
void replay_event(const char *line, double now);

/* session_door.c */

/* Before QEMU starts. The strings must live. */
void door_add(const char *socket, const char *plugin, const char *memory);
bool door_is_there(void);

/* The descriptor of QEMU's end of the line between guest and server; -1: there is none. */
int door_line(void);

/* Starts the server, once QEMU has its end. */
bool door_start(void);

/* True, once: it has ended by itself, which was said. */
bool door_has_failed(void);

/* Tells the guest to end. False: there is no door. */
bool door_ask_guest(void);

/* QEMU has ended: ends the server. */
void door_conclude(void);

#endif
