/* SPDX-License-Identifier: MIT */
/*
 * The reports of broken rules; see report.h. Owns the places in which they were broken.
 * Entered from every context; allocates nothing.
 */
#include "port/contract/report.h"

#include <stdio.h>
#include <string.h>

#include "lib/plural.h"
#include "port/irb_names.h"
#include "port/loader/image.h"
#include "port/objects.h"
#include "port/trace.h"

bool contract_strict;
void (*contract_remark)(const struct channel *channel);

static uint64_t counts[RULE_COUNT];
static uint64_t total;

/* Where rules were broken. A report is printed once for a rule and a place, on whichever channel
 * and in whichever start; repeats are counted. The words are kept, for the driver may be gone when
 * they are asked for. */
#define PLACE_LIMIT 256u
static struct contract_place places[PLACE_LIMIT];
static unsigned place_count;

uint64_t contract_count(enum rule rule)
{
    return counts[rule];
}

uint64_t contract_total(void)
{
    return total;
}

const struct contract_place *contract_next_place(const struct contract_place *after)
{
    const struct contract_place *next = after ? after + 1 : places;
    return next < places + place_count ? next : NULL;
}

/* The entry of a place, made if need be. When all are taken the first one is given up. */
static struct contract_place *find_place(enum rule rule, const struct driver *driver,
                                         const void *address)
{
    struct contract_place wanted = {.rule = rule, .driver = driver, .address = address};

    for (unsigned i = 0; i < place_count; i++)
        if (places[i].rule == rule && places[i].address == address && places[i].driver == driver)
            return &places[i];
    if (place_count == PLACE_LIMIT)
        memmove(places, places + 1, --place_count * sizeof *places);
    places[place_count] = wanted;
    return &places[place_count++];
}

/* Functions in which the one at an address was inlined. */
static void print_inliners(uintptr_t address)
{
    char where[160];

    for (unsigned i = 1; hal_name_inliner(address, i, where, sizeof where); i++)
        hal_printf("  called from %s\n", where);
}

const void *report_instruction(uintptr_t instruction)
{
    char text[160];
    const bool is_first = hal_name_routine(instruction, text, sizeof text);
    return (const void *)(instruction + (is_first ? 2 : 1));
}

static bool is_place_of(uintptr_t address, const void *place)
{
    return address == (uintptr_t)place || report_instruction(address) == place;
}

/* The driver's own calls that led to the place, the nearest first: as far as its frames are
 * chained. A faulting instruction is its own return address in the chain. */
static __attribute__((noinline)) void print_callers(const void *place)
{
    uintptr_t callers[32];
    char where[160];
    size_t count = hal_backtrace(callers, sizeof callers / sizeof *callers), i = 0;

    while (i < count && !is_place_of(callers[i], place))
        i++;
    if (place)
        print_inliners((uintptr_t)place - 1);
    while (++i < count && image_is_code(callers[i])) {
        hal_name_address(callers[i] - 1, where, sizeof where);
        hal_printf("  called from %s\n", where);
        print_inliners(callers[i] - 1);
    }
}

static void print_context_stack(void)
{
    char name[64];
    for (const struct context *context = context_now; context->kind != CONTEXT_NONE;
         context = context->outer) {
        context_name(context, name, sizeof name);
        hal_printf("  in %s%s%s\n", name, context->channel ? " of channel " : "",
                   context->channel ? context->channel->name : "");
    }
}

/* The request that it happened to, if one is known. */
static void print_irb(const struct irb_slot *slot)
{
    const IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    const struct device *device = slot->request ? slot->request->device : NULL;

    hal_printf("  IRB %p in slot %u: %s for target %u%s%s, %u byte%s, flags %#x\n",
               (const void *)slot->shown_irb, slot->index, irb_function_name(irb->Function),
               irb->TargetId, device && device->name[0] ? ", disk " : "",
               device && device->name[0] ? device->name : "", (unsigned)slot->data_byte_count,
               plural(slot->data_byte_count), (unsigned)irb->IrbFlags);
}

/* What led to a broken rule of the device's side, as far as the trace has it. */
#define ACCESS_LINES 8u
static bool has_heading;

static void print_access(const char *text)
{
    if (!has_heading)
        hal_printf("  the last accesses before it:\n");
    has_heading = true;
    hal_printf("    %s\n", text);
}

static void print_accesses(const struct channel *channel)
{
    has_heading = false;
    (void)trace_show_accesses(channel->traced, ACCESS_LINES, print_access);
}

/* The whole of a report. `slot` is NULL, or the IRB that the miniport was handed by the call which
 * runs now. */
static void print_report(const struct contract_place *place, const struct irb_slot *slot,
                         const char *kind, const char *detail, va_list arguments)
{
    hal_fresh_line();
    hal_printf("%s %s %s\n  %s\n  ", kind, contract_rule_id(place->rule), place->words,
               contract_rule_words(place->rule));
    hal_vprintf(detail, arguments);
    hal_printf("\n");
    print_callers(place->address);
    print_context_stack();
    if (slot)
        print_irb(slot);
}

