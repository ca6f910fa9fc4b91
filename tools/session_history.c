/* SPDX-License-Identifier: MIT */
/*
 * The lines that people have entered at the guest's prompt, in a file of the host's: one line each, oldest first. The
 * guest gets the last ones as a boot module, and hands over each new line (lib/host_file.h), which is in the file at
 * once. Several sessions may do that at a time, and each line is whole: who writes has a lock on the file, and opens it
 * anew for each, since another one may have put a shorter file in its place.
 *
 * A file that cannot be used takes nothing but the history with it: that is said once, and the session goes on.
 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/plural.h"

#define KEPT_LINES        1000u      /* boot/shell/history.h has as many */
#define MOST_BYTES        (8u << 20) /* no file of ours gets so long */
#define MOST_MODULE_BYTES (1u << 20) /* for the guest, which keeps less */

static const char *path, *module;
static char real_path[PATH_MAX];
static bool is_used; /* lines go to the file */

static struct {
    char *bytes;
    size_t length;
    unsigned lines, damaged; /* those that are text, and those that are not */
} text;

void history_is(const char *file, const char *name)
{
    path = file;
    module = name;
}

static void stop_using(const char *what, const char *why)
{
    if (is_used)
        say("%s %s (%s), so this session's lines are not kept (HISTORY=)", path, what, why);
    is_used = false;
}

/* ------------------------------------------------------------------ the file */

/* Opens and locks it. -1: errno says why not. Another one that has it is waited for, for a second. */
static int open_locked(void)
{
    struct stat opened, named;

    for (int turn = 0; turn < 100; turn++) {
        int file = open(real_path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
        if (file < 0)
            return -1;
        if (fstat(file, &opened) != 0 || !S_ISREG(opened.st_mode)) {
            close(file);
            errno = EINVAL;
            return -1;
        }
        bool is_locked = flock(file, LOCK_EX | LOCK_NB) == 0;
        if (is_locked && fstat(file, &opened) == 0 && stat(real_path, &named) == 0 &&
            opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
            return file;
        close(file);
        if (!is_locked)
            usleep(10000);
    }
    errno = EBUSY;
    return -1;
}

/* Is it a line that somebody may have typed? */
static bool is_text(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7F)
            return false;
    return true;
}

/* Leaves the last lines that are text, and counts all of them. False: most of it is no text. */
static bool sift(void)
{
    size_t kept = 0, lost = 0;
    unsigned ends = 0;

    for (size_t at = 0, next; at < text.length; at = next) {
        const char *end = memchr(text.bytes + at, '\n', text.length - at);
        size_t length = end ? (size_t)(end - text.bytes) - at : text.length - at;
        next = at + length + 1;
        if (length > 0 && text.bytes[at + length - 1] == '\r')
            length--;
        if (length == 0)
            continue;
        if (!is_text(text.bytes + at, length)) {
            text.damaged++;
            lost += length;
            continue;
        }
        memmove(text.bytes + kept, text.bytes + at, length);
        kept += length;
        text.bytes[kept++] = '\n';
        text.lines++;
    }
    text.length = kept;
    size_t from = kept;
    while (from > 0 && (ends += text.bytes[from - 1] == '\n') <= KEPT_LINES)
        from--;
    while (kept - from > MOST_MODULE_BYTES)
        from = (size_t)((char *)memchr(text.bytes + from, '\n', kept - from) + 1 - text.bytes);
    text.length = kept - from;
    memmove(text.bytes, text.bytes + from, text.length);
    return lost <= kept;
}

static bool read_all(int file, size_t byte_count)
{
    ssize_t count = 1;

    text.bytes = malloc(byte_count + 1); /* the last line may have no end */
    while (text.bytes && text.length < byte_count && count > 0) {
        count = pread(file, text.bytes + text.length, byte_count - text.length, (off_t)text.length);
        text.length += count > 0 ? (size_t)count : 0;
    }
    return text.bytes && count >= 0;
}

static bool write_all(int file, const char *bytes, size_t length)
{
    ssize_t written = 0;

    for (size_t at = 0; at < length && written >= 0; at += (size_t)(written > 0 ? written : 0))
        written = write(file, bytes + at, length - at);
    return written >= 0;
}

/* Puts what was kept in the file's place; who waits for its lock finds another file then. That it stays as it is
 * otherwise hurts nobody. */
static void shorten(int file)
{
    struct stat status;
    char other[PATH_MAX + 20];

    snprintf(other, sizeof other, "%s.%ld", real_path, (long)getpid());
    if (fstat(file, &status) != 0)
        return;
    int to = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0)
        return;
    bool is_whole = fchmod(to, status.st_mode & 07777) == 0 &&
                    (fchown(to, status.st_uid, status.st_gid) == 0 || geteuid() != 0) &&
                    write_all(to, text.bytes, text.length) && fsync(to) == 0;
    is_whole &= close(to) == 0;
    if (!is_whole || rename(other, real_path) != 0)
        unlink(other);
}

