/* SPDX-License-Identifier: MIT */
/*
 * Reads .reg files: lines, keys, batches; see reg_file.h.
 *
 * Owns nothing. May not recurse. Not entered from interrupts.
 */
#include "port/registry/reg_data.h"

#include <stdio.h>

#include "lib/utf.h"

#define REPORT_MAX_BYTES 320u

struct loader {
    struct store *store;
    const struct reg_source *source;
    const struct reg_report *report;
    struct reg_summary *summary;
    struct reg_text text;
    struct reg_scan scan;
    struct store_key *key; /* of the values that follow; NULL: none */
    const char *no_key;    /* why there is none; NULL: that was said already */
    bool header_seen;
    uint32_t reported, unreported;
    uint32_t unfinished_batches, first_unfinished; /* first: its line */
};

/* ------------------------------------------------------------------ messages */

static void report(struct loader *loader, uint32_t line, uint32_t column, const char *words)
{
    char text[REPORT_MAX_BYTES];

    if (loader->reported == REG_FILE_MAX_REPORTS || !loader->report)
        return;
    loader->reported++;
    snprintf(text, sizeof(text), "%s:%u:%u: %s", loader->source->name, (unsigned)line,
             (unsigned)column, words);
    loader->report->line(loader->report->context, text);
}

/* What does not take effect: said, or, when much was said already, counted. */
static void report_loss(struct loader *loader, uint32_t line, uint32_t column, const char *words)
{
    if (loader->reported == REG_FILE_MAX_REPORTS)
        loader->unreported++;
    else
        report(loader, line, column, words);
}

static void report_damage(struct loader *loader, const struct reg_fault *fault)
{
    loader->summary->damaged_lines++;
    loader->summary->out_of_memory |= fault->no_memory;
    if (!fault->words)
        loader->unreported++;
    else
        report_loss(loader, fault->line, fault->column, fault->words);
}

static void report_totals(struct loader *loader)
{
    char text[REPORT_MAX_BYTES];

    if (!loader->report)
        return;
    if (loader->unreported > 0) {
        snprintf(text, sizeof(text), "%s: further lines skipped: %u", loader->source->name,
                 (unsigned)loader->unreported);
        loader->report->line(loader->report->context, text);
    }
    if (loader->unfinished_batches > 0) {
        snprintf(text, sizeof(text), "%s: unfinished batches are ignored: %u, the first in line %u",
                 loader->source->name, (unsigned)loader->unfinished_batches,
                 (unsigned)loader->first_unfinished);
        loader->report->line(loader->report->context, text);
    }
}

/* ------------------------------------------------------------------ lines */

/* The path between the brackets as UTF-8. In a UTF-8 file it is used where it stands; otherwise it
 * is converted into a block that the caller frees. */
struct path_text {
    struct registry_name path;
    void *block;
    size_t block_byte_count;
};

static bool path_text(struct loader *loader, const struct reg_cursor *start, size_t end,
                      struct path_text *path, struct reg_fault *fault)
{
    struct reg_cursor cursor = *start;
    char *at;

    *path =
        (struct path_text){{(const char *)loader->text.bytes + start->at, end - start->at}, 0, 0};
    if (loader->text.encoding == REG_UTF8)
        return true;
    path->block_byte_count = (end - start->at) / 2 * 3 + UTF8_MAX_BYTES;
    if (path->block_byte_count > MEMORY_MAX_BLOCK)
        return reg_fail_store(fault, start, STORE_BAD_NAME);
    path->block = memory_alloc(&loader->store->memory, path->block_byte_count);
    if (!path->block)
        return reg_fail_store(fault, start, STORE_NO_MEMORY);
    at = path->block;
    for (; cursor.at < end; reg_cursor_next(&cursor)) {
        /* FFh is no byte of UTF-8, so the store refuses a name with one. */
        if (cursor.character == UTF_ILL_FORMED)
            *at++ = (char)0xFF;
        else
            at += utf8_encode(cursor.character, at);
    }
    path->path = (struct registry_name){path->block, (size_t)(at - (char *)path->block)};
    return true;
}

