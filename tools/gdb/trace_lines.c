/* SPDX-License-Identifier: MIT */
/*
 * The trace's lines for a debugger, made by the kernel's own sources: standard input has the ring
 * as it lay in the guest's memory and what its channels are, standard output gets the lines that
 * the shell's `log` shows.
 *
 *   trace-lines [COUNT]
 *
 * The input is words, a line each, and `end`, behind which the bytes of trace_entries, trace_times
 * and trace_next follow:
 *
 *   clock BEGIN TICK    the cycle counter at the start, and microseconds a cycle, in 2^-32
 *   ports CHANNEL STATUS ALTERNATE BUS-MASTER
 *                       where a channel's registers are; 0: nowhere
 *   memory CHANNEL WHERE BYTES OFFSET
 *                       a piece of an AHCI controller's registers, the offset of its first
 *   prd CHANNEL ADDRESS CONTROL
 *                       one of the table that its bus master was started on last
 *
 * Owns nothing but its copy of the ring. The words of the entries are port/trace_words.c's.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/access/audit_dma.h"
#include "port/trace.h"
#include "port/trace_words.h"

/* Of each channel its ports and a table of up to 64 (tools/gdb/ata/trace.py); of each controller
 * what it has mapped. */
#define MAX_PIECES (PORT_MAX_CONTROLLERS * (PORT_MAX_CHANNELS * (1 + 64) + PORT_MAX_MAPPED))

enum piece_kind {
    PIECE_PORTS,
    PIECE_MEMORY,
    PIECE_PRD,
};

/* A line of the input. */
struct piece {
    enum piece_kind kind;
    uint16_t channel;
    uint32_t at[3];
};
static struct piece pieces[MAX_PIECES];
static unsigned piece_count;
static uint64_t clock_begin, clock_tick;

/* --------------------------------------------------------------- what the kernel's sources call */

uint64_t hal_cycles_us(uint64_t cycles)
{
    uint64_t ticks = cycles - clock_begin;
    return (ticks >> 32) * clock_tick + ((ticks & UINT32_MAX) * clock_tick >> 32);
}

void hal_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}

void hal_panic(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "trace-lines: %s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

/* ------------------------------------------------------------------ whose registers they are */

static bool find_port(const struct piece *piece, uint16_t where, struct trace_register *found)
{
    static const uint8_t bus_master[8] = {
        [0] = ROLE_BUS_MASTER_COMMAND, [2] = ROLE_BUS_MASTER_STATUS, [4] = ROLE_BUS_MASTER_TABLE};
    unsigned distance = where - (piece->at[0] - 7), from_master = where - piece->at[2];

    found->role = ROLE_NONE;
    if (piece->at[0] && distance < 8)
        found->role = (enum access_role)(ROLE_DATA + distance);
    else if (where && where == piece->at[1])
        found->role = ROLE_ALTERNATE_STATUS;
    else if (piece->at[2] && from_master < 8)
        found->role = (enum access_role)bus_master[from_master];
    return found->role != ROLE_NONE;
}

static bool find(bool is_memory, uint16_t where, struct trace_register *found)
{
    for (unsigned i = 0; i < piece_count; i++) {
        const struct piece *piece = &pieces[i];
        uint16_t into = (uint16_t)(where - piece->at[0]);
        *found = (struct trace_register){.channel = piece->channel};
        found->offset = piece->at[2] + into;
        if (is_memory && piece->kind == PIECE_MEMORY && into < piece->at[1])
            return true;
        if (!is_memory && piece->kind == PIECE_PORTS && find_port(piece, where, found))
            return true;
    }
    return false;
}

static unsigned find_table(uint16_t channel, struct trace_prd *prds, unsigned most)
{
    unsigned count = 0;

    for (unsigned i = 0; i < piece_count; i++) {
        uint32_t bytes = pieces[i].at[1] & PRD_COUNT_MASK;
        if (pieces[i].kind != PIECE_PRD || pieces[i].channel != channel)
            continue;
        if (count < most)
            prds[count] = (struct trace_prd){pieces[i].at[0], bytes ? bytes : PRD_BOUNDARY};
        count++;
    }
    return count;
}

static const struct trace_world world = {find, find_table};

/* ------------------------------------------------------------------ the input */

static _Noreturn void refuse(const char *what)
{
    fprintf(stderr, "trace-lines: %s\n", what);
    exit(2);
}

static void read_line(const char *line)
{
    static const char *const words[] = {"ports", "memory", "prd"};
    struct piece piece = {0};
    char word[16] = "";
    int after = 0;

    if (sscanf(line, "clock %" SCNu64 " %" SCNu64, &clock_begin, &clock_tick) == 2)
        return;
    if (sscanf(line, "%15s %" SCNu16 "%n", word, &piece.channel, &after) != 2)
        refuse("a line of the input is none of its words");
    sscanf(line + after, "%" SCNu32 " %" SCNu32 " %" SCNu32, &piece.at[0], &piece.at[1],
           &piece.at[2]);
    while (piece.kind <= PIECE_PRD && strcmp(words[piece.kind], word) != 0)
        piece.kind++;
    if (piece.kind > PIECE_PRD || piece_count == MAX_PIECES)
        refuse("a line of the input is none of its words, or one too many");
    pieces[piece_count++] = piece;
}

static void read_ring(void)
{
    if (fread(trace_entries, sizeof trace_entries, 1, stdin) != 1 ||
        fread(trace_times, sizeof trace_times, 1, stdin) != 1 ||
        fread(&trace_next, sizeof trace_next, 1, stdin) != 1 || getchar() != EOF)
        refuse("the ring is not as large as the one that this program knows: build both anew with "
               "`make`");
}

static void show_line(const char *text)
{
    puts(text);
}

int main(int argc, char **argv)
{
    unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 32;
    char line[200];

    while (fgets(line, sizeof line, stdin) && strcmp(line, "end\n") != 0)
        read_line(line);
    read_ring();
    trace_set_world(&world);
    if (trace_show(count, show_line) == 0)
        puts("It is empty.");
    return 0;
}
