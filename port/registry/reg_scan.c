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
#define MARKER_MAX      64u /* characters; the longest marker has 54 */

static bool starts_with(const uint8_t *bytes, size_t byte_count, const void *start, size_t length)
{
    return byte_count >= length && memcmp(bytes, start, length) == 0;
}

/* Without a mark, UTF-16 gives itself away by the zero in its first, ASCII, character. */
static size_t detect_encoding(struct reg_text *text)
{
    const uint8_t *bytes = text->bytes;

    text->encoding = REG_UTF8;
    if (starts_with(bytes, text->byte_count, "\xEF\xBB\xBF", 3))
        return 3;
    if (text->byte_count < 2)
        return 0;
    if (bytes[0] == 0xFF ? bytes[1] == 0xFE : bytes[0] != 0 && bytes[1] == 0)
        text->encoding = REG_UTF16LE;
    else if (bytes[0] == 0xFE ? bytes[1] == 0xFF : bytes[0] == 0 && bytes[1] != 0)
        text->encoding = REG_UTF16BE;
    return text->encoding != REG_UTF8 && bytes[0] >= 0xFE ? 2 : 0;
}

/* Is there a whole unit, and which? */
static bool unit_is(const struct reg_scan *scan, size_t at, uint32_t unit)
{
    return at + reg_unit_size(scan->text) <= scan->limit && reg_unit_at(scan->text, at) == unit;
}

void reg_scan_begin(struct reg_scan *scan, struct reg_text *text, const void *bytes,
                    size_t byte_count, struct reg_format *format)
{
    struct reg_scan ahead;
    struct reg_line first;

    *text = (struct reg_text){.bytes = bytes, .byte_count = byte_count};
    *scan = (struct reg_scan){.text = text, .at = detect_encoding(text), .limit = byte_count};
    *format = (struct reg_format){.encoding = text->encoding, .is_empty = scan->at == byte_count};
    ahead = *scan;
    if (reg_scan_line(&ahead, &first))
        format->has_crlf = ahead.at - first.end >= 2 * reg_unit_size(text);
}

/* Half a character, all that is there of the last one: could it be half of an LF or a CR? Then it
 * is taken as nothing, and completed to an LF (reg_scan_end). */
static bool is_half_line_end(const struct reg_text *text)
{
    uint8_t half = text->bytes[text->byte_count - 1];
    return text->encoding == REG_UTF16LE ? half == '\n' || half == '\r' : half == 0;
}

/* A last line that has no end, and a last character of which half is missing. What is appended
 * begins by mending both (reg_write_join), and what is read now must be what is read then. Half of
 * what may be the last digit of an end line is an ill-formed character, and completed to another
 * one. */
void reg_scan_end(const struct reg_scan *scan, struct reg_format *format)
{
    const struct reg_text *text = scan->text;
    size_t unit = reg_unit_size(text);

    if (format->is_empty)
        return;
    format->half_unit = (text->byte_count - scan->line.start) % unit != 0;
    format->line_open = format->half_unit || reg_unit_at(text, text->byte_count - unit) != '\n';
    if (!format->half_unit)
        return;
    if (text->encoding == REG_UTF16BE)
        format->other_half = is_half_line_end(text) ? '\n' : 0xFF;
    else
        format->other_half = reg_hex_digit(text->bytes[text->byte_count - 1]) >= 0 ? 0xFF : 0x00;
}

/* Offset of the next LF or CR, or the limit. */
static size_t find_line_end(const struct reg_scan *scan)
{
    const uint8_t *bytes = scan->text->bytes;
    size_t at = scan->at;

    if (scan->text->encoding == REG_UTF8) {
        while (at < scan->limit && bytes[at] != '\n' && bytes[at] != '\r')
            at++;
        return at;
    }
    for (; at + 1 < scan->limit; at += 2) {
        uint32_t unit = reg_unit_at(scan->text, at);
        if (unit == '\n' || unit == '\r')
            return at;
    }
    return scan->limit;
}

