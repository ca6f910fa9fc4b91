/* SPDX-License-Identifier: MIT */
/*
 * Whatever contiguous piece of what sessions appended is missing from the hive's file, as when the
 * host's disk was full for a while: each batch is there as a whole or not at all, those that the
 * loss has not touched are there, and what is appended later counts. Every loss there can be is
 * tried, in several encodings and line ends.
 *
 * SOURCES: port/registry/memory.c port/registry/name.c lib/utf.c lib/crc32.c
 * SOURCES: port/registry/store.c port/registry/store_table.c port/registry/store_journal.c
 * SOURCES: port/registry/reg_scan.c port/registry/reg_data.c port/registry/reg_read.c
 * SOURCES: port/registry/reg_write.c port/registry/hive.c
 */
#include "tests/host/registry_host.h"

#include "port/registry/hive.h"
#include "tests/host/reg_host.h"
#include "tests/host/tap.h"

#define HEADER  REG_FILE_HEADER "\n"
#define BATCHES 4u

static struct host_pages pages;
static struct hive hive;
static struct reg_summary summary;
static struct text file, messages, now;

static bool append(void *context, const void *bytes, size_t byte_count)
{
    (void)context;
    return text_add(&file, bytes, byte_count);
}

static void open_hive(const struct text *text)
{
    /* Few pages: so many are cleared for each of very many losses. */
    struct memory_operations operations = host_memory(&pages, 8);
    struct reg_source source = {"x.reg", text->bytes, text->byte_count};
    struct reg_report report = {text_add_line, &messages};

    hive_init(&hive, &operations);
    text_clear(&messages);
    hive_load(&hive, STORE_LAYER_FILE, &source, &report, &summary);
    hive.append = append;
}

static void close_hive(void)
{
    host_pages_free(&pages);
}

static void set_bytes(const char *path, const char *name, uint8_t byte, size_t byte_count)
{
    uint8_t data[64];

    memset(data, byte, sizeof(data));
    store_set_value(&hive.store, registry_name(path), registry_name(name), REGISTRY_BINARY, data,
                    byte_count);
}

static void set_number(const char *path, const char *name, uint32_t number)
{
    store_set_value(&hive.store, registry_name(path), registry_name(name), REGISTRY_DWORD, &number,
                    4);
}

/* Half of any of them would be seen. */
static void change(unsigned batch)
{
    struct store *store = &hive.store;

    hive_begin(&hive);
    switch (batch) {
    case 0:
        set_number("HKU\\A", "p", 1);
        set_number("HKU\\A", "x", 1);
        set_number("HKU\\A\\B", "y", 1);
        break;
    case 1:
        store_delete_value(store, store_find_key(store, registry_name("HKU\\A")),
                           registry_name("x"));
        store_set_value(store, registry_name("HKU\\A"), registry_name(""), 1, "t\0\0", 4);
        break;
    case 2:
        store_delete_key(store, registry_name("HKU\\A\\B"));
        set_number("HKU\\C", "x", 0xABCDEF12);
        break;
    default:
        set_bytes("HKU\\C", "long", 0xEE, 24); /* goes on on a second line */
        set_number("HKU\\A", "x", 2);
        break;
    }
    hive_commit(&hive);
}

static void export_hive(struct text *text)
{
    export_store(&hive.store, text);
}

/* What the batches of a set, a bit for each, say over the file's start. */
static struct text states[1u << BATCHES];
static size_t ends[BATCHES + 1]; /* ends[i]: where batch i begins, ends[i + 1]: where it ends */

static void make_states(const struct text *whole, unsigned count)
{
    for (unsigned set = 0; set < 1u << count; set++) {
        struct text text = {0};
        text_clear(&text);
        text_add(&text, whole->bytes, ends[0]);
        for (unsigned i = 0; i < count; i++) {
            if (set & 1u << i)
                text_add(&text, whole->bytes + ends[i], ends[i + 1] - ends[i]);
        }
        open_hive(&text);
        export_hive(&states[set]);
        close_hive();
        text_free(&text);
    }
}

/* A file with a batch of an older session, whose end line does not say how long it is; then `count`
 * batches of three sessions. */
static struct text make_file(enum form form, unsigned count)
{
    static const char start[] = HEADER "\n; batch 1 begin\n\n[HKLM\\A]\n\"a\"=dword:1\n\n"
                                       "; batch 1 end crc32=41BB672C\n";
    struct text whole;

    text_free(&file);
    file = text_in_form(start, strlen(start), form);
    ends[0] = file.byte_count;
    for (unsigned i = 0; i < count; i++) {
        if (i % 2 == 0) {
            struct text before = {0};
            text_add(&before, file.bytes, file.byte_count);
            if (i > 0)
                close_hive();
            open_hive(&before);
            text_free(&before);
        }
        change(i);
        ends[i + 1] = file.byte_count;
    }
    close_hive();
    whole = file;
    file = (struct text){0};
    make_states(&whole, count);
    return whole;
}

