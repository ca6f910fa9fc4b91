/* SPDX-License-Identifier: MIT */
/* Reading and writing numbers; see numbers.h. Pure: the same code runs in tests on the host. */
#include <stdio.h>

#include "boot/shell/numbers.h"
#include "lib/plural.h"

/* The value of a hexadecimal digit, or 16. */
static unsigned digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0');
    if (digit >= 'a' && digit <= 'f')
        return (unsigned)(digit - 'a') + 10;
    if (digit >= 'A' && digit <= 'F')
        return (unsigned)(digit - 'A') + 10;
    return 16;
}

/* The power of two that a suffix stands for, or 0. */
static unsigned suffix_shift(char suffix)
{
    switch (suffix) {
    case 'k':
    case 'K':
        return 10;
    case 'm':
    case 'M':
        return 20;
    case 'g':
    case 'G':
        return 30;
    }
    return 0;
}

enum number_status number_parse(const char *text, uint64_t *value)
{
    const char *digits = text;
    bool is_hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    unsigned base = is_hexadecimal ? 16 : 10;
    uint64_t limit = is_hexadecimal ? UINT64_MAX / 16 : UINT64_MAX / 10;
    uint64_t result = 0;
    bool fits = true;

    if (is_hexadecimal)
        digits += 2;
    const char *end = digits;
    for (; digit_value(*end) < base; end++) {
        unsigned digit = digit_value(*end);
        if (result > limit || result * base > UINT64_MAX - digit)
            fits = false;
        result = result * base + digit;
    }
    if (end == digits)
        return NUMBER_MALFORMED;
    if (*end) {
        unsigned shift = suffix_shift(*end);
        if (shift == 0 || end[1])
            return NUMBER_MALFORMED;
        if (result > UINT64_MAX >> shift)
            fits = false;
        result <<= shift;
    }
    if (!fits)
        return NUMBER_TOO_LARGE;
    *value = result;
    return NUMBER_OK;
}

bool hex_parse(const char *text, uint8_t *bytes, size_t capacity, size_t *count)
{
    for (; *text; text += 2) {
        unsigned high = digit_value(text[0]), low = digit_value(text[1]);
        if (high > 15 || low > 15 || *count >= capacity)
            return false;
        bytes[(*count)++] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void size_format(uint64_t byte_count, char *text, size_t capacity)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;

    if (byte_count < 1024) {
        snprintf(text, capacity, "%u byte%s", (unsigned)byte_count, plural(byte_count));
        return;
    }
    while (byte_count >> 10 >= 1024) {
        byte_count >>= 10;
        unit++;
    }
    snprintf(text, capacity, "%u.%u %s", (unsigned)(byte_count >> 10),
             (unsigned)((byte_count & 1023) * 10 >> 10), units[unit]);
}

void duration_format(uint64_t duration_us, char *text, size_t capacity)
{
    const uint64_t longest_us = UINT32_MAX * (uint64_t)1000000;
    if (duration_us > longest_us)
        duration_us = longest_us;
    unsigned left = (unsigned)((duration_us + 999999) / 1000000);

    if (duration_us < 1000000) {
        snprintf(text, capacity, "%u ms", (unsigned)duration_us / 1000);
    } else if (duration_us <= 9900000) {
        unsigned tenths = ((unsigned)duration_us + 99999) / 100000;
        snprintf(text, capacity, "%u.%u s", tenths / 10, tenths % 10);
    } else if (left < 60) {
        snprintf(text, capacity, "%u s", left);
    } else if (left < 3600) {
        snprintf(text, capacity, "%u:%02u min", left / 60, left % 60);
    } else {
        snprintf(text, capacity, "%u:%02u h", left / 3600, left / 60 % 60);
    }
}

uint64_t number_divide(uint64_t dividend, uint64_t divisor)
{
    return divisor == 0 ? 0 : dividend / divisor;
}
