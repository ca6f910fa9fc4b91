/* SPDX-License-Identifier: MIT */
/* Bytes in hexadecimal; see dump.h. */
#include "boot/shell/dump.h"

#include <inttypes.h>
#include <stdio.h>

#include "hal/hal.h"

#define LINE_BYTES 16u

static void dump_line(uint64_t offset, const uint8_t *bytes, size_t byte_count)
{
    char line[96];
    int length = snprintf(line, sizeof line, "%08" PRIx64 " ", offset);

    for (unsigned i = 0; i < LINE_BYTES; i++) {
        const char *gap = i == LINE_BYTES / 2 ? "  " : " ";
        size_t room = sizeof line - (size_t)length;
        length += i < byte_count ? snprintf(line + length, room, "%s%02x", gap, bytes[i])
                                 : snprintf(line + length, room, "%s  ", gap);
    }
    length += snprintf(line + length, sizeof line - (size_t)length, "  |");
    for (size_t i = 0; i < byte_count; i++)
        line[length++] = (char)(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.');
    hal_printf("%.*s|\n", length, line);
}

void dump_bytes(uint64_t offset, const uint8_t *bytes, size_t byte_count)
{
    for (size_t at = 0; at < byte_count; at += LINE_BYTES) {
        size_t left = byte_count - at;
        dump_line(offset + at, bytes + at, left < LINE_BYTES ? left : LINE_BYTES);
    }
}