/* ------------------------------------------------------------------ before QEMU starts */

static void read_file(int file)
{
    struct stat status;

    if (fstat(file, &status) != 0 || status.st_size > (off_t)MOST_BYTES) {
        stop_using("is no file of ours", "it has more than 8 MiB");
        return;
    }
    if (!read_all(file, (size_t)status.st_size)) {
        text.length = 0;
        stop_using("cannot be read", strerror(errno));
        return;
    }
    if (!sift()) {
        text.length = 0;
        stop_using("is no file of ours", "most of it is no text");
        return;
    }
    if (text.damaged)
        say("%s: %u line%s of it %s no text, and %s passed over", path, text.damaged,
            plural(text.damaged), text.damaged == 1 ? "is" : "are",
            text.damaged == 1 ? "is" : "are");
    if (is_used && (text.lines > 2 * KEPT_LINES || text.length > MOST_MODULE_BYTES - LINE_MAX))
        shorten(file);
}

/* A file that may only be read is still a history. */
static int open_to_read(int why)
{
    int file = open(real_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;

    if (file >= 0 && (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(file);
        file = -1;
    }
    stop_using("cannot be written", why == EINVAL ? "it is no ordinary file" : strerror(why));
    return file;
}

bool history_prepare(void)
{
    if (!path)
        return true;
    is_used = true;
    if (!realpath(path, real_path))
        snprintf(real_path, sizeof real_path, "%s", path);
    int file = open_locked();
    if (file < 0)
        file = open_to_read(errno);
    if (file >= 0)
        read_file(file);
    close(file);
    int to = open(module, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    /* QEMU wants no empty module. */
    bool is_made = to >= 0 && write_all(to, text.bytes, text.length) && write_all(to, "\n", 1);
    close(to);
    free(text.bytes);
    if (!is_made)
        say("%s cannot be made for this run: %s", module, strerror(errno));
    return is_made;
}

/* ------------------------------------------------------------------ lines */

/* Behind a line that a lost host has left without an end, a new one begins. */
static bool lacks_end(int file)
{
    off_t size = lseek(file, 0, SEEK_END);
    char last;

    return size > 0 && pread(file, &last, 1, size - 1) == 1 && last != '\n';
}

void history_take(const char *line, size_t length)
{
    char bytes[HISTORY_LINE_CAPACITY + 2];
    size_t at = 0;

    if (!is_used || length == 0 || length > HISTORY_LINE_CAPACITY || !is_text(line, length))
        return;
    int file = open_locked();
    if (file < 0) {
        stop_using("cannot be written any more", strerror(errno));
        return;
    }
    if (lacks_end(file))
        bytes[at++] = '\n';
    memcpy(bytes + at, line, length);
    bytes[at + length] = '\n';
    errno = 0;
    if (write(file, bytes, at + length + 1) != (ssize_t)(at + length + 1))
        stop_using("cannot take a line", errno ? strerror(errno) : "only a part of it");
    close(file);
}
