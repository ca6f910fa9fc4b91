/* SPDX-License-Identifier: MIT */
/*
 * Fault rules and what has become of channels by them; see inject_state.h. Owns both. May not touch
 * a device. Entered from any context; nothing here is reached while no rule is armed.
 */
#include "port/access/inject_state.h"

#include <stdio.h>
#include <string.h>

#include "port/access/audit.h"
#include "port/trace.h"

struct inject_rule inject_rules[INJECT_RULE_MOST];
void (*inject_deliver)(void *state);

static struct inject_channel channels[INJECT_CHANNEL_LIMIT];
static unsigned channel_count;

/* ------------------------------------------------------------------ channels */

static struct inject_channel *find(const struct channel *channel)
{
    for (unsigned i = 0; i < channel_count; i++)
        if (channels[i].channel == channel)
            return &channels[i];
    return NULL;
}

struct inject_channel *inject_channel(struct channel *channel)
{
    struct inject_channel *state = find(channel);
    if (state || channel_count == INJECT_CHANNEL_LIMIT)
        return state;
    state = &channels[channel_count++];
    memset(state, 0, sizeof *state);
    state->channel = channel;
    state->command = INJECT_ANY;
    return state;
}

static void forget_in_slots(struct inject_port *hba, const struct inject_rule *rule)
{
    for (unsigned i = 0; i < 32; i++) {
        struct inject_slot *slot = &hba->slots[i];
        if (slot->end.rule == rule)
            slot->end.rule = NULL;
        if (slot->sensed == rule)
            slot->sensed = NULL;
        slot->identify &= ~(1u << (rule - inject_rules));
    }
}

void inject_forget(const struct inject_rule *rule)
{
    for (unsigned i = 0; i < channel_count; i++) {
        struct inject_channel *state = &channels[i];
        for (unsigned effect = 0; effect < EFFECT_COUNT; effect++)
            if (state->effects[effect].rule == rule)
                state->effects[effect].rule = NULL;
        if (state->end.rule == rule)
            state->end.rule = NULL;
        if (state->sense == rule)
            state->sense = NULL;
        if (state->sensed == rule)
            state->sensed = NULL;
        if (state->withheld == rule)
            state->withheld = NULL;
        if (state->storm == rule)
            state->storm = NULL;
        if (state->unplug == rule)
            state->unplug = NULL;
        if (state->last == rule)
            state->last = NULL;
        if (state->unwritten == rule)
            state->unwritten = NULL;
        state->identify &= ~(1u << (rule - inject_rules));
        forget_in_slots(&state->hba, rule);
    }
}

void inject_end_effects(void)
{
    for (unsigned i = 0; i < channel_count; i++) {
        struct inject_channel *state = &channels[i];
        memset(state->effects, 0, sizeof state->effects);
        state->end = (struct inject_end){0};
        state->has_bus_master_error = state->has_latch = false;
        state->identify = 0;
        state->sense = NULL;
        state->sensed = NULL;
    }
}

void inject_mask_line(struct inject_channel *state, bool masked)
{
    const struct hal_interrupt *line = &state->channel->interrupt.hal;

    if (!line->level || state->channel->controller->hba || state->is_masked == masked)
        return;
    state->is_masked = masked;
    hal_interrupt_mask(line->line, masked);
}

struct inject_channel *inject_next_channel(struct inject_channel *after)
{
    struct inject_channel *next = after ? after + 1 : channels;
    return next < channels + channel_count ? next : NULL;
}

/* ------------------------------------------------------------------ what a rule is about */

struct inject_rule *inject_next_of(enum inject_kind kind, struct inject_rule *after)
{
    struct inject_rule *rule = after ? after + 1 : inject_rules;
    while (rule < inject_rules + INJECT_RULE_MOST && !(rule->is_armed && rule->kind == kind))
        rule++;
    return rule < inject_rules + INJECT_RULE_MOST ? rule : NULL;
}

static bool is_of_channel(const struct inject_rule *rule, const struct channel *channel)
{
    return (rule->controller == INJECT_ANY || rule->controller == channel->controller->index) &&
           (rule->channel == INJECT_ANY || rule->channel == channel->number);
}

