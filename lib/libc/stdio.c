/* SPDX-License-Identifier: MIT */
/*
 * snprintf and vsnprintf of the kernel's C library: one pass over the format, no memory of its own.
 *
 * Owns nothing. Any context. It writes nothing behind the given size, and reads no more of a %s
 * than its precision allows, so that text without an end can be printed with %.*s.
 */
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct output {
    char *text;
    size_t size;   /* of text, with the null byte */
    size_t length; /* of everything written so far, whether it fitted or not */
};

enum length_modifier { LENGTH_CHAR, LENGTH_SHORT, LENGTH_INT, LENGTH_LONG, LENGTH_LONG_LONG };

struct conversion {
    bool left, zero, alternate; /* flags - 0 # */
    char positive_sign;         /* '+', ' ', or 0: what a number that is not negative begins with */
    size_t width;
    bool has_precision;
    size_t precision;
    enum length_modifier length;
};

/* va_list may be an array; in a structure it can be handed on by reference on every platform. */
struct arguments {
    va_list list;
};

static void put_character(struct output *output, char character)
{
    if (output->length + 1 < output->size)
        output->text[output->length] = character;
    output->length++;
}

static void put_repeated(struct output *output, char character, size_t count)
{
    while (count-- != 0)
        put_character(output, character);
}

static void put_text(struct output *output, const char *text, size_t length)
{
    while (length-- != 0)
        put_character(output, *text++);
}

/* prefix, zeros, body: padded to the width on the side that the flags ask for. */
static void put_field(struct output *output, const struct conversion *conversion,
                      const char *prefix, size_t zeros, const char *body, size_t body_length)
{
    size_t prefix_length = strlen(prefix);
    size_t length = prefix_length + zeros + body_length;
    size_t padding = conversion->width > length ? conversion->width - length : 0;
    if (!conversion->left)
        put_repeated(output, ' ', padding);
    put_text(output, prefix, prefix_length);
    put_repeated(output, '0', zeros);
    put_text(output, body, body_length);
    if (conversion->left)
        put_repeated(output, ' ', padding);
}

static void put_number(struct output *output, const struct conversion *conversion, uintmax_t value,
                       unsigned base, bool upper_case, const char *prefix)
{
    const char *digits = upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
    char reversed_end[3 * sizeof value]; /* octal needs 22 of these */
    char *first = reversed_end + sizeof reversed_end;
    for (uintmax_t rest = value; rest != 0; rest /= base)
        *--first = digits[rest % base];
    size_t digit_count = (size_t)(reversed_end + sizeof reversed_end - first);

    size_t wanted = conversion->has_precision ? conversion->precision : 1;
    if (conversion->zero && !conversion->left && !conversion->has_precision &&
        conversion->width > strlen(prefix))
        wanted = conversion->width - strlen(prefix);
    if (base == 8 && conversion->alternate && wanted <= digit_count)
        wanted = digit_count + (digit_count == 0 || *first != '0');
    put_field(output, conversion, prefix, wanted > digit_count ? wanted - digit_count : 0, first,
              digit_count);
}

static uintmax_t take_unsigned(struct arguments *arguments, enum length_modifier length)
{
    switch (length) {
    case LENGTH_CHAR:
        return (unsigned char)va_arg(arguments->list, unsigned);
    case LENGTH_SHORT:
        return (unsigned short)va_arg(arguments->list, unsigned);
    case LENGTH_INT:
        return va_arg(arguments->list, unsigned);
    case LENGTH_LONG:
        return va_arg(arguments->list, unsigned long);
    case LENGTH_LONG_LONG:
        return va_arg(arguments->list, unsigned long long);
    }
    return 0;
}

static intmax_t take_signed(struct arguments *arguments, enum length_modifier length)
{
    switch (length) {
    case LENGTH_CHAR:
        return (signed char)va_arg(arguments->list, int);
    case LENGTH_SHORT:
        return (short)va_arg(arguments->list, int);
    case LENGTH_INT:
        return va_arg(arguments->list, int);
    case LENGTH_LONG:
        return va_arg(arguments->list, long);
    case LENGTH_LONG_LONG:
        return va_arg(arguments->list, long long);
    }
    return 0;
}

static void put_signed(struct output *output, const struct conversion *conversion, intmax_t value)
{
    char sign[2] = {value < 0 ? '-' : conversion->positive_sign, '\0'};
    uintmax_t magnitude = value < 0 ? 0 - (uintmax_t)value : (uintmax_t)value;
    put_number(output, conversion, magnitude, 10, false, sign);
}

static void put_string(struct output *output, const struct conversion *conversion, const char *text)
{
    if (!text)
        text = "(null)";
    size_t limit = conversion->has_precision ? conversion->precision : SIZE_MAX;
    put_field(output, conversion, "", 0, text, strnlen(text, limit));
}

