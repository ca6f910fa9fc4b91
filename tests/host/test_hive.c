/* SPDX-License-Identifier: MIT */
/*
 * The hive: what is written means the same when it is read again; what was committed is there in
 * the next session, whatever happened to the file's end; a snapshot says the same as the whole file.
 *
 * SOURCES: port/registry/memory.c port/registry/name.c lib/utf.c lib/crc32.c
 * SOURCES: port/registry/store.c port/registry/store_table.c port/registry/store_journal.c
 * SOURCES: port/registry/reg_scan.c port/registry/reg_data.c port/registry/reg_read.c
 * SOURCES: port/registry/reg_write.c port/registry/hive.c
 */
#include "tests/host/registry_host.h"

#include "port/registry/hive.h"
#include "tests/host/model.h"
#include "tests/host/reg_host.h"
#include "tests/host/tap.h"

#define HEADER REG_FILE_HEADER "\n"

static struct host_pages pages;
static struct store store;
static struct reg_summary summary;
static struct text messages, output;

static void open_store(void)
{
    struct memory_operations operations = host_memory(&pages, 1000000);
    store_init(&store, &operations);
    store.layer = STORE_LAYER_FILE;
}

static void load(const void *bytes, size_t byte_count)
{
    struct reg_source source = {"x.reg", bytes, byte_count};
    struct reg_report report = {text_add_line, &messages};
    /* A copy of just this size: reading past the end would be seen. */
    void *copy = malloc(byte_count ? byte_count : 1);

    memcpy(copy, bytes, byte_count);
    source.bytes = copy;
    text_clear(&messages);
    reg_file_load(&store, &source, &report, &summary);
    free(copy);
}

/* ------------------------------------------------------------------ what is written */

/* Does every begin line follow a blank line, whatever the line before that was cut to? */
static bool begins_are_apart(const struct text *text)
{
    for (const char *at = text->bytes; (at = strstr(at, "\n; batch ")); at++) {
        size_t length = strcspn(at + 1, "\n") + 1;
        if (strncmp(at + length - 5, "begin", 5) == 0 && at[-1] != '\n')
            return false;
    }
    return true;
}

/* Every [ and ; follows a blank line, lines are at most 80 characters unless they are one name. */
static bool is_well_laid_out(const struct text *text)
{
    const char *line = text->bytes;
    bool after_blank = true;

    while (*line) {
        const char *end = strchr(line, '\n');
        if (!end)
            return false;
        if ((*line == '[' || *line == ';') && !after_blank)
            return false;
        if (end - line > 80 && strncmp(line, "  ", 2) == 0)
            return false;
        after_blank = end == line;
        line = end + 1;
    }
    return true;
}

static struct registry_name random_name(char *buffer, unsigned kind)
{
    static const char *const pieces[] = {"a",          "B", " ",      "\\", "\"",     "]",
                                         "[",          ";", "=",      "-",  "\u00E4", "\u20AC",
                                         "\U0001F600", "@", "\uFEFF", "x"};
    size_t used = 0;
    for (unsigned i = 1 + model_random() % 6; i > 0; i--) {
        const char *piece = pieces[model_random() % (sizeof(pieces) / sizeof(pieces[0]))];
        if (kind == 0 && *piece == '\\')
            continue;
        memcpy(buffer + used, piece, strlen(piece));
        used += strlen(piece);
    }
    if (used == 0)
        buffer[used++] = 'k';
    return (struct registry_name){buffer, used};
}

static void random_registry(unsigned changes)
{
    static const uint32_t types[] = {0, 1, 1, 1, 2, 3, 4, 7, 11, 0xFFFFFFFF};
    for (unsigned i = 0; i < changes; i++) {
        char path[512] = "HKLM", name[64];
        uint8_t data[300];
        size_t size = model_random() % 8 ? model_random() % 12 : model_random() % sizeof(data);
        uint32_t type = types[model_random() % (sizeof(types) / sizeof(types[0]))];
        for (unsigned depth = model_random() % 4; depth > 0; depth--) {
            struct registry_name component = random_name(name, 0);
            strcat(path, "\\");
            strncat(path, component.text, component.byte_count);
        }
        for (size_t j = 0; j < size; j++)
            data[j] =
                (uint8_t)(j % 2 || model_random() % 4 == 0 ? model_random() % 2 * model_random()
                                                           : 32 + model_random() % 95);
        if (type == 1 && model_random() % 4 && size >= 2) {
            size &= ~(size_t)1;
            for (size_t j = 1; j < size; j += 2)
                data[j] = 0;
            data[size - 2] = 0;
        }
        store_set_value(&store, registry_name(path), random_name(name, 1), type, data, size);
    }
}

