/* SPDX-License-Identifier: MIT */
/*
 * Lines and characters of a .reg file, whatever its encoding; batch markers. For reg_*.c only.
 */
#ifndef PORT_REGISTRY_REG_SCAN_H
#define PORT_REGISTRY_REG_SCAN_H

#include "port/registry/reg_file.h"

struct reg_text {
    const uint8_t *bytes;
    size_t byte_count;
    enum reg_encoding encoding;
    bool is_version_4; /* REGEDIT4: bytes of string types are characters */
};

/* A physical line without its end: LF, CR LF, CR CR LF (some tools convert twice), or CR. */
struct reg_line {
    size_t start, end;
    uint32_t number;
};

/* Where the next line begins; no line is found at or behind the limit. */
struct reg_scan {
    const struct reg_text *text;
    size_t at, limit;
    struct reg_line line; /* the one that was found last */
};

/* A place in a line, and the character there. */
#define REG_LINE_END UINT32_C(0xFFFFFFFE) /* in place of a character */

struct reg_cursor {
    const struct reg_text *text;
    size_t at, end;
    uint32_t line, column; /* from 1, in characters */
    uint32_t character;    /* UTF_ILL_FORMED where there is none */
    size_t byte_count;     /* of the character, in the text */
};

/* What a batch's begin or end line says. */
enum reg_marker_kind {
    REG_NO_MARKER,
    REG_BATCH_BEGIN,
    REG_BATCH_END,
};

struct reg_marker {
    enum reg_marker_kind kind;
    size_t start; /* of its line; behind all lines if there is none */
    uint32_t number;
    uint32_t crc, byte_count; /* of an end line; 0: it does not say how many bytes */
};

/* Finds out the encoding, and skips the byte order mark. */
void reg_scan_begin(struct reg_scan *scan, struct reg_text *text, const void *bytes,
                    size_t byte_count, struct reg_format *format);
bool reg_scan_line(struct reg_scan *scan, struct reg_line *line);
/* When all lines were found: how the last of them ends. */
void reg_scan_end(const struct reg_scan *scan, struct reg_format *format);
/* The first marker from here on. */
void reg_find_marker(const struct reg_scan *scan, struct reg_marker *marker);
/* The offset that many bytes above `at`, counted as in batches, but at least `floor`. */
size_t reg_reach_back(const struct reg_text *text, size_t at, size_t floor, uint32_t byte_count);

static inline size_t reg_unit_size(const struct reg_text *text)
{
    return text->encoding == REG_UTF8 ? 1 : 2;
}

/* The code unit at an offset where there is a whole one. */
static inline uint32_t reg_unit_at(const struct reg_text *text, size_t at)
{
    const uint8_t *bytes = text->bytes + at;

    if (text->encoding == REG_UTF8)
        return bytes[0];
    return text->encoding == REG_UTF16LE ? bytes[0] | (uint32_t)bytes[1] << 8
                                         : bytes[1] | (uint32_t)bytes[0] << 8;
}

void reg_cursor_begin(struct reg_cursor *cursor, const struct reg_text *text,
                      const struct reg_line *line);
void reg_cursor_next(struct reg_cursor *cursor);
/* The line's end belongs to the text, which goes on behind it. False: there is no other line. */
bool reg_cursor_join(struct reg_cursor *cursor, struct reg_scan *scan);
/* Blanks, tabs, and byte order marks where files were joined. */
void reg_cursor_skip_blanks(struct reg_cursor *cursor);

/* Is this line a batch marker? */
enum reg_marker_kind reg_line_marker(const struct reg_text *text, const struct reg_line *line,
                                     struct reg_marker *marker);
/* Blanks at its end do not count. */
bool reg_line_is(const struct reg_text *text, const struct reg_line *line, const char *ascii);
bool reg_line_begins(const struct reg_text *text, const struct reg_line *line, const char *ascii);
/* CRC over a line and one LF, as UTF-8. */
uint32_t reg_line_crc(uint32_t crc, const struct reg_text *text, const struct reg_line *line);

static inline int reg_hex_digit(uint32_t character)
{
    if (character >= '0' && character <= '9')
        return (int)(character - '0');
    if (character >= 'a' && character <= 'f')
        return (int)(character - 'a' + 10);
    if (character >= 'A' && character <= 'F')
        return (int)(character - 'A' + 10);
    return -1;
}

#endif
