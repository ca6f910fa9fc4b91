/* SPDX-License-Identifier: MIT */
/* Places in a driver's source; see lines.h. Pure: tested on the host. */
#include "port/loader/lines.h"

#include <string.h>

#define ADDRESS_DIGITS 8u

static const char *line_end(const char *line, const char *end)
{
    const char *found = memchr(line, '\n', (size_t)(end - line));
    return found ? found : end;
}

/* The address at which a line begins; false if it begins with anything else. */
static bool line_address(const char *line, const char *end, uint32_t *address)
{
    uint32_t value = 0;

    if ((size_t)(end - line) < ADDRESS_DIGITS)
        return false;
    for (unsigned i = 0; i < ADDRESS_DIGITS; i++) {
        unsigned char digit = (unsigned char)line[i];
        if (digit >= '0' && digit <= '9')
            value = value << 4 | (digit - (unsigned)'0');
        else if (digit >= 'a' && digit <= 'f')
            value = value << 4 | (digit - (unsigned)'a' + 10);
        else
            return false;
    }
    *address = value;
    return true;
}

/* Of a line behind its address: a blank and the place, a tab and each that it was inlined in, a tab
 * and = and the definition. */
static bool find_field(const char *at, const char *end, unsigned depth, const char **place,
                       size_t *place_byte_count)
{
    for (unsigned i = 0; at < end; i++) {
        const char *next = memchr(at + 1, '\t', (size_t)(end - at - 1));
        const bool is_definition = end - at > 1 && *at == '\t' && at[1] == '=';

        if (!next)
            next = end;
        if (i == 0 && *at != ' ' && !is_definition)
            return false;
        if (is_definition ? depth == LINES_DEFINITION : i == depth) {
            *place = at + 1 + is_definition;
            *place_byte_count = (size_t)(next - *place);
            return *place_byte_count > 0;
        }
        at = next;
    }
    return false;
}

bool lines_find(const char *text, size_t byte_count, uint32_t rva, unsigned depth,
                const char **place, size_t *place_byte_count)
{
    const char *low = text, *high = text + byte_count; /* line starts; the wanted one is between */
    const char *found = NULL;
    uint32_t address;

    while (low < high) {
        const char *line = low + (high - low) / 2;
        while (line > low && line[-1] != '\n')
            line--;
        const char *end = line_end(line, high);
        if (!line_address(line, end, &address))
            return false;
        if (address <= rva) {
            found = line;
            low = end < high ? end + 1 : high;
        } else {
            high = line;
        }
    }
    if (!found || !line_address(found, text + byte_count, &address) ||
        (depth == LINES_DEFINITION && address != rva))
        return false;
    return find_field(found + ADDRESS_DIGITS, line_end(found, text + byte_count), depth, place,
                      place_byte_count);
}
