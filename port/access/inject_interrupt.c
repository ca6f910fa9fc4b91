/* SPDX-License-Identifier: MIT */
/*
 * Interrupts while fault rules are armed: they get lost, come late, before their time, twice, or
 * without a device that raised them.
 *
 * What is withheld is delivered by a timer. A level-triggered line would keep interrupting, so it
 * is masked until then. Entered in interrupt context, and at DISPATCH_LEVEL by the timer.
 */
#include "port/access/inject_interrupt.h"

#include "port/access/inject_effects.h"
#include "port/access/inject_hba.h"
#include "port/access/inject_ports.h"
#include "port/interrupt.h"

#define LATE_US 10000u /* without for= */

#define BUS_MASTER_INTERRUPT 0x04u

/* ------------------------------------------------------------------ withheld */

/* In real time, whatever time-outs do. */
static void arm(struct inject_channel *state, uint64_t delay_us)
{
    inject_arm_timer(state, delay_us * timer_speed);
}

/* The line falls, or is masked; what the device says of its interrupt the driver sees at once, or
 * not before it comes. */
static void keep(struct inject_channel *state, bool is_shown)
{
    if (state->channel->controller->hba)
        inject_hba_hold(state, is_shown);
    else
        inject_mask_line(state, true);
}

static uint64_t left_us(uint64_t until_us)
{
    uint64_t now_us = hal_clock_us();
    return until_us > now_us ? until_us - now_us : 0;
}

static void withhold(struct inject_channel *state, struct inject_rule *rule, uint64_t until_us)
{
    state->withheld = rule;
    keep(state, false);
    if (until_us != INJECT_FOR_EVER)
        arm(state, left_us(until_us));
}

/* A device was pulled out, or is back: its port says so by itself. */
static void tell_link(struct inject_channel *state)
{
    const struct inject_effect *effect = inject_in_effect(state, EFFECT_VANISH);

    if (effect && effect->until_us != INJECT_FOR_EVER)
        arm(state, left_us(effect->until_us));
    inject_show(state, state->unplug);
    if (!effect || effect->until_us == INJECT_FOR_EVER)
        state->unplug = NULL;
    if (!state->channel->controller->hba)
        return;
    inject_hba_link(state, !effect);
    interrupt_raise(state->channel, true);
}

/* The timer has run out. At DISPATCH_LEVEL. */
static void deliver(void *context)
{
    struct inject_channel *state = context;
    struct channel *channel = state->channel;

    if (state->withheld) {
        inject_show(state, state->withheld);
        state->withheld = NULL;
        inject_hba_show(state);
        if (state->is_masked)
            inject_mask_line(state, false); /* it comes by itself */
        else
            interrupt_raise(channel, true);
    }
    if (state->unplug)
        tell_link(state);
    if (!state->storm)
        return;
    inject_show(state, state->storm);
    if (interrupt_raise(channel, state->storm->kind == INJECT_SHARED) &&
        hal_clock_us() < state->storm_until_us)
        arm(state, 0);
    else
        state->storm = NULL;
}

/* ------------------------------------------------------------------ one comes */

static bool has_bus_master_interrupt(const struct channel *channel)
{
    uint16_t port = channel->audit.ports.bus_master_status;
    return port && inject_look(port) & BUS_MASTER_INTERRUPT;
}

/* The routine is called while the device shows BSY, and then for the interrupt itself; what it has
 * cleared meanwhile the bus master shows again. */
static bool come_early(struct inject_channel *state)
{
    struct channel *channel = state->channel;
    bool was_latched = has_bus_master_interrupt(channel);

    if (channel->controller->hba)
        inject_hba_hold(state, false);
    state->is_early = true;
    (void)interrupt_serve(channel);
    state->is_early = false;
    inject_hba_show(state);
    state->has_latch = was_latched && !has_bus_master_interrupt(channel);
    return interrupt_serve(channel);
}

static struct inject_rule *rule_for(struct inject_channel *state, enum inject_kind kind)
{
    return inject_rule_for(state, kind, state->command);
}

/* Is it this channel's, as far as can be told? */
static bool is_own(const struct channel *channel)
{
    if (channel->controller->hba)
        return inject_hba_interrupts(channel);
    return !channel->audit.ports.bus_master_status || has_bus_master_interrupt(channel);
}

static bool filter(void *context)
{
    struct channel *channel = context;
    struct inject_channel *state = inject_channel(channel);
    const struct inject_effect *busy;
    struct inject_rule *rule;
    uint8_t shown;

    if (!state || !channel_hears_interrupts(channel->state) || !is_own(channel))
        return interrupt_serve(channel);
    inject_hba_settle(state);
    if (inject_is_absent(state, &shown)) {
        keep(state, false);
        return true;
    }
    if ((busy = inject_in_effect(state, EFFECT_BSY))) {
        withhold(state, busy->rule, busy->until_us);
        return true;
    }
    if (rule_for(state, INJECT_LOST)) {
        keep(state, true);
        return true;
    }
    if ((rule = rule_for(state, INJECT_LATE))) {
        withhold(state, rule, hal_clock_us() + (rule->for_us ? rule->for_us : LATE_US));
        return true;
    }
    if (rule_for(state, INJECT_EARLY))
        return come_early(state);
    if (rule_for(state, INJECT_DOUBLE))
        (void)interrupt_serve(channel);
    return interrupt_serve(channel);
}

/* ------------------------------------------------------------------ all of it */

void inject_filter_interrupts(bool wanted)
{
    inject_deliver = deliver;
    interrupt_set_filter(wanted ? filter : NULL);
    for (struct inject_channel *state = NULL; !wanted && (state = inject_next_channel(state));) {
        timer_cancel(&state->timer);
        state->storm = state->unplug = NULL;
        deliver(state);
        inject_mask_line(state, false);
    }
}
