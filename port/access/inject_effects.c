/* SPDX-License-Identifier: MIT */
/* What a device does of itself, on purpose; see inject_effects.h. Entered with each access of a
 * channel whose registers are filtered. */
#include "port/access/inject_effects.h"

/* ------------------------------------------------------------------ what lasts */

struct inject_effect *inject_in_effect(struct inject_channel *state, enum inject_effect_kind kind)
{
    struct inject_effect *effect = &state->effects[kind];

    if (!effect->rule || (effect->target != INJECT_BOTH && effect->target != state->target))
        return NULL;
    if (effect->until_us != INJECT_FOR_EVER && hal_clock_us() >= effect->until_us) {
        effect->rule = NULL;
        return NULL;
    }
    inject_show(state, effect->rule);
    return effect;
}

/* ATA/ATAPI-6, 9.16.1: for a device 1 that is absent, device 0 shows Status 0. Without another
 * device the bus floats. */
bool inject_is_absent(struct inject_channel *state, uint8_t *shown)
{
    struct inject_effect *effect = inject_in_effect(state, EFFECT_FLOAT);

    if (effect) {
        *shown = (uint8_t)effect->rule->value;
        return true;
    }
    effect = inject_in_effect(state, EFFECT_VANISH);
    bool has_other = effect && effect->target != INJECT_BOTH &&
                     channel_device_kind(state->channel, !state->target) != DEVICE_NONE;
    *shown = has_other ? 0 : 0xFF;
    return effect;
}

static void last(struct inject_channel *state, struct inject_rule *rule,
                 enum inject_effect_kind kind)
{
    bool is_bounded = rule->for_us && rule->for_us != INJECT_FOR_EVER;

    state->effects[kind] = (struct inject_effect){
        .rule = rule,
        .until_us = is_bounded ? hal_clock_us() + rule->for_us : INJECT_FOR_EVER,
        .ends_with_reset = !rule->for_us && (kind == EFFECT_BSY || kind == EFFECT_DRQ),
        .target = rule->target == INJECT_ANY ? INJECT_BOTH : (uint8_t)rule->target,
    };
}

static void begin(struct inject_channel *state, struct inject_rule *rule)
{
    switch (rule->kind) {
    case INJECT_BSY:
        last(state, rule, EFFECT_BSY);
        break;
    case INJECT_DRQ:
        last(state, rule, EFFECT_DRQ);
        break;
    case INJECT_FLOAT:
        last(state, rule, EFFECT_FLOAT);
        break;
    case INJECT_VANISH:
        last(state, rule, EFFECT_VANISH);
        break;
    case INJECT_UNPLUG:
        last(state, rule, EFFECT_VANISH);
        state->unplug = rule;
        inject_arm_timer(state, 0);
        break;
    case INJECT_SPURIOUS:
    case INJECT_SHARED:
        state->storm = rule;
        state->storm_until_us = hal_clock_us() + rule->for_us;
        inject_arm_timer(state, 0);
        break;
    case INJECT_READ:
    case INJECT_WRITE:
    case INJECT_LOST:
    case INJECT_LATE:
    case INJECT_EARLY:
    case INJECT_DOUBLE:
    case INJECT_DF:
    case INJECT_ERROR:
    case INJECT_BUS_MASTER_ERROR:
    case INJECT_DMA_ABOVE_4G:
    case INJECT_SENSE:
    case INJECT_LOG:
    case INJECT_IDENTIFY:
    case INJECT_CONFIG:
    case INJECT_TIMEOUTS:
    case INJECT_KIND_COUNT:
        break;
    }
}

/* What begins with an access, or with a command. */
static const uint8_t beginning[] = {INJECT_BSY,    INJECT_DRQ,      INJECT_FLOAT, INJECT_VANISH,
                                    INJECT_UNPLUG, INJECT_SPURIOUS, INJECT_SHARED};

/* Without register= a command= is the command itself that it begins with, and so is a request's. */
static bool begins_with_command(const struct inject_rule *rule)
{
    return rule->place == INJECT_PLACE_ANY && (rule->command != INJECT_ANY || rule->request);
}

bool inject_is_of_place(const struct inject_rule *rule, const struct inject_access *access)
{
    switch (rule->place) {
    case INJECT_PLACE_ANY:
        return true;
    case INJECT_PLACE_ROLE:
        return rule->role == access->role;
    case INJECT_PLACE_NUMBER:
        return rule->offset_of == access->number;
    case INJECT_PLACE_AHCI_PORT:
        return rule->offset_of == access->number_in_port;
    }
    return false;
}

