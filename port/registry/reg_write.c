/* SPDX-License-Identifier: MIT */
/*
 * Writes .reg text: single values, exports, batches; see reg_file.h.
 *
 * Everything is put as UTF-8 with LF line ends, which is also what a batch's check value is
 * computed over, and turned into the file's encoding and line ends on its way into the writer's
 * buffer.
 *
 * Owns nothing. May not recurse. Not entered from interrupts.
 */
#include "port/registry/reg_file.h"

#include <stdio.h>

#include "lib/crc32.h"
#include "lib/utf.h"

#define WRAP_COLUMN 76u /* where a line of bytes is broken */

/* ------------------------------------------------------------------ bytes */

void reg_writer_init(struct reg_writer *writer,
                     bool (*write)(void *context, const void *bytes, size_t byte_count),
                     void *context, enum reg_encoding encoding, bool has_crlf)
{
    writer->write = write;
    writer->context = context;
    writer->encoding = encoding;
    writer->has_crlf = has_crlf;
    writer->failed = false;
    writer->crc = writer->byte_count = 0;
    writer->column = 0;
    writer->key = NULL;
    writer->used = 0;
}

static void flush(struct reg_writer *writer)
{
    if (!writer->failed && writer->used > 0 &&
        !writer->write(writer->context, writer->buffer, writer->used))
        writer->failed = true;
    writer->used = 0;
}

bool reg_writer_finish(struct reg_writer *writer)
{
    flush(writer);
    return !writer->failed;
}

static void encode(struct reg_writer *writer, uint32_t character)
{
    uint8_t *bytes;
    size_t byte_count;

    if (REG_WRITER_BUFFER - writer->used < UTF8_MAX_BYTES)
        flush(writer);
    bytes = writer->buffer + writer->used;
    byte_count = writer->encoding == REG_UTF8 ? utf8_encode(character, bytes)
                                              : utf16le_encode(character, bytes);
    for (size_t i = 0; writer->encoding == REG_UTF16BE && i < byte_count; i += 2) {
        uint8_t low = bytes[i];
        bytes[i] = bytes[i + 1];
        bytes[i + 1] = low;
    }
    writer->used += byte_count;
}

static void put_text(struct reg_writer *writer, const char *text, size_t byte_count)
{
    writer->crc = crc32_update(writer->crc, text, byte_count);
    writer->byte_count += (uint32_t)byte_count;
    for (size_t at = 0; at < byte_count;) {
        uint32_t character;
        at += utf8_decode(text + at, byte_count - at, &character);
        if (character == '\n' && writer->has_crlf)
            encode(writer, '\r');
        encode(writer, character);
        writer->column = character == '\n' ? 0 : writer->column + 1;
    }
}

static void put(struct reg_writer *writer, const char *text)
{
    put_text(writer, text, strlen(text));
}

/* ------------------------------------------------------------------ names */

void reg_write_path(struct reg_writer *writer, const struct store_key *key)
{
    const struct store_key *path[REGISTRY_MAX_DEPTH];
    unsigned depth = 0;

    for (; key->depth > 0; key = key->parent)
        path[depth++] = key;
    while (depth > 0) {
        struct registry_name name = store_key_name(path[--depth]);
        put_text(writer, name.text, name.byte_count);
        if (depth > 0)
            put(writer, "\\");
    }
}

static void put_quoted(struct reg_writer *writer, struct registry_name text)
{
    size_t plain = 0; /* where the text not yet put begins */

    put(writer, "\"");
    for (size_t i = 0; i < text.byte_count; i++) {
        if (text.text[i] == '"' || text.text[i] == '\\') {
            put_text(writer, text.text + plain, i - plain);
            put(writer, "\\");
            plain = i;
        }
    }
    put_text(writer, text.text + plain, text.byte_count - plain);
    put(writer, "\"");
}

static void put_name(struct reg_writer *writer, const struct store_value *value)
{
    if (value->name_byte_count == 0)
        put(writer, "@");
    else
        put_quoted(writer, store_value_name(value));
    put(writer, "=");
}

static void put_header(struct reg_writer *writer)
{
    put(writer, REG_FILE_HEADER "\n");
}

/* `[path]` or `[-path]`, after a blank line. */
static void put_key(struct reg_writer *writer, const struct store_key *key, bool is_deletion)
{
    put(writer, is_deletion ? "\n[-" : "\n[");
    reg_write_path(writer, key);
    put(writer, "]\n");
    writer->key = is_deletion ? NULL : key;
}

/* ------------------------------------------------------------------ data */

/* May the data stand in quotation marks? Only printable ASCII does: what is read back, by any tool,
 * does then not depend on the encoding that the tool takes the file to be in. */
static bool is_quotable(const struct store_value *value)
{
    const uint8_t *data = store_value_data(value);
    uint32_t count = value->byte_count;

    if (value->type != REGISTRY_SZ || count < 2 || count % 2 != 0 || data[count - 2] != 0 ||
        data[count - 1] != 0)
        return false;
    for (uint32_t i = 0; i < count - 2; i += 2) {
        if (data[i] < 0x20 || data[i] > 0x7E || data[i + 1] != 0)
            return false;
    }
    return true;
}

static void put_string(struct reg_writer *writer, const struct store_value *value)
{
    const char *data = store_value_data(value);

    put(writer, "\"");
    for (uint32_t i = 0; i + 2 < value->byte_count; i += 2) {
        if (data[i] == '"' || data[i] == '\\')
            put(writer, "\\");
        put_text(writer, data + i, 1);
    }
    put(writer, "\"");
}

