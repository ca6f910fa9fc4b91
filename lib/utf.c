/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 and UTF-16LE, one character at a time; see utf.h.
 *
 * Owns nothing. May not read beyond byte_count. Any context.
 */
#include "lib/utf.h"

#define SURROGATE_FIRST     0xD800u
#define LOW_SURROGATE_FIRST 0xDC00u
#define SURROGATE_LAST      0xDFFFu
#define CODE_POINT_LAST     0x10FFFFu

static bool is_surrogate(uint32_t value)
{
    return value >= SURROGATE_FIRST && value <= SURROGATE_LAST;
}

size_t utf8_decode(const void *bytes, size_t byte_count, uint32_t *code_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800,
                                        0x10000}; /* by length: shorter would do */
    const uint8_t *text = bytes;
    uint32_t first = text[0], value;
    size_t length;

    if (first < 0x80) {
        *code_point = first;
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
        value = first & 0x1F;
    } else if ((first & 0xF0) == 0xE0) {
        length = 3;
        value = first & 0x0F;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        value = first & 0x07;
    } else {
        *code_point = UTF_ILL_FORMED;
        return 1;
    }
    for (size_t i = 1; i < length; i++) {
        if (i >= byte_count || (text[i] & 0xC0) != 0x80) {
            *code_point = UTF_ILL_FORMED;
            return 1;
        }
        value = value << 6 | (text[i] & 0x3Fu);
    }
    if (value < smallest[length] || is_surrogate(value) || value > CODE_POINT_LAST) {
        *code_point = UTF_ILL_FORMED;
        return 1;
    }
    *code_point = value;
    return length;
}

static uint32_t unit_at(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8;
}

size_t utf16le_decode(const void *bytes, size_t byte_count, uint32_t *code_point)
{
    const uint8_t *text = bytes;
    uint32_t unit;

    *code_point = UTF_ILL_FORMED;
    if (byte_count < 2)
        return 1;
    unit = unit_at(text);
    if (!is_surrogate(unit)) {
        *code_point = unit;
        return 2;
    }
    if (unit < LOW_SURROGATE_FIRST && byte_count >= 4) {
        uint32_t low = unit_at(text + 2);
        if (low >= LOW_SURROGATE_FIRST && low <= SURROGATE_LAST) {
            *code_point = 0x10000 + ((unit - SURROGATE_FIRST) << 10) + (low - LOW_SURROGATE_FIRST);
            return 4;
        }
    }
    return 2;
}

size_t utf8_encode(uint32_t code_point, void *bytes)
{
    uint8_t *text = bytes;

    if (code_point < 0x80) {
        text[0] = (uint8_t)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        text[0] = (uint8_t)(0xC0 | code_point >> 6);
        text[1] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        text[0] = (uint8_t)(0xE0 | code_point >> 12);
        text[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
        text[2] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 3;
    }
    text[0] = (uint8_t)(0xF0 | code_point >> 18);
    text[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3F));
    text[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
    text[3] = (uint8_t)(0x80 | (code_point & 0x3F));
    return 4;
}

static void put_unit(uint32_t unit, uint8_t *bytes)
{
    bytes[0] = (uint8_t)unit;
    bytes[1] = (uint8_t)(unit >> 8);
}

size_t utf16le_encode(uint32_t code_point, void *bytes)
{
    uint8_t *text = bytes;

    if (code_point < 0x10000) {
        put_unit(code_point, text);
        return 2;
    }
    put_unit(SURROGATE_FIRST + ((code_point - 0x10000) >> 10), text);
    put_unit(LOW_SURROGATE_FIRST + ((code_point - 0x10000) & 0x3FF), text + 2);
    return 4;
}
