/* SPDX-License-Identifier: MIT */
/*
 * CRC-32, a byte a step. Any context: nothing changes here but the caller's sum, so that one call
 * may interrupt another.
 */
#include "lib/crc32.h"

/* What becomes of each bit of a byte that is shifted out. The highest one is the polynomial,
 * reflected. */
#define BIT_0 0x77073096u
#define BIT_1 0xEE0E612Cu
#define BIT_2 0x076DC419u
#define BIT_3 0x0EDB8832u
#define BIT_4 0x1DB71064u
#define BIT_5 0x3B6E20C8u
#define BIT_6 0x76DC4190u
#define BIT_7 0xEDB88320u

/* Sums are linear: that of a byte is the exclusive or of those of its bits. */
#define SUM(byte)                                                                       \
    (((byte)&1u ? BIT_0 : 0u) ^ ((byte)&2u ? BIT_1 : 0u) ^ ((byte)&4u ? BIT_2 : 0u) ^   \
     ((byte)&8u ? BIT_3 : 0u) ^ ((byte)&16u ? BIT_4 : 0u) ^ ((byte)&32u ? BIT_5 : 0u) ^ \
     ((byte)&64u ? BIT_6 : 0u) ^ ((byte)&128u ? BIT_7 : 0u))
#define SUMS_4(byte)  SUM(byte), SUM((byte) + 1u), SUM((byte) + 2u), SUM((byte) + 3u)
#define SUMS_16(byte) SUMS_4(byte), SUMS_4((byte) + 4u), SUMS_4((byte) + 8u), SUMS_4((byte) + 12u)
#define SUMS_64(byte) \
    SUMS_16(byte), SUMS_16((byte) + 16u), SUMS_16((byte) + 32u), SUMS_16((byte) + 48u)

static const uint32_t sums[256] = {SUMS_64(0u), SUMS_64(64u), SUMS_64(128u), SUMS_64(192u)};

uint32_t crc32_update(uint32_t crc, const void *data, size_t byte_count)
{
    const uint8_t *bytes = data;
    crc = ~crc;
    while (byte_count-- != 0)
        crc = (crc >> 8) ^ sums[(crc ^ *bytes++) & 0xFF];
    return ~crc;
}
