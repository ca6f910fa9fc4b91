/* SPDX-License-Identifier: MIT */
/*
 * Lines and characters of a .reg file; see reg_scan.h.
 *
 * Owns nothing; reads the caller's bytes. Not entered from interrupts.
 */
#include "port/registry/reg_scan.h"

#include "lib/crc32.h"
#include "lib/utf.h"

#define BYTE_ORDER_MARK 0xFEFFu
#define MARKER_MAX      48u /* characters; the longest marker has 38 */

static bool starts_with(const uint8_t *bytes, size_t byte_count, const void *start, size_t length)
{
    return byte_count >= length && memcmp(bytes, start, length) == 0;
}

/* Without a mark, UTF-16LE gives itself away by the zero in its first, ASCII, character. */
static size_t detect_encoding(struct reg_text *text)
{
    text->encoding = REG_UTF8;
    if (starts_with(text->bytes, text->byte_count, "\xEF\xBB\xBF", 3))
        return 3;
    if (starts_with(text->bytes, text->byte_count, "\xFF\xFE", 2)) {
        text->encoding = REG_UTF16LE;
        return 2;
    }
    if (text->byte_count >= 2 && text->bytes[0] != 0 && text->bytes[1] == 0)
        text->encoding = REG_UTF16LE;
    return 0;
}

/* A last line that has no end, and a last character of which half is missing. What is appended
 * begins by mending both (reg_write_join), and what is read now must be what is read then. So half
 * of a CR or LF is taken as no character at all, and completed to what it was. Half of what may be
 * the last digit of an end line's check value is an ill-formed character, and completed to another
 * one. */
static void find_open_end(struct reg_scan *scan, struct reg_format *format)
{
    const struct reg_text *text = scan->text;
    size_t unit = text->encoding == REG_UTF8 ? 1 : 2;
    const uint8_t *last = text->bytes + text->byte_count - unit;

    format->line_open = last[0] != '\n' || last[unit - 1] != (unit == 1 ? '\n' : 0);
    if (unit == 2 && text->byte_count % 2 == 1) {
        bool is_line_end = last[1] == '\r' || last[1] == '\n';
        format->line_open = true;
        format->half_unit = true;
        format->other_half = reg_hex_digit(last[1]) >= 0 ? 0xFF : 0x00;
        scan->limit -= is_line_end;
    }
}

void reg_scan_begin(struct reg_scan *scan, struct reg_text *text, const void *bytes,
                    size_t byte_count, struct reg_format *format)
{
    struct reg_scan ahead;
    struct reg_line first;

    *text = (struct reg_text){.bytes = bytes, .byte_count = byte_count};
    *scan = (struct reg_scan){.text = text, .at = detect_encoding(text), .limit = byte_count};
    *format = (struct reg_format){.encoding = text->encoding, .is_empty = scan->at == byte_count};
    if (format->is_empty)
        return;
    find_open_end(scan, format);
    ahead = *scan;
    if (reg_scan_line(&ahead, &first))
        format->has_crlf = ahead.at - first.end >= (text->encoding == REG_UTF8 ? 2 : 4);
}

/* Offset of the next LF at or after `at`, or the limit. */
static size_t find_line_feed(const struct reg_scan *scan)
{
    const uint8_t *bytes = scan->text->bytes;

    if (scan->text->encoding == REG_UTF8) {
        const uint8_t *found = memchr(bytes + scan->at, '\n', scan->limit - scan->at);
        return found ? (size_t)(found - bytes) : scan->limit;
    }
    for (size_t at = scan->at; at + 1 < scan->limit; at += 2) {
        if (bytes[at] == '\n' && bytes[at + 1] == 0)
            return at;
    }
    return scan->limit;
}

/* Leaves out the CRs at a line's end, also where no LF follows at the end of the file: what a cut
 * has left of a line end must read as what it becomes when the line is ended (reg_write_join). */
static void trim_line_end(const struct reg_text *text, struct reg_line *line)
{
    const uint8_t *bytes = text->bytes;
    size_t unit = text->encoding == REG_UTF8 ? 1 : 2;

    if ((line->end - line->start) % unit != 0)
        return; /* it ends in half a character */
    while (line->end - line->start >= unit && bytes[line->end - unit] == '\r' &&
           (unit == 1 || bytes[line->end - 1] == 0))
        line->end -= unit;
}

bool reg_scan_line(struct reg_scan *scan, struct reg_line *line)
{
    size_t unit = scan->text->encoding == REG_UTF8 ? 1 : 2;

    if (scan->at >= scan->limit)
        return false;
    line->start = scan->at;
    line->end = find_line_feed(scan);
    line->number = scan->line.number + 1;
    scan->at = line->end == scan->limit ? scan->limit : line->end + unit;
    trim_line_end(scan->text, line);
    scan->line = *line;
    return true;
}

