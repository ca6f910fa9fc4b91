/* SPDX-License-Identifier: MIT */
/* Cutting command texts; see words.h. Pure: the same code runs in tests on the host. */
#include "boot/words.h"

/* What separates words. Control characters count as blanks: a file of commands may have CR LF. */
static bool is_blank(char character)
{
    unsigned char byte = (unsigned char)character;
    return byte <= ' ' || byte == 0x7F;
}

bool words_next_command(const char *text, size_t length, size_t *position,
                        struct command_text *command)
{
    size_t at = *position;

    while (at < length && (is_blank(text[at]) || text[at] == ';'))
        at++;
    size_t start = at;
    /* Two quotes in a row close and open again: nothing lies between them that could separate. */
    for (bool quoted = false; at < length; at++) {
        if (text[at] == '"')
            quoted = !quoted;
        else if (!quoted && (text[at] == ';' || text[at] == '\n'))
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
