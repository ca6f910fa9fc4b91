/* SPDX-License-Identifier: MIT */
/* Pieces of the trace's lines; see trace.h and trace_words.h. Any context. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "port/trace.h"
#include "port/trace_words.h"

void trace_channel_name(unsigned channel, char *text, size_t size)
{
    snprintf(text, size, "%u.%u", channel >> 5 & 0xF, channel & 0x1F);
}

void trace_add(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}
