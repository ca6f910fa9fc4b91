/* SPDX-License-Identifier: MIT */
/* What tests of .reg files share: growing texts, other encodings of a text, and a store's content
 * as text. */
#ifndef TESTS_HOST_REG_HOST_H
#define TESTS_HOST_REG_HOST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/utf.h"
#include "port/registry/reg_file.h"

/* ------------------------------------------------------------------ growing texts */

struct text {
    char *bytes; /* always with a null byte behind */
    size_t byte_count, capacity;
};

static inline bool text_add(void *context, const void *bytes, size_t byte_count)
{
    struct text *text = context;

    if (text->byte_count + byte_count + 1 > text->capacity) {
        text->capacity = 2 * (text->byte_count + byte_count + 1);
        text->bytes = realloc(text->bytes, text->capacity);
    }
    if (byte_count > 0)
        memcpy(text->bytes + text->byte_count, bytes, byte_count);
    text->byte_count += byte_count;
    text->bytes[text->byte_count] = '\0';
    return true;
}

static inline void text_add_line(void *context, const char *line)
{
    text_add(context, line, strlen(line));
    text_add(context, "\n", 1);
}

static inline void text_clear(struct text *text)
{
    text->byte_count = 0;
    text_add(text, "", 0);
}

static inline void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

/* ------------------------------------------------------------------ encodings */

enum form {
    FORM_UTF8,
    FORM_UTF8_MARK,
    FORM_UTF8_CRLF,
    FORM_UTF8_CR,
    FORM_UTF8_MIXED, /* LF, CR LF, CR and CR CR LF in turn */
    FORM_UTF16,
    FORM_UTF16_CRLF,
    FORM_UTF16_NO_MARK,
    FORM_UTF16BE,
    FORM_UTF16BE_CRLF,
    FORM_UTF16BE_NO_MARK,
    FORM_COUNT,
};

static inline bool form_is_utf16(enum form form)
{
    return form >= FORM_UTF16;
}

static inline void text_add_unit(struct text *text, uint16_t unit, enum form form)
{
    uint8_t bytes[2] = {(uint8_t)unit, (uint8_t)(unit >> 8)};

    if (form >= FORM_UTF16BE) {
        bytes[0] = (uint8_t)(unit >> 8);
        bytes[1] = (uint8_t)unit;
    }
    text_add(text, bytes, 2);
}

static inline void text_add_line_end(struct text *text, enum form form, unsigned line)
{
    static const char *const ends[FORM_COUNT][4] = {
        [FORM_UTF8_CRLF] = {"\r\n"},
        [FORM_UTF8_CR] = {"\r"},
        [FORM_UTF8_MIXED] = {"\n", "\r\n", "\r", "\r\r\n"},
        [FORM_UTF16_CRLF] = {"\r\n"},
        [FORM_UTF16BE_CRLF] = {"\r\n"},
    };
    const char *end = ends[form][form == FORM_UTF8_MIXED ? line % 4 : 0];

    for (end = end ? end : "\n"; *end; end++) {
        if (form_is_utf16(form))
            text_add_unit(text, (uint8_t)*end, form);
        else
            text_add(text, end, 1);
    }
}

/* The UTF-8 text with LF line ends in another form. */
static inline struct text text_in_form(const char *bytes, size_t byte_count, enum form form)
{
    struct text result = {0};
    unsigned line = 0;

    text_clear(&result);
    if (form == FORM_UTF8_MARK)
        text_add(&result, "\xEF\xBB\xBF", 3);
    if (form_is_utf16(form) && form != FORM_UTF16_NO_MARK && form != FORM_UTF16BE_NO_MARK)
        text_add_unit(&result, 0xFEFF, form);
    for (size_t at = 0; at < byte_count;) {
        uint8_t encoded[4];
        uint32_t character;
        size_t length = utf8_decode(bytes + at, byte_count - at, &character);
        if (character == '\n') {
            text_add_line_end(&result, form, line++);
        } else if (!form_is_utf16(form)) {
            text_add(&result, bytes + at, length);
        } else if (character == UTF_ILL_FORMED) {
            text_add_unit(&result, 0xD800, form); /* a lone surrogate */
        } else {
            size_t count = utf16le_encode(character, encoded);
            for (size_t i = 0; i < count; i += 2)
                text_add_unit(&result, (uint16_t)(encoded[i] | encoded[i + 1] << 8), form);
        }
        at += length;
    }
    return result;
}

/* ------------------------------------------------------------------ a store as text */

static inline void export_store(const struct store *store, struct text *text)
{
    struct reg_writer writer;

    text_clear(text);
    reg_writer_init(&writer, text_add, text, REG_UTF8, false);
    reg_write_export(&writer, store->top);
    reg_writer_finish(&writer);
}

static inline int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One line for each key and value, in upper case and sorted: the same for the same content. */
static inline void dump_store(const struct store *store, struct text *text)
{
    size_t count = 0, capacity = 256;
    char **lines = malloc(capacity * sizeof(*lines));
    struct text line = {0};

    for (const struct store_key *key = store->top; key; key = store_walk(store->top, key)) {
        const struct store_value *value = NULL;
        if (key->is_deleted)
            continue;
        do {
            struct reg_writer writer;
            text_clear(&line);
            reg_writer_init(&writer, text_add, &line, REG_UTF8, false);
            reg_write_path(&writer, key);
            reg_writer_finish(&writer);
            if (value) {
                text_add(&line, "|", 1);
                text_add(&line, value->bytes, value->name_byte_count);
            }
            for (size_t i = 0; i < line.byte_count; i++) {
                if (line.bytes[i] >= 'a' && line.bytes[i] <= 'z')
                    line.bytes[i] -= 32;
            }
            if (value) {
                text_add(&line, "=", 1);
                reg_writer_init(&writer, text_add, &line, REG_UTF8, false);
                reg_write_data(&writer, value);
                reg_writer_finish(&writer);
            }
            if (count == capacity)
                lines = realloc(lines, (capacity *= 2) * sizeof(*lines));
            lines[count++] = strdup(line.bytes);
            value = store_next_value(key, value);
        } while (value);
    }
    qsort(lines, count, sizeof(*lines), compare_lines);
    text_clear(text);
    for (size_t i = 0; i < count; i++) {
        text_add_line(text, lines[i]);
        free(lines[i]);
    }
    free(lines);
    text_free(&line);
}

/* Says the difference, too. */
static inline bool is_same(const struct text *text, const char *expected, const char *what)
{
    if (strcmp(text->bytes, expected) == 0)
        return true;
    printf("# %s:\n# ---- expected\n%s# ---- got\n%s# ----\n", what, expected, text->bytes);
    return false;
}

#endif
