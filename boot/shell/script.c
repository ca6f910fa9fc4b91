/* SPDX-License-Identifier: MIT */
/* Encodings of command files; see script.h. Pure: the same code runs in tests on the host. */
#include <string.h>

#include "boot/shell/script.h"
#include "lib/utf.h"

enum script_encoding script_encoding(const void *bytes, size_t byte_count)
{
    const unsigned char *first = bytes;

    if (byte_count >= 2) {
        if ((first[0] == 0xFF && first[1] == 0xFE) || (first[0] && !first[1]))
            return SCRIPT_UTF16LE;
        if ((first[0] == 0xFE && first[1] == 0xFF) || (!first[0] && first[1]))
            return SCRIPT_UTF16BE;
    }
    return byte_count > 0 && memchr(bytes, 0, byte_count) ? SCRIPT_NO_TEXT : SCRIPT_UTF8;
}

size_t script_convert(const void *bytes, size_t byte_count, enum script_encoding encoding,
                      char *text)
{
    const unsigned char *at = bytes, *end = at + byte_count;
    size_t length = 0;

    while (at < end) {
        size_t left = (size_t)(end - at), count = left < UTF16_MAX_BYTES ? left : UTF16_MAX_BYTES;
        unsigned char unit[UTF16_MAX_BYTES];
        uint32_t code_point;

        memcpy(unit, at, count);
        for (size_t i = 0; encoding == SCRIPT_UTF16BE && i + 1 < count; i += 2) {
            unit[i] = at[i + 1];
            unit[i + 1] = at[i];
        }
        at += utf16le_decode(unit, count, &code_point);
        length +=
            utf8_encode(code_point == UTF_ILL_FORMED ? UTF_REPLACEMENT : code_point, text + length);
    }
    return length;
}
