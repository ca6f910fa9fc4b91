/* SPDX-License-Identifier: MIT */
/* Labels as text; see labels.h. Pure: tested on the host. */
#include <stdint.h>

#include "boot/shell/labels.h"
#include "lib/utf.h"

static void cut_blanks(char *text, size_t length)
{
    while (length > 0 && text[length - 1] == ' ')
        length--;
    text[length] = 0;
}

void label_from_bytes(const void *label, size_t byte_count, char *text, size_t capacity)
{
    const uint8_t *bytes = label;
    size_t length = 0;

    for (; length < byte_count && length + 1 < capacity && bytes[length]; length++)
        text[length] = (char)(bytes[length] < ' ' || bytes[length] == 0x7F ? '?' : bytes[length]);
    cut_blanks(text, length);
}

void label_from_utf16(const void *label, size_t byte_count, char *text, size_t capacity)
{
    const uint8_t *units = label;
    size_t at = 0, length = 0;

    while (at < byte_count && length + UTF8_MAX_BYTES < capacity) {
        uint32_t code_point;
        at += utf16le_decode(units + at, byte_count - at, &code_point);
        if (code_point == 0)
            break;
        if (code_point == UTF_ILL_FORMED || code_point < ' ' ||
            (code_point >= 0x7F && code_point < 0xA0))
            code_point = UTF_REPLACEMENT;
        length += utf8_encode(code_point, text + length);
    }
    cut_blanks(text, length);
}
