/* SPDX-License-Identifier: MIT */
/* Is a word a name? See names.h. Any context. */
#include <string.h>

#include "port/access/names.h"

/* The letter or digit that comes next, as a capital; 0: there is none. */
static char next_of(const char **text, const char *end)
{
    while (*text < end && **text) {
        char c = *(*text)++;
        if (c >= 'a' && c <= 'z')
            return (char)(c - 'a' + 'A');
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            return c;
    }
    return 0;
}

bool name_is(const char *name, const char *word, size_t length)
{
    const char *name_end = name + strlen(name), *word_end = word + length;
    char c = next_of(&name, name_end);

    if (!c)
        return false;
    for (; c == next_of(&word, word_end); c = next_of(&name, name_end))
        if (!c)
            return true;
    return false;
}