static const char *parse_flags(const char *format, struct conversion *conversion)
{
    for (;; format++) {
        switch (*format) {
        case '-':
            conversion->left = true;
            break;
        case '0':
            conversion->zero = true;
            break;
        case '#':
            conversion->alternate = true;
            break;
        case '+':
            conversion->positive_sign = '+';
            break;
        case ' ':
            if (conversion->positive_sign == '\0')
                conversion->positive_sign = ' ';
            break;
        default:
            return format;
        }
    }
}

/* Digits or *; a number that is too large for int becomes INT_MAX. */
static const char *parse_count(const char *format, struct arguments *arguments, int *count)
{
    if (*format == '*') {
        *count = va_arg(arguments->list, int);
        return format + 1;
    }
    *count = 0;
    for (; isdigit(*format); format++) {
        int digit = *format - '0';
        *count = *count > (INT_MAX - digit) / 10 ? INT_MAX : *count * 10 + digit;
    }
    return format;
}

static const char *parse_width_and_precision(const char *format, struct arguments *arguments,
                                             struct conversion *conversion)
{
    int count;
    format = parse_count(format, arguments, &count);
    if (count < 0)
        conversion->left = true;
    conversion->width = count < 0 ? 0 - (size_t)count : (size_t)count;
    if (*format == '.') {
        format = parse_count(format + 1, arguments, &count);
        conversion->has_precision = count >= 0;
        conversion->precision = count >= 0 ? (size_t)count : 0;
    }
    return format;
}

_Static_assert(sizeof(size_t) == sizeof(long), "lengths z and t are read as l");

static const char *parse_length(const char *format, enum length_modifier *length)
{
    switch (*format) {
    case 'h':
        *length = format[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
        return format + (format[1] == 'h' ? 2 : 1);
    case 'l':
        *length = format[1] == 'l' ? LENGTH_LONG_LONG : LENGTH_LONG;
        return format + (format[1] == 'l' ? 2 : 1);
    case 'z':
    case 't':
        *length = LENGTH_LONG;
        return format + 1;
    case 'j':
        *length = LENGTH_LONG_LONG;
        return format + 1;
    default:
        *length = LENGTH_INT;
        return format;
    }
}

/* Returns false for a letter that is no conversion. */
static bool put_conversion(struct output *output, struct conversion *conversion, char letter,
                           struct arguments *arguments)
{
    uintmax_t value;
    char character;
    switch (letter) {
    case 'd':
    case 'i':
        put_signed(output, conversion, take_signed(arguments, conversion->length));
        return true;
    case 'u':
        put_number(output, conversion, take_unsigned(arguments, conversion->length), 10, false, "");
        return true;
    case 'o':
        put_number(output, conversion, take_unsigned(arguments, conversion->length), 8, false, "");
        return true;
    case 'x':
    case 'X':
        value = take_unsigned(arguments, conversion->length);
        put_number(output, conversion, value, 16, letter == 'X',
                   !conversion->alternate || value == 0 ? ""
                   : letter == 'X'                      ? "0X"
                                                        : "0x");
        return true;
    case 'p':
        put_number(output, conversion, (uintptr_t)va_arg(arguments->list, void *), 16, false, "0x");
        return true;
    case 'c':
        character = (char)va_arg(arguments->list, int);
        put_field(output, conversion, "", 0, &character, 1);
        return true;
    case 's':
        put_string(output, conversion, va_arg(arguments->list, const char *));
        return true;
    case '%':
        put_character(output, '%');
        return true;
    default:
        return false;
    }
}

int vsnprintf(char *text, size_t size, const char *format, va_list list)
{
    struct output output = {text, size, 0};
    struct arguments arguments;
    va_copy(arguments.list, list);
    while (*format != '\0') {
        if (*format != '%') {
            put_character(&output, *format++);
            continue;
        }
        const char *start = format;
        struct conversion conversion = {.length = LENGTH_INT};
        format = parse_flags(format + 1, &conversion);
        format = parse_width_and_precision(format, &arguments, &conversion);
        format = parse_length(format, &conversion.length);
        if (!put_conversion(&output, &conversion, *format, &arguments)) {
            put_text(&output, start, (size_t)(format - start));
            continue; /* the odd letter itself, or the end, is looked at as ordinary text */
        }
        format++;
    }
    va_end(arguments.list);
    if (size != 0)
        text[output.length < size ? output.length : size - 1] = '\0';
    return output.length > INT_MAX ? INT_MAX : (int)output.length;
}

int snprintf(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, size, format, arguments);
    va_end(arguments);
    return length;
}
