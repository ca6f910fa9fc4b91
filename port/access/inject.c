/* SPDX-License-Identifier: MIT */
/* Fault rules come and go; see inject.h. Entered at PASSIVE_LEVEL, but for what says otherwise. */
#include "port/access/inject.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/plural.h"
#include "port/access/audit.h"
#include "port/access/inject_hba.h"
#include "port/access/inject_interrupt.h"
#include "port/access/inject_ports.h"
#include "port/access/inject_state.h"
#include "port/contract/report.h"

static uint32_t rule_count; /* that were ever added */

/* ------------------------------------------------------------------ one more */

/* A place in the table: one that was never used, or else the one whose rule is over for the
 * longest time. NULL: all are armed. */
static struct inject_rule *free_place(void)
{
    struct inject_rule *oldest = NULL;
    for (unsigned i = 0; i < INJECT_RULE_MOST; i++) {
        struct inject_rule *rule = &inject_rules[i];
        if (!rule->is_armed && (!oldest || rule->number < oldest->number))
            oldest = rule;
    }
    return oldest;
}

static bool any_is_armed(void)
{
    for (unsigned i = 0; i < INJECT_RULE_MOST; i++)
        if (inject_rules[i].is_armed)
            return true;
    return false;
}

static void mention(const struct channel *channel);

static void set_filters(bool wanted)
{
    inject_filter_interrupts(wanted);
    inject_filter_ports(wanted);
    contract_remark = wanted ? mention : NULL;
}

/* Is a device at work, whatever the driver is shown of it? Or does one still want its time after a
 * reset? */
static bool is_at_work(struct channel *channel)
{
    return audit_is_settling(channel) ||
           (channel->controller->hba ? inject_hba_is_at_work(channel)
                                     : inject_ports_are_at_work(channel));
}

/* For the timers' clock. Interrupt context. */
static uint32_t at_rest(void)
{
    uint32_t interrupts = 0;

    for (struct channel *channel = NULL; (channel = port_next_channel(channel));) {
        if (channel_hears_interrupts(channel->state) && is_at_work(channel))
            return 0;
        interrupts += (uint32_t)channel->counters.interrupt_calls;
    }
    return interrupts ? interrupts : 1;
}

unsigned inject_add(const char *text, char *error, size_t error_size)
{
    return inject_add_for(NULL, text, error, error_size);
}

unsigned inject_add_for(const struct request *request, const char *text, char *error,
                        size_t error_size)
{
    struct inject_rule *rule = free_place();
    struct inject_rule parsed;

    if (!inject_parse(text, &parsed, error, error_size))
        return 0;
    if (!rule) {
        snprintf(error, error_size, "There are %u faults already; `fault clear` ends them.",
                 INJECT_RULE_MOST);
        return 0;
    }
    bool was_armed = any_is_armed();
    inject_forget(rule);
    parsed.request = request;
    parsed.number = ++rule_count;
    parsed.from_us = hal_clock_us() + parsed.after_us;
    parsed.random = (parsed.seed + 1) * 0x9E3779B97F4A7C15u; /* never 0: an odd number */
    parsed.is_armed = true;
    bool enabled = hal_interrupts_disable();
    *rule = parsed;
    hal_interrupts_restore(enabled);
    if (rule->kind == INJECT_TIMEOUTS) {
        timer_set_speed(rule->value, at_rest);
        rule->seen = rule->injected = 1;
    }
    if (!was_armed)
        set_filters(true);
    return rule->number;
}

bool inject_add_all(const char *text, char *error, size_t error_size)
{
    char one[INJECT_TEXT_SIZE];

    while (*(text += strspn(text, " \t,;\r\n"))) {
        size_t length = strcspn(text, ";\r\n");
        if (length >= sizeof one) {
            snprintf(error, error_size, "A fault is not as long as that: \"%.40s...\"", text);
            return false;
        }
        memcpy(one, text, length);
        one[length] = 0;
        if (!inject_add(one, error, error_size))
            return false;
        text += length;
    }
    return true;
}

/* ------------------------------------------------------------------ the end of them */

void inject_disarm(unsigned number)
{
    for (unsigned i = 0; i < INJECT_RULE_MOST; i++)
        if (inject_rules[i].number == number)
            inject_rules[i].is_armed = false;
    if (!any_is_armed())
        set_filters(false);
}