static void load_character(struct reg_cursor *cursor)
{
    const uint8_t *bytes = cursor->text->bytes + cursor->at;
    size_t left = cursor->end - cursor->at;

    if (left == 0) {
        cursor->character = REG_LINE_END;
        cursor->byte_count = 0;
    } else if (cursor->text->encoding == REG_UTF8) {
        cursor->byte_count = utf8_decode(bytes, left, &cursor->character);
    } else {
        cursor->byte_count = utf16le_decode(bytes, left, &cursor->character);
    }
}

void reg_cursor_begin(struct reg_cursor *cursor, const struct reg_text *text,
                      const struct reg_line *line)
{
    *cursor = (struct reg_cursor){
        .text = text, .at = line->start, .end = line->end, .line = line->number, .column = 1};
    load_character(cursor);
}

void reg_cursor_next(struct reg_cursor *cursor)
{
    if (cursor->character == REG_LINE_END)
        return;
    cursor->at += cursor->byte_count;
    cursor->column++;
    load_character(cursor);
}

void reg_cursor_skip_blanks(struct reg_cursor *cursor)
{
    while (cursor->character == ' ' || cursor->character == '\t' ||
           cursor->character == BYTE_ORDER_MARK)
        reg_cursor_next(cursor);
}

/* The line as ASCII. False: it is longer than the buffer, or holds something else. */
static bool line_to_ascii(const struct reg_text *text, const struct reg_line *line, char *ascii,
                          size_t size)
{
    size_t unit = text->encoding == REG_UTF8 ? 1 : 2, length = (line->end - line->start) / unit;

    if (length >= size || (line->end - line->start) % unit != 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        const uint8_t *at = text->bytes + line->start + i * unit;
        if (at[0] == 0 || at[0] >= 0x80 || (unit == 2 && at[1] != 0))
            return false;
        ascii[i] = (char)at[0];
    }
    ascii[length] = '\0';
    return true;
}

bool reg_line_is(const struct reg_text *text, const struct reg_line *line, const char *ascii)
{
    char copy[MARKER_MAX];
    return line_to_ascii(text, line, copy, sizeof(copy)) && strcmp(copy, ascii) == 0;
}

static bool take(const char **at, const char *expected)
{
    size_t length = strlen(expected);

    if (strncmp(*at, expected, length) != 0)
        return false;
    *at += length;
    return true;
}

static bool take_decimal(const char **at, uint32_t *number)
{
    uint64_t value = 0;

    if (**at < '1' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        value = value * 10 + (uint64_t)(**at - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *number = (uint32_t)value;
    return true;
}

static bool take_crc(const char **at, uint32_t *crc)
{
    *crc = 0;
    for (unsigned i = 0; i < 8; i++, ++*at) {
        int digit = reg_hex_digit((uint8_t) * *at);
        if (digit < 0)
            return false;
        *crc = *crc << 4 | (uint32_t)digit;
    }
    return true;
}

enum reg_marker reg_line_marker(const struct reg_text *text, const struct reg_line *line,
                                uint32_t *number, uint32_t *crc)
{
    char copy[MARKER_MAX];
    const char *at = copy;

    if (line->end == line->start || text->bytes[line->start] != ';' ||
        !line_to_ascii(text, line, copy, sizeof(copy)) || !take(&at, "; batch ") ||
        !take_decimal(&at, number))
        return REG_NO_MARKER;
    if (strcmp(at, " begin") == 0)
        return REG_BATCH_BEGIN;
    if (take(&at, " end crc32=") && take_crc(&at, crc) && *at == '\0')
        return REG_BATCH_END;
    return REG_NO_MARKER;
}

uint32_t reg_line_crc(uint32_t crc, const struct reg_text *text, const struct reg_line *line)
{
    struct reg_cursor cursor;

    if (text->encoding == REG_UTF8) {
        crc = crc32_update(crc, text->bytes + line->start, line->end - line->start);
        return crc32_update(crc, "\n", 1);
    }
    reg_cursor_begin(&cursor, text, line);
    for (; cursor.character != REG_LINE_END; reg_cursor_next(&cursor)) {
        uint8_t utf8[UTF8_MAX_BYTES];
        uint32_t character =
            cursor.character == UTF_ILL_FORMED ? UTF_REPLACEMENT : cursor.character;
        crc = crc32_update(crc, utf8, utf8_encode(character, utf8));
    }
    return crc32_update(crc, "\n", 1);
}
