/* SPDX-License-Identifier: MIT */
/* The trace ring and its printing; see trace.h. */
#include <string.h>

#include "port/contract.h"
#include "port/trace.h"

struct trace_entry trace_ring[TRACE_ENTRY_COUNT];
uint32_t trace_next;
_Static_assert((sizeof trace_ring & (sizeof trace_ring - 1)) == 0,
               "offsets wrap where the ring does");
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

static void print_entry(const struct trace_entry *entry, uint32_t previous_time)
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
    uint64_t value = entry->value;
    uint32_t time = trace_time(entry);
    unsigned where = trace_where(entry), extra = trace_extra(entry);
    enum trace_kind kind = trace_kind(entry);
    struct context call = {0};
    char name[48];

    hal_printf("  %+10d cycles  %-9s ", (int)(time - previous_time), kinds[kind]);
    switch (kind) {
    case TRACE_PORT_READ:
    case TRACE_PORT_WRITE:
    case TRACE_REGISTER_READ:
    case TRACE_REGISTER_WRITE:
        hal_printf("%03x = %0*llx\n", where, extra * 2, (unsigned long long)value);
        break;
    case TRACE_PORT_BUFFER:
        hal_printf("%03x %s %llu x %u bytes\n", where, extra & 0x80 ? "out" : "in",
                   (unsigned long long)value, extra & 0x7Fu);
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
    unsigned end = trace_next / sizeof(struct trace_entry) % TRACE_ENTRY_COUNT, printed = 0;
    uint32_t previous_time = 0;
    if (count > TRACE_ENTRY_COUNT)
        count = TRACE_ENTRY_COUNT;
    for (unsigned i = end + TRACE_ENTRY_COUNT - count; i != end + TRACE_ENTRY_COUNT; i++) {
        const struct trace_entry *entry = &trace_ring[i % TRACE_ENTRY_COUNT];
        if (trace_kind(entry) == TRACE_NONE)
            continue; /* the ring is not full yet */
        print_entry(entry, printed++ ? previous_time : trace_time(entry));
        previous_time = trace_time(entry);
    }
}

enum trace_evidence trace_evidence(uint64_t since, unsigned port, unsigned same_port, uint8_t value)
{
    const uint64_t wanted = trace_head(TRACE_PORT_READ, port, 1);
    const uint64_t same = trace_head(TRACE_PORT_READ, same_port, 1);
    unsigned end = trace_next / sizeof(struct trace_entry) % TRACE_ENTRY_COUNT;
    bool was_read = false, found = false;

    for (unsigned back = 1; back <= TRACE_ENTRY_COUNT; back++) {
        const struct trace_entry *entry =
            &trace_ring[(end + TRACE_ENTRY_COUNT - back) % TRACE_ENTRY_COUNT];
        uint64_t head = entry->head & ~(uint64_t)UINT32_MAX; /* without the time */
        if (head == since)
            return found ? TRACE_READ : was_read ? TRACE_OTHER : TRACE_UNKNOWN;
        if (head == wanted || head == same) {
            was_read = true;
            found |= entry->value == value;
        }
    }
    return TRACE_UNKNOWN;
}
