/* SPDX-License-Identifier: MIT */
/*
 * Formatted output, to the console and to the log.
 *
 * May not: allocate, or wait for an interrupt, since a
 * kernel that has just failed prints, too. Any context.
 */
#include <stdio.h>
#include <string.h>

#include "hal/internal.h"
#include "lib/utf.h"

#define PRINT_LIMIT 1024u /* of one call, as hal.h says */

/* ------------------------------------------------------------------ formatted output */

/* Formats, cuts at the limit, returns the length. */
static size_t format_text(char *text, const char *format, va_list arguments)
{
    int length = vsnprintf(text, PRINT_LIMIT, format, arguments);
    return (size_t)length < PRINT_LIMIT ? (size_t)length : PRINT_LIMIT - 1;
}

/* Does the character that begins here show nothing, or turn round what stands beside it? */
static bool is_invisible(const char *text, size_t length)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x61C, 0x61C},   {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},
        {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF},
    };
    uint32_t code_point;

    utf8_decode(text, length, &code_point);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code_point - ranges[i].first <= ranges[i].last - ranges[i].first)
            return true;
    return false;
}

/* Does a terminal show the byte at `at`? *missing: continuation bytes that belong to the character
 * before. What is not shown: control characters, also those of two bytes in UTF-8 (U+0080 to
 * U+009F), invisible ones such as those for text that runs from right to left, and what is no
 * UTF-8. */
static bool is_shown(const char *text, size_t length, size_t at, unsigned *missing)
{
    uint8_t byte = (uint8_t)text[at];

    if ((byte & 0xC0) == 0x80)
        return *missing > 0 && (*missing)--;
    *missing = 0;
    if (byte < 0x80)
        return (byte >= ' ' && byte != 0x7F) || byte == '\t';
    if (byte < 0xC2 || byte > 0xF4 ||
        (byte == 0xC2 && at + 1 < length && (uint8_t)text[at + 1] < 0xA0) ||
        is_invisible(text + at, length - at))
        return false;
    *missing = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
    return true;
}

/* Names and texts come from drivers, disks and files: whatever is in them, a terminal obeys none of
 * it. */
static void write_shown(const char *text, size_t length, const char *line_end,
                        void (*write)(const char *text, size_t byte_count))
{
    unsigned missing = 3; /* the text before may have been cut in a character */
    size_t start = 0;

    for (size_t i = 0; i < length; i++) {
        char escape[8];
        if (is_shown(text, length, i, &missing))
            continue;
        write(text + start, i - start);
        start = i + 1;
        if (text[i] == '\n')
            write(line_end, strlen(line_end));
        else
            write(escape, (size_t)snprintf(escape, sizeof escape, "\\x%02x", (uint8_t)text[i]));
    }
    write(text + start, length - start);
}

void hal_one_line(char *text)
{
    while ((text = strchr(text, '\n')) != NULL)
        *text = text[1] == '\0' ? '\0' : ' ';
}

void hal_vprintf(const char *format, va_list arguments)
{
    char text[PRINT_LIMIT];
    size_t length = format_text(text, format, arguments);
    write_shown(text, length, "\n", hal_log_write);
    write_shown(text, length, "\r\n", hal_console_print);
}

void hal_fresh_line(void)
{
    if (hal_console_line_is_open())
        hal_printf("\n");
}

void hal_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    hal_vprintf(format, arguments);
    va_end(arguments);
}

void hal_log(const char *format, ...)
{
    char text[PRINT_LIMIT];
    va_list arguments;
    va_start(arguments, format);
    write_shown(text, format_text(text, format, arguments), "\n", hal_log_write);
    va_end(arguments);
}
