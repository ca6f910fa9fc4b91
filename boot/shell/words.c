/* SPDX-License-Identifier: MIT */
/* Cutting command texts; see words.h. Pure: the same code runs in tests on the host. */
#include <string.h>

#include "boot/shell/words.h"

#define BOM "\xEF\xBB\xBF" /* U+FEFF in UTF-8 */

/* What separates words. Control characters count as blanks. */
static bool is_blank(char character)
{
    unsigned char byte = (unsigned char)character;
    return byte <= ' ' || byte == 0x7F;
}

static bool is_line_end(char character)
{
    return character == '\n' || character == '\r';
}

static size_t skip_line(const char *text, size_t length, size_t at)
{
    while (at < length && !is_line_end(text[at]))
        at++;
    return at;
}

/* Skips what lies between commands. A byte order mark stands at the beginning of a file, or where
 * files were put together. */
static size_t skip_between(const char *text, size_t length, size_t at)
{
    while (at < length) {
        if (is_blank(text[at]) || text[at] == ';')
            at++;
        else if (text[at] == '#')
            at = skip_line(text, length, at);
        else if (length - at >= strlen(BOM) && memcmp(text + at, BOM, strlen(BOM)) == 0)
            at += strlen(BOM);
        else
            break;
    }
    return at;
}

bool words_next_command(const char *text, size_t length, size_t *position,
                        struct command_text *command)
{
    size_t at = skip_between(text, length, *position), start = at;

    /* Two quotes in a row close and open again: nothing lies between them that could separate. */
    for (bool quoted = false; at < length; at++) {
        if (text[at] == '"')
            quoted = !quoted;
        else if (!quoted && (text[at] == ';' || is_line_end(text[at]) ||
                             (text[at] == '#' && is_blank(text[at - 1]))))
            break;
    }
    *position = at;
    while (at > start && is_blank(text[at - 1]))
        at--;
    *command = (struct command_text){text + start, at - start};
    return at > start;
}

enum words_status words_split(struct command_text command, char *buffer, size_t buffer_size,
                              char **words, unsigned capacity, unsigned *count)
{
    size_t used = 0;
    bool in_word = false, quoted = false;

    *count = 0;
    for (size_t i = 0; i < command.length; i++) {
        char character = command.text[i];
        if (!quoted && is_blank(character)) {
            if (in_word)
                buffer[used++] = 0;
            in_word = false;
            continue;
        }
        if (!in_word) {
            if (*count == capacity)
                return WORDS_TOO_MANY;
            if (used == buffer_size)
                return WORDS_TOO_LONG;
            words[(*count)++] = buffer + used;
            in_word = true;
        }
        if (character == '"') {
            bool is_doubled = quoted && i + 1 < command.length && command.text[i + 1] == '"';
            if (!is_doubled) {
                quoted = !quoted;
                continue;
            }
            i++;
        }
        if (used + 1 >= buffer_size)
            return WORDS_TOO_LONG;
        buffer[used++] = character;
    }
    if (quoted)
        return WORDS_UNCLOSED_QUOTE;
    if (in_word)
        buffer[used] = 0;
    return WORDS_OK;
}