/* Where the line behind this line end begins. */
static size_t behind_line_end(const struct reg_scan *scan, size_t end)
{
    size_t unit = reg_unit_size(scan->text), at = end;

    while (at < end + 2 * unit && unit_is(scan, at, '\r'))
        at += unit;
    if (unit_is(scan, at, '\n'))
        return at + unit;
    return at > end ? end + unit : scan->limit;
}

/* Where an odd number of bytes was lost from UTF-16, all that follows looks like one long line of
 * other characters. A batch's first or last line in it, half a character away, shows where
 * characters begin: the line ends there, at the marker's LF. */
static void find_alignment(const struct reg_scan *scan, struct reg_line *line)
{
    static const char start[] = "\n; batch ";
    const size_t length = sizeof(start) - 1;

    for (size_t at = line->start + 1; at + 2 * length <= line->end; at += 2) {
        size_t same = 0;
        while (same < length && reg_unit_at(scan->text, at + 2 * same) == (uint8_t)start[same])
            same++;
        if (same == length) {
            line->end = at;
            return;
        }
    }
}

bool reg_scan_line(struct reg_scan *scan, struct reg_line *line)
{
    const struct reg_text *text = scan->text;
    bool is_utf16 = text->encoding != REG_UTF8;

    if (scan->at >= scan->limit)
        return false;
    line->start = scan->at;
    line->end = find_line_end(scan);
    line->number = scan->line.number + 1;
    if (is_utf16 && line->end - line->start > 2 * MARKER_MAX)
        find_alignment(scan, line);
    scan->at = behind_line_end(scan, line->end);
    if (is_utf16 && line->end == text->byte_count && (line->end - line->start) % 2 != 0 &&
        is_half_line_end(text))
        line->end--;
    scan->line = *line;
    return true;
}

static size_t decode_utf16(const struct reg_text *text, size_t at, size_t left, uint32_t *character)
{
    const uint8_t *bytes = text->bytes + at;
    size_t count = left < UTF16_MAX_BYTES ? left : UTF16_MAX_BYTES;
    uint8_t swapped[UTF16_MAX_BYTES];

    if (text->encoding == REG_UTF16LE)
        return utf16le_decode(bytes, left, character);
    for (size_t i = 0; i < count; i++)
        swapped[i] = bytes[(i ^ 1) < count ? i ^ 1 : i];
    return utf16le_decode(swapped, count, character);
}

static __attribute__((noinline)) void load_other_character(struct reg_cursor *cursor)
{
    size_t left = cursor->end - cursor->at;

    if (left == 0) {
        cursor->character = REG_LINE_END;
        cursor->byte_count = 0;
    } else if (cursor->text->encoding != REG_UTF8) {
        cursor->byte_count = decode_utf16(cursor->text, cursor->at, left, &cursor->character);
    } else {
        cursor->byte_count =
            utf8_decode(cursor->text->bytes + cursor->at, left, &cursor->character);
    }
}