static bool change_key(struct loader *loader, const struct reg_cursor *start, size_t end,
                       bool is_deletion, struct reg_fault *fault)
{
    struct path_text path;
    enum store_result result;

    if (!path_text(loader, start, end, &path, fault))
        return false;
    /* Some tools write the key that they began with as if a name followed. */
    if (path.path.byte_count > 0 && path.path.text[path.path.byte_count - 1] == '\\')
        path.path.byte_count--;
    if (is_deletion)
        result = store_delete_key(loader->store, path.path);
    else
        result = store_create_key(loader->store, path.path, &loader->key);
    memory_free(&loader->store->memory, path.block, path.block_byte_count);
    if (result == STORE_OK) {
        *(is_deletion ? &loader->summary->deletions : &loader->summary->keys) += 1;
        return true;
    }
    return reg_fail_store(fault, start, result);
}

static bool read_key(struct loader *loader, struct reg_cursor *cursor, struct reg_fault *fault)
{
    struct reg_cursor start, last = {0};
    bool found = false, is_deletion;

    loader->key = NULL;
    loader->no_key = NULL;
    reg_cursor_next(cursor);
    is_deletion = cursor->character == '-';
    if (is_deletion)
        reg_cursor_next(cursor);
    start = *cursor;
    for (; cursor->character != REG_LINE_END; reg_cursor_next(cursor)) {
        if (cursor->character == ']') {
            last = *cursor;
            found = true;
        }
    }
    if (!found)
        return reg_fail(fault, cursor, "the closing bracket is missing");
    *cursor = last;
    reg_cursor_next(cursor);
    if (!reg_check_rest(cursor, fault))
        return false;
    if (is_deletion)
        loader->no_key = "a value needs a key above it, and the last one was deleted";
    return change_key(loader, &start, last.at, is_deletion, fault);
}

static bool read_value(struct loader *loader, struct reg_cursor *cursor, struct reg_fault *fault)
{
    struct reg_cursor start = *cursor;
    struct reg_name_buffer name;
    bool was_deleted;

    if (!loader->key)
        return reg_fail(fault, &start, loader->no_key);
    if (!reg_read_name(cursor, &name, fault))
        return false;
    reg_cursor_skip_blanks(cursor);
    if (cursor->character != '=')
        return reg_fail(fault, cursor, "an equals sign is expected here");
    reg_cursor_next(cursor);
    reg_cursor_skip_blanks(cursor);
    if (!reg_read_data(loader->store, loader->key,
                       (struct registry_name){name.text, name.byte_count}, &loader->scan, cursor,
                       &was_deleted, fault))
        return false;
    *(was_deleted ? &loader->summary->deletions : &loader->summary->values) += 1;
    return true;
}

/* After damage: lines of bytes that follow belong to it, as lines that go on do. */
static void skip_continuation(struct loader *loader)
{
    struct reg_scan ahead = loader->scan;
    struct reg_line line;

    while (reg_scan_line(&ahead, &line)) {
        if (reg_is_blank_line(&loader->text, &line))
            continue;
        if (!reg_is_line_of_bytes(&loader->text, &line))
            return;
        loader->scan = ahead;
    }
}

/* ------------------------------------------------------------------ the header */

/* A header also stands where files were joined. */
static bool read_header(struct loader *loader, const struct reg_line *line)
{
    if (reg_line_is(&loader->text, line, REG_FILE_HEADER)) {
        loader->text.is_version_4 = false;
        return true;
    }
    if (!reg_line_is(&loader->text, line, "REGEDIT4"))
        return false;
    if (!loader->summary->is_version_4 && loader->store->layer == STORE_LAYER_FILE)
        report(loader, line->number, 1,
               "this is the older format of .reg: it is read, but nothing is appended to it; "
               "`make registry-compact` makes it version 5.00");
    loader->text.is_version_4 = loader->summary->is_version_4 = true;
    return true;
}