static void put_bytes(struct reg_writer *writer, const struct store_value *value, bool wrap)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *data = store_value_data(value);
    char type[16];

    if (value->type == REGISTRY_BINARY) {
        put(writer, "hex:");
    } else {
        snprintf(type, sizeof(type), "hex(%x):", (unsigned)value->type);
        put(writer, type);
    }
    for (uint32_t i = 0; i < value->byte_count; i++) {
        char text[3] = {digits[data[i] >> 4], digits[data[i] & 0xF], ','};
        bool is_last = i + 1 == value->byte_count;
        put_text(writer, text, is_last ? 2 : 3);
        if (wrap && !is_last && writer->column >= WRAP_COLUMN)
            put(writer, "\\\n  ");
    }
}

static void put_data(struct reg_writer *writer, const struct store_value *value, bool wrap)
{
    const uint8_t *data = store_value_data(value);
    char text[16];

    if (value->type == REGISTRY_DWORD && value->byte_count == 4) {
        snprintf(text, sizeof(text), "dword:%02x%02x%02x%02x", data[3], data[2], data[1], data[0]);
        put(writer, text);
    } else if (is_quotable(value)) {
        put_string(writer, value);
    } else {
        put_bytes(writer, value, wrap);
    }
}

void reg_write_data(struct reg_writer *writer, const struct store_value *value)
{
    put_data(writer, value, false);
}

void reg_write_line(struct reg_writer *writer, const struct store_value *value)
{
    put_name(writer, value);
    put_data(writer, value, false);
    put(writer, "\n");
}

/* A value's line, or that of its deletion, below its key's. */
static void put_value(struct reg_writer *writer, const struct store_value *value, bool is_deletion)
{
    if (writer->key != value->key)
        put_key(writer, value->key, false);
    put_name(writer, value);
    if (is_deletion)
        put(writer, "-");
    else
        put_data(writer, value, true);
    put(writer, "\n");
}

/* ------------------------------------------------------------------ exports */

/* The key's own line. A root key has none unless values follow: it exists always, and tools that
 * work on one hive file do not know it. */
static void put_key_line(struct reg_writer *writer, const struct store_key *key)
{
    if (key->depth > 1)
        put_key(writer, key, false);
}

void reg_write_export(struct reg_writer *writer, const struct store_key *top)
{
    put_header(writer);
    for (const struct store_key *key = top; key; key = store_walk(top, key)) {
        if (key->is_deleted)
            continue;
        put_key_line(writer, key);
        for (const struct store_value *value = store_next_value(key, NULL); value;
             value = store_next_value(key, value))
            put_value(writer, value, false);
    }
}

/* ------------------------------------------------------------------ batches */

void reg_write_join(struct reg_writer *writer, const struct reg_format *format)
{
    if (format->is_empty) {
        put_header(writer);
        return;
    }
    if (format->half_unit) {
        flush(writer);
        if (!writer->failed && !writer->write(writer->context, &format->other_half, 1))
            writer->failed = true;
    }
    if (format->line_open)
        put(writer, "\n");
}

static void begin_batch(struct reg_writer *writer, uint32_t batch)
{
    char text[32];

    snprintf(text, sizeof(text), "; batch %u begin\n", (unsigned)batch);
    put(writer, "\n");
    writer->crc = writer->byte_count = 0;
    writer->key = NULL;
    put(writer, text);
}

static void end_batch(struct reg_writer *writer, uint32_t batch)
{
    char text[64];

    put(writer, "\n");
    snprintf(text, sizeof(text), "; batch %u end crc32=%08X bytes=%u\n", (unsigned)batch,
             (unsigned)writer->crc, (unsigned)writer->byte_count);
    put(writer, text);
}

static void put_change(struct reg_writer *writer, const struct store_change *change)
{
    switch (change->kind) {
    case CHANGE_SET_VALUE:
        put_value(writer, change->new_value, false);
        break;
    case CHANGE_DELETE_VALUE:
        put_value(writer, change->new_value ? change->new_value : change->old_value, true);
        break;
    case CHANGE_CREATE_KEY:
        if (change->made_live)
            put_key_line(writer, change->new_key);
        break;
    case CHANGE_REVIVE_KEY:
    case CHANGE_MARK_KEY:
        put_key_line(writer, change->old_key);
        break;
    case CHANGE_DELETE_KEY:
        put_key(writer, change->new_key ? change->new_key : change->old_key, true);
        break;
    }
}

void reg_write_changes(struct reg_writer *writer, const struct store *store, uint32_t batch)
{
    begin_batch(writer, batch);
    for (const struct store_change *change = store->first_change; change; change = change->next)
        put_change(writer, change);
    end_batch(writer, batch);
}

static void put_snapshot(struct reg_writer *writer, const struct store *store)
{
    for (const struct store_key *key = store->top; key; key = store_walk(store->top, key)) {
        if (key->is_cut)
            put_key(writer, key, true);
        if (key->is_deleted || key->layer != STORE_LAYER_FILE)
            continue;
        put_key_line(writer, key);
        for (const struct store_value *value = key->first_value; value; value = value->next) {
            if (value->layer == STORE_LAYER_FILE)
                put_value(writer, value, value->is_deleted);
        }
    }
}

void reg_write_snapshot(struct reg_writer *writer, const struct store *store, uint32_t batch)
{
    begin_batch(writer, batch);
    put(writer, "\n" REG_SNAPSHOT_COMMENT "\n");
    put_snapshot(writer, store);
    end_batch(writer, batch);
}

void reg_write_compact(struct reg_writer *writer, const struct store *store)
{
    put_header(writer);
    put_snapshot(writer, store);
}
