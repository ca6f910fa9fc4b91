/* SPDX-License-Identifier: MIT */
/*
 * Names and data of values in .reg files; see reg_data.h.
 *
 * Data is read twice: the first pass checks the whole of it and counts its bytes, then the store
 * makes room, and the second pass, which cannot fail, fills it in. So nothing is copied, and a
 * damaged value leaves no trace. Owns nothing. Not entered from interrupts.
 */
#include "port/registry/reg_data.h"

#include "lib/utf.h"

bool reg_fail(struct reg_fault *fault, const struct reg_cursor *cursor, const char *words)
{
    *fault = (struct reg_fault){cursor->line, cursor->column, words, false};
    return false;
}

bool reg_fail_store(struct reg_fault *fault, const struct reg_cursor *cursor,
                    enum store_result result)
{
    reg_fail(fault, cursor, store_result_words(result));
    fault->no_memory = result == STORE_NO_MEMORY;
    return false;
}

bool reg_is_blank_line(const struct reg_text *text, const struct reg_line *line)
{
    struct reg_cursor cursor;

    reg_cursor_begin(&cursor, text, line);
    reg_cursor_skip_blanks(&cursor);
    return cursor.character == REG_LINE_END || cursor.character == ';';
}

bool reg_is_line_of_bytes(const struct reg_text *text, const struct reg_line *line)
{
    struct reg_cursor cursor;
    unsigned digits = 0;

    reg_cursor_begin(&cursor, text, line);
    reg_cursor_skip_blanks(&cursor);
    for (; digits < 3 && reg_hex_digit(cursor.character) >= 0; reg_cursor_next(&cursor))
        digits++;
    reg_cursor_skip_blanks(&cursor);
    return digits > 0 && digits < 3 &&
           (cursor.character == ',' || cursor.character == '\\' || cursor.character == ';' ||
            cursor.character == REG_LINE_END);
}

/* Only a comment may follow. */
bool reg_check_rest(const struct reg_cursor *at, struct reg_fault *fault)
{
    struct reg_cursor cursor = *at;

    reg_cursor_skip_blanks(&cursor);
    if (cursor.character == REG_LINE_END || cursor.character == ';')
        return true;
    return reg_fail(fault, &cursor, "nothing but a comment may follow here");
}

/* The next character of a quoted text, escapes resolved. *done: it was the closing quotation mark.
 */
static bool quoted_character(struct reg_cursor *cursor, uint32_t *character, bool *done,
                             struct reg_fault *fault)
{
    *done = cursor->character == '"';
    *character = cursor->character;
    if (*character == REG_LINE_END)
        return reg_fail(fault, cursor, "the closing quotation mark is missing");
    if (*character == 0)
        return reg_fail(fault, cursor, "a null character stands here");
    if (*character == '\\') {
        reg_cursor_next(cursor);
        *character = cursor->character;
        if (*character != '\\' && *character != '"')
            return reg_fail(fault, cursor,
                            "after a backslash comes \\ or \": a backslash itself is written \\\\");
    }
    return true;
}

/* A value's name: in quotation marks, or @. */
bool reg_read_name(struct reg_cursor *cursor, struct reg_name_buffer *name, struct reg_fault *fault)
{
    struct reg_cursor start = *cursor;
    uint32_t character;
    bool done;

    name->byte_count = 0;
    reg_cursor_next(cursor);
    if (start.character == '@')
        return true;
    for (;; reg_cursor_next(cursor)) {
        if (!quoted_character(cursor, &character, &done, fault))
            return false;
        if (done)
            break;
        if (character == UTF_ILL_FORMED)
            return reg_fail(fault, cursor, "this is not a character of the file's encoding");
        name->byte_count += utf8_encode(character, name->text + name->byte_count);
        if (name->byte_count > REGISTRY_NAME_MAX_BYTES)
            return reg_fail_store(fault, &start, STORE_BAD_NAME);
    }
    reg_cursor_next(cursor);
    if (value_name_fault((struct registry_name){name->text, name->byte_count}) != NAME_GOOD)
        return reg_fail_store(fault, &start, STORE_BAD_NAME);
    return true;
}

/* Appends a character in UTF-16LE; only counts where `bytes` is NULL. A lone surrogate, which only
 * UTF-16LE can bring here, is kept as it is. */
static bool put_character(const struct reg_cursor *cursor, uint32_t character, uint8_t *bytes,
                          size_t *count, struct reg_fault *fault)
{
    uint8_t encoded[UTF16_MAX_BYTES];
    size_t length = 2;

    if (character != UTF_ILL_FORMED)
        length = utf16le_encode(character, encoded);
    else if (cursor->text->encoding != REG_UTF8 && cursor->byte_count == 2) {
        uint32_t unit = reg_unit_at(cursor->text, cursor->at);
        encoded[0] = (uint8_t)unit;
        encoded[1] = (uint8_t)(unit >> 8);
    } else
        return reg_fail(fault, cursor, "this is not a character of the file's encoding");
    if (*count + length > STORE_MAX_DATA)
        return reg_fail_store(fault, cursor, STORE_TOO_LONG);
    if (bytes)
        memcpy(bytes + *count, encoded, length);
    *count += length;
    return true;
}

