/* SPDX-License-Identifier: MIT */
/*
 * usage: session [-C FOLDER] [-t SECONDS] [-f FOLDER] [-c CORE] [-r record|replay|debug] [-y FILE NAME]
 *            [-m FILE NAME]... [-d DEVICE WORDS STORE]... [-n SOCKET PLUGIN MEMORY] -- QEMU ARGUMENT...
 *
 * Starts QEMU for run-qemu.sh, in FOLDER, where each FILE is copied as NAME first, and stays beside it until it has ended:
 *
 * - A terminal's keys go through here (session_keys.c). All of them are the guest's, but for Ctrl-]
 *   followed by X, which ends QEMU. QEMU itself has no key: its multiplexer's could write the
 *   images of a read-only session.
 *   When its size changes, the guest is told.
 * - QEMU ends when its time is over (-t), when nobody reads the console any more, when this program is
 *   told to end or dies, and when run-qemu.sh dies: each asks the kernel for a signal at its parent's death.
 * - When its time is over the guest is asked where it is, by a non-maskable interrupt: the kernel says so, and
 *   ends itself (port/hang.c).
 * - What the host failed to read or write for the guest is said (session_host.c): for a drive given with -d
 *   as "WORDS: ...", where STORE is the file or folder to which its writes go. A machine that QEMU has
 *   stopped, and that would never go on by itself, is ended.
 *
 * - With -n an NBD server, which serves the guest's disks, is started beside QEMU (session_door.c). Then the
 *   guest itself is told to end, and has a minute for what is under way; so the session has succeeded.
 *
 * - With -f there is a port through which the guest hands over files (session_files.c) for that folder.
 *   With -y lines that are entered at the guest's prompt come the same way, for FILE (session_history.c), whose last
 *   ones become the module NAME.
 *
 * - With -r the machine is recorded, or replayed (session_replay.c).
 *
 * Ends as end.h says.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

#define GRACE_SECONDS 5   /* until SIGKILL */
#define DOOR_SECONDS  60  /* that a guest with a door has for its end */
#define ASK_SECONDS   5   /* that the guest has for its answer, */
#define ASK_AGAIN     0.5 /* and until it is asked again: two interrupts may come as one */
#define MAX_LINE      65536

