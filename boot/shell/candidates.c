/* SPDX-License-Identifier: MIT */
/*
 * What the words of usages that are in capitals stand for now; see candidates.h. A kind that is not
 * listed here has no words to offer: a number, bytes. docs/shell.md has the list (tools/shell.pl).
 */
#include <stdio.h>
#include <string.h>

#include "boot/shell/candidates.h"
#include "boot/shell/commands.h"
#include "boot/shell/complete.h"
#include "port/access/inject.h"
#include "port/objects.h"
#include "port/registry/kernel.h"
#include "port/registry/name.h"
#include "port/registry/service.h"
#include "port/registry/store.h"
#include "port/trace.h"

typedef void offer_kind(const struct complete_place *place, struct line_completion *completion);

static void offer(struct line_completion *completion, const char *word, bool is_whole,
                  bool ignores_case)
{
    struct line_candidate candidate = {word, is_whole, ignores_case};
    completion->offer(completion, &candidate);
}

/* ------------------------------------------------------------------ devices and channels */

static void offer_disks(const struct complete_place *place, struct line_completion *completion)
{
    (void)place;
    for (struct device *device = NULL; (device = port_next_device(device));)
        offer(completion, device->name, true, false);
}

static void offer_channels(const struct complete_place *place, struct line_completion *completion)
{
    (void)place;
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));)
        offer(completion, channel->name, true, false);
}

/* ------------------------------------------------------------------ the registry */

/* A key below the one that was written, up to its last backslash, which is kept as it was. */
static void offer_keys(const struct complete_place *place, struct line_completion *completion)
{
    const struct store *store = &port_registry.hive.store;
    const char *written = place->beginning, *last = strrchr(written, '\\');
    size_t length = last ? (size_t)(last + 1 - written) : 0;
    const struct store_key *key = store->top;
    static char path[LINE_CAPACITY];

    if (last)
        key = store_find_key(store, (struct registry_name){written, length - 1});
    for (const struct store_key *child = NULL; key && (child = store_next_child(key, child));) {
        struct registry_name name = store_key_name(child);
        bool has_children = store_next_child(child, NULL);
        snprintf(path, sizeof path, "%.*s%.*s%s", (int)length, written, (int)name.byte_count,
                 name.text, has_children ? "\\" : "");
        offer(completion, path, !has_children, true);
    }
    if (!last)
        offer(completion, "HKLM\\", false, true);
}

/* Of the key before it. */
static void offer_values(const struct complete_place *place, struct line_completion *completion)
{
    const struct store *store = &port_registry.hive.store;
    const struct store_key *key =
        store_find_key(store, registry_name(place->words[place->count - 1]));
    static char text[LINE_CAPACITY];

    for (const struct store_value *value = NULL; key && (value = store_next_value(key, value));) {
        struct registry_name name = store_value_name(value);
        snprintf(text, sizeof text, "%.*s", (int)name.byte_count, name.text);
        offer(completion, name.byte_count ? text : "@", true, true);
    }
}

static void offer_types(const struct complete_place *place, struct line_completion *completion)
{
    static const char *const types[] = {"sz:", "dword:", "hex:", "hex(1):", "hex(2):", "hex(7):"};

    (void)place;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        offer(completion, types[i], false, false);
}

/* ------------------------------------------------------------------ words of commands */

static void offer_commands(const struct complete_place *place, struct line_completion *completion)
{
    (void)place;
    for (unsigned i = 0; i < shell_command_count; i++)
        offer(completion, shell_commands[i].name, true, false);
}

static void offer_opcodes(const struct complete_place *place, struct line_completion *completion)
{
    char word[OPCODE_WORD_SIZE];

    (void)place;
    for (unsigned opcode = 0; opcode <= 0xFF; opcode++)
        if (opcode_word((uint8_t)opcode, word))
            offer(completion, word, true, true);
}

static void offer_workloads(const struct complete_place *place, struct line_completion *completion)
{
    const char *name;

    (void)place;
    for (unsigned i = 0; (name = bench_workload(i)); i++)
        offer(completion, name, true, false);
}

/* A list, separated by commas: the last one of it is completed. */
static void offer_trace_words(const struct complete_place *place,
                              struct line_completion *completion)
{
    const char *written = place->beginning, *last = strrchr(written, ','), *word;
    int length = last ? (int)(last + 1 - written) : 0;
    static char list[LINE_CAPACITY];

    for (unsigned i = 0; (word = trace_word(i)); i++) {
        snprintf(list, sizeof list, "%.*s%s", length, written, word);
        offer(completion, list, true, false);
    }
}

/* What goes wrong, what that takes, and then keys: `fault add interrupt lost channel=`. */
static void offer_fault_words(const struct complete_place *place,
                              struct line_completion *completion)
{
    const unsigned before = place->count - 2; /* behind `fault add` */
    char word[INJECT_NAME_SIZE];

    if (before == 1)
        for (unsigned i = 0; inject_detail(place->words[2], i, word); i++)
            offer(completion, word, true, false);
    for (unsigned i = 0; before == 0 && inject_what(i, word); i++)
        offer(completion, word, true, false);
    for (unsigned i = 0; before > 0 && inject_key(i, word); i++)
        offer(completion, word, false, false);
}

/* ------------------------------------------------------------------ the kinds */

static const struct {
    const char *kind, *command; /* NULL: of all commands that come behind this row */
    offer_kind *offer;
} kinds[] = {
    {"DISK", NULL, offer_disks},         /* the disks and CD-ROM drives that there are */
    {"SRC", NULL, offer_disks},          /* the same */
    {"DST", NULL, offer_disks},          /* the same */
    {"CHANNEL", NULL, offer_channels},   /* the channels that there are */
    {"KEY", NULL, offer_keys},           /* keys of the registry, one step at a time */
    {"NAME", NULL, offer_values},        /* the values of that key */
    {"TYPE:VALUE", NULL, offer_types},   /* types of values */
    {"COMMAND", "ata", offer_opcodes},   /* names of ATA commands */
    {"COMMAND", NULL, offer_commands},   /* commands of the shell */
    {"WORKLOAD", NULL, offer_workloads}, /* what `bench` measures */
    {"WORDS", NULL, offer_trace_words},  /* words of the trace */
    {"RULE", NULL, offer_fault_words},   /* words of a fault */
};

static bool offer_of_kind(const char *kind, const struct complete_place *place,
                          struct line_completion *completion)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].kind, kind) != 0 ||
            (kinds[i].command && strcmp(kinds[i].command, place->command->name) != 0))
            continue;
        kinds[i].offer(place, completion);
        return true;
    }
    return false;
}

void candidates_begin(void)
{
    complete_kinds = offer_of_kind;
}
