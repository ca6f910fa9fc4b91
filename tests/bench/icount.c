/* SPDX-License-Identifier: MIT */
/*
 * A TCG plugin: counts the guest's instructions between two marks, which are guest addresses.
 *
 *   -plugin icount.so,out=FILE,begin=0x101230,end=0x101240[,begin=...,end=...][,profile=FILE]
 *           [,path=FILE,path_interval=N][,first=N,last=N][,log=on]
 *
 * out=       one line for each pair of marks, `pair P begin= end= intervals= min= median= max=
 * total=`, then one line for each interval in the order they ended: `interval P INSTRUCTIONS
 * PORT_ACCESSES STRING_ACCESSES` profile=   `0xADDRESS COUNT`: how often each instruction ran
 * within intervals of the first pair; first= and last= name the intervals that enter it, the first
 * is 0. profile.pl folds it path=      the addresses of interval number N of the first pair, in the
 * order they ran log=on     `mark begin P N` and `mark end P N` go to QEMU's log, among its trace
 * events (-d plugin)
 *
 * What is counted: every instruction from the one at begin=, which counts, to the one at end=,
 * which does not; interrupt handlers in between are part of it. HLT is one instruction, however
 * long it waits. A repeated INS or OUTS is one instruction, and each access it makes is a string
 * access; an iteration of any other repeated string instruction is an instruction, which is what it
 * costs here. Port accesses are those of IN and OUT.
 *
 * Owns: its counters. Entered by QEMU, at translation and from translated code, with one virtual
 * CPU.
 */
#include "tests/bench/qemu_plugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX   8
#define NO_INTERVAL UINT64_MAX

/* What has been executed since QEMU's start. */
struct counts {
    uint64_t instructions, port_accesses, string_accesses;
};

struct interval {
    unsigned pair;
    struct counts counts;
};

struct pair {
    unsigned number;
    bool has_end, running;
    uint64_t begin, end;
    struct counts at_begin;
    uint64_t interval_count;
    uint64_t begun_twice, ended_twice;
};

/* One instruction of the guest; made when it is first translated, found again when it is translated
 * once more. */
struct site {
    uint64_t address, count;
    bool is_repeated; /* INS or OUTS with REP */
};

static struct counts now;
static struct pair pairs[PAIRS_MAX];
static unsigned pair_count;

static struct interval *intervals;
static size_t interval_count, interval_capacity;

static struct site **sites; /* hash table with open addressing; a power of two */
static size_t site_count, site_capacity;

static uint64_t *path;
static size_t path_count, path_capacity;

static const char *out_file, *profile_file, *path_file;
static uint64_t path_interval, profile_first, profile_last = NO_INTERVAL;
static bool marks_in_log;
static bool profiling, recording; /* the running interval of pair 0 enters the profile, the path */

/* ------------------------------------------------------------------ memory */

static _Noreturn void fail(const char *what, const char *name)
{
    fprintf(stderr, "icount: %s: %s\n", what, name);
    exit(1);
}

static void *grow(void *array, size_t count, size_t *capacity, size_t element_size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 4096;
    array = realloc(array, *capacity * element_size);
    if (!array)
        fail("no memory", "array");
    return array;
}

static size_t site_slot(uint64_t address)
{
    size_t slot = (address * 0x9E3779B97F4A7C15u >> 32) & (site_capacity - 1);

    while (sites[slot] && sites[slot]->address != address)
        slot = (slot + 1) & (site_capacity - 1);
    return slot;
}

static void enlarge_sites(void)
{
    struct site **old = sites;
    size_t old_capacity = site_capacity;

    site_capacity = old_capacity ? old_capacity * 2 : 65536;
    sites = calloc(site_capacity, sizeof(*sites));
    if (!sites)
        fail("no memory", "sites");
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i])
            sites[site_slot(old[i]->address)] = old[i];
    }
    free(old);
}

