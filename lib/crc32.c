/* SPDX-License-Identifier: MIT */
/*
 * CRC-32, four bytes a step: each byte of a step has a table of its own, which says what it has
 * become after the bytes behind it have been shifted in.
 *
 * Owns the tables, which the first call fills in. Any context: filling them in twice does no harm.
 */
#include "lib/crc32.h"

#define POLYNOMIAL 0xEDB88320u /* reflected */
#define STEP       4u

static uint32_t tables[STEP][256];

static void fill_tables(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
        tables[0][byte] = crc;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (unsigned table = 1; table < STEP; table++) {
            uint32_t before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][before & 0xFF];
        }
    }
}

uint32_t crc32_update(uint32_t crc, const void *data, size_t byte_count)
{
    const uint8_t *bytes = data;
    if (tables[0][255] == 0)
        fill_tables();
    crc = ~crc;
    for (; byte_count >= STEP; byte_count -= STEP, bytes += STEP) {
        crc ^= (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
               (uint32_t)bytes[3] << 24;
        crc = tables[3][crc & 0xFF] ^ tables[2][crc >> 8 & 0xFF] ^ tables[1][crc >> 16 & 0xFF] ^
              tables[0][crc >> 24];
    }
    while (byte_count-- != 0)
        crc = (crc >> 8) ^ tables[0][(crc ^ *bytes++) & 0xFF];
    return ~crc;
}