/* Which batches count, as far as that is certain; the first and the last that a loss has touched
 * may. The set that was found, or UINT_MAX. */
static unsigned find_state(unsigned count, size_t from, size_t to)
{
    unsigned untouched = 0, first = BATCHES, last = BATCHES;

    for (unsigned i = 0; i < count; i++) {
        if (ends[i + 1] <= from || ends[i] >= to) {
            untouched |= 1u << i;
        } else {
            first = first == BATCHES ? i : first;
            last = i;
        }
    }
    for (unsigned choice = 4; choice-- > 0;) {
        unsigned set = untouched | (choice & 1 ? 1u << first : 0) | (choice & 2 ? 1u << last : 0);
        set &= (1u << count) - 1;
        if (strcmp(now.bytes, states[set].bytes) == 0)
            return set;
    }
    return UINT32_MAX;
}

/* The session after the loss: its batch counts, and changes nothing else. */
static bool goes_on(unsigned count, unsigned set)
{
    struct text before = {0};
    bool good;

    text_add(&before, file.bytes, file.byte_count);
    open_hive(&before);
    text_free(&before);
    hive_begin(&hive);
    set_number("HKU\\Next", "n", 1);
    good = hive_commit(&hive);
    close_hive();
    open_hive(&file);
    good &= store_find_key(&hive.store, registry_name("HKU\\Next")) != NULL;
    store_delete_key(&hive.store, registry_name("HKU\\Next"));
    export_hive(&now);
    close_hive();
    return good && strcmp(now.bytes, states[set].bytes) == 0 && set < 1u << count;
}

/* Is a whole line there of a batch that does not count? Then something is wrong with the file. */
static bool is_damage(unsigned count, unsigned set)
{
    for (unsigned i = 0; i < count; i++) {
        char begin[40], end[40];
        snprintf(begin, sizeof(begin), "\n; batch %u begin\n", i + 2);
        snprintf(end, sizeof(end), "\n; batch %u end crc32=", i + 2);
        if (!(set & 1u << i) && (strstr(file.bytes, begin) || strstr(file.bytes, end)))
            return true;
    }
    return false;
}

static void test_losses(const char *what, enum form form, unsigned count)
{
    struct text whole = make_file(form, count);
    size_t half = 0, lost = 0, silent = 0, total = 0;

    for (size_t from = ends[0]; from < whole.byte_count; from++) {
        for (size_t to = from + 1; to <= whole.byte_count; to++) {
            unsigned set;
            total++;
            text_clear(&file);
            text_add(&file, whole.bytes, from);
            text_add(&file, whole.bytes + to, whole.byte_count - to);
            open_hive(&file);
            export_hive(&now);
            close_hive();
            set = find_state(count, from, to);
            if (set == UINT32_MAX) {
                if (half++ == 0)
                    printf("# %s: without bytes %zu to %zu:\n%s# ----\n%s", what, from, to - 1,
                           form_is_utf16(form) ? "" : file.bytes, now.bytes);
                continue;
            }
            if (form == FORM_UTF8 && is_damage(count, set)) {
                if ((!reg_is_damaged(&summary) || strncmp(messages.bytes, "x.reg:", 6) != 0) &&
                    silent++ == 0)
                    printf("# %s: without bytes %zu to %zu, silently:\n%s# ----\n%s", what, from,
                           to - 1, file.bytes, messages.bytes);
            }
            if (total % 97 == 0 && !goes_on(count, set) && lost++ == 0)
                printf("# %s: without bytes %zu to %zu, and a batch later:\n%s", what, from, to - 1,
                       now.bytes);
        }
    }
    tap_ok(half == 0, "%s: %zu losses of %zu bytes, and no batch is half in effect", what, total,
           whole.byte_count - ends[0]);
    tap_ok(silent == 0, "%s: what is left of a batch is named", what);
    tap_ok(lost == 0, "%s: and what is appended later counts", what);
    text_free(&whole);
}

int main(void)
{
    test_losses("UTF-8", FORM_UTF8, 4);
    test_losses("UTF-8, CR LF", FORM_UTF8_CRLF, 2);
    test_losses("UTF-8, all line ends", FORM_UTF8_MIXED, 2);
    test_losses("UTF-16LE", FORM_UTF16, 2);
    test_losses("UTF-16BE, CR LF", FORM_UTF16BE_CRLF, 1);
    for (unsigned set = 0; set < 1u << BATCHES; set++)
        text_free(&states[set]);
    text_free(&file);
    text_free(&messages);
    text_free(&now);
    return tap_exit();
}