/* Nearly everything is ASCII in UTF-8. */
static inline void load_character(struct reg_cursor *cursor)
{
    const struct reg_text *text = cursor->text;

    if (cursor->at < cursor->end && text->encoding == REG_UTF8 && text->bytes[cursor->at] < 0x80) {
        cursor->character = text->bytes[cursor->at];
        cursor->byte_count = 1;
    } else {
        load_other_character(cursor);
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
    cursor->at += cursor->byte_count; /* 0 at the line's end */
    cursor->column += cursor->byte_count != 0;
    load_character(cursor);
}

bool reg_cursor_join(struct reg_cursor *cursor, struct reg_scan *scan)
{
    struct reg_line line;

    if (!reg_scan_line(scan, &line))
        return false;
    cursor->line = line.number;
    cursor->column = 1 - (uint32_t)((line.start - cursor->at) / reg_unit_size(scan->text));
    cursor->end = line.end;
    load_character(cursor);
    return true;
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
    size_t unit = reg_unit_size(text), length = (line->end - line->start) / unit;

    if (length >= size || (line->end - line->start) % unit != 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        uint32_t character = reg_unit_at(text, line->start + i * unit);
        if (character == 0 || character >= 0x80)
            return false;
        ascii[i] = (char)character;
    }
    ascii[length] = '\0';
    return true;
}

bool reg_line_begins(const struct reg_text *text, const struct reg_line *line, const char *ascii)
{
    struct reg_line start = *line;
    size_t byte_count = strlen(ascii) * reg_unit_size(text);
    char copy[MARKER_MAX];

    if (line->end - line->start < byte_count)
        return false;
    start.end = line->start + byte_count;
    return line_to_ascii(text, &start, copy, sizeof(copy)) && strcmp(copy, ascii) == 0;
}

bool reg_line_is(const struct reg_text *text, const struct reg_line *line, const char *ascii)
{
    struct reg_line rest = *line;
    struct reg_cursor cursor;

    if (!reg_line_begins(text, line, ascii))
        return false;
    rest.start += strlen(ascii) * reg_unit_size(text);
    reg_cursor_begin(&cursor, text, &rest);
    reg_cursor_skip_blanks(&cursor);
    return cursor.character == REG_LINE_END;
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

enum reg_marker_kind reg_line_marker(const struct reg_text *text, const struct reg_line *line,
                                     struct reg_marker *marker)
{
    char copy[MARKER_MAX];
    const char *at = copy;

    *marker = (struct reg_marker){.start = line->start};
    if (line->end - line->start < reg_unit_size(text) || reg_unit_at(text, line->start) != ';' ||
        !line_to_ascii(text, line, copy, sizeof(copy)) || !take(&at, "; batch ") ||
        !take_decimal(&at, &marker->number))
        return REG_NO_MARKER;
    if (strcmp(at, " begin") == 0)
        return marker->kind = REG_BATCH_BEGIN;
    if (take(&at, " end crc32=") && take_crc(&at, &marker->crc) &&
        (*at == '\0' ||
         (take(&at, " bytes=") && take_decimal(&at, &marker->byte_count) && *at == '\0')))
        return marker->kind = REG_BATCH_END;
    return REG_NO_MARKER;
}

/* Goes to the next line that begins with a semicolon; in UTF-16 simply to the next line. False:
 * there is none. */
static bool find_comment(struct reg_scan *scan)
{
    const uint8_t *bytes = scan->text->bytes;
    size_t start = scan->at, at = start;

    if (scan->text->encoding != REG_UTF8)
        return true;
    for (; at < scan->limit; at++) {
        const uint8_t *found = memchr(bytes + at, ';', scan->limit - at);
        if (!found)
            return false;
        at = (size_t)(found - bytes);
        if (at == start || bytes[at - 1] == '\n' || bytes[at - 1] == '\r') {
            scan->at = at;
            return true;
        }
    }
    return false;
}

void reg_find_marker(const struct reg_scan *scan, struct reg_marker *marker)
{
    struct reg_scan ahead = *scan;
    struct reg_line line;

    while (find_comment(&ahead) && reg_scan_line(&ahead, &line)) {
        if (reg_line_marker(scan->text, &line, marker) != REG_NO_MARKER)
            return;
    }
    *marker = (struct reg_marker){.start = scan->limit};
}

size_t reg_reach_back(const struct reg_text *text, size_t at, size_t floor, uint32_t byte_count)
{
    size_t unit_size = reg_unit_size(text);
    uint32_t unit, behind = 0, bytes;

    for (; byte_count > 0 && at >= floor + unit_size; behind = unit) {
        at -= unit_size;
        unit = reg_unit_at(text, at);
        bytes = unit_size == 1 || unit < 0x80                       ? 1
                : unit < 0x800 || (unit >= 0xD800 && unit < 0xE000) ? 2 /* half of four */
                                                                    : 3;
        if (unit == '\r' && (behind == '\n' || behind == '\r'))
            bytes = 0; /* part of a line end */
        byte_count -= bytes < byte_count ? bytes : byte_count;
    }
    return at;
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
