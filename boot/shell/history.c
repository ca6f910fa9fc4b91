/* SPDX-License-Identifier: MIT */
/* The lines that were entered; see history.h. Pure: tested on the host. */
#include <string.h>

#include "boot/shell/history.h"

const char *history_line(const struct history *history, unsigned back)
{
    if (back == 0 || back > history->count)
        return NULL;
    unsigned place = (history->first + history->count - back) % HISTORY_LINES;
    return history->text + history->starts[place];
}

static uint32_t oldest_start(const struct history *history)
{
    return history->starts[history->first];
}

static void drop_oldest(struct history *history)
{
    history->first = (history->first + 1) % HISTORY_LINES;
    history->count--;
}

/* Finds a place for a line; the lines that lie there are the oldest ones, and are dropped. */
static uint32_t make_room(struct history *history, uint32_t byte_count)
{
    uint32_t place = history->next;

    if (history->count == HISTORY_LINES)
        drop_oldest(history);
    if (place + byte_count > HISTORY_BYTES) {
        while (history->count > 0 && oldest_start(history) >= place)
            drop_oldest(history);
        place = 0;
    }
    while (history->count > 0 && oldest_start(history) >= place &&
           oldest_start(history) < place + byte_count)
        drop_oldest(history);
    history->next = place + byte_count;
    return place;
}

static bool is_worth_keeping(const struct history *history, const char *line, size_t length)
{
    const char *newest = history_line(history, 1);

    if (length == 0 || length >= HISTORY_BYTES || line[0] == ' ')
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7F)
            return false;
    return !newest || strlen(newest) != length || memcmp(newest, line, length) != 0;
}

bool history_add(struct history *history, const char *line, size_t length)
{
    if (!is_worth_keeping(history, line, length))
        return false;
    uint32_t place = make_room(history, (uint32_t)length + 1);
    memcpy(history->text + place, line, length);
    history->text[place + length] = 0;
    history->starts[(history->first + history->count++) % HISTORY_LINES] = place;
    return true;
}

void history_load(struct history *history, const char *text, size_t byte_count, size_t longest)
{
    for (size_t at = 0; at < byte_count; at++) {
        size_t start = at;
        while (at < byte_count && text[at] != '\n')
            at++;
        size_t length = at - start;
        if (length > 0 && text[at - 1] == '\r')
            length--;
        if (length <= longest)
            (void)history_add(history, text + start, length);
    }
}
