/* SPDX-License-Identifier: MIT */
/* The trace's ring, and its lines; see trace.h. Recorded from every context. */
#include "port/trace.h"

#include <stdio.h>
#include <string.h>

#include "port/trace_words.h"

struct trace_entry trace_entries[TRACE_ENTRY_COUNT];
uint64_t trace_times[TRACE_ENTRY_COUNT];
uint16_t trace_next;
uint32_t trace_counted;

/* What each request is, which is more than a log needs, and is recorded where it is asked for. */
#define REQUESTS (1u << TRACE_BUILD | 1u << TRACE_IRB_FORM)
uint16_t trace_steps[TRACE_KIND_COUNT] = {
    [0 ... TRACE_BUILD - 1] = 1, [TRACE_BUILD] = 0, [TRACE_IRB_FORM] = 0};

/* docs/shell.md has the comments (tools/shell.pl). */
static const struct {
    const char *word;
    uint32_t kinds;
} selections[] = {
    /* all that follows */
    {"all", UINT32_MAX},
    /* nothing */
    {"off", 0},
    /* accesses to I/O ports, and blocks of data through them */
    {"ports",
     1u << TRACE_PORT_READ | 1u << TRACE_PORT_WRITE | 1u << TRACE_PORT_BUFFER | 1u << TRACE_PACKET},
    /* accesses to registers in memory (AHCI) */
    {"registers",
     1u << TRACE_REGISTER_READ | 1u << TRACE_REGISTER_WRITE | 1u << TRACE_REGISTER_BUFFER},
    /* calls into a driver, with their IRQL, and those that return FALSE */
    {"calls", 1u << TRACE_CALL | 1u << TRACE_FALSE},
    /* requests: begin, end, time-out, repetition, and those that wait in a queue */
    {"irbs", 1u << TRACE_IRB_START | 1u << TRACE_IRB_END | 1u << TRACE_TIMEOUT |
                 1u << TRACE_RECOVERY | 1u << TRACE_WAITS},
    /* what each request is: its task file or CDB (`make trace` wants it) */
    {"requests", REQUESTS},
    /* broken rules */
    {"rules", 1u << TRACE_RULE},
    /* steps of the state machines */
    {"states", 1u << TRACE_STATE},
    /* injected faults */
    {"faults", 1u << TRACE_FAULT},
};

static uint32_t selected = ~REQUESTS; /* of the kinds */

#define TO_PORTS     (1u << TRACE_PORT_READ | 1u << TRACE_PORT_WRITE)
#define TO_REGISTERS (1u << TRACE_REGISTER_READ | 1u << TRACE_REGISTER_WRITE)

/* Who looks for a register's last access does not go back beyond a gap of its kind, and what was
 * written to a task file before one says nothing of what is in it. */
static void put_gap(unsigned of)
{
    *trace_at(hal_fetch_add16(&trace_next, 1)) =
        (struct trace_entry){0, trace_head(TRACE_NONE, TRACE_NO_CHANNEL, of)};
}

static void record(uint32_t kinds)
{
    uint32_t before = 0;

    for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++) {
        before |= (uint32_t)trace_steps[kind] << kind;
        trace_steps[kind] = kinds >> kind & 1;
    }
    const uint32_t begun = kinds & ~before;
    const unsigned gap =
        (begun & TO_PORTS ? TRACE_GAP_PORTS : 0) | (begun & TO_REGISTERS ? TRACE_GAP_REGISTERS : 0);
    if (gap)
        put_gap(gap);
}

const char *trace_word(unsigned index)
{
    return index < sizeof selections / sizeof *selections ? selections[index].word : NULL;
}

bool trace_select(const char *words, const char **unknown)
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
        if (!known) {
            *unknown = words;
            return false;
        }
        words += length;
        words += *words == ',';
    }
    record(selected = mask);
    return true;
}

void trace_switch(bool is_on)
{
    if (is_on && !selected)
        selected = ~REQUESTS;
    record(is_on ? selected : 0);
}

void trace_clear(void)
{
    memset(trace_entries, 0, sizeof trace_entries);
    put_gap(TRACE_GAP_PORTS | TRACE_GAP_REGISTERS);
}

/* ------------------------------------------------------------------ lines */

static bool find_nobody(bool is_memory, uint16_t where, struct trace_register *found)
{
    (void)is_memory, (void)where, (void)found;
    return false;
}
static unsigned find_no_table(uint16_t channel, struct trace_prd *prds, unsigned most)
{
    (void)channel, (void)prds, (void)most;
    return 0;
}
static const struct trace_world nothing = {find_nobody, find_no_table};
static const struct trace_world *world = &nothing;

void trace_set_world(const struct trace_world *its)
{
    world = its;
}

#define LINE_CAPACITY 200u

/* Lines that are under way: the last one waits for what equals it. */
struct lines {
    void (*hand_over)(const char *text);
    unsigned count;    /* handed over */
    unsigned repeated; /* how often the last entry came; 0: there was none */
    struct trace_entry last;
    uint64_t previous_us;
    char text[LINE_CAPACITY];
};

