/* SPDX-License-Identifier: MIT */
/* The trace ring and its printing; see trace.h. */
#include "port/trace.h"

#include <string.h>

#include "lib/plural.h"
#include "port/contract/context.h"
#include "port/contract/rules.h"
#include "port/irql.h"
#include "port/states.h"

struct trace_entry trace_entries[TRACE_ENTRY_COUNT];
uint64_t trace_times[TRACE_ENTRY_COUNT];
uint16_t trace_next;
uint16_t trace_steps[TRACE_KIND_COUNT] = {[0 ... TRACE_KIND_COUNT - 1] =
                                              sizeof(struct trace_entry)};

static const struct {
    const char *word;
    uint32_t kinds;
} selections[] = {
    {"all", UINT32_MAX},
    {"off", 0},
    {"ports", 1u << TRACE_PORT_READ | 1u << TRACE_PORT_WRITE | 1u << TRACE_PORT_BUFFER},
    {"registers",
     1u << TRACE_REGISTER_READ | 1u << TRACE_REGISTER_WRITE | 1u << TRACE_REGISTER_BUFFER},
    {"calls", 1u << TRACE_CALL | 1u << TRACE_FALSE},
    {"irbs", 1u << TRACE_IRB_START | 1u << TRACE_IRB_END | 1u << TRACE_TIMEOUT},
    {"rules", 1u << TRACE_RULE},
    {"states", 1u << TRACE_STATE},
    {"faults", 1u << TRACE_FAULT},
};

bool trace_select(const char *words)
{
    uint32_t mask = 0;
    while (*words) {
        size_t length = 0;
        while (words[length] && words[length] != ',')
            length++;
        bool known = false;
        for (size_t i = 0; i < sizeof selections / sizeof *selections; i++) {
            if (strlen(selections[i].word) == length &&
                memcmp(selections[i].word, words, length) == 0) {
                mask |= selections[i].kinds;
                known = true;
            }
        }
        if (!known)
            return false;
        words += length;
        words += *words == ',';
    }
    for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++)
        trace_steps[kind] = mask >> kind & 1 ? sizeof(struct trace_entry) : 0;
    return true;
}

static const char *irql_name(unsigned level)
{
    static const char *const names[] = {"PASSIVE_LEVEL", "DISPATCH_LEVEL", "DIRQL"};
    return level <= IRQL_DIRQL ? names[level] : "?";
}

static enum trace_kind kind_of(uint32_t head)
{
    return (enum trace_kind)(head >> 16 & 0xFF);
}

static bool is_timed(uint32_t head)
{
    static const uint32_t kinds = 1u << TRACE_CALL | 1u << TRACE_IRB_START | 1u << TRACE_TIMEOUT |
                                  1u << TRACE_RULE | 1u << TRACE_STATE | 1u << TRACE_FAULT;
    return kinds >> kind_of(head) & 1 ||
           (kind_of(head) == TRACE_PORT_WRITE && head >> 24 & TRACE_TIMED);
}

static void print_entry(uint32_t head, uint32_t value)
{
    static const char *const kinds[TRACE_KIND_COUNT] = {
        [TRACE_NONE] = "",
        [TRACE_PORT_READ] = "in",
        [TRACE_PORT_WRITE] = "out",
        [TRACE_PORT_BUFFER] = "buffer",
        [TRACE_REGISTER_READ] = "read",
        [TRACE_REGISTER_WRITE] = "write",
        [TRACE_REGISTER_BUFFER] = "block",
        [TRACE_CALL] = "call",
        [TRACE_FALSE] = "FALSE",
        [TRACE_IRB_START] = "irb start",
        [TRACE_IRB_END] = "irb end",
        [TRACE_TIMEOUT] = "time-out",
        [TRACE_RULE] = "rule",
        [TRACE_STATE] = "state",
        [TRACE_FAULT] = "fault",
    };
    unsigned where = (uint16_t)head, extra = head >> 24;
    enum trace_kind kind = kind_of(head);
    struct context call = {0};
    char name[48];

    hal_printf("%-9s ", kinds[kind]);
    switch (kind) {
    case TRACE_PORT_READ:
    case TRACE_PORT_WRITE:
    case TRACE_REGISTER_READ:
    case TRACE_REGISTER_WRITE:
        hal_printf("%03x = %0*x%s\n", where, (extra & TRACE_WIDTH) * 2, (unsigned)value,
                   extra & TRACE_PORTS ? " (the port looked)" : "");
        break;
    case TRACE_PORT_BUFFER:
    case TRACE_REGISTER_BUFFER:
        hal_printf("%03x %s %u x %u byte%s\n", where, extra & TRACE_IS_OUT ? "out" : "in",
                   (unsigned)value, extra & TRACE_WIDTH, plural(extra & TRACE_WIDTH));
        break;
    case TRACE_CALL:
        call.kind = (enum context_kind)(value & 0xFF);
        call.action = (IDE_CONTROL_ACTION)(value >> 8 & 0xFF);
        context_name(&call, name, sizeof name);
        hal_printf("channel %u %s at %s\n", where, name, irql_name(value >> 16 & 0xFF));
        break;
    case TRACE_FALSE:
        hal_printf("channel %u %s\n", where, context_kind_name((enum context_kind)value));
        break;
    case TRACE_RULE:
        hal_printf("channel %u %s\n", where, contract_rule_id((enum rule)value));
        break;
    case TRACE_STATE:
        state_subject((enum state_machine)extra, where, name, sizeof name);
        hal_printf("%s: %s -> %s\n", name, state_tables[extra].names[value & 0xFF],
                   state_tables[extra].names[value >> 8]);
        break;
    case TRACE_IRB_START:
        hal_printf("channel %u slot %u function %x, IdeHwBuildIo at %s, IdeHwStartIo at %s\n",
                   where, extra, (unsigned)value & 0xFFFF, irql_name(value >> 24 & 0xFF),
                   irql_name(value >> 16 & 0xFF));
        break;
    case TRACE_IRB_END:
        hal_printf("channel %u slot %u status %x\n", where, extra, (unsigned)value);
        break;
    case TRACE_TIMEOUT:
        hal_printf("channel %u slot %u\n", where, extra);
        break;
    case TRACE_FAULT:
        if (where == TRACE_NO_CHANNEL)
            hal_printf("%u was injected\n", (unsigned)value);
        else
            hal_printf("%u was injected on channel %u\n", (unsigned)value, where);
        break;
    case TRACE_NONE:
    case TRACE_KIND_COUNT:
        hal_printf("\n");
        break;
    }
}

void trace_print(unsigned count)
{
    uint64_t previous_time = 0;
    if (count > TRACE_ENTRY_COUNT)
        count = TRACE_ENTRY_COUNT;
    for (; count > 0; count--) {
        uint16_t place = (uint16_t)(trace_next - count * sizeof(struct trace_entry));
        const struct trace_entry *entry = trace_at(place);
        uint64_t time = *trace_time_at(place);
        if (entry->head == 0)
            continue; /* the ring is not full yet */
        if (is_timed(entry->head)) {
            hal_printf("  %+11lld cycles  ",
                       previous_time ? (long long)(time - previous_time) : 0ll);
            previous_time = time;
        } else {
            hal_printf("  %18s  ", "");
        }
        print_entry(entry->head, entry->value);
    }
}
