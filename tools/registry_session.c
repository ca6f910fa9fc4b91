/* SPDX-License-Identifier: MIT */
/*
 * usage: registry session --read|--write|--write-or-read --copy COPY FILE -- COMMAND ARGUMENT...
 *
 * Has the registry's file while a guest runs, for run-qemu.sh. COMMAND starts QEMU, whose words stand at its
 * end. The guest gets the file as it is now, in COPY, and may append to it; with --read it may not, with
 * --write-or-read it may not while another session does, which with --write is in the way. A FILE that is
 * missing is made, but with --read.
 *
 * - Only what is meant for it is written: an empty file, or one that begins as a registry file does.
 * - The file is locked as long as anybody writes it: QEMU inherits the lock. One that was killed a moment ago
 *   may still be going, and is waited for.
 * - Two ports of the guest's are added to QEMU's words: what the guest appends, and what it says about that
 *   (lib/journal.h). QEMU drops what does not fit on a disk, and tells nobody. So the guest says how many bytes
 *   it has appended, and the file must have grown as much.
 * - When nobody writes any more, it is looked whether all is there that was stored, under the name that it was
 *   to have; and the file is shortened, if the guest has asked for it.
 *
 * Ends as COMMAND did (end.h). What is wrong with the file is said, and then ends it, unless the guest or
 * QEMU have ended in a way that is worse. A signal is COMMAND's; this program ends when that has.
 */
#include "tools/registry.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/journal.h"
#include "lib/plural.h"
#include "tools/end.h"

#define GRACE_SECONDS 5 /* for a QEMU that nobody stands beside any more */
#define OWN_WORDS     8 /* that are added to COMMAND's */

/* ------------------------------------------------------------------ states */

enum hive_state {
    HIVE_UNKNOWN,    /* nobody has looked at the file yet */
    HIVE_READ,       /* only read: the guest has a copy, and nothing to append with */
    HIVE_LOCKED,     /* nobody else writes it; the guest has a copy, and may append */
    HIVE_APPENDED,   /* the guest has appended, and said how much */
    HIVE_REPEATED,   /* all that the file says stands at its end once more: it may be shortened */
    HIVE_SHORTENING, /* nobody writes it any more, and it becomes short */
    HIVE_SETTLED,    /* all that was stored is there */
    HIVE_LACKING,    /* the file lacks some of it, which was said */
    HIVE_REPLACED,   /* the name is another file's: what was stored is beside it, which was said */
    HIVE_DAMAGED,    /* it could not be shortened and is as it was, which was said */
};

#define HIVE_STATE_COUNT (HIVE_DAMAGED + 1)

#define BIT(name) (1u << HIVE_##name)
/* Nobody writes it any more. */
#define END (BIT(SETTLED) | BIT(LACKING) | BIT(REPLACED))

static const unsigned followers[HIVE_STATE_COUNT] = {
    [HIVE_UNKNOWN] = BIT(READ) | BIT(LOCKED),
    [HIVE_READ] = BIT(SETTLED),
    [HIVE_LOCKED] = BIT(APPENDED) | BIT(REPEATED) | END,
    [HIVE_APPENDED] = BIT(REPEATED) | END,
    [HIVE_REPEATED] = BIT(SHORTENING) | END,
    [HIVE_SHORTENING] = BIT(SETTLED) | BIT(DAMAGED),
    [HIVE_SETTLED] = 0,
    [HIVE_LACKING] = 0,
    [HIVE_REPLACED] = 0,
    [HIVE_DAMAGED] = 0,
};

static enum hive_state state;

static void set_state(enum hive_state next)
{
    assert(followers[state] & (1u << next));
    state = next;
}

/* ------------------------------------------------------------------ the file */

enum hive_access {
    ACCESS_WRITE,
    ACCESS_WRITE_OR_READ,
    ACCESS_READ,
};

static struct file file;
static off_t size_before;
static uint64_t appended; /* by what the guest says */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    va_list arguments;

    fflush(stdout);
    va_start(arguments, format);
    fprintf(stderr, "run-qemu.sh: HIVE=%s", file.name);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
}

#define REFUSE(...) (say(__VA_ARGS__), exit(END_HOST_FAILED))