static struct site *find_site(uint64_t address)
{
    if (site_count * 2 >= site_capacity)
        enlarge_sites();
    struct site **slot = &sites[site_slot(address)];
    if (!*slot) {
        *slot = calloc(1, sizeof(**slot));
        if (!*slot)
            fail("no memory", "site");
        (*slot)->address = address;
        site_count++;
    }
    return *slot;
}

/* ------------------------------------------------------------------ while the guest runs */

static void log_mark(const char *what, const struct pair *pair)
{
    char line[80];

    snprintf(line, sizeof(line), "mark %s %u %" PRIu64 "\n", what, pair->number,
             pair->interval_count);
    qemu_plugin_outs(line);
}

static void mark_begin(unsigned vcpu_index, void *user_data)
{
    struct pair *pair = user_data;

    (void)vcpu_index;
    pair->begun_twice += pair->running;
    pair->running = true;
    pair->at_begin = now;
    if (pair->number == 0) {
        profiling = profile_file && pair->interval_count >= profile_first &&
                    pair->interval_count <= profile_last;
        recording = path_file && pair->interval_count == path_interval;
        path_count = recording ? 0 : path_count;
    }
    if (marks_in_log)
        log_mark("begin", pair);
}

static void mark_end(unsigned vcpu_index, void *user_data)
{
    struct pair *pair = user_data;

    (void)vcpu_index;
    if (!pair->running) {
        pair->ended_twice++;
        return;
    }
    if (marks_in_log)
        log_mark("end", pair);
    intervals = grow(intervals, interval_count, &interval_capacity, sizeof(*intervals));
    intervals[interval_count++] = (struct interval){
        pair->number,
        {now.instructions - pair->at_begin.instructions,
         now.port_accesses - pair->at_begin.port_accesses,
         now.string_accesses - pair->at_begin.string_accesses},
    };
    pair->running = false;
    pair->interval_count++;
    if (pair->number == 0)
        profiling = recording = false;
}

static void visit(struct site *site)
{
    site->count += profiling;
    if (recording) {
        path = grow(path, path_count, &path_capacity, sizeof(*path));
        path[path_count++] = site->address;
    }
}

static void instruction_executed(unsigned vcpu_index, void *user_data)
{
    (void)vcpu_index;
    now.instructions++;
    if (user_data)
        visit(user_data);
}

static void port_executed(unsigned vcpu_index, void *user_data)
{
    (void)vcpu_index;
    (void)user_data;
    now.port_accesses++;
}

/* Where the INS or OUTS that runs has its last element in memory. */
static uint64_t last_element;
static bool has_last_element;

/* QEMU: up to 8.2, whose interface is the first, each iteration of a repeated INS or OUTS comes here, and so does a last one, which
 * finds that the count is zero; QEMU 10 comes here once. The first is told from the others by what ran
 * before it, and is the one that counts. */
static bool comes_each_time(void)
{
    return plugin_interface == 1;
}

static void port_string_executed(unsigned vcpu_index, void *user_data)
{
    static struct site *last_site;
    static uint64_t last_instructions;
    struct site *site = user_data;
    bool goes_on = site == last_site && now.instructions == last_instructions;

    has_last_element = false;
    now.string_accesses += comes_each_time() && (goes_on || !site->is_repeated);
    if (goes_on)
        return;
    instruction_executed(vcpu_index, site);
    last_site = site;
    last_instructions = now.instructions;
}

/* Each element is one access of the port, and in memory, too. QEMU: INS stores an element twice, the
 * first time to see that it may. */
static void element_moved(unsigned vcpu_index, uint32_t info, uint64_t address, void *user_data)
{
    (void)vcpu_index;
    (void)info;
    (void)user_data;
    now.string_accesses += !has_last_element || address != last_element;
    last_element = address;
    has_last_element = true;
}

/* ------------------------------------------------------------------ translation */

enum opcode_kind {
    OPCODE_PLAIN,
    OPCODE_PORT,
    OPCODE_PORT_STRING,
};

static bool is_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26: /* segments */
    case 0x2E:
    case 0x36:
    case 0x3E:
    case 0x64:
    case 0x65:
    case 0x66: /* sizes */
    case 0x67:
    case 0xF2: /* REPNE */
    case 0xF3: /* REP */
        return true;
    default:
        return byte >= 0x40 && byte <= 0x4F; /* REX; in 32-bit code the whole of INC or DEC */
    }
}

