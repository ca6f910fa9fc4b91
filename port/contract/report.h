/* SPDX-License-Identifier: MIT */
/*
 * What happens when a miniport breaks a rule: it is reported, counted, and survived. (The routine
 * in which it was broken returns its documented failure value.)
 */
#ifndef PORT_CONTRACT_REPORT_H
#define PORT_CONTRACT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/contract/rules.h"

struct channel;
struct context;
struct driver;
struct irb_slot;

/* ------------------------------------------------------------------ reports */

/* strict=1: the first broken rule ends the run with HAL_EXIT_RULE_BROKEN. */
extern bool contract_strict;

/* Reports a broken rule: block on the console, trace entry, counter. `routine` is the AtaPort
 * routine or the miniport's entry point in which it was broken, `place` an address in the driver
 * (the return address of the routine), or 0 when none is known; `channel` may be NULL. Context:
 * any. */
void contract_report(enum rule rule, struct channel *channel, const char *routine,
                     const void *place, const char *detail, ...)
    __attribute__((cold, format(printf, 5, 6)));

/* The same for what one page forbids and another one does: said once for a place, with NOTE instead
 * of RULE; not counted, and STRICT=1 goes on. */
void contract_note(enum rule rule, struct channel *channel, const char *routine, const void *place,
                   const char *detail, ...) __attribute__((cold, format(printf, 5, 6)));

/* The same with the IRB that it is about, on the channel that has it. (That of IdeHwBuildIo and
 * IdeHwStartIo is known without.) */
void contract_report_irb(enum rule rule, const struct irb_slot *slot, const char *routine,
                         const void *place, const char *detail, ...)
    __attribute__((cold, format(printf, 5, 6)));

/* The same for a rule that is judged when a call into the miniport has returned: reported as if in
 * it. */
void contract_report_in(struct context *context, enum rule rule, const char *routine,
                        const void *place, const char *detail, ...)
    __attribute__((cold, format(printf, 5, 6)));

/* The place of a report about a whole routine of the miniport: its entry point. (A return address
 * lies behind its call, so reports look one byte back.) */
#define ENTRY_PLACE(function) ((const void *)((uintptr_t)(function) + 1))

/* The place of a report about an instruction of a driver's: so far behind its beginning that it is
 * no ENTRY_PLACE where the instruction is a routine's first one. Context: any. */
const void *report_instruction(uintptr_t instruction);

/* The place of a report that is made deep below an exported routine: the driver's address that
 * called it, found by the kernel's frames, so that nobody needs to hand it down; NULL where no
 * driver runs. Context: any. */
const void *report_caller(void);

/* " by DRIVER!FUNCTION FILE:LINE, called from ...": where a driver has ended an IRB that is not
 * outstanding any more; "" where the port has. Returns the text. Context: any. */
#define REPORT_END_SIZE 512u
const char *report_end_place(const struct irb_slot *slot, char text[REPORT_END_SIZE]);

/* What somebody above has to say below a report about a channel, which may be NULL; NULL: nobody
 * has. */
extern void (*contract_remark)(const struct channel *channel);

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
/* Walks the places, up to 256, in the order in which they were found: NULL starts; NULL at the
 * end. */
const struct contract_place *contract_next_place(const struct contract_place *after);

/* Rows that were broken, for the shell: how often, since boot. */
uint64_t contract_count(enum rule rule);
uint64_t contract_total(void);

#endif