static void make_if_missing(void)
{
    static const char header[] = REG_FILE_HEADER "\n\n";

    if (access(file.name, F_OK) == 0)
        return;
    int made = open(file.name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (made < 0 || write(made, header, sizeof header - 1) != sizeof header - 1 || close(made) != 0)
        REFUSE(" cannot be made");
}

static void open_file(void)
{
    file.descriptor = open(file.name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file.descriptor < 0)
        REFUSE(": %s", strerror(errno));
}

static bool lock_newest_file(void)
{
    while (lock_file(&file)) {
        if (has_its_name(&file))
            return true;
        close(file.descriptor);
        open_file();
    }
    return false;
}

/* What the kernel's reader takes for the beginning of one. */
static bool begins_as_registry(void)
{
    struct reg_summary summary;
    struct store store;

    load_file(&store, &file, NULL, &summary);
    return file.byte_count == 0 || summary.has_header;
}

static void copy_file(const char *copy)
{
    FILE *stream = fopen(copy, "we");

    if (!stream || fwrite(file.bytes, 1, file.byte_count, stream) != file.byte_count ||
        fclose(stream) != 0)
        REFUSE(" cannot be copied to %s", copy);
}

static void take_file(enum hive_access wanted, const char *copy)
{
    if (wanted != ACCESS_READ)
        make_if_missing();
    open_file();
    read_file(&file);
    if (wanted != ACCESS_READ && !begins_as_registry())
        REFUSE(
            ": does not begin as a registry file does (Windows Registry Editor Version 5.00), so "
            "nothing is appended to it: name another file. With HIVE_RO=1 this one is only read");
    if (wanted != ACCESS_READ && access(file.name, W_OK) != 0)
        REFUSE(": you may not write it; with HIVE_RO=1 it is only read");
    set_state(wanted != ACCESS_READ && lock_newest_file() ? HIVE_LOCKED : HIVE_READ);
    if (wanted == ACCESS_WRITE && state == HIVE_READ)
        REFUSE(": another session is writing it; with HIVE_RO=1 it is only read");
    if (wanted == ACCESS_WRITE_OR_READ && state == HIVE_READ)
        printf("HIVE   only read: another session is writing  %s\n", file.name);
    free(file.bytes);
    read_file(&file); /* as the session left it that was waited for */
    copy_file(copy);
    free(file.bytes);
    size_before = file.status.st_size;
}

/* ------------------------------------------------------------------ what the guest says */

static bool is_message(const struct journal_message *message)
{
    return message->size == sizeof *message &&
           (message->kind == JOURNAL_APPENDED || message->kind == JOURNAL_REPEATED);
}

static void take_message(const struct journal_message *message)
{
    appended = message->byte_count;
    if (message->kind == JOURNAL_REPEATED && state != HIVE_REPEATED)
        set_state(HIVE_REPEATED);
    if (message->kind == JOURNAL_APPENDED && state == HIVE_LOCKED)
        set_state(HIVE_APPENDED);
}

/* What is no message, from whoever found the port, is passed over byte by byte. False: nobody is there any
 * more who could say something. */
static bool read_messages(int messages)
{
    static struct journal_message message;
    static size_t length;
    char *bytes = (char *)&message;
    ssize_t count = read(messages, bytes + length, sizeof message - length);

    if (count < 0)
        return errno == EINTR || errno == EAGAIN;
    length += (size_t)count;
    if (length == sizeof message && is_message(&message)) {
        take_message(&message);
        length = 0;
    } else if (length == sizeof message) {
        memmove(bytes, bytes + 1, --length);
    }
    return count > 0;
}

/* ------------------------------------------------------------------ the command */

/* QEMU: a debug console hands on each byte at once. The guest knows the first by what it reads as, and has no
 * other way to ask whether it may write (hal/x86/pc/journal.c). */
static _Noreturn void become_command(char **words, int messages, pid_t parent)
{
    static char journal_words[80], messages_words[80];
    static char *const own_words[OWN_WORDS] = {
        "-chardev", journal_words,
        "-device",  "isa-debugcon,iobase=0xea,readback=0x4a,chardev=journal",
        "-chardev", messages_words,
        "-device",  "isa-debugcon,iobase=0xeb,chardev=messages"};
    int count = 0;

    while (words[count])
        count++;
    char **all = calloc((size_t)count + OWN_WORDS + 1, sizeof *all);
    /* A signal that is not asked for would come too late: is the parent there? */
    if (!all || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        _exit(END_NOT_STARTED);
    memcpy(all, words, (size_t)count * sizeof *all);
    if (state == HIVE_LOCKED) {
        fcntl(file.descriptor, F_SETFD, 0);
        fcntl(messages, F_SETFD, 0);
        snprintf(journal_words, sizeof journal_words, "file,id=journal,path=/dev/fd/%d,append=on",
                 file.descriptor);
        snprintf(messages_words, sizeof messages_words, "file,id=messages,path=/dev/fd/%d",
                 messages);
        memcpy(all + count, own_words, sizeof own_words);
    }
    execvp(all[0], all);
    fprintf(stderr, "run-qemu.sh: %s: %s\n", all[0], strerror(errno));
    _exit(END_NOT_STARTED);
}

/* Until the command has ended, and then until nobody has the file any more: a QEMU that has lost its parent
 * lives a moment longer. Returns the command's status. */
static int stay_beside(pid_t command, int signals, int messages)
{
    bool is_running = true, is_written = true;
    struct signalfd_siginfo signal;
    int status = 0;

    while (is_running || is_written) {
        struct pollfd polls[] = {{.fd = signals, .events = POLLIN},
                                 {.fd = is_written ? messages : -1, .events = POLLIN}};
        int count = poll(polls, 2, is_running ? -1 : GRACE_SECONDS * 1000);

        if (count == 0)
            REFUSE(": somebody still writes it; it stays as it is");
        if (count < 0)
            continue;
        if (polls[1].revents)
            is_written = read_messages(messages);
        if (!polls[0].revents || read(signals, &signal, sizeof signal) != sizeof signal)
            continue;
        if (signal.ssi_signo != SIGCHLD)
            kill(command, (int)signal.ssi_signo);
        else if (is_running && waitpid(command, &status, WNOHANG) == command)
            is_running = false;
    }
    return status;
}

static int run_command(char **words)
{
    static const int handled[] = {SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT};
    pid_t self = getpid(), command;
    sigset_t set, before;
    int messages[2];

    sigemptyset(&set);
    for (unsigned i = 0; i < sizeof handled / sizeof handled[0]; i++)
        sigaddset(&set, handled[i]);
    sigprocmask(SIG_BLOCK, &set, &before);
    fflush(stdout);
    if (pipe2(messages, O_CLOEXEC) != 0 || (command = fork()) < 0)
        REFUSE(": %s", strerror(errno));
    if (command == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        become_command(words, messages[1], self);
    }
    signal(SIGPIPE, SIG_IGN); /* what is left to do is done even if nobody reads of it */
    close(messages[1]);
    int status = stay_beside(command, signalfd(-1, &set, SFD_CLOEXEC), messages[0]);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ------------------------------------------------------------------ afterwards */

/* The file that the name does not mean any more, under another one. */
static void keep_beside(void)
{
    char path[PATH_MAX];
    int kept;
    unsigned number = 0;

    snprintf(path, sizeof path, "%s.session", file.name);
    while ((kept = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) < 0 &&
           errno == EEXIST)
        snprintf(path, sizeof path, "%s.session%u", file.name, ++number);
    read_file(&file);
    if (kept >= 0 && write(kept, file.bytes, file.byte_count) == (ssize_t)file.byte_count &&
        close(kept) == 0)
        say(" was replaced while the session ran. The file that the session wrote is now %s", path);
    else
        say(" was replaced while the session ran. %s cannot be written: what the session stored is "
            "lost",
            path);
}

static void settle(void)
{
    struct stat now;
    off_t grown = fstat(file.descriptor, &now) == 0 ? now.st_size - size_before : 0;
    long long missing = (long long)appended - grown;

    if (state == HIVE_READ) {
        set_state(HIVE_SETTLED);
        return;
    }
    if (missing > 0)
        say(": the guest stored %llu byte%s, and the file lacks %lld of them; is the disk full?",
            (unsigned long long)appended, plural(appended), missing);
    if (!has_its_name(&file) && grown > 0) {
        keep_beside();
        set_state(HIVE_REPLACED);
    } else if (missing > 0) {
        set_state(HIVE_LACKING);
    } else if (state == HIVE_REPEATED && has_its_name(&file)) {
        set_state(HIVE_SHORTENING);
        set_state(compact_file(&file) ? HIVE_SETTLED : HIVE_DAMAGED);
    } else {
        set_state(HIVE_SETTLED);
    }
    fflush(stdout);
}

/* Is it more important to say how the guest has ended than that the host has failed? */
static bool is_worse(int code)
{
    return code != END_GUEST_SUCCEEDED && code != END_GUEST_FAILED && code != END_TOLD &&
           code != END_UNREAD && code != END_KEY;
}

static int usage(void)
{
    fprintf(stderr, "usage: registry session --read|--write|--write-or-read --copy COPY FILE -- "
                    "COMMAND ARGUMENT...\n");
    return END_NOT_STARTED;
}

int run_session(int argc, char **argv)
{
    static const char *const words[] = {[ACCESS_READ] = "--read",
                                        [ACCESS_WRITE] = "--write",
                                        [ACCESS_WRITE_OR_READ] = "--write-or-read"};
    unsigned wanted = 0;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (argc < 7 || strcmp(argv[2], "--copy") != 0 || strcmp(argv[5], "--") != 0)
        return usage();
    while (strcmp(argv[1], words[wanted]) != 0)
        if (++wanted == sizeof words / sizeof words[0])
            return usage();
    failure_code = END_HOST_FAILED;
    file.name = argv[4];
    take_file(wanted, argv[3]);
    int code = run_command(argv + 6);
    if (is_worse(code))
        failure_code = code;
    settle();
    return state == HIVE_SETTLED ? code : failure_code;
}