static enum opcode_kind classify(const struct qemu_plugin_insn *insn, bool *is_repeated)
{
    static void *insn_data;
    uint8_t bytes[16] = {0};
    size_t size = qemu_plugin_insn_size(insn), at = 0;

    size = size < sizeof(bytes) ? size : sizeof(bytes);
    if (!insn_data)
        insn_data = plugin_function("qemu_plugin_insn_data");
    if (plugin_interface < 3)
        memcpy(bytes, ((insn_data_1_to_2 *)insn_data)(insn), size);
    else
        ((insn_data_3 *)insn_data)(insn, bytes, size);
    *is_repeated = false;
    for (; at + 1 < size && is_prefix(bytes[at]); at++)
        *is_repeated |= bytes[at] == 0xF2 || bytes[at] == 0xF3;
    if (bytes[at] >= 0x6C && bytes[at] <= 0x6F)
        return OPCODE_PORT_STRING;
    if ((bytes[at] & 0xF4) == 0xE4) /* E4 to E7, EC to EF */
        return OPCODE_PORT;
    return OPCODE_PLAIN;
}

static void instrument(struct qemu_plugin_insn *insn)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    bool is_repeated;
    enum opcode_kind kind = classify(insn, &is_repeated);

    for (unsigned i = 0; i < pair_count; i++) {
        /* An end before a begin, so that one address can be both. */
        if (pairs[i].end == address)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_end, QEMU_PLUGIN_CB_NO_REGS,
                                                   &pairs[i]);
        if (pairs[i].begin == address)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_begin, QEMU_PLUGIN_CB_NO_REGS,
                                                   &pairs[i]);
    }
    if (kind == OPCODE_PORT_STRING) {
        struct site *site = find_site(address);
        site->is_repeated = is_repeated;
        qemu_plugin_register_vcpu_insn_exec_cb(insn, port_string_executed, QEMU_PLUGIN_CB_NO_REGS,
                                               site);
        /* QEMU 8.2 does not come back from an INS with such a callback. */
        if (!comes_each_time())
            qemu_plugin_register_vcpu_mem_cb(insn, element_moved, QEMU_PLUGIN_CB_NO_REGS,
                                             QEMU_PLUGIN_MEM_RW, NULL);
        return;
    }
    if (kind == OPCODE_PORT)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, port_executed, QEMU_PLUGIN_CB_NO_REGS, NULL);
    qemu_plugin_register_vcpu_insn_exec_cb(insn, instruction_executed, QEMU_PLUGIN_CB_NO_REGS,
                                           profile_file || path_file ? find_site(address) : NULL);
}

static void translated(struct qemu_plugin_tb *tb)
{
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
        instrument(qemu_plugin_tb_get_insn(tb, i));
}

/* ------------------------------------------------------------------ results */

static FILE *open_result(const char *name)
{
    FILE *file = fopen(name, "w");

    if (!file)
        fail("cannot write", name);
    return file;
}

