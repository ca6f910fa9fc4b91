/* SPDX-License-Identifier: MIT */
/*
 * The .reg parser under a fuzzer: whatever bytes a file has, reading it neither crashes nor hangs,
 * and what was read is the same when it is written and read again, as an export and as a snapshot.
 * `make fuzz FUZZ=reg` runs it.
 */
#include "tests/host/registry_host.h"

#include "port/registry/reg_file.h"
#include "tests/host/reg_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count);

static struct text messages;

/* Reads a file into a new store. */
static struct reg_summary load(struct store *store, struct host_pages *pages, size_t budget,
                               const void *bytes, size_t byte_count)
{
    struct memory_operations operations = host_memory(pages, budget);
    struct reg_source source = {"x.reg", bytes, byte_count};
    struct reg_report report = {text_add_line, &messages};
    struct reg_summary summary;

    text_clear(&messages);
    if (!store_init(store, &operations))
        return (struct reg_summary){.out_of_memory = true};
    store->layer = STORE_LAYER_FILE;
    reg_file_load(store, &source, &report, &summary);
    return summary;
}

/* What `text` says is `expected`, and nothing in it is damaged. */
static void must_say(const struct text *text, const struct text *expected)
{
    struct text again = {0};
    struct host_pages pages;
    struct store store;
    struct reg_summary summary = load(&store, &pages, 100000, text->bytes, text->byte_count);

    dump_store(&store, &again);
    if (summary.damaged_lines > 0 || summary.ignored_batches > 0 ||
        strcmp(again.bytes, expected->bytes) != 0)
        abort();
    text_free(&again);
    host_pages_free(&pages);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    struct text content = {0}, written = {0};
    struct reg_writer writer;
    struct host_pages pages;
    struct store store;
    struct reg_summary summary;
    unsigned lines = 0;

    /* With little memory, to begin with. */
    summary = load(&store, &pages, 8 + byte_count % 32, bytes, byte_count);
    host_pages_free(&pages);
    summary = load(&store, &pages, 100000, bytes, byte_count);
    for (size_t i = 0; i < messages.byte_count; i++)
        lines += messages.bytes[i] == '\n';
    if (summary.out_of_memory || store.first_change || lines > REG_FILE_MAX_REPORTS + 2)
        abort();
    dump_store(&store, &content);
    export_store(&store, &written);
    must_say(&written, &content);
    text_clear(&written);
    reg_writer_init(&writer, text_add, &written, REG_UTF8, true);
    reg_write_join(&writer, &(struct reg_format){.is_empty = true});
    reg_write_snapshot(&writer, &store, 1);
    reg_writer_finish(&writer);
    must_say(&written, &content);
    text_free(&content);
    text_free(&written);
    host_pages_free(&pages);
    return 0;
}
