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
    if (!found)
        return false;
    const char *end = line_end(found, text + byte_count);
    found += ADDRESS_DIGITS;
    if (found == end || *found != ' ')
        return false;
    for (; depth > 0; depth--) {
        found = memchr(found + 1, '\t', (size_t)(end - found - 1));
        if (!found)
            return false;
    }
    *place = found + 1;
    found = memchr(*place, '\t', (size_t)(end - *place));
    *place_byte_count = (size_t)((found ? found : end) - *place);
    return *place_byte_count > 0;
}