/* Files of another kind, of which nothing is read. NULL: this is none. */
static const char *find_other_format(const struct loader *loader, const struct reg_line *line)
{
    static const struct {
        const char *start, *words;
    } formats[] = {
        {"WINE REGISTRY Version",
         "this is Wine's own format, of which nothing is read: `wine regedit /E FILE.reg` writes "
         ".reg text"},
        {"regf", "this is a binary hive, of which nothing is read: `hivexregedit --export` writes "
                 ".reg text"},
        {"REGEDIT", "this format is older than REGEDIT4, and nothing of it is read: save it as "
                    "version 5.00"},
    };

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (reg_line_begins(&loader->text, line, formats[i].start))
            return formats[i].words;
    }
    return NULL;
}

/* The first line that says something is no header. False: nothing of the file is to be read. */
static bool check_start(struct loader *loader, const struct reg_line *line,
                        const struct reg_cursor *cursor, struct reg_fault *fault)
{
    const char *words = find_other_format(loader, line);

    if (!words) {
        report(loader, line->number, 1, "the file should begin with: " REG_FILE_HEADER);
        return true;
    }
    loader->summary->is_refused = true;
    return reg_fail(fault, cursor, words);
}

static bool read_line(struct loader *loader, const struct reg_line *line, struct reg_fault *fault)
{
    struct reg_cursor cursor;
    struct reg_line rest = *line;
    bool is_first;

    reg_cursor_begin(&cursor, &loader->text, line);
    reg_cursor_skip_blanks(&cursor);
    rest.start = cursor.at;
    if (cursor.character == REG_LINE_END || cursor.character == ';' || cursor.character == '#')
        return true;
    is_first = !loader->header_seen;
    loader->header_seen = true;
    if ((is_first || cursor.character == 'W' || cursor.character == 'R') &&
        read_header(loader, &rest)) {
        loader->summary->has_header |= is_first;
        return true;
    }
    if (is_first && !check_start(loader, &rest, &cursor, fault))
        return false;
    if (cursor.character == '[')
        return read_key(loader, &cursor, fault);
    if (cursor.character == '"' || cursor.character == '@')
        return read_value(loader, &cursor, fault);
    return reg_fail(fault, &cursor, "a line begins with [, \", @ or ;");
}

static void load_line(struct loader *loader, const struct reg_line *line)
{
    struct reg_fault fault;

    if (read_line(loader, line, &fault))
        return;
    report_damage(loader, &fault);
    skip_continuation(loader);
}

/* The lines up to an offset; in a batch, which counts as a whole or not at all, only while memory
 * lasts. */
static void load_lines(struct loader *loader, size_t end)
{
    size_t limit = loader->scan.limit;
    struct reg_line line;

    loader->scan.limit = end;
    while (!loader->summary->is_refused &&
           !(loader->store->in_transaction && loader->summary->out_of_memory) &&
           reg_scan_line(&loader->scan, &line))
        load_line(loader, &line);
    loader->scan.limit = limit;
}

/* ------------------------------------------------------------------ batches */

static void apply_batch(struct loader *loader, const struct reg_line *begin, size_t end)
{
    struct reg_summary *summary = loader->summary, before = *summary;
    struct store_key *key_before = loader->key;
    const char *no_key_before = loader->no_key;
    bool is_version_4 = loader->text.is_version_4;

    summary->out_of_memory = loader->text.is_version_4 = false;
    store_begin(loader->store);
    load_lines(loader, end);
    loader->text.is_version_4 = is_version_4;
    if (!summary->out_of_memory) {
        store_commit(loader->store);
        summary->batches++;
        summary->out_of_memory = before.out_of_memory;
        return;
    }
    store_rollback(loader->store);
    loader->key = key_before;
    loader->no_key = no_key_before;
    summary->keys = before.keys;
    summary->values = before.values;
    summary->deletions = before.deletions;
    summary->ignored_batches++;
    report(loader, begin->number, 1, "there is no memory for this batch: none of it is in effect");
}

