/* SPDX-License-Identifier: MIT */
/*
 * The door (lib/door.h) as `session` sees it: the NBD server that stands beside QEMU, and the line between it
 * and the guest, a socket whose two ends the two programs inherit. This one keeps the server's end, too: so it
 * can tell the guest that the session shall end.
 *
 * The server has a process group of its own, so that a signal for all of run-qemu.sh's does not end it before
 * the guest has ended what is under way.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/door.h"
#include "session.h"

#define SERVER_LOG   "nbdkit.log"
#define GRACE_TENTHS 20 /* that the server has for its end */

#define MAX_DESCRIPTORS 1024

static const char *socket_path, *plugin, *memory; /* socket_path: NULL where there is no door */
static int line[2] = {-1, -1};                    /* QEMU's end, and the server's */
static pid_t server;

void door_add(const char *socket, const char *its_plugin, const char *its_memory)
{
    socket_path = socket;
    plugin = its_plugin;
    memory = its_memory;
}

bool door_is_there(void)
{
    return socket_path != NULL;
}

int door_line(void)
{
    if (socket_path && line[0] < 0 &&
        (socketpair(AF_UNIX, SOCK_STREAM, 0, line) != 0 ||
         fcntl(line[1], F_SETFD, FD_CLOEXEC) != 0))
        return -1;
    return line[0];
}

static _Noreturn void become_server(pid_t parent)
{
    char memory_words[4096], notices_words[40], threads[20];
    sigset_t none;
    int log = open(SERVER_LOG, O_WRONLY | O_CREAT | O_TRUNC, 0666),
        nothing = open("/dev/null", O_RDWR);

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || setpgid(0, 0) != 0 ||
        log < 0 || nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
        dup2(nothing, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 ||
        fcntl(line[1], F_SETFD, 0) != 0)
        _exit(END_NOT_STARTED);
    /* The registry's file is locked as long as anybody has it. */
    for (int other = STDERR_FILENO + 1; other < MAX_DESCRIPTORS; other++)
        if (other != line[1])
            close(other);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(memory_words, sizeof memory_words, "memory=%s", memory);
    snprintf(notices_words, sizeof notices_words, "notices=%d", line[1]);
    snprintf(threads, sizeof threads, "%u", DOOR_SLOTS);
    execlp("nbdkit", "nbdkit", "--foreground", "--threads", threads, "--unix", socket_path, plugin,
           memory_words, notices_words, (char *)NULL);
    fprintf(stderr, "nbdkit: %s\n", strerror(errno));
    _exit(END_NOT_STARTED);
}

bool door_start(void)
{
    pid_t self = getpid();

    if (!socket_path)
        return true;
    close(line[0]); /* QEMU has it */
    server = fork();
    if (server == 0)
        become_server(self);
    return server > 0;
}

/* Why the server has ended: what it said last. */
static void say_last_words(void)
{
    char text[400] = "", *end;
    FILE *log = fopen(SERVER_LOG, "r");

    while (log && fgets(text, sizeof text, log))
        continue;
    if (log)
        fclose(log);
    if ((end = strchr(text, '\n')))
        *end = 0;
    say("the NBD server has ended, and the session with it%s%s", text[0] ? ": " : "", text);
}

bool door_has_failed(void)
{
    int status;

    if (server <= 0 || waitpid(server, &status, WNOHANG) != server)
        return false;
    server = 0;
    say_last_words();
    return true;
}

bool door_ask_guest(void)
{
    const char byte = DOOR_END;
    return socket_path && send(line[1], &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

void door_conclude(void)
{
    if (server > 0)
        kill(server, SIGTERM);
    for (int i = 0; server > 0; i++) {
        if (waitpid(server, NULL, WNOHANG) == server)
            server = 0;
        else if (i == GRACE_TENTHS)
            kill(server, SIGKILL);
        else
            usleep(100000);
    }
}
