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

static void report_damage(struct loader *loader, const struct reg_fault *fault)
{
    loader->summary->damaged_lines++;
    loader->summary->out_of_memory |= fault->no_memory;
    if (!fault->words || loader->reported == REG_FILE_MAX_REPORTS)
        loader->unreported++;
    else
        report(loader, fault->line, fault->column, fault->words);
}

static void report_totals(struct loader *loader)
{
    char text[REPORT_MAX_BYTES];

    if (!loader->report)
        return;
    if (loader->unreported > 0) {
        snprintf(text, sizeof(text), "%s: %u more lines are skipped", loader->source->name,
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

/* Does the line end with a backslash? */
static bool goes_on(const struct reg_text *text, const struct reg_line *line)
{
    struct reg_cursor cursor;
    uint32_t last = 0;

    reg_cursor_begin(&cursor, text, line);
    for (; cursor.character != REG_LINE_END; reg_cursor_next(&cursor)) {
        if (cursor.character != ' ' && cursor.character != '\t')
            last = cursor.character;
    }
    return last == '\\';
}

/* After damage in the middle of a value: what looks like its continuation is skipped with it. */
static void skip_continuation(struct loader *loader)
{
    while (goes_on(&loader->text, &loader->scan.line)) {
        struct reg_scan ahead = loader->scan;
        struct reg_line line;
        struct reg_cursor cursor;
        if (!reg_scan_line(&ahead, &line))
            return;
        reg_cursor_begin(&cursor, &loader->text, &line);
        reg_cursor_skip_blanks(&cursor);
        if (reg_hex_digit(cursor.character) < 0)
            return;
        loader->scan = ahead;
    }
}

static bool read_line(struct loader *loader, const struct reg_line *line, struct reg_fault *fault)
{
    struct reg_cursor cursor;
    struct reg_line rest = *line;

    reg_cursor_begin(&cursor, &loader->text, line);
    reg_cursor_skip_blanks(&cursor);
    rest.start = cursor.at;
    if (cursor.character == REG_LINE_END || cursor.character == ';')
        return true;
    if (!loader->header_seen) {
        loader->header_seen = true;
        if (reg_line_is(&loader->text, &rest, "REGEDIT4"))
            return reg_fail(fault, &cursor,
                            "this is the older format of .reg: save it as version 5.00");
        if (!reg_line_is(&loader->text, &rest, REG_FILE_HEADER))
            report(loader, line->number, 1, "the file should begin with: " REG_FILE_HEADER);
    }
    if (cursor.character == '[')
        return read_key(loader, &cursor, fault);
    if (cursor.character == '"' || cursor.character == '@')
        return read_value(loader, &cursor, fault);
    if (reg_line_is(&loader->text, &rest, REG_FILE_HEADER))
        return true; /* also where files were joined */
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

/* ------------------------------------------------------------------ batches */

static void apply_batch(struct loader *loader, const struct reg_line *begin, size_t end)
{
    struct reg_summary *summary = loader->summary, before = *summary;
    struct store_key *key_before = loader->key;
    const char *no_key_before = loader->no_key;
    size_t limit = loader->scan.limit;
    struct reg_line line;

    summary->out_of_memory = false;
    store_begin(loader->store);
    loader->scan.limit = end;
    while (!summary->out_of_memory && reg_scan_line(&loader->scan, &line))
        load_line(loader, &line);
    loader->scan.limit = limit;
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
    uint32_t crc = reg_line_crc(0, &loader->text, begin), end_number, end_crc;
    struct reg_line line;

    for (before = ahead; reg_scan_line(&ahead, &line); before = ahead) {
        enum reg_marker marker = reg_line_marker(&loader->text, &line, &end_number, &end_crc);
        if (marker == REG_BATCH_BEGIN)
            break;
        if (marker == REG_NO_MARKER) {
            crc = reg_line_crc(crc, &loader->text, &line);
            continue;
        }
        if (end_number == number && end_crc == crc) {
            apply_batch(loader, begin, line.start);
        } else {
            loader->summary->ignored_batches++;
            report(loader, line.number, 1,
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

void reg_file_load(struct store *store, const struct reg_source *source,
                   const struct reg_report *report, struct reg_summary *summary)
{
    struct loader loader = {.store = store,
                            .source = source,
                            .report = report,
                            .summary = summary,
                            .no_key = "a value needs a key above it"};
    uint32_t number, crc;
    struct reg_line line;

    *summary = (struct reg_summary){0};
    reg_scan_begin(&loader.scan, &loader.text, source->bytes, source->byte_count, &summary->format);
    while (reg_scan_line(&loader.scan, &line)) {
        enum reg_marker marker = reg_line_marker(&loader.text, &line, &number, &crc);
        if (marker == REG_BATCH_BEGIN) {
            if (number > summary->last_batch)
                summary->last_batch = number;
            load_batch(&loader, &line, number);
        } else {
            load_line(&loader, &line);
        }
    }
    report_totals(&loader);
}
