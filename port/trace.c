/* SPDX-License-Identifier: MIT */
/* The trace ring and its printing; see trace.h. */
#include <string.h>

#include "lib/plural.h"
#include "port/contract.h"
#include "port/trace.h"

uint64_t trace_heads[TRACE_ENTRY_COUNT];
uint32_t trace_values[TRACE_ENTRY_COUNT];
uint32_t trace_next;
_Static_assert((TRACE_ENTRY_COUNT & (TRACE_ENTRY_COUNT - 1)) == 0,
               "trace_next may run over; a remainder is a mask");
uint32_t trace_mask = UINT32_MAX;

static const struct {
    const char *word;
    uint32_t kinds;
} selections[] = {
    {"all", UINT32_MAX},
    {"off", 0},
    {"ports", 1u << TRACE_PORT_READ | 1u << TRACE_PORT_WRITE | 1u << TRACE_PORT_BUFFER},
    {"registers", 1u << TRACE_REGISTER_READ | 1u << TRACE_REGISTER_WRITE},
    {"calls", 1u << TRACE_CALL | 1u << TRACE_FALSE},
    {"irbs", 1u << TRACE_IRB_START | 1u << TRACE_IRB_END | 1u << TRACE_TIMEOUT},
    {"rules", 1u << TRACE_RULE},
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
    trace_mask = mask;
    return true;
}

static const char *irql_name(unsigned level)
{
    static const char *const names[] = {"PASSIVE_LEVEL", "DISPATCH_LEVEL", "DIRQL"};
    return level <= IRQL_DIRQL ? names[level] : "?";
}

static void print_entry(uint64_t head, uint32_t value, uint32_t previous_time)
{
    static const char *const kinds[TRACE_KIND_COUNT] = {
        [TRACE_NONE] = "",
        [TRACE_PORT_READ] = "in",
        [TRACE_PORT_WRITE] = "out",
        [TRACE_PORT_BUFFER] = "buffer",
        [TRACE_REGISTER_READ] = "read",
        [TRACE_REGISTER_WRITE] = "write",
        [TRACE_CALL] = "call",
        [TRACE_FALSE] = "FALSE",
        [TRACE_IRB_START] = "irb start",
        [TRACE_IRB_END] = "irb end",
        [TRACE_TIMEOUT] = "time-out",
        [TRACE_RULE] = "rule",
    };
    uint32_t time = trace_time(head);
    unsigned where = trace_where(head), extra = trace_extra(head);
    enum trace_kind kind = trace_kind(head);
    struct context call = {0};
    char name[48];

    hal_printf("  %+10d cycles  %-9s ", (int)(time - previous_time), kinds[kind]);
    switch (kind) {
    case TRACE_PORT_READ:
    case TRACE_PORT_WRITE:
    case TRACE_REGISTER_READ:
    case TRACE_REGISTER_WRITE:
        hal_printf("%03x = %0*x\n", where, extra * 2, (unsigned)value);
        break;
    case TRACE_PORT_BUFFER:
        hal_printf("%03x %s %u x %u byte%s\n", where, extra & 0x80 ? "out" : "in", (unsigned)value,
                   extra & 0x7Fu, plural(extra & 0x7Fu));
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
    case TRACE_NONE:
    case TRACE_KIND_COUNT:
        hal_printf("\n");
        break;
    }
}

void trace_print(unsigned count)
{
    unsigned end = trace_next % TRACE_ENTRY_COUNT, printed = 0;
    uint32_t previous_time = 0;
    if (count > TRACE_ENTRY_COUNT)
        count = TRACE_ENTRY_COUNT;
    for (unsigned i = end + TRACE_ENTRY_COUNT - count; i != end + TRACE_ENTRY_COUNT; i++) {
        uint64_t head = trace_heads[i % TRACE_ENTRY_COUNT];
        if (trace_kind(head) == TRACE_NONE)
            continue; /* the ring is not full yet */
        print_entry(head, trace_values[i % TRACE_ENTRY_COUNT],
                    printed++ ? previous_time : trace_time(head));
        previous_time = trace_time(head);
    }
}

enum trace_evidence trace_evidence(uint64_t since, unsigned port, unsigned same_port, uint8_t value)
{
    const uint64_t wanted = trace_head(TRACE_PORT_READ, port, 1);
    const uint64_t same = trace_head(TRACE_PORT_READ, same_port, 1);
    unsigned end = trace_next % TRACE_ENTRY_COUNT;
    bool was_read = false, found = false;

    for (unsigned back = 1; back <= TRACE_ENTRY_COUNT; back++) {
        unsigned place = (end + TRACE_ENTRY_COUNT - back) % TRACE_ENTRY_COUNT;
        uint64_t head = trace_heads[place] & ~(uint64_t)UINT32_MAX; /* without the time */
        if (head == since)
            return found ? TRACE_READ : was_read ? TRACE_OTHER : TRACE_UNKNOWN;
        if (head == wanted || head == same) {
            was_read = true;
            found |= trace_values[place] == value;
        }
    }
    return TRACE_UNKNOWN;
}
