/* SPDX-License-Identifier: MIT */
/* Pieces of the trace's lines; see trace.h and trace_words.h. Any context. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "port/trace.h"
#include "port/trace_export.h"
#include "port/trace_words.h"

bool trace_is_timed(uint32_t head)
{
    static const uint32_t kinds = 1u << TRACE_CALL | 1u << TRACE_IRB_START | 1u << TRACE_IRB_END |
                                  1u << TRACE_TIMEOUT | 1u << TRACE_RULE | 1u << TRACE_STATE |
                                  1u << TRACE_FAULT | 1u << TRACE_RECOVERY | 1u << TRACE_WAITS |
                                  1u << TRACE_BUILD;
    const enum trace_kind kind = trace_kind_of(head);

    /* Who reads the ring from outside may meet anything. */
    return (kind < TRACE_KIND_COUNT && kinds >> kind & 1) ||
           (head >> 24 & TRACE_TIMED && (kind == TRACE_PORT_WRITE || kind == TRACE_REGISTER_WRITE));
}

void trace_channel_name(unsigned channel, char *text, size_t size)
{
    snprintf(text, size, "%u.%u", channel >> 5 & 0xF, channel & 0x1F);
}

bool trace_place_has(const struct trace_place *place, bool is_memory, uint16_t where,
                     struct trace_register *found)
{
    const uint16_t into = (uint16_t)(where - place->where);

    if (place->is_memory != is_memory || into >= place->count)
        return false;
    found->channel = place->channel;
    found->role = (enum access_role)(place->role ? place->role + into : ROLE_NONE);
    found->offset = place->offset + into;
    return true;
}

void trace_add(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}
