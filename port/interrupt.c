/* SPDX-License-Identifier: MIT */
/*
 * From an interrupt line to IdeHwInterrupt, and what is judged of its answer: TRUE comes with a
 * dismissed interrupt (INT-01), and somebody claims each interrupt (INT-02).
 *
 * A level-triggered line that nobody calms would keep the CPU for ever. Such a line is masked, its
 * channels are reset, and it is tried again; after some times it stays masked.
 *
 * Entered in interrupt context, but for connecting (PASSIVE_LEVEL) and calm_line (DISPATCH_LEVEL).
 */
#include "port/interrupt.h"

#include "port/access/audit.h"
#include "port/access/inject_state.h"
#include "port/call.h"
#include "port/contract/report.h"
#include "port/limits.h"
#include "port/log.h"

#define LINE_COUNT    16u
#define CALM_DELAY_US 1000u

/* What becomes of a channel whose line does not get calm: request/ knows. */
static void (*reset_channel)(struct channel *channel);

static struct interrupt_line_state {
    unsigned number;
    uint64_t claims; /* of its channels, when it was last looked at */
    unsigned unclaimed_in_a_row;
    unsigned stops;
    bool is_stopped; /* masked */
    struct port_timer calm;
} lines[LINE_COUNT];

/* Walks the channels that are connected to a line: NULL starts; NULL at the end. */
static struct channel *next_on_line(unsigned number, struct channel *after)
{
    struct channel *channel = after;
    while ((channel = port_next_channel(channel)))
        if (channel->interrupt.is_connected && channel->interrupt.hal.line == number)
            break;
    return channel;
}

/* A report about the whole of IdeHwInterrupt, as if it still ran. */
#define REPORT(channel, rule, ...)                                                          \
    contract_report_in(channel_context(channel, CONTEXT_INTERRUPT), rule, "IdeHwInterrupt", \
                       ENTRY_PLACE((channel)->given.interface.IdeHwInterrupt), __VA_ARGS__)

/* ------------------------------------------------------------------ lines that do not get calm */

static void mask_line(struct interrupt_line_state *line, bool masked)
{
    line->is_stopped = masked;
    hal_interrupt_mask(line->number, masked);
}

/* The line is masked, and a little later its channels are reset. */
static void stop_line(unsigned number)
{
    struct interrupt_line_state *line = &lines[number];

    mask_line(line, true);
    line->unclaimed_in_a_row = 0;
    line->stops++;
    timer_arm(&line->calm, CALM_DELAY_US);
}

static void calm_line(void *context)
{
    struct interrupt_line_state *line = context;

    if (context_now->kind != CONTEXT_NONE) { /* within IdeHwControl */
        timer_arm(&line->calm, CALM_DELAY_US);
        return;
    }
    for (struct channel *channel = NULL; (channel = next_on_line(line->number, channel));) {
        if (!channel_hears_interrupts(channel->state) || channel->state == CHANNEL_SUSPENDED)
            continue;
        port_message(channel, "interrupt line %u does not get calm; resetting", line->number);
        channel->interrupt.claims_in_a_row = 0;
        reset_channel(channel);
    }
    if (line->stops < LIMIT_LINE_STOPS)
        mask_line(line, false);
    else
        port_message(NULL, "interrupt line %u stays masked until a channel on it is started",
                     line->number);
}

/* The fault that was injected on one of a line's channels since their last requests; NULL: none. */
static const struct inject_rule *fault_on(unsigned number)
{
    const struct inject_rule *fault = NULL;

    for (struct channel *channel = NULL; !fault && (channel = next_on_line(number, channel));)
        fault = inject_since(channel, (uint32_t)channel->counters.requests);
    return fault;
}

/* INT-02, unless a fault was injected: then it is nobody's. */
static void report_unclaimed(struct channel *channel, const struct inject_rule *fault,
                             unsigned count)
{
    char mention[INJECT_MENTION_SIZE];

    if (fault)
        port_message(channel, "nobody has claimed the last %u interrupts on its line%s", count,
                     inject_mention(fault, mention, sizeof mention));
    else
        REPORT(channel, RULE_INT_02, "nobody has claimed the last %u interrupts on its line",
               count);
}