static void put_terminator(uint8_t *bytes, size_t *count)
{
    if (bytes)
        memset(bytes + *count, 0, 2);
    *count += 2;
}

/* Text in quotation marks, as UTF-16LE with its terminator. It goes on past the ends of lines,
 * which are characters of it as they stand (regedit writes them so), to the closing mark. So far it
 * is skipped where something is wrong with it, too: its lines may look like values. */
static bool read_string(struct reg_scan *scan, struct reg_cursor *cursor, uint8_t *bytes,
                        size_t *byte_count, struct reg_fault *fault)
{
    struct reg_cursor line_end = {.line = 0}; /* of the first line */
    struct reg_fault found;
    uint32_t character;
    size_t count = 0;
    bool done, good = true;

    for (reg_cursor_next(cursor);; reg_cursor_next(cursor)) {
        if (cursor->character == REG_LINE_END) {
            if (line_end.line == 0)
                line_end = *cursor;
            if (!reg_cursor_join(cursor, scan))
                *cursor = line_end, scan = NULL;
        }
        if (!quoted_character(cursor, &character, &done, &found) ||
            (!done && !put_character(cursor, character, bytes, &count, &found))) {
            if (good)
                *fault = found;
            good = false;
        }
        if (done || !scan)
            break;
    }
    reg_cursor_next(cursor);
    if (good && line_end.line != 0 && !reg_check_rest(cursor, fault))
        return reg_fail(fault, &line_end,
                        "the closing quotation mark is missing; all up to the next one is skipped");
    put_terminator(bytes, &count);
    *byte_count = count;
    return good;
}

/* The rest of the line, in the same way. */
static bool read_plain(struct reg_cursor *cursor, uint8_t *bytes, size_t *byte_count,
                       struct reg_fault *fault)
{
    size_t count = 0;

    for (; cursor->character != REG_LINE_END; reg_cursor_next(cursor)) {
        if (!put_character(cursor, cursor->character, bytes, &count, fault))
            return false;
    }
    put_terminator(bytes, &count);
    *byte_count = count;
    return true;
}

static bool read_dword(struct reg_cursor *cursor, uint8_t *bytes, size_t *byte_count,
                       struct reg_fault *fault)
{
    struct reg_cursor start = *cursor;
    unsigned digits = 0;
    uint32_t value = 0;

    for (; reg_hex_digit(cursor->character) >= 0; reg_cursor_next(cursor)) {
        if (++digits > 8)
            return reg_fail(fault, &start, "a dword has at most eight hexadecimal digits");
        value = value << 4 | (uint32_t)reg_hex_digit(cursor->character);
    }
    if (digits == 0)
        return reg_fail(fault, cursor, "a hexadecimal digit is expected here");
    if (digits == 1 && value == 0 && (cursor->character | 0x20) == 'x')
        return reg_fail(fault, &start, "a dword is hexadecimal as it stands, without 0x");
    for (unsigned i = 0; bytes && i < 4; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    *byte_count = 4;
    return true;
}

/* Goes on to the line after a backslash, past comments and lines that hold nothing. A line that
 * begins like a key or a value is no continuation: it is left alone. */
static bool continue_line(struct reg_scan *scan, struct reg_cursor *cursor, struct reg_fault *fault)
{
    struct reg_cursor backslash = *cursor;
    struct reg_scan ahead = *scan;
    struct reg_line line;
    bool found;

    reg_cursor_next(cursor);
    if (!reg_check_rest(cursor, fault))
        return false;
    do
        found = reg_scan_line(&ahead, &line);
    while (found && reg_is_blank_line(scan->text, &line));
    if (found) {
        reg_cursor_begin(cursor, scan->text, &line);
        reg_cursor_skip_blanks(cursor);
        if (reg_hex_digit(cursor->character) >= 0 || cursor->character == '\\') {
            *scan = ahead;
            return true;
        }
    }
    return reg_fail(fault, &backslash, "the value should go on on the next line, but does not");
}

/* A comma may end a line whose end is there; where none is, the rest may be missing. */
static bool is_last_comma(const struct reg_scan *scan, const struct reg_cursor *cursor)
{
    return cursor->end < scan->limit &&
           (cursor->character == REG_LINE_END || cursor->character == ';');
}

/* Bytes on the next line, and no backslash on this one: the value would be shorter than it was
 * meant to be. */
static bool check_end(const struct reg_scan *scan, const struct reg_cursor *cursor,
                      struct reg_fault *fault)
{
    struct reg_scan ahead = *scan;
    struct reg_line line;

