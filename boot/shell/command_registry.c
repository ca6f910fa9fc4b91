/* SPDX-License-Identifier: MIT */
/* `registry`: what the registry holds, changes of it, and the buffers that drivers have from it. */
#include <stdio.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/commands.h"
#include "hal/hal.h"
#include "lib/plural.h"
#include "port/registry/arena.h"
#include "port/registry/hive.h"
#include "port/registry/kernel.h"
#include "port/registry/name.h"
#include "port/registry/reg_file.h"
#include "port/registry/service.h"
#include "port/registry/store.h"

/* ------------------------------------------------------------------ output */

/* For reg_writer: at most REG_WRITER_BUFFER bytes at a time, which hal_printf does not cut. */
static bool write_text(void *context, const void *bytes, size_t byte_count)
{
    (void)context;
    hal_printf("%.*s", (int)byte_count, (const char *)bytes);
    return true;
}

static struct reg_writer *console_writer(void)
{
    static struct reg_writer writer;
    reg_writer_init(&writer, write_text, NULL, REG_UTF8, false);
    return &writer;
}

static void print_data(const struct store_value *value)
{
    struct reg_writer *writer = console_writer();
    reg_write_data(writer, value);
    reg_writer_finish(writer);
    hal_printf("\n");
}

static void print_path(const struct store_key *key)
{
    struct reg_writer *writer = console_writer();
    reg_write_path(writer, key);
    reg_writer_finish(writer);
}

/* ------------------------------------------------------------------ list, get, export */

static const struct store *store(void)
{
    return &port_registry.hive.store;
}

static struct store_key *find_key(const char *path)
{
    struct store_key *key = store_find_key(store(), registry_name(path));
    if (!key)
        command_fail("There is no key \"%.200s\".", path);
    return key;
}

/* @ is the default value's, which has none. */
static struct registry_name value_name(const char *word)
{
    return registry_name(strcmp(word, "@") == 0 ? "" : word);
}

static const struct store_value *find_value(const struct store_key *key, const char *word)
{
    const struct store_value *value = store_find_value(store(), key, value_name(word));
    if (!value)
        command_fail("The key has no value \"%.200s\".", word);
    return value;
}

static enum command_result list(const struct store_key *key)
{
    bool found = false;

    for (const struct store_value *value = NULL; (value = store_next_value(key, value));) {
        struct reg_writer *writer = console_writer();
        reg_write_line(writer, value);
        reg_writer_finish(writer);
        found = true;
    }
    for (const struct store_key *child = NULL; (child = store_next_child(key, child));) {
        hal_printf("[");
        print_path(child);
        hal_printf("]\n");
        found = true;
    }
    if (!found)
        hal_printf("The key is empty.\n");
    return COMMAND_DONE;
}

static enum command_result command_list(unsigned count, char **words)
{
    if (count > 3)
        return COMMAND_BAD_ARGUMENTS;
    const struct store_key *key = count == 3 ? find_key(words[2]) : store()->top;
    return key ? list(key) : COMMAND_FAILED;
}

static enum command_result command_get(unsigned count, char **words)
{
    if (count != 4)
        return COMMAND_BAD_ARGUMENTS;
    const struct store_key *key = find_key(words[2]);
    if (!key)
        return COMMAND_FAILED;
    const struct store_value *value = find_value(key, words[3]);
    if (!value)
        return COMMAND_FAILED;
    print_data(value);
    return COMMAND_DONE;
}

static enum command_result command_export(unsigned count, char **words)
{
    (void)words;
    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    struct reg_writer *writer = console_writer();
    reg_write_export(writer, store()->top);
    reg_writer_finish(writer);
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ buffers */

static enum command_result command_buffers(unsigned count, char **words)
{
    const struct arena *arena = &port_registry.arena;