/* No handler has claimed an interrupt. Lines without a channel are the HAL's business. */
static void line_unclaimed(unsigned number)
{
    struct channel *first = number < LINE_COUNT ? next_on_line(number, NULL) : NULL;
    uint64_t claims = 0;

    if (!first)
        return;
    struct interrupt_line_state *line = &lines[number];
    /* Each line may be served from the routine of another of the controller's channels. */
    for (struct channel *channel = first; channel; channel = next_on_line(number, channel))
        for (struct channel *other = NULL;
             (other = port_next_channel_of(channel->controller, other));)
            claims += channel_interrupts(&other->counters);
    if (claims != line->claims)
        line->unclaimed_in_a_row = 0;
    line->claims = claims;
    line->unclaimed_in_a_row++;
    if (line->unclaimed_in_a_row % LIMIT_UNCLAIMED == 0)
        for (struct channel *channel = first; channel; channel = next_on_line(number, channel))
            if (channel_hears_interrupts(channel->state))
                report_unclaimed(channel, fault_on(number), line->unclaimed_in_a_row);
    if (first->interrupt.hal.level && line->unclaimed_in_a_row >= LIMIT_STORM)
        stop_line(number);
}

/* ------------------------------------------------------------------ claimed interrupts */

/* INT-01. A latch that was injected, or hidden, says nothing of the driver. */
static void judge_dismissal(struct channel *channel)
{
    bool is_latch;
    uint16_t port = audit_undismissed(channel, &is_latch);

    if (port && is_latch && inject_since(channel, (uint32_t)channel->counters.requests))
        return;
    if (port && is_latch)
        REPORT(channel, RULE_INT_01,
               "TRUE, but the bus master's interrupt bit (port %#x) is still set", port);
    else if (port)
        REPORT(channel, RULE_INT_01, "TRUE, but Status (port %#x) was not read", port);
}

/* Was a request of the controller begun or completed since the last claim? */
static bool has_progress(const struct controller *controller)
{
    bool has = false;
    for (struct channel *channel = NULL; (channel = port_next_channel_of(controller, channel));) {
        has |= channel->irbs.completed ||
               channel->counters.requests != channel->interrupt.requests_at_claim;
        channel->interrupt.requests_at_claim = channel->counters.requests;
    }
    return has;
}

/* TRUE without all that usually dismisses an interrupt, or on a level-triggered line. */
static void judge_claim(struct channel *channel)
{
    if (channel->audit.hazards & (AUDIT_OWES_STATUS | AUDIT_OWES_CLEAR))
        judge_dismissal(channel);
    if (!channel->interrupt.hal.level)
        return;
    if (has_progress(channel->controller))
        channel->interrupt.claims_in_a_row = 0;
    if (++channel->interrupt.claims_in_a_row < LIMIT_STORM)
        return;
    REPORT(channel, RULE_INT_01,
           "TRUE %u times in a row, and no request was begun or completed meanwhile", LIMIT_STORM);
    channel->interrupt.claims_in_a_row = 0;
    stop_line(channel->interrupt.hal.line);
}

/* The same where nothing is to be said: on a level-triggered line, after the end of a request. */
static inline bool is_plain_claim(struct channel *channel)
{
    if ((channel->audit.hazards & channel->audit.dismissal) != AUDIT_ALWAYS ||
        !channel->irbs.completed)
        return false;
    channel->interrupt.requests_at_claim = channel->counters.requests;
    channel->interrupt.claims_in_a_row = 0;
    return true;
}

/* Whatever is to be said of what it answered. */
static __attribute__((noinline)) void judge_answer(struct channel *channel, bool ours)
{
    if (ours) {
        judge_claim(channel);
    } else {
        trace_false(channel_context(channel, CONTEXT_INTERRUPT));
        channel->counters.interrupts_not_ours++;
    }
    audit_leave_interrupt(channel);
}

/* IdeHwInterrupt is never called before IdeHwControl(IdeStart) begins or after
 * IdeHwControl(IdeStop) has returned. (That it is also called from here, and might be inlined there
 * in part, shall cost nothing where every interrupt comes by.) */
