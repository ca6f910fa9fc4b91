/* SPDX-License-Identifier: MIT */
/*
 * The contract between port and miniport: in which context a miniport runs, and what happens when
 * it breaks a rule.
 *
 * Around every call into a miniport the port pushes a context. The exported routines look at the
 * top of that stack: it says which channel (or controller) the caller works for and what it may do.
 * A broken rule is reported, counted, and survived: the routine returns its documented failure
 * value.
 */
#ifndef PORT_CONTRACT_CONTRACT_H
#define PORT_CONTRACT_CONTRACT_H

#include <ata.h>
#include <irb.h>

#include "port/irql.h"

struct channel;
struct controller;
struct driver;
struct irb_slot;
struct access_map;

/* ------------------------------------------------------------------ contexts */

enum context_kind {
    CONTEXT_NONE, /* no miniport runs */
    CONTEXT_DRIVER_ENTRY,
    CONTEXT_ADAPTER_CONTROL,
    CONTEXT_CHANNEL_ENABLED,
    CONTEXT_TRANSFER_MODE_SELECT,
    CONTEXT_CHANNEL_INIT,
    CONTEXT_HW_CONTROL,
    CONTEXT_HW_INITIALIZE,
    CONTEXT_BUILD_IO,
    CONTEXT_START_IO,
    CONTEXT_INTERRUPT,
    CONTEXT_RESET,
    CONTEXT_WORKER,
    CONTEXT_TIMER,
    CONTEXT_SYNCHRONIZED,
    CONTEXT_CONTROLLER_SYNC,
    CONTEXT_KIND_COUNT,
};

struct context {
    struct hal_call
        cpu; /* how the CPU has to be when the call returns; it stands first (port/call.h) */
    enum context_kind kind;
    IDE_CONTROL_ACTION action; /* of CONTEXT_ADAPTER_CONTROL and CONTEXT_HW_CONTROL */
    enum irql level;           /* at which the miniport is called */
    struct driver *driver;
    struct controller *controller; /* NULL in DriverEntry */
    struct channel *channel;       /* NULL in the controller's routines */
    /* What the hot checks look at, so that each is one comparison: the channel's extension (where
     * there is none, an address that is no extension), and the ports that may be accessed
     * (port/access/map.c). */
    const void *extension;
    const struct access_map *port_map;
    uint32_t trace_head; /* of the entry that every call makes */
    uint8_t noted;       /* AUDIT_xxx of port/access/audit.h, since IdeHwInterrupt was called */
    uint32_t stalled_us; /* AtaPortStallExecution since the call */
    const struct irb_slot
        *slot; /* what IdeHwBuildIo and IdeHwStartIo are handed; NULL for others */
    struct context *outer;
};

/* Below DIRQL interrupts are on. */
static inline struct hal_call context_cpu(enum irql level)
{
    return (struct hal_call){.state = HAL_STATE_CONTROL | level |
                                      (level < IRQL_DIRQL ? HAL_STATE_INTERRUPT : 0)};
}

/* The innermost context; never NULL: while no miniport runs it is one of kind CONTEXT_NONE. */
extern struct context *context_now;

static inline void context_push(struct context *context)
{
    context->stalled_us = 0;
    context->outer = context_now;
    context_now = context;
}
static inline void context_pop(struct context *context)
{
    context_now = context->outer;
}

/* "IdeHwControl(IdeStart)" */
void context_name(const struct context *context, char *text, size_t size);
const char *context_kind_name(enum context_kind kind);
/* The driver's routine that runs now. Callbacks have no name that the documentation gives them, but their
 * type has. */
const char *context_routine_name(void);

/* ------------------------------------------------------------------ reports */

enum rule {
#define RULE(identifier, id, words, action, source) RULE_##identifier,
#include "port/contract/rules.def"
#undef RULE
    RULE_COUNT,
};

/* checks=off on the command line: no reports; the documented failure values stay. */
extern bool contract_checks;
/* strict=1: the first broken rule ends the run with HAL_EXIT_RULE_BROKEN. */
extern bool contract_strict;

/* Reports a broken rule: block on the console, trace entry, counter. `routine` is the AtaPort
 * routine or the miniport's entry point in which it was broken, `place` an address in the driver
 * (the return address of the routine), or 0 when none is known; `channel` may be NULL. Context:
 * any. */
void contract_report(enum rule rule, struct channel *channel, const char *routine,
                     const void *place, const char *detail, ...)
    __attribute__((cold, format(printf, 5, 6)));

