/* SPDX-License-Identifier: MIT */
/*
 * What the host could not do for the guest: images that it could not read or write, which QEMU reports as
 * events. (The registry's file is registry_session.c's.)
 */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/plural.h"

#define MAX_DRIVES 8

struct drive {
    const char *device, *words, *store;
    bool is_write;
    char reason[200]; /* of the first failure; empty: there was none */
    bool is_said;
};

static struct drive drives[MAX_DRIVES];
static unsigned drive_count;

/* ------------------------------------------------------------------ drives */

bool host_add_drive(const char *device, const char *words, const char *store)
{
    if (drive_count == MAX_DRIVES)
        return false;
    drives[drive_count++] = (struct drive){.device = device, .words = words, .store = store};
    return true;
}

/* QEMU: "nospace" is in the event only for some kinds of devices. */
static void say_failure(struct drive *drive)
{
    bool is_full = strcmp(drive->reason, strerror(ENOSPC)) == 0 ||
                   strcmp(drive->reason, strerror(EDQUOT)) == 0;

    if (drive->is_said || !drive->reason[0])
        return;
    drive->is_said = true;
    if (is_full)
        say("%s: the host's disk is full: %s cannot take what the guest writes, and the guest got "
            "errors. "
            "Make room there and write it again.",
            drive->words, drive->store);
    else
        say("%s: the host cannot %s %s: %s. The guest got errors.", drive->words,
            drive->is_write ? "write" : "read", drive->is_write ? drive->store : "it",
            drive->reason);
}

/* The text behind `"key": "` in a line of JSON, without its escapes; false if it is not there. */
static bool text_of(const char *line, const char *key, char *text, size_t capacity)
{
    char pattern[40];
    const char *at;
    size_t length = 0;

    snprintf(pattern, sizeof pattern, "\"%s\": \"", key);
    at = strstr(line, pattern);
    if (!at)
        return false;
    for (at += strlen(pattern); *at && *at != '"' && length + 1 < capacity; at++)
        if (*at != '\\')
            text[length++] = *at;
    text[length] = 0;
    return true;
}

static struct drive *drive_of(const char *line)
{
    char device[100];

    if (text_of(line, "device", device, sizeof device))
        for (unsigned i = 0; i < drive_count; i++)
            if (strcmp(drives[i].device, device) == 0)
                return &drives[i];
    return NULL;
}

/* A drive without -d is the user's own, of QEMU_EXTRA=, and may fail on purpose. */
static void note_failure(const char *line, const char *reason_key)
{
    static struct drive other = {.words = "A drive of QEMU_EXTRA=", .store = "its image"};
    bool is_stopped = strstr(line, "\"action\": \"stop\"") != NULL;
    struct drive *drive = drive_of(line);
    char operation[16] = "", reason[80];

    if (!drive && !is_stopped)
        return;
    /* QEMU: a reset of the guest's cancels what is under way, and that is nobody's fault. */
    if (text_of(line, reason_key, reason, sizeof reason) &&
        strcmp(reason, strerror(ECANCELED)) == 0 && !is_stopped)
        return;
    if (!drive)
        drive = &other;
    if (!drive->reason[0]) {
        text_of(line, "operation", operation, sizeof operation);
        drive->is_write = strcmp(operation, "write") == 0;
        if (!text_of(line, reason_key, drive->reason, sizeof drive->reason) || !drive->reason[0])
            snprintf(drive->reason, sizeof drive->reason, "for a reason that QEMU does not say");
    }
    if (is_terminal || is_stopped)
        say_failure(drive);
    if (is_stopped)
        end_qemu(END_HOST_FAILED);
}

void host_event(const char *line)
{
    char name[40];

    if (text_of(line, "event", name, sizeof name)) {
        if (strcmp(name, "BLOCK_IO_ERROR") == 0)
            note_failure(line, "reason");
        if (strcmp(name, "BLOCK_IMAGE_CORRUPTED") == 0)
            note_failure(line, "msg");
        if (strcmp(name, "STOP") == 0)
            send_command("{\"execute\": \"query-status\"}\n");
        return;
    }
    /* GDB stops the machine as well, and lets it go on. */
    if (text_of(line, "status", name, sizeof name) &&
        (strcmp(name, "io-error") == 0 || strcmp(name, "internal-error") == 0)) {
        say("QEMU has stopped the machine (%s), and it would not go on", name);
        end_qemu(END_HOST_FAILED);
    }
}

bool host_conclude(void)
{
    bool has_failed = false;

    for (unsigned i = 0; i < drive_count; i++) {
        say_failure(&drives[i]);
        has_failed |= drives[i].is_said;
    }
    return has_failed;
}
