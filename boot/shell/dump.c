/* SPDX-License-Identifier: MIT */
/* Bytes in hexadecimal; see dump.h. */
#include "boot/shell/dump.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hal/hal.h"

static void dump_line(uint64_t offset, const uint8_t *bytes, size_t byte_count)
{
    char line[96];
    int length = snprintf(line, sizeof line, "%08" PRIx64 " ", offset);

    for (unsigned i = 0; i < DUMP_LINE_BYTES; i++) {
        const char *gap = i == DUMP_LINE_BYTES / 2 ? "  " : " ";
        size_t room = sizeof line - (size_t)length;
        length += i < byte_count ? snprintf(line + length, room, "%s%02x", gap, bytes[i])
                                 : snprintf(line + length, room, "%s  ", gap);
    }
    length += snprintf(line + length, sizeof line - (size_t)length, "  |");
    for (size_t i = 0; i < byte_count; i++)
        line[length++] = (char)(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.');
    hal_printf("%.*s|\n", length, line);
}

static void end_equal_lines(struct dump *dump)
{
    if (dump->equal_lines > 0)
        hal_printf("*\n");
    dump->equal_lines = 0;
}

static void dump_one(struct dump *dump, uint64_t offset, const uint8_t *bytes, size_t byte_count)
{
    if (byte_count == dump->last_count && memcmp(bytes, dump->last, byte_count) == 0) {
        dump->equal_lines++;
        dump->offset = offset;
        return;
    }
    end_equal_lines(dump);
    dump_line(offset, bytes, byte_count);
    memcpy(dump->last, bytes, byte_count);
    dump->last_count = byte_count;
}

void dump_part(struct dump *dump, uint64_t offset, const uint8_t *bytes, size_t byte_count)
{
    for (size_t at = 0; at < byte_count; at += DUMP_LINE_BYTES) {
        size_t left = byte_count - at;
        dump_one(dump, offset + at, bytes + at, left < DUMP_LINE_BYTES ? left : DUMP_LINE_BYTES);
    }
}

void dump_end(struct dump *dump)
{
    if (dump->equal_lines == 0)
        return;
    dump->equal_lines--; /* the last one stands there */
    end_equal_lines(dump);
    dump_line(dump->offset, dump->last, dump->last_count);
}

void dump_bytes(uint64_t offset, const uint8_t *bytes, size_t byte_count)
{
    struct dump dump = {0};
    dump_part(&dump, offset, bytes, byte_count);
    dump_end(&dump);
}
