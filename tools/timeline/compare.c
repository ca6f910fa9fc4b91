/* SPDX-License-Identifier: MIT */
/*
 * The register accesses of a trace beside those that QEMU's log has (-trace ide_*, bmdma_*, ahci_*,
 * serial_update_parameters): they must be the same, one by one. What stands in the log up to the
 * last time that a serial line was set up is the firmware's; the kernel does that before its first
 * driver runs.
 *
 * An interrupt may come between an access and its entry, when its own accesses stand before it:
 * what is not next is looked for a little further on, and that is said. An access that a fault was
 * injected into may never have reached the device.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plural.h"
#include "port/access/names.h"
#include "tools/timeline/timeline.h"

#define REACH       64u
#define MOST_SHOWN  10u
#define LINE_LENGTH 400u

/* One of QEMU's. Ports have QEMU's number; of the bus master, QEMU says only which register. */
enum space { SPACE_PORT, SPACE_BUS_MASTER, SPACE_MEMORY };
struct seen {
    enum space space;
    bool is_write, is_taken;
    uint8_t width;
    uint32_t where, value;
    unsigned line;
};

static struct log {
    struct seen *seen;
    size_t count, capacity, next;
    unsigned moved, differences;
} log;

/* ------------------------------------------------------------------ QEMU's log */

static void add(struct seen seen)
{
    if (log.count == log.capacity) {
        log.capacity = log.capacity ? 2 * log.capacity : 4096;
        log.seen = realloc(log.seen, log.capacity * sizeof *log.seen);
        if (!log.seen)
            die("there is no memory for QEMU's log");
    }
    log.seen[log.count++] = seen;
}

/* QEMU 7.2: hw/ide/trace-events has the forms. A data port's events are of one unit each. */
static void take_line(const char *line, unsigned number)
{
    unsigned where, width;
    unsigned long long value;
    char way[8], unit[16];

    if (strncmp(line, "serial_update_parameters ", 25) == 0) {
        log.count = 0;
    } else if (sscanf(line, "ide_%*s IDE PIO %2s @ %x (Data: %15[^)]); val %llx", way, &where, unit,
                      &value) == 4) {
        width = strcmp(unit, "Long") == 0 ? 4 : 2;
        add((struct seen){SPACE_PORT, strcmp(way, "wr") == 0, false, (uint8_t)width, where,
                          (uint32_t)value, number});
    } else if (sscanf(line, "ide_%*s IDE PIO %2s @ %x (%*[^)]); val %llx", way, &where, &value) ==
               3) {
        add((struct seen){SPACE_PORT, strcmp(way, "wr") == 0, false, 1, where, (uint32_t)value,
                          number});
    } else if (sscanf(line, "bmdma_%*s bmdma: %6[a-z] %x : %llx", way, &where, &value) == 3) {
        add((struct seen){SPACE_BUS_MASTER, way[0] == 'w', false, 1, where, (uint32_t)value,
                          number});
    } else if (sscanf(line, "bmdma_addr_%5[a-z] data: %llx", way, &value) == 2) {
        add((struct seen){SPACE_BUS_MASTER, way[0] == 'w', false, 4, 4, (uint32_t)value, number});
    } else if (sscanf(line, "ahci_mem_%*s ahci(%*[^)]): %5[a-z]%u @ %x: %llx", way, &width, &where,
                      &value) == 4) {
        add((struct seen){SPACE_MEMORY, way[0] == 'w', false, (uint8_t)width, where,
                          (uint32_t)value, number});
    }
}

static void read_log(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[LINE_LENGTH];

    if (!file)
        die("%s: %s", path, strerror(errno));
    for (unsigned number = 1; fgets(line, sizeof line, file); number++)
        take_line(line, number);
    fclose(file);
}

/* ------------------------------------------------------------------ ours */