    if (!reg_scan_line(&ahead, &line) || !reg_is_line_of_bytes(scan->text, &line))
        return true;
    return reg_fail(fault, cursor,
                    "the next line goes on with bytes: a comma and a backslash are missing here");
}

/* Stores a byte; in the older format, where it is a character, in UTF-16LE. */
static bool put_byte(const struct reg_cursor *cursor, unsigned value, bool is_character,
                     uint8_t *bytes, size_t *count, struct reg_fault *fault)
{
    if (is_character && value >= 0x80)
        return reg_fail(
            fault, cursor,
            "REGEDIT4 does not say which character this is: save the file as version 5.00");
    if (is_character)
        return put_character(cursor, value, bytes, count, fault);
    if (*count == STORE_MAX_DATA)
        return reg_fail_store(fault, cursor, STORE_TOO_LONG);
    if (bytes)
        bytes[*count] = (uint8_t)value;
    ++*count;
    return true;
}

/* Bytes of one or two digits, commas between them. `scan` gives the lines that continue this one.
 */
static bool read_hex(struct reg_scan *scan, struct reg_cursor *cursor, bool is_text, uint8_t *bytes,
                     size_t *byte_count, struct reg_fault *fault)
{
    struct reg_cursor start = *cursor;
    unsigned value = 0;
    bool may_end = true;

    *byte_count = 0;
    for (;; reg_cursor_next(cursor)) {
        reg_cursor_skip_blanks(cursor);
        while (cursor->character == '\\') {
            may_end = *byte_count > 0;
            if (!continue_line(scan, cursor, fault))
                return false;
        }
        if (may_end &&
            (*byte_count == 0 ? cursor->character == REG_LINE_END || cursor->character == ';'
                              : is_last_comma(scan, cursor)))
            break;
        if (reg_hex_digit(cursor->character) < 0)
            return reg_fail(fault, cursor, "a byte of hexadecimal digits is expected here");
        value = (unsigned)reg_hex_digit(cursor->character);
        reg_cursor_next(cursor);
        if (reg_hex_digit(cursor->character) >= 0) {
            value = value << 4 | (unsigned)reg_hex_digit(cursor->character);
            reg_cursor_next(cursor);
        }
        if (!put_byte(&start, value, is_text, bytes, byte_count, fault))
            return false;
        reg_cursor_skip_blanks(cursor);
        if (cursor->character != ',')
            break;
    }
    if (is_text && *byte_count > 0 && value != 0)
        put_terminator(bytes, byte_count);
    return bytes || (reg_check_rest(cursor, fault) && check_end(scan, cursor, fault));
}

/* ------------------------------------------------------------------ a value's data */

enum data_form {
    DATA_STRING, /* the cursor stands on the opening quotation mark */
    DATA_DWORD,
    DATA_HEX,
    DATA_HEX_TEXT, /* the bytes are characters */
    DATA_DELETE,
    DATA_PLAIN, /* all that follows, as it stands; not in files */
};

#define WORD_MAX 6u

/* Reads up to the point where the bytes begin: form and type. */
static bool read_form(struct reg_cursor *cursor, enum data_form *form, uint32_t *type,
                      struct reg_fault *fault)
{
    struct reg_cursor start = *cursor;
    char word[WORD_MAX + 1] = "";
    unsigned digits = 0;

