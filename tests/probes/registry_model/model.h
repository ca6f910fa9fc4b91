/* SPDX-License-Identifier: MIT */
/*
 * A probe that calls the registry routines at random, from every routine of a miniport, with good and
 * bad arguments, and foretells what each call does: its result, what stands in the buffer, what the
 * registry holds afterwards, and which rule the port reports.
 *
 * model.c foretells, calls.c calls and compares, driver.c is the miniport around them. What is
 * foretold comes from the interface's documentation; nothing of the port's code is used.
 *
 * Operation number n is made from the seed and n alone. So any operations can be left out and the
 * others stay what they are: tests/boot/registry-model.t shrinks a failure that way.
 *
 * Controller0's key says what to do: "Seed" and "Total", and "Skip", a bit for each operation that is
 * left out. "Mistake"=dword:1 makes the model forget that names compare without case.
 */
#ifndef PROBES_REGISTRY_MODEL_MODEL_H
#define PROBES_REGISTRY_MODEL_MODEL_H

#include <irb.h>

/* Two of the first controller, four of the second. */
#define CHANNELS       6u
#define FIRST_CHANNELS 2u
#define CONTROLLERS    2u

#define NAMES        5u
#define BUFFER_BYTES 0x10000u /* the longest buffer that it keeps */
#define ARENA_BYTES  0x40000u
#define PAGE_BYTES   0x1000u
#define VALUE_BYTES  256u /* the longest value */
#define MAX_DEFERRED 64u
#define TOTAL_LIMIT  0x40000u

/* From where a call comes. */
enum place {
    IN_CONTROLLER, /* AtaAdapterControl, AtaControllerChannelEnabled: no channel's routine */
    IN_START_OR_STOP,
    IN_CHANNEL_ROUTINE,
    IN_CALLBACK, /* what a channel asked to be called back in, AtaControllerTransferModeSelect */
    IN_BUILD_IO,
};

/* ------------------------------------------------------------------ what there should be */

struct value {
    BOOLEAN is_there;
    UCHAR type;
    ULONG length;
    UCHAR bytes[VALUE_BYTES + sizeof(WCHAR)]; /* zeros follow the value */
};

/* What a read of the value gives. */
ULONG model_length(const struct value *value);

struct deferred {
    struct value *value;
    UCHAR type;
    ULONG at, length;
    UCHAR bytes[VALUE_BYTES]; /* when they were handed over */
};

struct channel_model {
    PVOID extension;    /* NULL: the channel is stopped */
    PUCHAR buffer;      /* NULL: none */
    ULONG size;         /* bytes asked for */
    BOOLEAN is_damaged; /* the byte past the buffer was written */
    UCHAR bytes[BUFFER_BYTES];
    ULONG deferred_count;
    struct deferred deferred[MAX_DEFERRED];
};

extern struct channel_model model[CHANNELS];
extern BOOLEAN model_mistake;

/* Rules whose reports are counted. */
enum rule {
    CTX_01,
    CTX_09,
    CTX_10,
    REG_01,
    REG_02,
    REG_03,
    REG_04,
    REG_05,
    REG_07,
    REG_08,
    REG_09,
    REG_10,
    REG_11,
    REG_12,
    REG_13,
    IRB_09, /* the request that is never answered */
    IRB_19, /* nor ended by a LUN reset that succeeds */
    RULE_COUNT,
    NO_RULE = RULE_COUNT,
};
extern ULONG model_reports[RULE_COUNT];
extern PCSTR const model_rules[RULE_COUNT];

/* ------------------------------------------------------------------ one call */

enum routine {
    ALLOCATE,
    FREE,
    READ,
    WRITE,
    WRITE_DEFERRED,
};

/* What stands for the channel extension. */
enum extension_kind {
    LIVE_CHANNEL, /* `channel`'s, which is not stopped */
    CONTROLLER_EXTENSION,
    NO_EXTENSION, /* anything else */
};

struct call {
    enum routine routine;
    enum place place;
    ULONG own;     /* the channel whose routine runs; CHANNELS if none */
    ULONG channel; /* the one that is called for */
    enum extension_kind extension_kind;
    PVOID extension;
    /* Arguments, each where its routine has it. */
    ULONG size;
    PUCHAR buffer;
    UCHAR controller;
    BOOLEAN is_channel_key;
    ULONG name, spelling;
    UCHAR type;
    ULONG length;
    BOOLEAN has_length; /* FALSE: BufferLength is NULL */
};

/* What the call will do. Everything but the buffer that an allocation gives is known before. */
struct outcome {
    BOOLEAN succeeds;
    ULONG length; /* *BufferLength afterwards */
};

/* Foretells a call, counts the reports that it causes, and does in the model what it does. An
 * allocation's buffer comes with model_allocated. */
struct outcome model_call(const struct call *call);
void model_allocated(const struct call *call, PVOID buffer);

/* The channel's number on its controller. */
static inline ULONG model_number(ULONG channel)
{
    return channel < FIRST_CHANNELS ? channel : channel - FIRST_CHANNELS;
}

/* The key and value that a call means. */
struct value *model_value(const struct call *call);
/* The names of values as drivers may write them: 2 spellings each. */
extern PCSTR const model_names[NAMES][2];

/* A channel starts, with a new extension; it stops, and the port frees what it left (REG-07). */
void model_start(ULONG channel, PVOID extension);
void model_stop(ULONG channel);

#endif