void inject_clear(void)
{
    if (any_is_armed())
        set_filters(false);
    timer_set_speed(1, NULL);
    for (unsigned i = 0; i < INJECT_RULE_MOST; i++)
        inject_rules[i].is_armed = false;
    inject_end_effects();
    for (struct inject_channel *state = NULL; (state = inject_next_channel(state));)
        inject_hba_end(state);
}

void inject_forget_all(void)
{
    inject_clear();
    for (unsigned i = 0; i < INJECT_RULE_MOST; i++) {
        inject_forget(&inject_rules[i]);
        inject_rules[i] = (struct inject_rule){0};
    }
}

/* ------------------------------------------------------------------ what is known of them */

const struct inject_rule *inject_rule(unsigned number)
{
    for (unsigned i = 0; i < INJECT_RULE_MOST; i++)
        if (number && inject_rules[i].number == number)
            return &inject_rules[i];
    return NULL;
}

/* The one with the next higher number; NULL at the end. */
static const struct inject_rule *next_by_number(const struct inject_rule *after)
{
    const struct inject_rule *next = NULL;
    uint32_t number = after ? after->number : 0;

    for (unsigned i = 0; i < INJECT_RULE_MOST; i++) {
        const struct inject_rule *rule = &inject_rules[i];
        if (rule->number > number && (!next || rule->number < next->number))
            next = rule;
    }
    return next;
}

/* "injected 3 times, at 17, 250 and 1031 of 2044 matches" */
static void print_state(const struct inject_rule *rule)
{
    if (rule->kind == INJECT_TIMEOUTS) {
        hal_printf("for all time-outs\n");
        return;
    }
    if (rule->injected == 0) {
        hal_printf("not injected, %" PRIu64 " match%s\n", rule->seen, rule->seen == 1 ? "" : "es");
        return;
    }
    hal_printf("injected %" PRIu64 " time%s, at nth=", rule->injected, plural(rule->injected));
    for (unsigned i = 0; i < INJECT_FIRST_COUNT && i < rule->injected; i++)
        hal_printf("%s%" PRIu64, i ? ", " : "", rule->first[i]);
    hal_printf("%s of %" PRIu64 " match%s\n", rule->injected > INJECT_FIRST_COUNT ? ", ..." : "",
               rule->seen, rule->seen == 1 ? "" : "es");
}

void inject_print_rules(void)
{
    bool any = false;
    for (const struct inject_rule *rule = NULL; (rule = next_by_number(rule));) {
        if (!rule->is_armed)
            continue;
        hal_printf("fault %u: %s: ", (unsigned)rule->number, rule->text);
        print_state(rule);
        any = true;
    }
    if (!any)
        hal_printf("No fault is armed.\n");
}

void inject_print_summary(void)
{
    for (const struct inject_rule *rule = NULL; (rule = next_by_number(rule));) {
        bool has_seed = rule->of && !strstr(rule->text, "seed=");
        hal_printf("FAULT='%s%s': ", rule->text, has_seed ? " seed=1" : "");
        print_state(rule);
    }
}

/* Below a report of a broken rule. */
static void mention(const struct channel *channel)
{
    const struct inject_rule *rule = channel ? inject_last(channel) : NULL;
    if (rule)
        hal_printf("  fault %u had been injected before: %s\n", (unsigned)rule->number, rule->text);
}

/* ------------------------------------------------------------------ elsewhere */

void inject_change_config(const struct controller *controller, uint32_t offset, uint8_t *bytes,
                          uint32_t byte_count)
{
    struct inject_rule *rule = NULL;

    while ((rule = inject_next_of(INJECT_CONFIG, rule))) {
        if ((rule->controller != INJECT_ANY && rule->controller != controller->index) ||
            rule->offset >= offset + byte_count || rule->offset + rule->byte_count <= offset ||
            !inject_hit(rule, NULL))
            continue;
        for (unsigned i = 0; i < rule->byte_count; i++) {
            uint32_t at = rule->offset + i - offset; /* beyond the end when it lies before it */
            uint8_t mask = (uint8_t)(rule->mask >> 8 * i);
            if (at < byte_count)
                bytes[at] = (uint8_t)((bytes[at] & ~mask) | ((rule->value >> 8 * i) & mask));
        }
    }
}