/* "pata.sys!PataStartIo miniport/pata/command.c:120 (AtaPortCompleteRequest in IdeHwStartIo)"; of a
 * whole routine, where it is defined. */
static void describe_place(struct contract_place *place, const char *routine)
{
    char where[160], context[64];

    /* The return address belongs to the instruction after the call: one byte back is in it. */
    if (!place->address)
        snprintf(where, sizeof where, "%s.sys", place->driver ? place->driver->name : "?");
    else if (!hal_name_routine((uintptr_t)place->address - 1, where, sizeof where))
        hal_name_address((uintptr_t)place->address - 1, where, sizeof where);
    context_name(context_now, context, sizeof context);
    snprintf(place->words, sizeof place->words, "%s (%s in %s)", where, routine, context);
}

/* Do the last accesses say more? Where a request was lost (IRB-09), they are the driver's last
 * steps with it. */
static bool is_of_accesses(enum rule rule)
{
    return rule == RULE_IRB_09 || strncmp(contract_rule_id(rule), "HWR", 3) == 0;
}

/* `is_note`: it is only said, since another page of the documentation allows it. */
static void report(enum rule rule, bool is_note, struct channel *channel,
                   const struct irb_slot *slot, const char *routine, const void *address,
                   const char *detail, va_list arguments)
{
    if (!contract_checks)
        return;
    bool enabled = hal_interrupts_disable();
    if (!channel)
        channel = context_now->channel;
    const struct driver *driver = context_now->driver;
    if (!driver && channel)
        driver = channel->controller->channel_driver;
    struct contract_place *place = find_place(rule, driver, address);
    if (!is_note) {
        unsigned where = channel ? channel->traced : TRACE_NO_CHANNEL;
        trace_timed(TRACE_RULE, trace_head(TRACE_RULE, where, 0), rule);
        counts[rule]++;
        total++;
        place->count++;
    }
    if (!place->is_told) {
        place->is_told = true;
        describe_place(place, routine);
        print_report(place, slot ? slot : context_now->slot, is_note ? "NOTE" : "RULE", detail,
                     arguments);
        if (contract_remark)
            contract_remark(channel);
        if (channel && is_of_accesses(rule))
            print_accesses(channel);
    }
    if (contract_strict && !is_note)
        hal_exit(HAL_EXIT_RULE_BROKEN);
    hal_interrupts_restore(enabled);
}

__attribute__((cold)) const void *report_caller(void)
{
    uintptr_t callers[32];
    size_t count = hal_backtrace(callers, sizeof callers / sizeof *callers);

    for (size_t i = 0; i < count; i++)
        if (image_is_code(callers[i]))
            return (const void *)callers[i];
    return NULL;
}

/* A place, and the functions in which it was inlined. Returns the length of the text. */
static size_t add_place(char *text, size_t length, const char *words, const void *place)
{
    char where[160];
    uintptr_t address = (uintptr_t)place - 1;

    hal_name_address(address, where, sizeof where);
    for (unsigned i = 1; length < REPORT_END_SIZE; i++) {
        length += (size_t)snprintf(text + length, REPORT_END_SIZE - length, "%s%s", words, where);
        if (!hal_name_inliner(address, i, where, sizeof where))
            break;
        words = ", called from ";
    }
    return length;
}

const char *report_end_place(const struct irb_slot *slot, char text[REPORT_END_SIZE])
{
    size_t length = 0;

    text[0] = 0;
    if (slot->place)
        length = add_place(text, length, " by ", slot->place);
    if (slot->place && slot->place_caller && image_is_code((uintptr_t)slot->place_caller) &&
        length < REPORT_END_SIZE)
        add_place(text, length, ", called from ", slot->place_caller);
    return text;
}

void contract_report(enum rule rule, struct channel *channel, const char *routine,
                     const void *place, const char *detail, ...)
{
    va_list arguments;
    va_start(arguments, detail);
    report(rule, false, channel, NULL, routine, place, detail, arguments);
    va_end(arguments);
}

void contract_note(enum rule rule, struct channel *channel, const char *routine, const void *place,
                   const char *detail, ...)
{
    va_list arguments;
    va_start(arguments, detail);
    report(rule, true, channel, NULL, routine, place, detail, arguments);
    va_end(arguments);
}

void contract_report_irb(enum rule rule, const struct irb_slot *slot, const char *routine,
                         const void *place, const char *detail, ...)
{
    va_list arguments;
    va_start(arguments, detail);
    /* Who broke it is whoever runs now, be the IRB another channel's. */
    struct channel *running = context_now->channel;
    report(rule, false, running ? running : slot->channel, slot, routine, place, detail, arguments);
    va_end(arguments);
}

void contract_report_in(struct context *context, enum rule rule, const char *routine,
                        const void *place, const char *detail, ...)
{
    va_list arguments;
    va_start(arguments, detail);
    context_push(context);
    report(rule, false, context->channel, NULL, routine, place, detail, arguments);
    context_pop(context);
    va_end(arguments);
}
