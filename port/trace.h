/* SPDX-License-Identifier: MIT */
/*
 * The trace: a ring of fixed binary entries, always on. Recording formats nothing and never touches
 * a device; an entry is put into words only when it is shown (trace_words.h). Recorded from every
 * context. For people only: no verdict looks at it.
 */
#ifndef PORT_TRACE_H
#define PORT_TRACE_H

#include "hal/hal.h"

/* What an entry says: `where` is the port (for registers the low bits of the address), or the
 * channel (trace_channel), TRACE_NO_CHANNEL without one. */
enum trace_kind {
    TRACE_NONE,          /* extra: 0, or of which accesses it is a gap (TRACE_GAP_xxx) */
    TRACE_PORT_READ,     /* value: what was read; extra: width in bytes, and TRACE_xxx below */
    TRACE_PORT_WRITE,    /* value: what was written; extra: width */
    TRACE_PORT_BUFFER,   /* value: count of units; extra: width */
    TRACE_REGISTER_READ, /* as for ports */
    TRACE_REGISTER_WRITE,
    TRACE_REGISTER_BUFFER,
    TRACE_CALL, /* the port calls the miniport: enum context_kind, action << 8, IRQL << 16; timed */
    TRACE_FALSE,     /* value: enum context_kind. The call returned FALSE */
    TRACE_IRB_START, /* Function, StartIo's IRQL << 16, BuildIo's << 24; extra: slot; timed */
    TRACE_IRB_END,   /* value: IrbStatus; extra: slot; timed */
    TRACE_TIMEOUT,   /* extra: slot; timed */
    TRACE_RULE,      /* value: enum rule; timed */
    TRACE_STATE,     /* value: states before, after << 8, STATE_UNIT; extra: state_machine; timed */
    TRACE_RECOVERY,  /* extra: enum traced_recovery; value: target, and what that says; timed */
    TRACE_FAULT,     /* value: the number of a fault that was injected; extra: its kind; timed */
    TRACE_PACKET,    /* value: four bytes of a packet; extra: where they stand. Before its block */
    TRACE_WAITS,     /* value: request, by its address; extra: target, or how it has left its queue
                        (TRACE_TAKEN, TRACE_DROPPED); timed */
    TRACE_BUILD, /* IdeHwBuildIo comes now. extra: slot; value: target << 16, unit << 24; timed */
    TRACE_IRB_FORM, /* then. extra: slot; value: four bytes; and in the place of its time the eight
                        before them: of the IRB's task file or CDB */
    TRACE_KIND_COUNT,
};

/* What the port makes of failures (request/fate.c). */
enum traced_recovery {
    TRACED_REPEAT,   /* a request: IrbStatus << 8, repeat << 16 of at most << 24 (0: anew) */
    TRACED_STEP,     /* a device goes down to a slower mode, or to PIO */
    TRACED_OFF_LINE, /* a device is taken off line */
};

/* Of a TRACE_NONE's `extra`: before it accesses of these kinds are forgotten, or were not recorded.
 * If it is of one kind alone, it says nothing of the other. */
#define TRACE_GAP_PORTS     0x01u
#define TRACE_GAP_REGISTERS 0x02u
/* Of an access's `extra`, beside the width. */
#define TRACE_WIDTH    0x07u
#define TRACE_OWN      0x08u /* the port's own look, which no driver asked for */
#define TRACE_INJECTED 0x10u /* not the device's own answer, or not what the device was sent */
#define TRACE_TIMED    0x40u /* the entry has a time, though not all of its kind have */
#define TRACE_IS_OUT   0x80u /* a buffer was written */

#define TRACE_ENTRY_COUNT 0x10000u /* a place is 16 bits, and runs over by itself */
#define TRACE_REACH       8192u    /* as far back as lines are made of them */
#define TRACE_NO_CHANNEL  0xFFFFu
/* No targets: what took a request out of its queue. */
#define TRACE_TAKEN   0xFFu /* it goes to the miniport, in the next slot that is filled in */
#define TRACE_DROPPED 0xFEu

