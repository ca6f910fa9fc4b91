/* SPDX-License-Identifier: MIT */
/*
 * What differs for a machine that is recorded, or replayed (tools/run-record.sh).
 *
 * - Of a recording QEMU's words are kept, all of them, in the file `words`, each ended by a NUL.
 * - What the guest of a recording is to read, it must have asked for (session_keys.c).
 * - Neither may be sent a non-maskable interrupt: QEMU has no place for it in its log.
 * - QEMU is asked once a second how many instructions it has done. A replay goes as fast as it can, and
 *   always on: when they no longer become more, it is ended. So is a QEMU that does not answer.
 * - What a replay would store was stored when it was recorded.
 * - With GDB ("debug") it stands still as long as somebody likes.
 *
 * QEMU: a replay of AHCI comes to that (7.2) where a command that is not queued has ended and others
 * are waiting: the next one is begun from a bottom half that is in no log, and so at another
 * instruction than in the recording. And one that records does not answer any more when a port is reset
 * whose commands are under way: it waits for their end, of which it would learn when the CPU goes on.
 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASK_SECONDS   1.0
#define STUCK_SECONDS 20 /* a loaded host is slow, too */

static enum { MODE_NONE, MODE_RECORD, MODE_REPLAY, MODE_DEBUG } mode;
static unsigned long long instructions;
static double moved_at;    /* when they last became more; 0: QEMU was not asked yet */
static double answered_at; /* when QEMU last said how many there are */

bool replay_set_mode(const char *word)
{
    if (strcmp(word, "record") == 0)
        mode = MODE_RECORD;
    else if (strcmp(word, "replay") == 0)
        mode = MODE_REPLAY;
    else if (strcmp(word, "debug") == 0)
        mode = MODE_DEBUG;
    return mode != MODE_NONE;
}

bool replay_records(void)
{
    return mode == MODE_RECORD;
}

bool replay_forbids_interrupts(void)
{
    return mode != MODE_NONE;
}

bool replay_repeats(void)
{
    return mode == MODE_REPLAY || mode == MODE_DEBUG;
}

bool replay_keep_words(char *const *words)
{
    if (mode != MODE_RECORD)
        return true;
    FILE *file = fopen("words", "w");
    bool is_written = file != NULL;
    for (words++; is_written && *words; words++) /* without QEMU's own name */
        is_written = fwrite(*words, strlen(*words) + 1, 1, file) == 1;
    if (file && fclose(file) != 0)
        is_written = false;
    if (!is_written)
        say("QEMU's words cannot be written for the recording: %s", strerror(errno));
    return is_written;
}

double replay_watch(double now)
{
    if (mode == MODE_NONE || mode == MODE_DEBUG)
        return 0;
    if (moved_at == 0)
        moved_at = answered_at = now;
    if (now - answered_at > STUCK_SECONDS)
        say("QEMU does not answer any more, behind instruction %llu (docs/replay.md says when that "
            "is)",
            instructions);
    else if (mode == MODE_REPLAY && now - moved_at > STUCK_SECONDS)
        say("the replay has stopped making progress, at instruction %llu: QEMU waits for what does "
            "not come again (docs/replay.md says when that is)",
            instructions);
    else {
        send_command("{\"execute\": \"query-replay\"}\n");
        return now + ASK_SECONDS;
    }
    end_qemu(END_STUCK);
    return 0;
}

void replay_event(const char *line, double now)
{
    const char *found = mode != MODE_NONE ? strstr(line, "\"icount\": ") : NULL;

    if (!found)
        return;
    answered_at = now;
    unsigned long long done = strtoull(found + strlen("\"icount\": "), NULL, 10);
    if (done != instructions)
        instructions = done, moved_at = now;
}
