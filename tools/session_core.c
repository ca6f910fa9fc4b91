/* SPDX-License-Identifier: MIT */
/*
 * A core of a guest that has failed: what its memory and registers were when it stopped, as an ELF
 * file for GDB.
 *
 * The guest says how much memory it uses, then that it panics, and QEMU stops the machine
 * (`-device pvpanic -action panic=pause`). It is dumped, and goes on, to its end. A guest that does
 * not even answer is stopped from here, and dumped. A core that is not whole is removed.
 *
 * QEMU's dump follows the guest's page tables, so that the core has the addresses which the guest
 * has used.
 */
#include "session.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More is nothing that somebody who only wanted to run a guest would want on his disk. */
#define MOST_BYTES (512ull << 20)

static const char *path;                             /* NULL: no core is wanted */
static unsigned long long memory_bytes = MOST_BYTES; /* until the guest says how many */
static bool is_asked;                                /* QEMU was, for the core */
static bool is_answered;
static bool is_good; /* the core */
static bool is_last; /* QEMU is ended behind it */

void core_goes_to(const char *file)
{
    path = file;
}

void core_holds(unsigned long long byte_count)
{
    if (byte_count) /* of 0, QEMU would dump all */
        memory_bytes = byte_count;
}

static bool is_too_much(void)
{
    if (memory_bytes <= MOST_BYTES)
        return false;
    say("no core was taken: the guest uses %llu MiB of memory, more than %llu", memory_bytes >> 20,
        MOST_BYTES >> 20);
    return true;
}

static void ask_for_dump(void)
{
    char command[PATH_MAX + 200];

    snprintf(command, sizeof command,
             "{\"execute\": \"dump-guest-memory\", \"id\": \"core\", \"arguments\": {\"paging\": "
             "true, \"protocol\": \"file:%s\", \"begin\": 0, \"length\": %llu}}\n",
             path, memory_bytes);
    is_asked = true;
    send_command(command);
}

bool core_take_last(void)
{
    if (!path || is_asked || is_too_much())
        return false;
    is_last = true;
    send_command("{\"execute\": \"stop\"}\n");
    ask_for_dump();
    return true;
}

/* ------------------------------------------------------------------ the file */

/* QEMU: addresses of a 4-level page table all have bits 63:48 set, also those of the lower half
 * (7.2). False: errno says why. */
static bool mend_addresses(int file)
{
    Elf64_Ehdr header;
    Elf64_Phdr piece;

    if (pread(file, &header, sizeof header, 0) != sizeof header)
        return false;
    for (unsigned i = 0; header.e_ident[EI_CLASS] == ELFCLASS64 && i < header.e_phnum; i++) {
        off_t at = (off_t)(header.e_phoff + i * sizeof piece);
        if (pread(file, &piece, sizeof piece, at) != sizeof piece)
            return false;
        if (piece.p_vaddr >> 47 == 0x1FFFE)
            piece.p_vaddr &= UINT64_MAX >> 16;
        if (pwrite(file, &piece, sizeof piece, at) != sizeof piece)
            return false;
    }
    return true;
}

/* QEMU makes it for its owner to read. */
static bool finish_file(void)
{
    int file = chmod(path, 0644) == 0 ? open(path, O_RDWR | O_CLOEXEC) : -1;
    bool is_finished = file >= 0 && mend_addresses(file);

    if (!is_finished)
        say("the core is of no use, and was removed: %s", strerror(errno));
    close(file);
    return is_finished;
}

void core_conclude(void)
{
    if (!is_asked || is_good)
        return;
    if (!is_answered)
        say("no core was taken: QEMU has ended before it was whole");
    unlink(path);
}

/* ------------------------------------------------------------------ QEMU's lines */

void core_event(const char *line)
{
    if (!path)
        return;
    if (strstr(line, "\"event\": \"GUEST_PANICKED\"") && !is_asked) {
        take_files(); /* what it has said before */
        if (is_too_much())
            send_command("{\"execute\": \"cont\"}\n");
        else
            ask_for_dump();
    } else if (is_asked && strstr(line, "\"id\": \"core\"")) {
        is_answered = true;
        if (strstr(line, "\"error\": "))
            say("no core was taken: QEMU says %s", line);
        else
            is_good = finish_file();
        if (is_last)
            end_qemu(END_TIME_OUT);
        else
            send_command("{\"execute\": \"cont\"}\n");
    }
}