/* The same for what one page forbids and another one does: said once for a place, with NOTE instead of
 * RULE; not counted, and STRICT=1 goes on. */
void contract_note(enum rule rule, struct channel *channel, const char *routine, const void *place,
                   const char *detail, ...) __attribute__((cold, format(printf, 5, 6)));

/* The same with the IRB that it is about, on the channel that has it. (That of IdeHwBuildIo and
 * IdeHwStartIo is known without.) */
void contract_report_irb(enum rule rule, const struct irb_slot *slot, const char *routine,
                         const void *place, const char *detail, ...)
    __attribute__((cold, format(printf, 5, 6)));

/* The same for a rule that is judged when a call into the miniport has returned: reported as if in it. */
void contract_report_in(struct context *context, enum rule rule, const char *routine,
                        const void *place, const char *detail, ...)
    __attribute__((cold, format(printf, 5, 6)));

/* The address in the driver that called the exported routine this is used in. */
#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

/* The same for a report about a whole routine of the miniport: its entry point. (A return address lies behind
 * its call, so reports look one byte back.) */
#define ENTRY_PLACE(function) ((const void *)((uintptr_t)(function) + 1))

/* ------------------------------------------------------------------ before a routine does anything */

/* CPU-01 where a driver calls a routine: with the direction flag set, which string instructions of the kernel's would
 * follow. Stands before everything else in those that have any, which are all but the accesses to one register and
 * the common cases of what is part of every request; the functions below do it. */
void contract_report_direction(const char *routine, const void *place) __attribute__((cold));
static inline void contract_direction(const char *routine, const void *place)
{
    if (__builtin_expect(hal_direction_clear(), 0))
        contract_report_direction(routine, place);
}

/* The channel behind a channel extension, or the controller behind a controller extension; NULL,
 * with CTX-09 or CTX-10 reported, where it is not one. The common case, the extension of the
 * context that runs now, costs a few instructions. */
struct channel *contract_find_channel(const void *extension, const char *routine, const void *place)
    __attribute__((cold));
static inline struct channel *contract_channel(const void *extension, const char *routine,
                                               const void *place)
{
    if (__builtin_expect(context_now->extension == extension, 1))
        return context_now->channel;
    return contract_find_channel(extension, routine, place);
}
struct controller *contract_controller(const void *extension, const char *routine,
                                       const void *place);
/* For AtaPortGetDeviceBase: either kind. *channel is NULL for a controller extension. */
struct controller *contract_either(const void *extension, struct channel **channel,
                                   const char *routine, const void *place);

/* Of three routines CTX-01 is only noted: IdeHwBuildIo calls them on other pages, or in drivers of the field. */
void contract_note_build_io(const char *routine, const void *place, bool is_on_a_page)
    __attribute__((cold));
/* Is this routine called from IdeHwBuildIo? Then CTX-01 is reported, and it must do nothing. */
bool contract_in_build_io(const char *routine, const void *place);
/* Both, as they stand before most routines: NULL, and it must do nothing. */
struct channel *contract_enter(const void *extension, const char *routine, const void *place);

/* ------------------------------------------------------------------ routines handed over */

/* MEM-03: does a routine that the driver hands over lie in its code, or is NULL, about which others may complain?
 * Otherwise `text` says where it leads. */
struct given_routine {
    const char *name;
    uintptr_t address;
};
#define GIVEN_ROUTINE(structure, member)        \
    {                                           \
#member, (uintptr_t)(structure)->member \
    }
bool contract_is_own_code(const struct driver *driver, const struct given_routine *given,
                          char *text, size_t size);

/* ------------------------------------------------------------------ what was broken */

/* Where a rule was broken, and how often. */
#define PLACE_WORDS_CAPACITY 240u
struct contract_place {
    enum rule rule;
    bool is_told;        /* printed */
    const void *address; /* what was handed over as `place` */
    const struct driver *driver;
    uint64_t count;
    char words[PLACE_WORDS_CAPACITY];
};
/* Walks the places, up to 256, in the order in which they were found: NULL starts; NULL at the end. */
const struct contract_place *contract_next_place(const struct contract_place *after);

/* Rows that were broken, for the shell: how often, since boot. */
uint64_t contract_count(enum rule rule);
uint64_t contract_total(void);
const char *contract_rule_id(enum rule rule);
const char *contract_rule_words(enum rule rule);

#endif