static pid_t qemu;
static enum end end = END_BY_ITSELF;
static double kill_at;      /* if it has not ended until then; 0: it was not told to */
static bool guest_is_asked; /* to end by itself until then */
static int events = -1;     /* QEMU's machine protocol */
static int files = -1;      /* what the guest hands over as files */

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A sentence of its own line, on a terminal in the middle of what the guest prints. */
void say(const char *format, ...)
{
    char *sentence, *line;
    va_list arguments;

    va_start(arguments, format);
    int length = vasprintf(&sentence, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    length = asprintf(&line, "%srun-qemu.sh: %s\n", is_terminal ? "\n" : "", sentence);
    free(sentence);
    if (length < 0)
        return;
    /* In one piece, which dprintf does not promise: the guest writes to the same place. */
    ssize_t written = write(STDERR_FILENO, line, (size_t)length);
    (void)written; /* nobody reads it any more, perhaps */
    free(line);
}

void send_command(const char *command)
{
    if (send(events, command, strlen(command), MSG_NOSIGNAL) < 0)
        close(events), events = -1;
}

static void quit_qemu(void)
{
    kill_at = now() + GRACE_SECONDS;
    if (events >= 0)
        send_command("{\"execute\": \"quit\"}\n"); /* SIGTERM does the same, and a message */
    if (events < 0)
        kill(qemu, SIGTERM);
    kill(qemu, SIGCONT);
}

/* The first reason is the one that counts. */
void end_qemu(enum end why)
{
    if (kill_at != 0)
        return;
    if (end == END_BY_ITSELF)
        end = why;
    guest_is_asked = (why == END_TOLD || why == END_KEY || why == END_UNREAD) && door_ask_guest();
    if (guest_is_asked)
        kill_at = now() + DOOR_SECONDS;
    else
        quit_qemu();
}

/* kill_at has come. */
static void lose_patience(void)
{
    if (!guest_is_asked) {
        kill(qemu, SIGKILL);
        return;
    }
    guest_is_asked = false;
    say("the guest was to end, and is still at work after %d s; it is ended", DOOR_SECONDS);
    quit_qemu();
}

/* ------------------------------------------------------------------ what QEMU sends */

static void read_events(void)
{
    static char text[MAX_LINE];
    static size_t length;
    ssize_t count = read(events, text + length, sizeof text - 1 - length);
    char *line = text, *line_end;

    if (count <= 0) {
        if (count == 0 || (errno != EINTR && errno != EAGAIN))
            close(events), events = -1;
        return;
    }
    length += (size_t)count;
    text[length] = 0;
    for (; (line_end = strchr(line, '\n')); line = line_end + 1) {
        *line_end = 0;
        host_event(line);
        core_event(line);
        replay_event(line, now());
    }
    length -= (size_t)(line - text);
    memmove(text, line, length);
    if (length == sizeof text - 1)
        length = 0; /* no event that is wanted here is so long */
}

/* False: nobody is there any more who could send something. */
static bool read_files(void)
{
    char bytes[4096];
    ssize_t count = read(files, bytes, sizeof bytes);

    if (count > 0)
        files_take(bytes, (size_t)count);
    else if (count == 0 || (errno != EINTR && errno != EAGAIN))
        close(files), files = -1;
    return files >= 0 && count > 0;
}

void take_files(void)
{
    for (struct pollfd more = {files, POLLIN, 0}; files >= 0 && poll(&more, 1, 0) > 0;)
        if (!read_files())
            return;
}

/* ------------------------------------------------------------------ QEMU */

static _Noreturn void fail(const char *what)
{
    say("%s: %s", what, strerror(errno));
    exit(END_NOT_STARTED);
}

/* QEMU's ends of what leads here are descriptors that it inherits; -1: it gets none. The guest knows the port
 * for files by what it reads as (hal/x86/pc/host_file.c). */
struct ends {
    int protocol, input, files, door;
};

static _Noreturn void become_qemu(char **words, int word_count, const struct ends *its,
                                  pid_t parent)
{
    char **arguments = calloc((size_t)word_count + 13, sizeof *arguments), **more;
    char protocol_words[60], files_words[60], door_words[60];
    sigset_t none;

    /* A signal that is not asked for would come too late: is the parent there? */
    if (!arguments || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(END_NOT_STARTED);
    /* A signal for a whole process group would end QEMU before the guest. */
    if (its->door >= 0 && setpgid(0, 0) != 0)
        _exit(END_NOT_STARTED);
    if (its->input >= 0 && dup2(its->input, STDIN_FILENO) < 0)
        _exit(END_NOT_STARTED);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(protocol_words, sizeof protocol_words, "socket,id=events,fd=%d", its->protocol);
    snprintf(files_words, sizeof files_words, "file,id=files,path=/dev/fd/%d", its->files);
    memcpy(arguments, words, (size_t)word_count * sizeof *arguments);
    more = arguments + word_count;
    *more++ = "-chardev", *more++ = protocol_words;
    *more++ = "-mon", *more++ = "chardev=events,mode=control";
    if (its->files >= 0) {
        *more++ = "-chardev", *more++ = files_words;
        *more++ = "-device", *more++ = "isa-debugcon,iobase=0xec,readback=0x46,chardev=files";
    }
    snprintf(door_words, sizeof door_words, "socket,id=door,fd=%d", its->door);
    if (its->door >= 0) {
        *more++ = "-chardev", *more++ = door_words;
        *more++ = "-device", *more++ = "isa-serial,index=1,chardev=door";
    }
    execvp(arguments[0], arguments);
    fprintf(stderr, "run-qemu.sh: %s: %s\n", arguments[0], strerror(errno));
    _exit(END_NOT_STARTED);
}

static void start_qemu(char **words, int word_count, bool has_files)
{
    int protocol[2], handed[2] = {-1, -1};
    pid_t self = getpid();

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, protocol) != 0 ||
        fcntl(protocol[0], F_SETFD, FD_CLOEXEC) != 0)
        fail("no socket");
    if (!keys_prepare())
        fail("no pipe");
    if (has_files && (pipe(handed) != 0 || fcntl(handed[0], F_SETFD, FD_CLOEXEC) != 0 ||
                      fcntl(handed[0], F_SETFL, O_NONBLOCK) != 0))
        fail("no pipe");
    if (door_is_there() && door_line() < 0)
        fail("no socket");
    qemu = fork();
    if (qemu < 0)
        fail("no process");
    if (qemu == 0)
        become_qemu(words, word_count,
                    &(struct ends){protocol[1], keys_line(), handed[1], door_line()}, self);
    close(protocol[1]);
    keys_begin();
    if (has_files)
        close(handed[1]);
    if (!door_start())
        fail("no process");
    files = handed[0];
    events = protocol[0];
    send_command("{\"execute\": \"qmp_capabilities\"}\n");
}