static void test_round_trip(void)
{
    bool good = true, laid_out = true;
    struct text first = {0};

    for (unsigned round = 0; round < 60 && good; round++) {
        enum form form = round % FORM_COUNT;
        struct text encoded;
        open_store();
        random_registry(1 + model_random() % 60);
        export_store(&store, &first);
        host_pages_free(&pages);
        laid_out &= is_well_laid_out(&first);
        encoded = text_in_form(first.bytes, first.byte_count, form);
        open_store();
        load(encoded.bytes, encoded.byte_count);
        export_store(&store, &output);
        good = is_same(&messages, "", "messages") && is_same(&output, first.bytes, "round trip");
        host_pages_free(&pages);
        text_free(&encoded);
    }
    tap_ok(good, "exported registries are read back the same, byte for byte");
    tap_ok(laid_out, "every [ follows a blank line, long data is wrapped");
    text_free(&first);
}

/* ------------------------------------------------------------------ the hive's file */

static struct hive hive;
static struct text file; /* what would be on the host's disk */
static size_t append_budget;

/* A file that may fill up: what fits is written, the rest is lost. */
static bool append(void *context, const void *bytes, size_t byte_count)
{
    size_t fits = byte_count < append_budget ? byte_count : append_budget;

    (void)context;
    if (hive.format.encoding == REG_UTF16LE && byte_count > 1)
        fits &= ~(size_t)1;
    text_add(&file, bytes, fits);
    append_budget -= fits;
    return fits == byte_count;
}

static void open_hive(const char *base, const struct text *journal)
{
    struct memory_operations operations = host_memory(&pages, 1000000);
    struct reg_source source = {"base.reg", base, strlen(base)};
    struct reg_report report = {text_add_line, &messages};

    hive_init(&hive, &operations);
    text_clear(&messages);
    hive_load(&hive, STORE_LAYER_DRIVER, &source, &report, &summary);
    source = (struct reg_source){"file.reg", journal->bytes, journal->byte_count};
    hive_load(&hive, STORE_LAYER_FILE, &source, &report, &summary);
    hive.append = append;
    append_budget = SIZE_MAX;
}

/* A random change of a small registry, the same for everyone who calls it with these numbers. */
static void random_change(struct store *target, uint32_t random, uint32_t more)
{
    static const char *const keys[] = {"HKLM\\A", "HKLM\\A\\B", "HKLM\\A\\B\\C",
                                       "HKLM\\D", "HKLM\\D\\E", "HKU\\F"};
    static const char *const names[] = {"x", "y", "", "z\\\""};
    struct registry_name path = registry_name(keys[random / 16 % 6]);
    struct registry_name name = registry_name(names[random / 128 % 4]);
    struct store_key *key;

    switch (random % 8) {
    case 0:
        store_create_key(target, path, &key);
        break;
    case 1:
        if (more % 2)
            store_delete_key(target, path);
        break;
    case 2:
    case 3:
        key = store_find_key(target, path);
        if (key)
            store_delete_value(target, key, name);
        break;
    default:
        store_set_value(target, path, name, more % 9, &more, more % 5);
        break;
    }
}

static void random_base(struct text *base)
{
    open_store();
    store.layer = STORE_LAYER_DEFAULTS;
    for (unsigned i = model_random() % 12; i > 0; i--)
        random_change(&store, 4 + 8 * (model_random() % 1000), model_random());
    export_store(&store, base);
    host_pages_free(&pages);
}

/* As tools/registry shortens a file: no other layer is known there. */
static struct text compact_file(const struct text *whole, enum form form)
{
    struct text utf8 = {0}, result;
    struct reg_writer writer;

    open_store();
    load(whole->bytes, whole->byte_count);
    text_clear(&utf8);
    reg_writer_init(&writer, text_add, &utf8, REG_UTF8, false);
    reg_write_compact(&writer, &store);
    reg_writer_finish(&writer);
    host_pages_free(&pages);
    result = text_in_form(utf8.bytes, utf8.byte_count, form);
    text_free(&utf8);
    return result;
}

/* What a session did is there in the next one, over the same base; and a snapshot or a compact file
 * says the same as the whole file, over any base. */
