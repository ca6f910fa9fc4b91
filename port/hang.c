/* SPDX-License-Identifier: MIT */
/*
 * The hang watchdog: which call into a driver lasts too long (CPU-02), and what a run says that is
 * stopped from outside.
 *
 * Owns the limits, and the ticks that contexts count. Entered in non-maskable interrupts: whatever
 * runs may be what was interrupted, so all this only looks, until it knows that the run ends. May
 * not: judge the kernel on its own.
 *
 * A call costs nothing but the counters that its context begins with. Ticks are never too early
 * (hal_watch): as many as have found one call under way took at least its limit, and a host that
 * keeps the machine waiting, once or again and again, makes that longer, not shorter.
 */
#include "port/hang.h"

#include <stdio.h>

#include "hal/hal.h"
#include "port/contract/context.h"
#include "port/contract/report.h"
#include "port/irb_names.h"
#include "port/loader/image.h"
#include "port/objects.h"
#include "port/trace.h"

#define ALL_FACTOR     12u /* 60 seconds, where the limit is five */
#define MILLISECOND_US 1000u
#define PLACE_SIZE     160u

uint32_t hang_limit_ms;

static unsigned limit_ticks, all_limit_ticks;

/* ------------------------------------------------------------------ where */

/* Where in a driver, as reports take it: behind its instruction, or its call of the kernel. NULL:
 * nothing leads to a driver. */
static const void *driver_place(const struct hal_watch *watch)
{
    uintptr_t callers[32];

    if (image_is_code(watch->caller))
        return (const void *)watch->caller;
    if (image_is_code(watch->instruction))
        return report_instruction(watch->instruction);
    size_t count = hal_backtrace(callers, sizeof callers / sizeof *callers);
    for (size_t i = 0; i < count; i++)
        if (image_is_code(callers[i]))
            return (const void *)callers[i];
    return NULL;
}

static void name_place(const void *place, char *text)
{
    if (place)
        hal_name_address((uintptr_t)place - 1, text, PLACE_SIZE);
    else
        snprintf(text, PLACE_SIZE, "%s.sys",
                 context_now->driver ? context_now->driver->name : "a driver");
}

/* ------------------------------------------------------------------ a driver that hangs */

static const char *report(const struct hal_watch *watch, unsigned ticks)
{
    static char words[PLACE_SIZE + 100];
    const void *place = driver_place(watch);
    char where[PLACE_SIZE];
    unsigned tenths = ticks * (HAL_WATCH_TICK_US / MILLISECOND_US) / 100;

    hal_printf("\n");        /* behind a prompt, perhaps */
    contract_strict = false; /* the run ends in another way: with registers, trace and its code */
    contract_report(RULE_CPU_02, NULL, context_routine_name(), place,
                    "it has not returned for %u.%u s", tenths / 10, tenths % 10);
    name_place(place, where);
    snprintf(words, sizeof words, "a driver does not come back: %s (in %s, for %u.%u s)", where,
             context_routine_name(), tenths / 10, tenths % 10);
    return words;
}

static void count(uint16_t *ticks)
{
    if (*ticks < UINT16_MAX)
        ++*ticks;
}

static const char *tick(const struct hal_watch *watch)
{
    struct context *now = context_now;

    if (limit_ticks == 0 || now->kind == CONTEXT_NONE || watch->what == HAL_WATCHED_OUTSIDE)
        return NULL;
    if (watch->what == HAL_WATCHED_CALL)
        count(&now->own_ticks);
    for (struct context *context = now; context->kind != CONTEXT_NONE; context = context->outer)
        count(&context->all_ticks);
    if (now->own_ticks >= limit_ticks || now->all_ticks >= all_limit_ticks)
        return report(watch, now->all_ticks);
    return NULL;
}

/* ------------------------------------------------------------------ a run that is stopped */

static void print_request(const struct irb_slot *slot)
{
    const struct controller *controller = slot->channel->controller;

    if (slot->state == SLOT_ACTIVE)
        hal_printf("channel %s: %s for target %u is at %s.sys\n", slot->channel->name,
                   irb_function_name(slot->page->irb.Function), slot->page->irb.TargetId,
                   controller->channel_driver ? controller->channel_driver->name : "?");
}

static void print_requests(void)
{
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));)
        for (unsigned i = 0; i < channel->irbs.count; i++)
            print_request(&channel->irbs.slots[i]);
}

static const char *answer(const struct hal_watch *watch)
{
    static char words[PLACE_SIZE + 100];
    char where[PLACE_SIZE];

    hal_printf("\n"); /* behind a prompt, perhaps */
    print_requests();
    if (context_now->kind != CONTEXT_NONE) {
        name_place(driver_place(watch), where);
        snprintf(words, sizeof words, "from outside, in %s (in %s)", where, context_routine_name());
    } else {
        hal_name_address(watch->instruction, where, sizeof where);
        snprintf(words, sizeof words, "from outside, in no driver (%s)", where);
    }
    return words;
}

static const char *look(const struct hal_watch *watch)
{
    trace_count_laps();
    return watch->is_tick ? tick(watch) : answer(watch);
}

void hang_init(void)
{
    hal_watch_set_hook(look);
    if (hang_limit_ms == 0)
        return;
    limit_ticks = (hang_limit_ms * MILLISECOND_US + HAL_WATCH_TICK_US - 1) / HAL_WATCH_TICK_US;
    all_limit_ticks = limit_ticks * ALL_FACTOR;
    if (!hal_watch_start())
        hal_printf("There is no hang watchdog: no timer of this machine reaches code that has "
                   "interrupts off.\n");
}
