/* SPDX-License-Identifier: MIT */
/* Frames by a table that the host has made; see frames.h. Pure: tested on the host. */
#include "port/loader/frames.h"

#include <string.h>

#define ROW_BYTES 21u

/* Where a row has what. */
#define ADDRESS_AT 1u
#define BASE_AT    10u
#define OFFSET_AT  11u
#define SAVED_AT   16u

size_t frames_begin(const char *text, size_t byte_count)
{
    size_t begin = byte_count;

    while (begin >= ROW_BYTES && text[begin - 1] == '\n' && text[begin - ROW_BYTES] == '@' &&
           (begin == ROW_BYTES || text[begin - ROW_BYTES - 1] == '\n'))
        begin -= ROW_BYTES;
    return begin;
}

static bool number_at(const char *text, unsigned digits, uint32_t *number)
{
    uint32_t value = 0;

    for (; digits > 0; digits--, text++)
        if (*text >= '0' && *text <= '9')
            value = value << 4 | (uint32_t)(*text - '0');
        else if (*text >= 'a' && *text <= 'f')
            value = value << 4 | (uint32_t)(*text - 'a' + 10);
        else
            return false;
    *number = value;
    return true;
}

/* The last row that begins no later; NULL: there is none. */
static const char *find_row(const char *text, size_t byte_count, uint32_t rva)
{
    size_t first = 0, end = byte_count / ROW_BYTES;
    const char *found = NULL;

    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        const char *row = text + middle * ROW_BYTES;
        uint32_t address;
        if (!number_at(row + ADDRESS_AT, 8, &address))
            return NULL;
        if (address <= rva) {
            found = row;
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return found;
}

bool frames_step(const char *text, size_t byte_count, uint32_t rva, unsigned word_size,
                 unwind_reader *read, struct unwind_frame *frame)
{
    const char *row = byte_count ? find_row(text, byte_count, rva) : NULL;
    struct unwind_frame caller = *frame;
    uint32_t offset, saved;

    if (!row || (row[BASE_AT] != 's' && row[BASE_AT] != 'b') ||
        !number_at(row + OFFSET_AT, 4, &offset) || !number_at(row + SAVED_AT, 4, &saved))
        return false;
    caller.sp = (row[BASE_AT] == 's' ? frame->sp : frame->bp) + offset;
    /* The stack grows downwards: a caller that lies below is none. */
    if (caller.sp <= frame->sp || !read(caller.sp - word_size, &caller.ip) ||
        (saved && !read(caller.sp - saved, &caller.bp)))
        return false;
    *frame = caller;
    return true;
}