static void test_journal(unsigned rounds)
{
    struct text base = {0}, other_base = {0}, live = {0}, again = {0}, snapshot = {0}, brief;
    bool same = true, compact = true, laid_out = true;

    for (unsigned round = 0; round < rounds && same && compact; round++) {
        enum form form = round % FORM_COUNT;
        text_free(&file);
        file = text_in_form(round % 5 ? HEADER : "", round % 5 ? strlen(HEADER) : 0, form);
        random_base(&base);
        for (unsigned session = 0; session < 3; session++) {
            open_hive(base.bytes, &file);
            for (unsigned batch = 0; batch < 4; batch++) {
                hive_begin(&hive);
                for (unsigned i = model_random() % 6; i > 0; i--)
                    random_change(&hive.store, model_random(), model_random());
                if (model_random() % 4 == 0)
                    hive_rollback(&hive);
                else
                    same &= hive_commit(&hive);
            }
            if (model_random() % 4 == 0)
                same &= hive_compact(&hive);
            dump_store(&hive.store, &live);
            host_pages_free(&pages);
            open_hive(base.bytes, &file);
            dump_store(&hive.store, &again);
            same &= is_same(&again, live.bytes, "the next session") &&
                    is_same(&messages, "", "messages");
            host_pages_free(&pages);
        }
        if (form == FORM_UTF8)
            laid_out &= is_well_laid_out(&file);

        open_hive(base.bytes, &file);
        struct text whole = file;
        file = (struct text){0};
        text_clear(&file);
        hive.format = (struct reg_format){.encoding = hive.format.encoding, .is_empty = true};
        compact &= hive_compact(&hive);
        snapshot = file;
        file = whole;
        host_pages_free(&pages);
        brief = compact_file(&file, form);
        if (form == FORM_UTF8)
            laid_out &= is_well_laid_out(&brief);
        for (unsigned i = 0; i < 3 && compact; i++) {
            random_base(&other_base);
            open_hive(other_base.bytes, &file);
            dump_store(&hive.store, &live);
            host_pages_free(&pages);
            open_hive(other_base.bytes, &snapshot);
            dump_store(&hive.store, &again);
            compact &= is_same(&again, live.bytes, "the snapshot");
            host_pages_free(&pages);
            open_hive(other_base.bytes, &brief);
            dump_store(&hive.store, &again);
            compact &= is_same(&again, live.bytes, "the compact file");
            host_pages_free(&pages);
        }
        text_free(&brief);
        text_free(&snapshot);
    }
    tap_ok(same, "what is committed is there in the next session");
    tap_ok(compact, "a snapshot and a compact file say what the whole file says, over any base");
    tap_ok(laid_out, "batches are laid out for other tools");
    text_free(&base);
    text_free(&other_base);
    text_free(&live);
    text_free(&again);
}

/* The file is cut at every byte of a session's last batch: all of the batch is there, or nothing.
 * And the next session's batch counts, whatever it was appended to. */
static void test_cuts(enum form form)
{
    static const char start_text[] = HEADER "\n[HKLM\\A]\n\"x\"=dword:1\n";
    struct text before = {0}, after = {0}, now = {0}, whole;
    bool atomic = true, goes_on = true;
    size_t start;

    text_free(&file);
    file = text_in_form(start_text, strlen(start_text), form);
    open_hive("", &file);
    dump_store(&hive.store, &before);
    start = file.byte_count;
    hive_begin(&hive);
    store_set_value(&hive.store, registry_name("HKLM\\A\\B"), registry_name("y"), 1, "z\0\0", 4);
    store_delete_value(&hive.store, store_find_key(&hive.store, registry_name("HKLM\\A")),
                       registry_name("x"));
    store_set_value(&hive.store, registry_name("HKLM\\C"), registry_name(""), 3, file.bytes, 60);
    hive_commit(&hive);
    dump_store(&hive.store, &after);
    host_pages_free(&pages);
    whole = file;
    file = (struct text){0};
    for (size_t cut = start; cut <= whole.byte_count; cut++) {
        bool is_complete;
        text_clear(&file);
        text_add(&file, whole.bytes, cut);
        open_hive("", &file);
        dump_store(&hive.store, &now);
        is_complete = strcmp(now.bytes, after.bytes) == 0;
        atomic &= is_complete || strcmp(now.bytes, before.bytes) == 0;
        atomic &= cut < whole.byte_count || is_complete;
        hive_begin(&hive);
        store_set_value(&hive.store, registry_name("HKLM\\Next"), registry_name("n"), 4, "\1\0\0",
                        4);
        goes_on &= hive_commit(&hive);
        goes_on &= form != FORM_UTF8 || begins_are_apart(&file);
        host_pages_free(&pages);
        open_hive("", &file);
        goes_on &= store_find_key(&hive.store, registry_name("HKLM\\Next")) != NULL;
        goes_on &= !store_find_key(&hive.store, registry_name("HKLM\\C")) == !is_complete;
        goes_on &= summary.damaged_lines == 0;
        host_pages_free(&pages);
    }
    tap_ok(atomic, "cut at any of %zu bytes, a batch is there as a whole or not at all",
           whole.byte_count - start);
    tap_ok(goes_on, "the next batch counts, whatever it was appended to");
    text_free(&whole);
    text_free(&before);
    text_free(&after);
    text_free(&now);
}