    if (cursor->character == '-' || cursor->character == '"') {
        *form = cursor->character == '-' ? DATA_DELETE : DATA_STRING;
        *type = REGISTRY_SZ;
        if (*form == DATA_DELETE)
            reg_cursor_next(cursor);
        return true;
    }
    for (unsigned i = 0; i < WORD_MAX; i++, reg_cursor_next(cursor)) {
        uint32_t lower = cursor->character | 0x20;
        if (lower < 'a' || lower > 'z')
            break;
        word[i] = (char)lower;
    }
    if (strcmp(word, "dword") == 0)
        *form = DATA_DWORD, *type = REGISTRY_DWORD;
    else if (strcmp(word, "hex") == 0)
        *form = DATA_HEX, *type = REGISTRY_BINARY;
    else if (strcmp(word, "str") == 0)
        *form = DATA_STRING, *type = REGISTRY_SZ;
    else
        return reg_fail(fault, &start,
                        "a value is \"text\", dword:, hex:, hex(N):, or - to delete it");
    if (*form != DATA_DWORD && cursor->character == '(') {
        *type = 0;
        reg_cursor_next(cursor);
        for (; reg_hex_digit(cursor->character) >= 0; reg_cursor_next(cursor)) {
            if (++digits > 8)
                break;
            *type = *type << 4 | (uint32_t)reg_hex_digit(cursor->character);
        }
        if (digits == 0 || digits > 8 || cursor->character != ')')
            return reg_fail(fault, cursor, "the type is one to eight hexadecimal digits and a )");
        reg_cursor_next(cursor);
    }
    if (*form == DATA_HEX && cursor->text->is_version_4 &&
        (*type == REGISTRY_SZ || *type == REGISTRY_EXPAND_SZ || *type == REGISTRY_MULTI_SZ))
        *form = DATA_HEX_TEXT;
    if (cursor->character != ':')
        return reg_fail(fault, cursor, "a colon is expected here");
    reg_cursor_next(cursor);
    if (*form == DATA_STRING && cursor->character != '"')
        return reg_fail(fault, cursor, "an opening quotation mark is expected here");
    return true;
}

/* One pass over a value's bytes; counts them, and stores them if `bytes` is not NULL. */
static bool read_bytes(enum data_form form, struct reg_scan *scan, struct reg_cursor *cursor,
                       uint8_t *bytes, size_t *byte_count, struct reg_fault *fault)
{
    switch (form) {
    case DATA_STRING:
        return read_string(scan, cursor, bytes, byte_count, fault);
    case DATA_DWORD:
        return read_dword(cursor, bytes, byte_count, fault);
    case DATA_HEX:
    case DATA_HEX_TEXT:
        return read_hex(scan, cursor, form == DATA_HEX_TEXT, bytes, byte_count, fault);
    case DATA_PLAIN:
        return read_plain(cursor, bytes, byte_count, fault);
    case DATA_DELETE:
        break;
    }
    *byte_count = 0;
    return true;
}

/* Both passes, with the store's part between them. */
static bool put_data(struct store *store, struct store_key *key, struct registry_name name,
                     enum data_form form, uint32_t type, struct reg_scan *scan,
                     struct reg_cursor *cursor, struct reg_fault *fault)
{
    struct reg_cursor start = *cursor, first_pass = *cursor;
    struct reg_scan first_scan = *scan;
    enum store_result result;
    size_t byte_count;
    void *data;

    if (!read_bytes(form, &first_scan, &first_pass, NULL, &byte_count, fault) ||
        !reg_check_rest(&first_pass, fault)) {
        *scan = first_scan;
        return false;
    }
    if (form == DATA_DELETE)
        result = store_delete_value(store, key, name);
    else
        result = store_put_value(store, key, name, type, byte_count, &data);
    if (result != STORE_OK) {
        *scan = first_scan;
        return reg_fail_store(fault, &start, result);
    }
    return form == DATA_DELETE || read_bytes(form, scan, cursor, data, &byte_count, fault);
}

bool reg_read_data(struct store *store, struct store_key *key, struct registry_name name,
                   struct reg_scan *scan, struct reg_cursor *cursor, bool *was_deleted,
                   struct reg_fault *fault)
{
    enum data_form form;
    uint32_t type;

    if (!read_form(cursor, &form, &type, fault))
        return false;
    *was_deleted = form == DATA_DELETE;
    return put_data(store, key, name, form, type, scan, cursor, fault);
}

bool reg_set_from_text(struct store *store, struct registry_name path, struct registry_name name,
                       struct registry_name text, const char **fault_words, uint32_t *column)
{
    struct reg_text line_text = {
        .bytes = (const uint8_t *)text.text, .byte_count = text.byte_count, .encoding = REG_UTF8};
    struct reg_line line = {0, text.byte_count, 1};
    struct reg_scan scan = {.text = &line_text, .at = text.byte_count, .limit = text.byte_count};
    const struct store_change *mark = store->last_change;
    struct reg_fault fault = {1, 1, "", false};
    bool is_own = !store->in_transaction, done = false;
    struct reg_cursor cursor;
    struct store_key *key;
    enum store_result result;
    enum data_form form = DATA_PLAIN;
    uint32_t type = REGISTRY_SZ;

    reg_cursor_begin(&cursor, &line_text, &line);
    if (is_own)
        store_begin(store);
    result = store_create_key(store, path, &key);
    if (result != STORE_OK) {
        reg_fail_store(&fault, &cursor, result);
    } else if (text.byte_count >= 3 && memcmp(text.text, "sz:", 3) == 0) {
        for (unsigned i = 0; i < 3; i++)
            reg_cursor_next(&cursor);
        done = put_data(store, key, name, form, type, &scan, &cursor, &fault);
    } else if (read_form(&cursor, &form, &type, &fault)) {
        if (form == DATA_DELETE)
            reg_fail(&fault, &cursor, "this would delete the value");
        else
            done = put_data(store, key, name, form, type, &scan, &cursor, &fault);
    }
    if (!done)
        store_rollback_to(store, mark);
    if (is_own)
        store_commit(store);
    *fault_words = fault.words;
    *column = fault.column;
    return done;
}