static void end_line(struct lines *lines)
{
    if (lines->repeated == 0)
        return;
    if (lines->repeated > 1)
        trace_add(lines->text, sizeof lines->text, ", %u times", lines->repeated);
    lines->hand_over(lines->text);
    lines->count++;
    lines->repeated = 0;
}

static void begin_line(struct lines *lines, const struct trace_entry *entry, uint64_t cycles,
                       const char *words)
{
    char *text = lines->text, after[24] = "";

    if (trace_is_timed(entry->head)) {
        uint64_t now_us = hal_cycles_us(cycles);
        snprintf(text, sizeof lines->text, "%4llu.%06llu", (unsigned long long)now_us / 1000000,
                 (unsigned long long)now_us % 1000000);
        if (lines->previous_us)
            snprintf(after, sizeof after, "%+lld", (long long)(now_us - lines->previous_us));
        lines->previous_us = now_us;
        trace_add(text, sizeof lines->text, " %8s", after);
    } else {
        snprintf(text, sizeof lines->text, "%20s", "");
    }
    trace_add(text, sizeof lines->text, "  %s", words);
    lines->last = *entry;
    lines->repeated = 1;
}

/* Is a write of an odd value the last one to its port, up to an end, as far as that is known? (The
 * start of a bus master is one.) */
static bool is_last_start(const struct trace_entry *entry, uint16_t place, uint16_t end)
{
    while (++place != end) {
        const struct trace_entry *later = trace_at(place);
        if ((later->head == entry->head && later->value & 1) ||
            trace_gap_of(later->head) & TRACE_GAP_PORTS)
            return false;
    }
    return true;
}

static bool is_same(const struct trace_entry *one, const struct trace_entry *other)
{
    return one->head == other->head && one->value == other->value;
}

/* Is it an access to that channel's registers? */
static bool is_access_to(const struct trace_entry *entry, unsigned channel)
{
    const enum trace_kind kind = trace_kind_of(entry->head);
    struct trace_register found;

    if (kind < TRACE_PORT_READ || kind > TRACE_REGISTER_BUFFER || entry->head >> 24 & TRACE_OWN ||
        !world->find(kind >= TRACE_REGISTER_READ, (uint16_t)entry->head, &found))
        return false;
    return found.role == ROLE_NONE ? found.channel >> 5 == channel >> 5 : found.channel == channel;
}

static const struct trace_entry *entry_before(uint16_t next, unsigned left)
{
    return trace_at((uint16_t)(next - left));
}

/* How far back the last accesses begin that make so many lines. */
static unsigned reach_of_accesses(uint16_t next, unsigned channel, unsigned line_count)
{
    const struct trace_entry *later = NULL;
    unsigned lines = 0, reach = 0;

    for (unsigned left = 1; left < TRACE_REACH; left++) {
        const struct trace_entry *entry = entry_before(next, left);
        if (!is_access_to(entry, channel))
            continue;
        lines += !later || !is_same(entry, later);
        if (lines > line_count)
            break;
        later = entry;
        reach = left;
    }
    return reach;
}

/* The place that is written next is no entry: what is not recorded leaves something there. With a
 * channel its accesses alone are shown. */
static unsigned show(uint16_t next, unsigned count, unsigned channel,
                     void (*line)(const char *text))
{
    struct trace_reader reader;
    struct lines lines = {.hand_over = line};
    char words[LINE_CAPACITY];

    trace_reader_begin(&reader, world);
    for (unsigned left = TRACE_REACH - 1; left > 0; left--) {
        uint16_t place = (uint16_t)(next - left);
        const struct trace_entry entry = *trace_at(place);
        if (left <= count && (channel == TRACE_NO_CHANNEL || is_access_to(&entry, channel))) {
            bool repeats = lines.repeated && is_same(&entry, &lines.last);
            if (repeats)
                lines.repeated++;
            reader.is_last_start = trace_kind_of(entry.head) == TRACE_PORT_WRITE &&
                                   entry.value & 1 && is_last_start(&entry, place, next);
            trace_reader_words(&reader, &entry, words, sizeof words);
            if (!repeats && words[0]) {
                end_line(&lines);
                begin_line(&lines, &entry, *trace_time_at(place), words);
            }
        }
        if (trace_gap_of(entry.head)) /* neighbours are none across it */
            end_line(&lines);
        trace_reader_note(&reader, &entry);
    }
    end_line(&lines);
    return lines.count;
}

unsigned trace_show(unsigned count, void (*line)(const char *text))
{
    return show(trace_next, count, TRACE_NO_CHANNEL, line);
}

unsigned trace_show_accesses(unsigned channel, unsigned line_count, void (*line)(const char *text))
{
    const uint16_t next = trace_next;
    return show(next, reach_of_accesses(next, channel, line_count), channel, line);
}

static void print_line(const char *text)
{
    hal_printf("%s\n", text);
}

void trace_print(unsigned count)
{
    hal_printf("The last entries of the trace (s since the start, us since the last time):\n");
    if (trace_show(count, print_line) == 0)
        hal_printf("It is empty.\n");
}