/* Does it wait for the first command of its request? */
static bool is_asleep(const struct inject_rule *rule)
{
    return rule->request && !rule->has_begun;
}

bool inject_awaits_request(void)
{
    for (unsigned i = 0; i < INJECT_RULE_MOST; i++)
        if (inject_rules[i].is_armed && is_asleep(&inject_rules[i]))
            return true;
    return false;
}

void inject_begin_request(const struct request *request)
{
    for (unsigned i = 0; request && i < INJECT_RULE_MOST; i++)
        if (inject_rules[i].request == request)
            inject_rules[i].has_begun = true;
}

bool inject_is_of_target(const struct inject_rule *rule, const struct inject_channel *state)
{
    return !is_asleep(rule) && is_of_channel(rule, state->channel) &&
           (rule->target == INJECT_ANY || rule->target == state->target);
}

bool inject_is_of_command(const struct inject_rule *rule, const struct inject_channel *state)
{
    return rule->command == INJECT_ANY || rule->command == state->command;
}

/* ------------------------------------------------------------------ is it its turn? */

/* xorshift64 (Marsaglia): repeats from a seed on every machine. */
static uint64_t next_random(struct inject_rule *rule)
{
    uint64_t x = rule->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return rule->random = x;
}

static bool is_due(struct inject_rule *rule)
{
    if (rule->of && (uint32_t)(next_random(rule) >> 32) % rule->of >= rule->rate)
        return false;
    return rule->seen >= rule->nth && rule->injected < rule->count &&
           (uint32_t)(rule->seen - rule->nth) % rule->every == 0;
}

bool inject_hit(struct inject_rule *rule, struct inject_channel *state)
{
    uint64_t now_us = hal_clock_us();

    if (now_us < rule->from_us)
        return false;
    rule->seen++;
    if (now_us >= rule->until_us) {
        if (!is_due(rule))
            return false;
        if (rule->injected < INJECT_FIRST_COUNT)
            rule->first[rule->injected] = rule->seen;
        rule->injected++;
        bool lasts = rule->kind == INJECT_READ || rule->kind == INJECT_WRITE;
        if (lasts && rule->for_us)
            rule->until_us =
                rule->for_us == INJECT_FOR_EVER ? INJECT_FOR_EVER : now_us + rule->for_us;
        trace_timed(
            TRACE_FAULT,
            trace_head(TRACE_FAULT, state ? state->channel->traced : TRACE_NO_CHANNEL, rule->kind),
            rule->number);
    }
    if (state)
        inject_show(state, rule);
    return true;
}

struct inject_rule *inject_rule_for(struct inject_channel *state, enum inject_kind kind,
                                    uint16_t command)
{
    struct inject_rule *rule = NULL;

    while ((rule = inject_next_of(kind, rule)))
        if (inject_is_of_target(rule, state) &&
            (rule->command == INJECT_ANY || rule->command == command) && inject_hit(rule, state))
            break;
    return rule;
}

void inject_show(struct inject_channel *state, const struct inject_rule *rule)
{
    state->last = rule;
    state->last_moment = (uint32_t)state->channel->counters.requests;
    if (rule->kind == INJECT_DF || rule->kind == INJECT_ERROR)
        return;
    state->has_hidden = true;
    state->hidden_moment = state->last_moment;
}

/* ------------------------------------------------------------------ for those that judge */

const struct inject_rule *inject_since(const struct channel *channel, uint32_t moment)
{
    const struct inject_channel *state = find(channel);
    if (!state)
        return NULL;
    return state->last && audit_is_since(state->last_moment, moment) ? state->last
                                                                     : state->unwritten;
}

bool inject_has_hidden_since(const struct channel *channel, uint32_t moment)
{
    const struct inject_channel *state = find(channel);
    return state && (state->unwritten ||
                     (state->has_hidden && audit_is_since(state->hidden_moment, moment)));
}

const struct inject_rule *inject_last(const struct channel *channel)
{
    const struct inject_channel *state = find(channel);
    return state ? state->last : NULL;
}

const char *inject_mention(const struct inject_rule *rule, char *text, size_t size)
{
    text[0] = 0;
    if (rule)
        snprintf(text, size, " (fault %u was injected: %s)", rule->number, rule->text);
    return text;
}