/* True: QEMU has ended, and *status says how. */
static bool read_signal(int signals, int *status)
{
    struct signalfd_siginfo signal;

    if (read(signals, &signal, sizeof signal) != sizeof signal)
        return false;
    if (signal.ssi_signo == SIGWINCH)
        keys_tell_size();
    else if (signal.ssi_signo != SIGCHLD)
        end_qemu(END_TOLD);
    else if (door_has_failed())
        end_qemu(END_HOST_FAILED);
    return waitpid(qemu, status, WNOHANG) == qemu;
}

/* The time is over. Returns when this is to be called next. */
static double ask_guest(double time_over)
{
    double time = now();

    end = END_TIME_OUT;
    bool is_over = time >= time_over + ASK_SECONDS || replay_forbids_interrupts();
    if (is_over && events >= 0 && core_take_last())
        return time + ASK_SECONDS;
    if (is_over || events < 0) {
        end_qemu(END_TIME_OUT);
        return time_over;
    }
    send_command("{\"execute\": \"inject-nmi\"}\n");
    return time + ASK_AGAIN;
}

/* Milliseconds until the next deadline, or until QEMU is asked again; -1: there is none. */
static int time_left(double deadline, double ask_at)
{
    double next = kill_at != 0 ? kill_at : deadline;

    if (next == 0 || (ask_at != 0 && ask_at < next))
        next = ask_at;
    double left = (next - now()) * 1000 + 1;
    if (next == 0)
        return -1;
    return left < 0 ? 0 : left > 1e9 ? 1000000000 : (int)left;
}

static int stay_beside(double time_over, int signals)
{
    double deadline = time_over, ask_at = replay_watch(now());

    for (int status;;) {
        struct pollfd polls[] = {
            {.fd = signals, .events = POLLIN},
            {.fd = events, .events = POLLIN},
            {.fd = keys_source(), .events = POLLIN},
            {.fd = kill_at != 0 ? -1 : STDOUT_FILENO}, /* POLLERR: its reader is gone */
            {.fd = files, .events = POLLIN},
        };

        if (poll(polls, sizeof polls / sizeof polls[0], time_left(deadline, ask_at)) < 0 &&
            errno != EINTR)
            fail("poll");
        if (polls[1].revents)
            read_events();
        if (polls[2].revents)
            keys_read();
        if (polls[3].revents & (POLLERR | POLLHUP))
            end_qemu(END_UNREAD);
        if (polls[4].revents)
            read_files();
        if (polls[0].revents && read_signal(signals, &status))
            return status;
        if (ask_at != 0 && now() >= ask_at)
            ask_at = kill_at == 0 ? replay_watch(now()) : 0;
        if (kill_at != 0 && now() >= kill_at)
            lose_patience();
        else if (kill_at == 0 && deadline != 0 && now() >= deadline)
            deadline = ask_guest(time_over);
    }
}

/* What QEMU has sent before it ended is still to be read. */
static int conclude(int status)
{
    int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    bool has_obeyed = guest_is_asked && (end == END_TOLD || end == END_KEY) &&
                      (code == END_GUEST_SUCCEEDED || code == END_GUEST_FAILED);

    fcntl(events, F_SETFL, O_NONBLOCK);
    for (struct pollfd more = {events, POLLIN, 0}; events >= 0 && poll(&more, 1, 0) > 0;)
        read_events();
    while (files >= 0 && read_files())
        continue;
    core_conclude();
    bool has_failed = host_conclude() | files_conclude();
    if (has_obeyed)
        end = END_BY_ITSELF;
    if (end != END_BY_ITSELF && end != END_TOLD && end != END_UNREAD && end != END_KEY)
        return end;
    if (has_failed && code < 128)
        return END_HOST_FAILED;
    return end != END_BY_ITSELF ? (int)end : code;
}

