/* SPDX-License-Identifier: MIT */
/*
 * Texts that the guest gives the host as files (lib/host_file.h): made in one folder, under a plain name, and
 * never in the place of a file that is there. What became of them is said at once to somebody who sits there,
 * else when QEMU has ended, for it would come in the midst of the guest's lines. Lines of the history go to
 * session_history.c.
 */
#include "session.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/host_file.h"

/* A guest that has lost its way may write for ever. */
#define MAX_FILE_BYTES (64u << 20)

enum part {
    BETWEEN,
    NAME,
    TEXT,
    MEMORY, /* what the guest uses of it */
    LINE,   /* that was entered */
};

static const char *folder;
static enum part part;
static char name[HOST_FILE_NAME_CAPACITY];
static size_t name_length, text_length;
static char line[HISTORY_LINE_CAPACITY];
static size_t line_length;
static FILE *file; /* NULL in a text: it is not written, which was said */
static bool has_failed;
static FILE *later; /* lines that are still to be said, in later_text */
static char *later_text;
static size_t later_length;

void files_go_to(const char *path)
{
    folder = path;
}

static void tell(const char *what, const char *why)
{
    if (is_terminal) {
        say("%s %s/%s%s", what, folder, name, why);
        return;
    }
    if (!later)
        later = open_memstream(&later_text, &later_length);
    if (later)
        fprintf(later, "%s %s/%s%s\n", what, folder, name, why);
}

static void fail(const char *why)
{
    has_failed = true;
    tell("the trace is not saved in", why);
}

static void begin_text(void)
{
    char path[PATH_MAX], why[200];

    if (replay_repeats())
        return;
    if (!host_file_name_is_good(name)) {
        name[0] = 0; /* it may hold anything */
        fail(": the guest gave it no plain name");
        return;
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wxe");
    snprintf(why, sizeof why, ": %s", strerror(errno));
    if (!file)
        fail(errno == EEXIST ? ", which is there already: remove it, or choose another name" : why);
}

static void end_text(bool is_whole)
{
    FILE *written = file;

    file = NULL;
    if (!written)
        return;
    bool is_written = !ferror(written);
    is_written &= fclose(written) == 0;
    if (!is_written)
        fail(": the host could not write all of it");
    else if (!is_whole || text_length > MAX_FILE_BYTES)
        fail(": only a part of it came");
    else
        tell("the trace is in", "");
}

static void take(char byte)
{
    switch (part) {
    case BETWEEN:
        if (byte == HOST_FILE_BEGIN)
            part = NAME;
        if (byte == HOST_FILE_MEMORY)
            part = MEMORY;
        if (byte == HOST_FILE_LINE)
            part = LINE;
        name_length = text_length = line_length = 0;
        return;
    case NAME:
        if (name_length < sizeof name)
            name[name_length++] = byte;
        if (byte)
            return;
        name[sizeof name - 1] = 0;
        begin_text();
        part = TEXT;
        return;
    case MEMORY:
        if (byte && name_length + 1 < sizeof name) {
            name[name_length++] = byte;
            return;
        }
        name[name_length] = 0;
        core_holds(strtoull(name, NULL, 10));
        part = BETWEEN;
        return;
    case LINE:
        /* What does not fit is no line of ours; it is counted too long. */
        if (byte && line_length < sizeof line)
            line[line_length] = byte;
        line_length += byte && line_length <= sizeof line;
        if (byte)
            return;
        history_take(line, line_length);
        part = BETWEEN;
        return;
    case TEXT:
        if (!byte) {
            end_text(true);
            part = BETWEEN;
        } else if (file && ++text_length <= MAX_FILE_BYTES) {
            putc(byte, file);
        }
        return;
    }
}

void files_take(const char *bytes, size_t count)
{
    size_t rooms = 0;

    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == HOST_FILE_ROOM) /* from an interrupt, in the midst of anything */
            rooms++;
        else
            take(bytes[i]);
    }
    if (rooms > 0)
        keys_have_room(rooms);
}

bool files_conclude(void)
{
    if (part == TEXT)
        end_text(false);
    if (!later || fclose(later) != 0)
        return has_failed;
    for (char *line = strtok(later_text, "\n"); line; line = strtok(NULL, "\n"))
        say("%s", line);
    free(later_text);
    return has_failed;
}
