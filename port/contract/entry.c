/* SPDX-License-Identifier: MIT */
/*
 * What is looked at where a miniport enters an exported routine; see entry.h. Owns nothing. Entered
 * from every context; allocates nothing.
 */
#include "port/contract/entry.h"

#include "port/contract/rules.h"
#include "port/objects.h"

void entry_report_direction(const char *routine, const void *place)
{
    contract_report(RULE_CPU_01, NULL, routine, place,
                    "it was called with the direction flag set; put right");
}

/* ------------------------------------------------------------------ extensions */

/* What an extension stands for. */
struct subject {
    struct channel *channel;
    struct controller *controller;
};

static struct channel *find_channel(const void *extension)
{
    struct channel *channel = NULL;

    while ((channel = port_next_channel(channel)))
        if (channel->memory.extension == extension)
            return channel;
    return NULL;
}

static struct controller *find_controller(const void *extension)
{
    for (unsigned i = 0; i < port_controller_count; i++)
        if (port_controllers[i].extension == extension)
            return &port_controllers[i];
    return NULL;
}

/* CTX-09: it is the other kind's; CTX-10: it is none, or none any more. */
static void report_extension(const struct routine_row *row, const void *extension,
                             const struct subject *found, const void *place)
{
    bool wants_controller = row->takes == TAKES_CONTROLLER;
    const char *wanted = wants_controller ? "controller" : "channel";
    const char *other = wants_controller ? "channel" : "controller";
    bool is_dead = wants_controller ? found->controller != NULL : found->channel != NULL;

    if (!is_dead && (found->controller || found->channel))
        contract_report(RULE_CTX_09, NULL, row->name, place,
                        "%p is a %s extension; this routine takes a %s extension", extension, other,
                        wanted);
    else
        contract_report(RULE_CTX_10, found->channel, row->name, place, "%p is %s %s extension",
                        extension, is_dead ? "no longer a live" : "no", wanted);
}

/* The extension of the context that runs now is found at once. */
static bool find_subject(const struct routine_row *row, const void *extension,
                         struct subject *subject, const void *place)
{
    bool takes_channel = row->takes != TAKES_CONTROLLER;
    bool takes_controller = row->takes >= TAKES_CONTROLLER;

    *subject = (struct subject){NULL, NULL};
    if (row->takes == TAKES_NOTHING || (row->takes == TAKES_CHANNEL_OR_NULL && !extension))
        return true;
    if (takes_channel && context_now->extension == extension) {
        subject->channel = context_now->channel;
        return true;
    }
    if (extension) {
        subject->channel = find_channel(extension);
        subject->controller = find_controller(extension);
    }
    if (takes_channel && subject->channel &&
        guard_is_given(&subject->channel->memory.extension_guard))
        return true;
    if (takes_controller && subject->controller &&
        guard_is_given(&subject->controller->extension_memory))
        return true;
    report_extension(row, extension, subject, place);
    return false;
}

/* ------------------------------------------------------------------ contexts */

/* What belongs to a channel must be asked for by one of its own routines. */
static bool is_allowed(const struct routine_row *row, const struct subject *subject)
{
    return routine_contexts[row->contexts].mask & routine_context_bit(context_now) &&
           (row->takes != TAKES_OWN_CHANNEL || context_now->channel == subject->channel);
}

static bool enter(enum routine routine, const void *extension, struct subject *subject,
                  const void *place)
{
    const struct routine_row *row = &routine_rows[routine];
    const char *note = routine_contexts[row->contexts].note;
    bool is_build_io = context_now->kind == CONTEXT_BUILD_IO;

    entry_direction(row->name, place);
    if (!find_subject(row, extension, subject, place)) {
        *subject = (struct subject){NULL, NULL};
        return false;
    }
    if (!is_allowed(row, subject)) {
        contract_report(is_build_io ? RULE_CTX_01 : (enum rule)row->rule,
                        subject->channel ? subject->channel : context_now->channel, row->name,
                        place, "nothing was done");
        return false;
    }
    if (is_build_io && note)
        contract_note(RULE_CTX_01, context_now->channel, row->name, place,
                      "%s there: it worked, and does not count", note);
    return true;
}

struct channel *entry_channel(enum routine routine, const void *extension, const void *place)
{
    struct subject subject;
    return enter(routine, extension, &subject, place) ? subject.channel : NULL;
}

struct controller *entry_controller(enum routine routine, const void *extension, const void *place)
{
    struct subject subject;
    return enter(routine, extension, &subject, place) ? subject.controller : NULL;
}

struct controller *entry_either(enum routine routine, const void *extension,
                                struct channel **channel, const void *place)
{
    struct subject subject;
    bool may = enter(routine, extension, &subject, place);
    *channel = subject.channel;
    return !may ? NULL : subject.channel ? subject.channel->controller : subject.controller;
}

bool entry_optional(enum routine routine, const void *extension, struct channel **channel,
                    const void *place)
{
    struct subject subject;
    bool may = enter(routine, extension, &subject, place);
    *channel = subject.channel;
    return may;
}

bool entry_plain(enum routine routine, const void *place)
{
    struct subject subject;
    return enter(routine, NULL, &subject, place);
}
