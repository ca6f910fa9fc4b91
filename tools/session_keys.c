/* SPDX-License-Identifier: MIT */
/*
 * What is typed, on its way to the guest: a terminal's keys, and its size when that changes. What
 * standard input is otherwise QEMU reads by itself; but for a recording, all of it goes through
 * here.
 *
 * QEMU: before it reads its standard input it asks its serial port how much fits. But when it
 * records (7.2) it only puts what it has read on a list, and hands it over when the CPU does
 * something next. Until then the port has as much room as before, and QEMU reads on. What the FIFO
 * cannot take then, or the receiver of a port that was not set up yet, is gone. So the guest says
 * for each byte that there is room for it (HOST_FILE_ROOM), and the others wait here. The last room
 * that it has is for Ctrl-C alone: a guest that is busy reads nothing, and is to be stopped.
 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define KEY_END   0x1D /* Ctrl-] */
#define KEY_BREAK 0x03 /* Ctrl-C */
#define KEY_ESC   0x1B /* begins keys of several bytes, and reports */

#define READ_SIZE    256u
#define WAITING_SIZE 65536u /* as much as a pipe holds; a power of two */
#define PART_SIZE    64u    /* the guest seldom has room for more */

bool is_terminal;

static struct termios before;      /* the terminal's state */
static int line[2] = {-1, -1};     /* from here to QEMU's standard input; -1: it has that itself */
static bool is_counted;            /* the guest says what it has room for: */
static size_t room;                /* so many bytes more */
static char waiting[WAITING_SIZE]; /* for that */
static size_t sent_count, held_count; /* count for ever; what is between them waits */
static bool is_at_end;

/* ------------------------------------------------------------------ to the guest */

static size_t waiting_count(void)
{
    return held_count - sent_count;
}

/* Ctrl-C always is the first that waits. */
static size_t sendable_count(void)
{
    size_t others = room > 0 ? room - 1 : 0;
    bool is_break =
        room > 0 && waiting_count() > 0 && waiting[sent_count % WAITING_SIZE] == KEY_BREAK;
    size_t count = is_break && others == 0 ? 1 : others;
    return count < waiting_count() ? count : waiting_count();
}

static void send_waiting(void)
{
    char part[PART_SIZE];

    for (size_t count; line[1] >= 0 && (count = sendable_count()) > 0;) {
        if (count > sizeof part)
            count = sizeof part;
        for (size_t i = 0; i < count; i++)
            part[i] = waiting[(sent_count + i) % WAITING_SIZE];
        ssize_t sent = write(line[1], part, count);
        if (sent <= 0)
            return;
        room -= (size_t)sent;
        sent_count += (size_t)sent;
    }
}

/* False: the byte belongs to the same key, or report, as the one before it: it continues a
 * character in UTF-8, or what began with ESC (ECMA-48: ESC [, parameters, a final byte; ESC O and
 * one byte; ESC and one byte). */
static bool begins_key(char byte)
{
    static enum { PLAIN, BEHIND_ESC, ONE_MORE, PARAMETERS } state;
    unsigned char value = (unsigned char)byte;

    if (value < 0x20) { /* whatever was not whole stays so */
        state = value == KEY_ESC ? BEHIND_ESC : PLAIN;
        return true;
    }
    switch (state) {
    case PLAIN:
        return (value & 0xC0) != 0x80;
    case BEHIND_ESC:
        state = byte == '[' ? PARAMETERS : byte == 'O' ? ONE_MORE : PLAIN;
        break;
    case ONE_MORE:
        state = PLAIN;
        break;
    case PARAMETERS:
        if (value >= 0x40)
            state = PLAIN;
        break;
    }
    return false;
}

/* A guest that is lost reads nothing: what does not fit is dropped, so that Ctrl-] X is always
 * seen. That is whole keys: the rest of one would be typed text. */
static void hold(char byte)
{
    static size_t key_at;   /* held_count as it began */
    static bool is_dropped; /* and whether it was dropped */

    if (begins_key(byte)) {
        key_at = held_count;
        is_dropped = false;
    }
    /* The guest forgets what came before it (hal/x86/pc/console.c), and need not get it. */
    if (byte == KEY_BREAK)
        sent_count = held_count;
    if (waiting_count() == WAITING_SIZE) {
        held_count = key_at > sent_count ? key_at : sent_count;
        is_dropped = true;
    }
    if (!is_dropped)
        waiting[held_count++ % WAITING_SIZE] = byte;
}

static void send_keys(const char *bytes, size_t count)
{
    if (!is_counted) {
        ssize_t sent = write(line[1], bytes, count);
        (void)sent;
        return;
    }
    for (size_t i = 0; i < count; i++)
        hold(bytes[i]);
    send_waiting();
}

void keys_have_room(size_t more)
{
    room += more;
    if (is_counted)
        send_waiting();
}

/* The guest is told as terminals tell programs that ask (xterm, "CSI 18 t"). */
void keys_tell_size(void)
{
    struct winsize size;
    char report[40];

    if (!is_terminal || line[1] < 0 || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0 ||
        size.ws_col == 0)
        return;
    int length = snprintf(report, sizeof report, "\x1B[8;%u;%ut", size.ws_row, size.ws_col);
    send_keys(report, (size_t)length);
}

/* ------------------------------------------------------------------ from the user */

/* Sends the keys but for Ctrl-] X, which ends QEMU. */
static void take_keys(const char *typed, size_t count)
{
    static bool is_escape;
    char sent[2 * READ_SIZE];
    size_t length = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_escape && (typed[i] == 'x' || typed[i] == 'X')) {
            end_qemu(END_KEY);
            return;
        }
        if (is_escape)
            sent[length++] = KEY_END;
        is_escape = !is_escape && typed[i] == KEY_END;
        if (!is_escape)
            sent[length++] = typed[i];
    }
    if (length > 0)
        send_keys(sent, length);
}

int keys_source(void)
{
    /* Nobody at a pipe or a file has a key to end QEMU with: it can wait. */
    bool is_full = !is_terminal && WAITING_SIZE - waiting_count() < READ_SIZE;
    return line[1] < 0 || is_at_end || is_full ? -1 : STDIN_FILENO;
}

void keys_read(void)
{
    char typed[READ_SIZE];
    ssize_t count = read(STDIN_FILENO, typed, sizeof typed);

    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) {
        is_at_end = true;
        if (!is_counted) /* nothing waits here */
            close(line[1]), line[1] = -1;
    }
    if (count <= 0)
        return;
    if (is_terminal)
        take_keys(typed, (size_t)count);
    else
        send_keys(typed, (size_t)count);
}

/* ------------------------------------------------------------------ begin and end */

bool keys_prepare(void)
{
    is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    is_counted = replay_records();
    return (!is_terminal && !is_counted) ||
           (pipe(line) == 0 && fcntl(line[1], F_SETFD, FD_CLOEXEC) == 0 &&
            fcntl(line[1], F_SETFL, O_NONBLOCK) == 0);
}

int keys_line(void)
{
    return line[0];
}

void keys_begin(void)
{
    struct termios raw = before;

    if (line[0] >= 0)
        close(line[0]);
    if (!is_terminal)
        return;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
    raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

void keys_conclude(void)
{
    if (is_terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
}