    (void)words;
    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    hal_printf("Arena: %u page%s of %u bytes, %u free\n", arena->page_count,
               plural(arena->page_count), (unsigned)ARENA_PAGE_SIZE, arena->free_count);
    for (const struct registry_channel *channel = NULL;
         (channel = registry_next_channel(&port_registry, channel));) {
        hal_printf("%s controller %u channel %u: ", channel->service ? channel->service : "-",
                   channel->controller, channel->number);
        if (channel->state == REGISTRY_NO_BUFFER)
            hal_printf("no buffer\n");
        else
            hal_printf("%zu byte%s at %p in %u page%s, %u deferred write%s\n",
                       channel->window.byte_count, plural(channel->window.byte_count),
                       (void *)channel->window.buffer, channel->window.page_count,
                       plural(channel->window.page_count), channel->deferred_count,
                       plural(channel->deferred_count));
    }
    return COMMAND_DONE;
}

/* What was wrong with the registry's files when they were read, as tools/registry says it. */
static enum command_result command_check(unsigned count, char **words)
{
    const char *said;
    const struct reg_summary *summary = registry_kernel_check(&said);
    char text[160];

    (void)words;
    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    reg_summary_words(summary, text, sizeof text);
    for (size_t length; *said; said += length + 1) {
        length = (size_t)(strchr(said, '\n') - said);
        hal_printf("%.*s\n", (int)length, said);
    }
    hal_printf("At the start: %s\n", text);
    return reg_is_damaged(summary) ? command_fail("What is named above is not in effect.")
                                   : COMMAND_DONE;
}

/* ------------------------------------------------------------------ changes */

/* False: said that nothing may be changed. */
static bool may_change(void)
{
    if (!port_registry.hive.is_read_only)
        return true;
    command_fail("The registry's file is only read in this session, so nothing was changed "
                 "(HIVE_RO=1, another session has the file, or it is of another format).");
    return false;
}

static enum command_result commit(void)
{
    if (hive_commit(&port_registry.hive))
        return COMMAND_DONE;
    return command_fail("The registry's file could not be written; nothing was changed.");
}

/* Returns when the change is in the file. */
static enum command_result command_set(unsigned count, char **words)
{
    struct hive *hive = &port_registry.hive;
    const char *fault;
    uint32_t column;

    if (count != 5)
        return COMMAND_BAD_ARGUMENTS;
    if (!may_change())
        return COMMAND_FAILED;
    hive_begin(hive);
    if (reg_set_from_text(&hive->store, registry_name(words[2]), value_name(words[3]),
                          registry_name(words[4]), &fault, &column))
        return commit();
    hive_rollback(hive);
    return command_fail("Nothing was changed: %s (character %u of \"%.200s\").", fault,
                        (unsigned)column, words[4]);
}

static enum store_result remove_from(struct hive *hive, struct store_key *key, unsigned count,
                                     char **words)
{
    if (count == 3)
        return store_delete_key(&hive->store, registry_name(words[2]));
    return store_delete_value(&hive->store, key, value_name(words[3]));
}

static enum command_result command_delete(unsigned count, char **words)
{
    struct hive *hive = &port_registry.hive;
    struct store_key *key;
    enum store_result result;

    if (count != 3 && count != 4)
        return COMMAND_BAD_ARGUMENTS;
    if (!may_change())
        return COMMAND_FAILED;
    key = find_key(words[2]);
    if (!key || (count == 4 && !find_value(key, words[3])))
        return COMMAND_FAILED;
    hive_begin(hive);
    result = remove_from(hive, key, count, words);
    if (result == STORE_OK)
        return commit();
    hive_rollback(hive);
    return command_fail("Nothing was changed: %s.", store_result_words(result));
}

static enum command_result command_compact(unsigned count, char **words)
{
    (void)words;
    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    if (!may_change())
        return COMMAND_FAILED;
    if (!registry_kernel_compact())
        return command_fail("The registry's file could not be written.");
    hal_printf("All that the file says is at its end once more; it is shortened when QEMU ends.\n");
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ the command */

enum command_result command_registry(unsigned count, char **words)
{
    static const struct {
        const char *name;
        enum command_result (*run)(unsigned count, char **words);
    } subcommands[] = {
        {"list", command_list},       {"get", command_get},       {"set", command_set},
        {"delete", command_delete},   {"export", command_export}, {"compact", command_compact},
        {"buffers", command_buffers}, {"check", command_check},
    };

    for (size_t i = 0; count > 1 && i < sizeof subcommands / sizeof *subcommands; i++)
        if (strcmp(words[1], subcommands[i].name) == 0)
            return subcommands[i].run(count, words);
    return COMMAND_BAD_ARGUMENTS;
}