/* When the file is full, nothing has changed; later batches count again. */
static void test_append_fails(enum form form)
{
    struct text before = {0}, now = {0};
    bool good = true;

    text_free(&file);
    file = text_in_form(HEADER, strlen(HEADER), form);
    open_hive("", &file);
    for (unsigned room = 0; room < 600; room++) {
        bool done;
        dump_store(&hive.store, &before);
        append_budget = room;
        hive_begin(&hive);
        store_set_value(&hive.store, registry_name("HKLM\\A\\B"), registry_name("y"), 4, &room, 4);
        store_delete_key(&hive.store, registry_name("HKLM\\C"));
        done = hive_commit(&hive);
        dump_store(&hive.store, &now);
        good &= done ? true : strcmp(before.bytes, now.bytes) == 0;
        append_budget = SIZE_MAX;
        hive_begin(&hive);
        store_set_value(&hive.store, registry_name("HKLM\\C"), registry_name("n"), 4, &room, 4);
        good &= hive_commit(&hive);
    }
    dump_store(&hive.store, &before);
    host_pages_free(&pages);
    open_hive("", &file);
    dump_store(&hive.store, &now);
    good &= is_same(&now, before.bytes, "after a full file");
    good &= form != FORM_UTF8 || begins_are_apart(&file);
    host_pages_free(&pages);
    tap_ok(good, "a batch that cannot be written changes nothing, in memory or in the file");
    text_free(&before);
    text_free(&now);
}

/* Whenever memory ends in the middle of a batch, none of it is in effect. */
static void test_batch_without_memory(void)
{
    struct text text = {0};
    unsigned all = 0, none = 0, part = 0;

    text_free(&file);
    text_clear(&file);
    open_hive("", &file);
    hive_begin(&hive);
    for (unsigned i = 0; i < 40; i++) {
        char path[32], data[8000] = "";
        snprintf(path, sizeof(path), "HKLM\\A\\%u", i);
        store_set_value(&hive.store, registry_name(path), registry_name("v"), 3, data, 4000);
    }
    hive_commit(&hive);
    host_pages_free(&pages);
    for (size_t budget = 4; budget < 120; budget++) {
        struct memory_operations operations = host_memory(&pages, budget);
        struct reg_source source = {"x.reg", file.bytes, file.byte_count};
        if (store_init(&store, &operations)) {
            store.layer = STORE_LAYER_FILE;
            reg_file_load(&store, &source, NULL, &summary);
            if (store_find_key(&store, registry_name("HKLM\\A\\39")))
                all++;
            else if (store_find_key(&store, registry_name("HKLM\\A")))
                part++;
            else if (summary.out_of_memory && summary.values == 0)
                none++;
        }
        host_pages_free(&pages);
    }
    TAP_CHECK(all > 0 && none > 0 && part == 0);
    text_free(&text);
}

int main(int argc, char **argv)
{
    uint64_t rounds = model_number(argc, argv, 1, "MODEL_OPERATIONS", 200000) / 1000;

    model_state = model_number(argc, argv, 2, "MODEL_SEED", 1) * UINT64_C(0x9E3779B97F4A7C15) + 1;
    test_round_trip();
    test_journal((unsigned)rounds);
    test_cuts(FORM_UTF8);
    test_cuts(FORM_UTF8_CRLF);
    test_cuts(FORM_UTF16);
    test_cuts(FORM_UTF16_CRLF);
    test_append_fails(FORM_UTF8);
    test_append_fails(FORM_UTF16);
    test_batch_without_memory();
    text_free(&messages);
    text_free(&output);
    text_free(&file);
    return tap_exit();
}