/* What QEMU says of an access, if it says anything: of a block, of each unit, without the value. */
static bool wanted(const struct record *record, struct seen *seen, unsigned *count, bool *has_value)
{
    const enum trace_kind kind = trace_kind_of(record->head);
    const unsigned extra = record->head >> 24;
    const bool is_memory = kind >= TRACE_REGISTER_READ;
    const bool is_block = kind == TRACE_PORT_BUFFER || kind == TRACE_REGISTER_BUFFER;
    struct trace_register found;

    if (!is_access(record->head) || !story_find(is_memory, (uint16_t)record->head, &found))
        return false;
    *seen = (struct seen){
        .width = extra & TRACE_WIDTH, .where = (uint16_t)record->head, .value = record->value};
    seen->is_write = kind == TRACE_PORT_WRITE || kind == TRACE_REGISTER_WRITE ||
                     (is_block && extra & TRACE_IS_OUT);
    seen->space = SPACE_PORT;
    if (is_memory) {
        seen->space = SPACE_MEMORY;
        seen->where = found.offset;
    } else if (found.role >= ROLE_BUS_MASTER_COMMAND) {
        static const uint8_t offsets[] = {0, 2, 4, 5, 6, 7};
        _Static_assert(sizeof offsets == ROLE_COUNT - ROLE_BUS_MASTER_COMMAND, "one each");
        seen->space = SPACE_BUS_MASTER;
        seen->where = offsets[found.role - ROLE_BUS_MASTER_COMMAND];
    }
    *count = is_block ? record->value : 1;
    *has_value = !is_block && !(extra & TRACE_INJECTED);
    return true;
}

static bool is_same(const struct seen *ours, const struct seen *theirs, bool has_value)
{
    return !theirs->is_taken && ours->space == theirs->space &&
           ours->is_write == theirs->is_write && ours->width == theirs->width &&
           ours->where == theirs->where && (!has_value || ours->value == theirs->value);
}

static bool take(const struct seen *ours, bool has_value, bool may_lack)
{
    while (log.next < log.count && log.seen[log.next].is_taken)
        log.next++;
    for (size_t i = log.next; i < log.count && i < log.next + (may_lack ? 1 : REACH); i++) {
        if (!is_same(ours, &log.seen[i], has_value))
            continue;
        log.seen[i].is_taken = true;
        log.moved += i != log.next;
        return true;
    }
    return may_lack;
}

static void tell(const struct story *story, size_t index, const char *words)
{
    const uint64_t us = story->times[index] / 1000;

    if (log.differences++ >= MOST_SHOWN)
        return;
    printf("trace-check: at %" PRIu64 ".%06u s the trace has\n    %s\nwhich QEMU has not seen",
           us / 1000000, (unsigned)(us % 1000000), words);
    if (log.next < log.count) {
        const struct seen *theirs = &log.seen[log.next];
        printf("; line %u of its log says %s %#x, %u byte%s, value %#x", theirs->line,
               theirs->is_write ? "write of" : "read of", theirs->where, theirs->width,
               plural(theirs->width), theirs->value);
    }
    printf("\n");
}

static uint64_t compare_records(const struct story *story)
{
    struct trace_reader reader;
    char words[200];
    uint64_t compared = 0;

    story_reader(story, &reader);
    for (size_t i = 0; i < story->count; i++) {
        const struct record *record = &story->records[i];
        const struct trace_entry entry = {record->value, record->head};
        struct seen seen;
        unsigned count;
        bool has_value, is_good = true;
        trace_reader_words(&reader, &entry, words, sizeof words);
        trace_reader_note(&reader, &entry);
        if (!wanted(record, &seen, &count, &has_value))
            continue;
        for (; count && is_good; count--, compared++)
            is_good = take(&seen, has_value, record->head >> 24 & TRACE_INJECTED);
        if (!is_good)
            tell(story, i, words);
    }
    return compared;
}

static void tell_rest(void)
{
    for (size_t i = 0; i < log.count; i++) {
        const struct seen *theirs = &log.seen[i];
        if (theirs->is_taken)
            continue;
        if (log.differences++ < MOST_SHOWN)
            printf("trace-check: line %u of QEMU's log is not in the trace: %s %#x, %u byte%s, "
                   "value %#x\n",
                   theirs->line, theirs->is_write ? "write of" : "read of", theirs->where,
                   theirs->width, plural(theirs->width), theirs->value);
    }
}

int compare(const struct story *story, const char *log_path)
{
    read_log(log_path);
    const uint64_t compared = compare_records(story);
    tell_rest();
    if (story->head->missing)
        printf("trace-check: %" PRIu64
               " entries of the trace are missing: the machine was faster than its reader\n",
               story->head->missing);
    if (log.differences || story->head->missing) {
        printf("trace-check: %u difference%s in %" PRIu64 " register accesses\n", log.differences,
               plural(log.differences), compared);
        return 1;
    }
    printf("trace-check: %" PRIu64 " register accesses, each as QEMU saw it", compared);
    if (log.moved)
        printf(" (%u in another order: an interrupt came between access and entry)", log.moved);
    printf("\n");
    return 0;
}
