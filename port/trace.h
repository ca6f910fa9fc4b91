/* SPDX-License-Identifier: MIT */
/*
 * The trace: a ring of fixed binary entries, always on. Recording formats nothing and never touches
 * a device; an entry is made readable only when it is printed. Recorded from every context.
 */
#ifndef PORT_TRACE_H
#define PORT_TRACE_H

#include "hal/hal.h"

/* What an entry says: `where` is the port (for registers the low bits of the address), or the channel's
 * number, TRACE_NO_CHANNEL without one. */
enum trace_kind {
    TRACE_NONE,
    TRACE_PORT_READ,     /* value: what was read; extra: width in bytes */
    TRACE_PORT_WRITE,    /* value: what was written; extra: width */
    TRACE_PORT_BUFFER,   /* value: count of units; extra: width, | 0x80 for a write */
    TRACE_REGISTER_READ, /* as for ports */
    TRACE_REGISTER_WRITE,
    TRACE_CALL, /* value: enum context_kind, action << 8, IRQL << 16. The port calls the miniport */
    TRACE_FALSE,     /* value: enum context_kind. The call returned FALSE */
    TRACE_IRB_START, /* value: Function, StartIo's IRQL << 16, BuildIo's << 24; extra: slot */
    TRACE_IRB_END,   /* value: IrbStatus; extra: slot */
    TRACE_TIMEOUT,   /* extra: slot */
    TRACE_RULE,      /* value: enum rule */
    TRACE_KIND_COUNT,
};

/* The ring, in two parts: that is one instruction less for each entry than one ring of structures. */
#define TRACE_ENTRY_COUNT 4096u
#define TRACE_NO_CHANNEL  0xFFFFu

/* Bits 31:0 time, 47:32 where, 55:48 kind, 63:56 extra. */
extern uint64_t trace_heads[TRACE_ENTRY_COUNT];
extern uint32_t trace_values[TRACE_ENTRY_COUNT];
extern uint32_t trace_next; /* entries recorded since boot */
extern uint32_t trace_mask; /* a bit a kind: recorded or not (`trace=` on the command line) */

/* The constant part of an entry's head: what is recorded again and again has it made once. */
static inline uint64_t trace_head(enum trace_kind kind, unsigned where, unsigned extra)
{
    return ((uint64_t)(kind | extra << 8) << 16 | (uint16_t)where) << 32;
}

static inline void trace_made(enum trace_kind kind, uint64_t head, uint32_t value)
{
    if (!(trace_mask >> kind & 1))
        return;
    head |= hal_cycles();
    /* One instruction takes the place, so that an interrupt finds its own behind it. */
    uint32_t place = __atomic_fetch_add(&trace_next, 1, __ATOMIC_RELAXED) % TRACE_ENTRY_COUNT;
    trace_heads[place] = head;
    trace_values[place] = value;
}

static inline void trace(enum trace_kind kind, unsigned where, unsigned extra, uint32_t value)
{
    trace_made(kind, trace_head(kind, where, extra), value);
}

/* What a head holds. `time` is the low part of the cycle counter, to show distances. */
static inline uint32_t trace_time(uint64_t head)
{
    return (uint32_t)head;
}
static inline unsigned trace_where(uint64_t head)
{
    return (uint16_t)(head >> 32);
}
static inline enum trace_kind trace_kind(uint64_t head)
{
    return (enum trace_kind)(head >> 48 & 0xFF);
}
static inline unsigned trace_extra(uint64_t head)
{
    return (unsigned)(head >> 56);
}

/* What is known of a driver's reads of a port since an entry with this head (the IRB's start). */
enum trace_evidence {
    TRACE_UNKNOWN, /* none, or what was recorded does not reach back so far */
    TRACE_OTHER,   /* it read other values only */
    TRACE_READ,    /* it read this value */
};
/* Two ports that show the same. Context: any. */
enum trace_evidence trace_evidence(uint64_t since, unsigned port, unsigned same_port,
                                   uint8_t value);

/* Sets what is recorded from a word list such as "ports,irbs" or "all" or "off". False: unknown
 * word. */
bool trace_select(const char *words);
/* Prints the last `count` entries, oldest first, on console and log. */
void trace_print(unsigned count);

#endif