static int usage(void)
{
    fprintf(
        stderr,
        "usage: session [-C FOLDER] [-t SECONDS] [-f FOLDER] [-c CORE] [-r record|replay|debug] "
        "[-y FILE NAME] [-m FILE NAME]... [-d DEVICE WORDS STORE]... "
        "[-n SOCKET PLUGIN MEMORY] -- QEMU ARGUMENT...\n");
    return END_NOT_STARTED;
}

static bool copy_file(const char *path, const char *name)
{
    static char part[65536];
    int from = open(path, O_RDONLY | O_CLOEXEC);
    int to = from < 0 ? -1 : open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    ssize_t length = 0, written = 0;

    while (to >= 0 && written >= 0 && (length = read(from, part, sizeof part)) > 0)
        for (ssize_t at = 0; at < length && written >= 0; at += written)
            written = write(to, part + at, (size_t)(length - at));
    bool is_copied = to >= 0 && length == 0 && written >= 0;
    if (!is_copied)
        say("%s cannot be copied for this run: %s", path, strerror(errno));
    close(to);
    close(from);
    return is_copied;
}

int main(int argc, char **argv)
{
    int at = 1, flags[3], status;
    double seconds = 0;
    bool has_files = false;
    sigset_t handled, unread;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
        if (strcmp(argv[at], "-t") == 0 && at + 1 < argc) {
            seconds = strtod(argv[++at], NULL);
        } else if (strcmp(argv[at], "-C") == 0 && at + 1 < argc && chdir(argv[at + 1]) == 0) {
            at++;
        } else if (strcmp(argv[at], "-f") == 0 && at + 1 < argc) {
            files_go_to(argv[++at]);
            has_files = true;
        } else if (strcmp(argv[at], "-c") == 0 && at + 1 < argc) {
            core_goes_to(argv[++at]);
        } else if (strcmp(argv[at], "-m") == 0 && at + 2 < argc) {
            if (!copy_file(argv[at + 1], argv[at + 2]))
                return END_HOST_FAILED;
            at += 2;
        } else if (strcmp(argv[at], "-r") == 0 && at + 1 < argc && replay_set_mode(argv[at + 1])) {
            at++;
        } else if (strcmp(argv[at], "-y") == 0 && at + 2 < argc) {
            history_is(argv[at + 1], argv[at + 2]);
            at += 2;
        } else if (strcmp(argv[at], "-d") == 0 && at + 3 < argc &&
                   host_add_drive(argv[at + 1], argv[at + 2], argv[at + 3])) {
            at += 3;
        } else if (strcmp(argv[at], "-n") == 0 && at + 3 < argc) {
            door_add(argv[at + 1], argv[at + 2], argv[at + 3]);
            at += 3;
        } else {
            return usage();
        }
    }
    if (++at >= argc)
        return usage();
    if (!history_prepare() || !replay_keep_words(argv + at))
        return END_HOST_FAILED;
    sigemptyset(&handled);
    for (const int *signal = (const int[]){SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGWINCH, 0};
         *signal; signal++)
        sigaddset(&handled, *signal);
    sigprocmask(SIG_BLOCK, &handled, NULL);
    /* A key may come when QEMU has ended, and that is not known yet. Not ignored: QEMU would inherit that. */
    sigemptyset(&unread);
    sigaddset(&unread, SIGPIPE);
    sigprocmask(SIG_BLOCK, &unread, NULL);
    /* QEMU sets its standard files to non-blocking, which all who share them would see afterwards. */
    for (int i = 0; i < 3; i++)
        flags[i] = fcntl(i, F_GETFL);
    start_qemu(argv + at, argc - at, has_files);
    status = stay_beside(seconds > 0 ? now() + seconds : 0, signalfd(-1, &handled, SFD_CLOEXEC));
    door_conclude();
    for (int i = 0; i < 3; i++)
        if (flags[i] >= 0)
            fcntl(i, F_SETFL, flags[i]);
    keys_conclude();
    return conclude(status);
}