static void close_result(FILE *file, const char *name)
{
    if (ferror(file) | fclose(file))
        fail("cannot write", name);
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static int compare_sites(const void *a, const void *b)
{
    uint64_t x = (*(struct site *const *)a)->address, y = (*(struct site *const *)b)->address;

    return (x > y) - (x < y);
}

static void write_pair(FILE *file, const struct pair *pair)
{
    uint64_t *sorted = malloc((pair->interval_count + 1) * sizeof(*sorted));
    uint64_t count = 0, total = 0;

    if (!sorted)
        fail("no memory", "sorting");
    for (size_t i = 0; i < interval_count; i++) {
        if (intervals[i].pair != pair->number)
            continue;
        sorted[count++] = intervals[i].counts.instructions;
        total += intervals[i].counts.instructions;
    }
    qsort(sorted, count, sizeof(*sorted), compare_u64);
    if (!count)
        sorted[0] = 0;
    fprintf(file,
            "pair %u begin=%#" PRIx64 " end=%#" PRIx64 " intervals=%" PRIu64 " min=%" PRIu64
            " median=%" PRIu64 " max=%" PRIu64 " total=%" PRIu64 " begun_twice=%" PRIu64
            " ended_twice=%" PRIu64 "\n",
            pair->number, pair->begin, pair->end, count, sorted[0], sorted[count / 2],
            sorted[count ? count - 1 : 0], total, pair->begun_twice, pair->ended_twice);
    free(sorted);
}

static void write_counts(void)
{
    FILE *file = open_result(out_file);

    for (unsigned i = 0; i < pair_count; i++)
        write_pair(file, &pairs[i]);
    for (size_t i = 0; i < interval_count; i++) {
        const struct counts *counts = &intervals[i].counts;
        fprintf(file, "interval %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", intervals[i].pair,
                counts->instructions, counts->port_accesses, counts->string_accesses);
    }
    close_result(file, out_file);
}

static void write_profile(void)
{
    FILE *file = open_result(profile_file);
    uint64_t last = pairs[0].interval_count;
    size_t used = 0;

    if (profile_last != NO_INTERVAL && profile_last + 1 < last)
        last = profile_last + 1;
    fprintf(file, "# intervals=%" PRIu64 "\n", last > profile_first ? last - profile_first : 0);
    for (size_t i = 0; i < site_capacity; i++) {
        if (sites[i] && sites[i]->count)
            sites[used++] = sites[i];
    }
    qsort(sites, used, sizeof(*sites), compare_sites);
    for (size_t i = 0; i < used; i++)
        fprintf(file, "%#" PRIx64 " %" PRIu64 "\n", sites[i]->address, sites[i]->count);
    close_result(file, profile_file);
}

static void write_path(void)
{
    FILE *file = open_result(path_file);

    for (size_t i = 0; i < path_count; i++)
        fprintf(file, "%#" PRIx64 "\n", path[i]);
    close_result(file, path_file);
}

static void at_exit(void)
{
    write_counts();
    if (path_file)
        write_path();
    if (profile_file)
        write_profile(); /* the last: it sorts the table of sites */
}

/* ------------------------------------------------------------------ start */

static bool parse_number(const char *text, uint64_t *number)
{
    char *end;

    *number = strtoull(text, &end, 0);
    return *text && !*end;
}

static bool take_argument(const char *argument)
{
    const char *equals = strchr(argument, '=');
    size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
    const char *value = equals ? equals + 1 : "";

#define IS(key) (length == sizeof(key) - 1 && !memcmp(argument, key, length))
    if (IS("out"))
        out_file = value;
    else if (IS("profile"))
        profile_file = value;
    else if (IS("path"))
        path_file = value;
    else if (IS("log"))
        marks_in_log = !strcmp(value, "on");
    else if (IS("path_interval"))
        return parse_number(value, &path_interval);
    else if (IS("first"))
        return parse_number(value, &profile_first);
    else if (IS("last"))
        return parse_number(value, &profile_last);
    else if (IS("begin") && pair_count < PAIRS_MAX) {
        pairs[pair_count].number = pair_count;
        return parse_number(value, &pairs[pair_count++].begin);
    } else if (IS("end") && pair_count && !pairs[pair_count - 1].has_end) {
        pairs[pair_count - 1].has_end = true;
        return parse_number(value, &pairs[pair_count - 1].end);
    } else {
        return false;
    }
#undef IS
    return true;
}

int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info, int argument_count,
                        char **arguments)
{
    for (int i = 0; i < argument_count; i++) {
        if (!take_argument(arguments[i])) {
            fprintf(stderr, "icount: cannot take the argument \"%s\"\n", arguments[i]);
            return -1;
        }
    }
    if (!out_file || !pair_count || !pairs[pair_count - 1].has_end) {
        fprintf(stderr, "icount: out=, begin= and end= are needed\n");
        return -1;
    }
    return plugin_begin(id, info, translated, at_exit);
}