__attribute__((noinline)) bool interrupt_serve(void *context)
{
    struct channel *channel = context;
    if (!channel_hears_interrupts(channel->state))
        return false;
    struct context *call = channel_context(channel, CONTEXT_INTERRUPT);
    enum irql interrupted = irql_now;
    irql_now = IRQL_DIRQL;
    channel->counters.interrupt_calls++;
    audit_enter_interrupt(channel);
    trace_timed(TRACE_CALL, call->trace_head, CONTEXT_INTERRUPT | IRQL_DIRQL << 16);
    BOOLEAN ours = (BOOLEAN)call_fast(call, &channel->given.interface.IdeHwInterrupt, 1,
                                      channel->memory.extension, NULL);
    if (__builtin_expect(!ours || (!audit_is_dismissed(channel) && !is_plain_claim(channel)), 0))
        judge_answer(channel, ours);
    irql_now = interrupted;
    return ours;
}

/* ------------------------------------------------------------------ dump mode */

/* The miniport is asked whether its device has something to say. Polls that find nothing leave no
 * trace. */
static void poll_interrupt(struct channel *channel)
{
    struct context *call = channel_context(channel, CONTEXT_INTERRUPT);
    enum irql level = irql_enter_dirql();
    channel->counters.interrupt_calls++;
    if ((BOOLEAN)call_fast(call, &channel->given.interface.IdeHwInterrupt, 1,
                           channel->memory.extension, NULL))
        trace_call(call);
    else
        channel->counters.interrupt_calls--;
    irql_leave_dirql(level);
}

static unsigned polled_channels;

/* irql_poll while there are channels in dump mode. */
static void poll_channels(void)
{
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));)
        if (channel->interrupt.is_polled && channel_hears_interrupts(channel->state))
            poll_interrupt(channel);
}

/* ------------------------------------------------------------------ on purpose */

static bool (*filter)(void *channel);

void interrupt_set_filter(bool (*wanted)(void *channel))
{
    bool enabled = hal_interrupts_disable();
    filter = wanted;
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));)
        channel->interrupt.hal.handler = filter ? filter : interrupt_serve;
    hal_interrupts_restore(enabled);
}

bool interrupt_raise(struct channel *channel, bool is_anothers)
{
    unsigned number = channel->interrupt.hal.line;

    if (!channel->interrupt.is_connected || lines[number].is_stopped)
        return false;
    enum irql level = irql_enter_dirql();
    if (!interrupt_serve(channel) && !is_anothers)
        line_unclaimed(number);
    irql_leave_dirql(level);
    return true;
}

/* ------------------------------------------------------------------ connecting */

void interrupt_init(void (*reset)(struct channel *channel))
{
    reset_channel = reset;
    for (unsigned i = 0; i < LINE_COUNT; i++) {
        lines[i].number = i;
        lines[i].calm.deferred = (struct deferred){.procedure = calm_line, .context = &lines[i]};
    }
    hal_interrupt_set_unclaimed_hook(line_unclaimed);
}

bool interrupt_connect(struct channel *channel)
{
    unsigned number = channel->interrupt.hal.line;

    if (channel->given.configuration.ChannelMode == IdeModeDump) {
        channel->interrupt.is_polled = true;
        polled_channels++;
        irql_poll = poll_channels;
        return true;
    }
    channel->interrupt.claims_in_a_row = 0;
    /* What no access can show, so that every claim on a level-triggered line is looked at. */
    if (channel->interrupt.hal.level)
        channel->audit.dismissal |= AUDIT_ALWAYS;
    channel->interrupt.hal.handler = filter ? filter : interrupt_serve;
    channel->interrupt.hal.context = channel;
    channel->interrupt.is_connected = hal_interrupt_connect(&channel->interrupt.hal);
    if (channel->interrupt.is_connected && lines[number].stops) {
        lines[number].stops = 0;
        timer_cancel(&lines[number].calm);
        mask_line(&lines[number], false);
    }
    return channel->interrupt.is_connected;
}

void interrupt_disconnect(struct channel *channel)
{
    if (channel->interrupt.is_connected)
        hal_interrupt_disconnect(&channel->interrupt.hal);
    if (channel->interrupt.is_polled && --polled_channels == 0)
        irql_poll = NULL;
    channel->interrupt.is_connected = channel->interrupt.is_polled = false;
}