/* A channel as entries have it: its controller's index, and its number there. */
#define TRACE_CHANNEL_NAME 8u /* "15.31" */
static inline unsigned trace_channel(unsigned controller, unsigned number)
{
    return controller << 5 | number;
}
void trace_channel_name(unsigned channel, char *text, size_t size);

/* `head`: bits 15:0 where, 23:16 kind, 31:24 extra. */
struct trace_entry {
    uint32_t value, head;
};
_Static_assert(TRACE_ENTRY_COUNT == UINT16_MAX + 1, "all places");
extern struct trace_entry trace_entries[TRACE_ENTRY_COUNT];
/* The cycle counter, of those that have a time. */
extern uint64_t trace_times[TRACE_ENTRY_COUNT];
/* The place of the next entry. */
extern uint16_t trace_next;
/* How many there have been, as the watch saw it last (trace_count_laps), without what 32 bits do
 * not hold: for who reads the ring from outside. */
extern uint32_t trace_counted;
/* How far an entry of this kind takes the ring on: 1, or 0, then the next entry takes its place
 * (`trace=` on the command line). */
extern uint16_t trace_steps[TRACE_KIND_COUNT];

static inline struct trace_entry *trace_at(uintptr_t place)
{
    return &trace_entries[place];
}

static inline uint64_t *trace_time_at(uintptr_t place)
{
    return &trace_times[place];
}

/* Not within itself: by the watch (hang.c), twenty times a second, if there is one. Of the laps
 * between two of its ticks it counts none, so who reads the ring counts on by himself. */
static inline void trace_count_laps(void)
{
    trace_counted += (uint16_t)(trace_next - trace_counted);
}

/* The constant part of an entry: what is recorded again and again has it made once. */
static inline uint32_t trace_head(enum trace_kind kind, unsigned where, unsigned extra)
{
    return (uint32_t)kind << 16 | extra << 24 | where;
}

static inline enum trace_kind trace_kind_of(uint32_t head)
{
    return (enum trace_kind)(head >> 16 & 0xFF);
}

/* Of which accesses an entry is a gap; 0: it is none. */
static inline unsigned trace_gap_of(uint32_t head)
{
    return trace_kind_of(head) == TRACE_NONE ? head >> 24 : 0;
}

/* One instruction takes the place, so that an interrupt finds its own behind it. */
static inline uintptr_t trace_put(enum trace_kind kind, uint32_t head, uint32_t value)
{
    uintptr_t place = hal_fetch_add16(&trace_next, trace_steps[kind]);
    struct trace_entry *entry = trace_at(place);
    entry->value = value;
    entry->head = head;
    return place;
}

/* Of the kinds that are timed, with a head that was made before. */
static inline void trace_timed(enum trace_kind kind, uint32_t head, uint32_t value)
{
    hal_cycles_note(trace_time_at(trace_put(kind, head, value)));
}

static inline void trace(enum trace_kind kind, unsigned where, unsigned extra, uint32_t value)
{
    (void)trace_put(kind, trace_head(kind, where, extra), value);
}

/* Does an entry have a time? */
bool trace_is_timed(uint32_t head);

/* Sets what is recorded from a word list such as "ports,irbs" or "all" or "off". False: unknown
 * word, and then *unknown says where it is. */
bool trace_select(const char *words, const char **unknown);
/* The index-th of these words; NULL: there are no more. */
const char *trace_word(unsigned index);
/* Records nothing, or again what was selected last (if that is nothing: all). */
void trace_switch(bool is_on);
/* Forgets all entries. Context: PASSIVE_LEVEL. */
void trace_clear(void);

/* ------------------------------------------------------------------ showing it */

struct trace_world;
/* Who knows what entries are about; a layer above (port/access/traced.h). */
void trace_set_world(const struct trace_world *world);

/* Hands over the last `count` entries as lines, oldest first; equal neighbours are one line.
 * Returns the number of lines. Any context; allocates nothing. */
unsigned trace_show(unsigned count, void (*line)(const char *text));
/* The same of the last accesses to a channel's registers, as many as make so many lines. */
unsigned trace_show_accesses(unsigned channel, unsigned line_count, void (*line)(const char *text));
/* Prints them on console and log, below a line that says what they are. */
void trace_print(unsigned count);

#endif