/* Looks for the end line of the batch that has just begun, and applies or ignores it. */
static void load_batch(struct loader *loader, const struct reg_line *begin, uint32_t number)
{
    struct reg_scan ahead = loader->scan, before;
    uint32_t crc = reg_line_crc(0, &loader->text, begin);
    struct reg_marker marker;
    struct reg_line line;

    for (before = ahead; reg_scan_line(&ahead, &line); before = ahead) {
        enum reg_marker_kind kind = reg_line_marker(&loader->text, &line, &marker);
        if (kind == REG_BATCH_BEGIN)
            break;
        if (kind == REG_NO_MARKER) {
            crc = reg_line_crc(crc, &loader->text, &line);
            continue;
        }
        if (marker.number == number && marker.crc == crc) {
            apply_batch(loader, begin, line.start);
        } else {
            loader->summary->ignored_batches++;
            report_loss(loader, line.number, 1,
                        "this end line does not belong to the lines above: the batch is ignored");
        }
        loader->scan = ahead;
        return;
    }
    /* The file ends, or the next batch begins: the system was stopped while it wrote. */
    if (loader->unfinished_batches++ == 0)
        loader->first_unfinished = begin->number;
    loader->summary->ignored_batches++;
    loader->scan = before;
}

/* An end line whose begin line is lost: what is left of its batch are the last lines above it. They
 * are not told from lines of the user's but by the batch's length. */
static void void_lines(struct loader *loader, const struct reg_marker *end)
{
    size_t reach = reg_reach_back(&loader->text, end->start, loader->scan.at, end->byte_count);
    size_t from = loader->scan.at;
    struct reg_scan ahead = loader->scan;
    struct reg_line line;
    uint32_t first, count = 0;
    char words[REPORT_MAX_BYTES / 2];

    ahead.limit = end->start;
    while (reg_scan_line(&ahead, &line) && line.start < reach)
        from = ahead.at;
    load_lines(loader, from);
    first = loader->scan.line.number + 1;
    while (reg_scan_line(&loader->scan, &line) && line.start < end->start)
        count++;
    if (count > 0)
        loader->header_seen = loader->summary->has_header = true; /* it may have been among them */
    loader->summary->ignored_batches++;
    loader->summary->voided_lines += count;
    snprintf(words, sizeof(words),
             end->byte_count == 0
                 ? "this end line has no begin line: what stands above it may be half a batch"
             : count == 0 ? "this end line has no begin line: the batch is ignored"
                          : "this end line has no begin line: lines %u to %u, which may be half of "
                            "its batch, are ignored",
             (unsigned)first, (unsigned)(first + count - 1));
    report_loss(loader, line.number, 1, words);
}

void reg_file_load(struct store *store, const struct reg_source *source,
                   const struct reg_report *report, struct reg_summary *summary)
{
    struct loader loader = {.store = store,
                            .source = source,
                            .report = report,
                            .summary = summary,
                            .no_key = "a value needs a key above it"};
    struct reg_marker marker;
    struct reg_line line;

    *summary = (struct reg_summary){0};
    reg_scan_begin(&loader.scan, &loader.text, source->bytes, source->byte_count, &summary->format);
    do {
        reg_find_marker(&loader.scan, &marker);
        if (marker.number > summary->last_batch)
            summary->last_batch = marker.number;
        if (marker.kind == REG_BATCH_END) {
            void_lines(&loader, &marker);
            continue;
        }
        load_lines(&loader, marker.start);
        if (marker.kind == REG_BATCH_BEGIN && reg_scan_line(&loader.scan, &line))
            load_batch(&loader, &line, marker.number);
    } while (marker.kind != REG_NO_MARKER && !summary->is_refused);
    reg_scan_end(&loader.scan, &summary->format);
    report_totals(&loader);
}

int reg_summary_words(const struct reg_summary *summary, char *text, size_t size)
{
    return snprintf(
        text, size, "keys %u, values %u, deletions %u, batches %u; ignored: batches %u, lines %u",
        (unsigned)summary->keys, (unsigned)summary->values, (unsigned)summary->deletions,
        (unsigned)summary->batches, (unsigned)summary->ignored_batches,
        (unsigned)(summary->damaged_lines + summary->voided_lines));
}