/* Is a rule about this access of that channel's? */
static bool is_about(const struct inject_rule *rule, const struct inject_channel *state,
                     const struct inject_access *access)
{
    return inject_is_of_target(rule, state) && inject_is_of_command(rule, state) &&
           inject_is_of_place(rule, access);
}

uint32_t inject_change_read(struct inject_channel *state, const struct inject_access *access,
                            uint32_t value)
{
    struct inject_rule *rule = NULL;

    while ((rule = inject_next_of(INJECT_READ, rule)))
        if (is_about(rule, state, access) && inject_hit(rule, state))
            value = (value & ~rule->mask) | (rule->value & rule->mask);
    return value;
}

bool inject_change_write(struct inject_channel *state, const struct inject_access *access,
                         uint32_t *value)
{
    struct inject_rule *rule = NULL;

    if (state->unwritten_number == access->number)
        state->unwritten = NULL;
    while ((rule = inject_next_of(INJECT_WRITE, rule))) {
        if (!is_about(rule, state, access) || !inject_hit(rule, state))
            continue;
        state->unwritten = rule;
        state->unwritten_number = access->number;
        if (rule->is_drop)
            return false;
        *value = (*value & ~rule->mask) | (rule->value & rule->mask);
    }
    return true;
}

void inject_note_access(struct inject_channel *state, const struct inject_access *access)
{
    for (unsigned i = 0; i < sizeof beginning; i++) {
        struct inject_rule *rule = NULL;
        while ((rule = inject_next_of((enum inject_kind)beginning[i], rule)))
            if (!begins_with_command(rule) && is_about(rule, state, access) &&
                inject_hit(rule, state))
                begin(state, rule);
    }
}

/* ------------------------------------------------------------------ commands */

void inject_note_command(struct inject_channel *state, uint16_t command)
{
    state->command = command;
    for (unsigned i = 0; i < sizeof beginning; i++) {
        struct inject_rule *rule = NULL;
        while ((rule = inject_next_of((enum inject_kind)beginning[i], rule)))
            if (begins_with_command(rule) && inject_is_of_target(rule, state) &&
                inject_is_of_command(rule, state) && inject_hit(rule, state))
                begin(state, rule);
    }
}

void inject_note_reset(struct inject_channel *state, bool is_of_both)
{
    for (unsigned kind = 0; kind < EFFECT_COUNT; kind++) {
        struct inject_effect *effect = &state->effects[kind];
        if (effect->ends_with_reset && (is_of_both || effect->target != !state->target))
            effect->rule = NULL;
    }
    state->end.rule = NULL;
    state->sense = NULL;
    state->has_bus_master_error = false;
    state->withheld = NULL;
    state->hba.held = 0;
    inject_mask_line(state, false);
}

void inject_end_with(struct inject_channel *state, struct inject_rule *rule, uint8_t status,
                     uint8_t error)
{
    state->end = (struct inject_end){rule, state->target, status, error};
}

static void refuse_dma(struct inject_channel *state, struct inject_rule *rule)
{
    state->has_bus_master_error = true;
    inject_end_with(state, rule, 0, 0);
}

bool inject_refuses_dma(struct inject_channel *state, uint8_t opcode)
{
    struct inject_rule *rule = inject_rule_for(state, INJECT_DMA_ABOVE_4G, opcode);

    if (rule)
        refuse_dma(state, rule);
    return rule;
}

/* A command that is to fail is not what the device gets: it gets one that it does not have, so that
 * it fails in its own time, with an interrupt, and no data is moved. What Status and Error then
 * show is the rule's. */
uint8_t inject_replace_command(struct inject_channel *state, uint8_t opcode, bool is_dma)
{
    struct inject_rule *rule;

    state->end = (struct inject_end){0};
    if ((rule = inject_rule_for(state, INJECT_ERROR, opcode))) {
        inject_end_with(state, rule, IDE_STATUS_ERROR, (uint8_t)rule->value);
        return INJECT_NO_COMMAND;
    }
    if ((rule = inject_rule_for(state, INJECT_DF, opcode))) {
        inject_end_with(state, rule, INJECT_STATUS_DF, 0);
        return INJECT_NO_COMMAND;
    }
    if (!is_dma || !(rule = inject_rule_for(state, INJECT_BUS_MASTER_ERROR, opcode)))
        return opcode;
    if (opcode == IDE_COMMAND_ATAPI_PACKET) {
        state->has_bus_master_error = true; /* the device wants its packet all the same */
        return opcode;
    }
    refuse_dma(state, rule);
    return INJECT_NO_COMMAND;
}
