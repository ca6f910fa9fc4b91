/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people write and read them: arguments of commands, sizes, digits of hexadecimal bytes.
 *
 * Owns nothing and keeps nothing. May not: touch the HAL or the port. Any context.
 */
#ifndef BOOT_SHELL_NUMBERS_H
#define BOOT_SHELL_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum number_status {
    NUMBER_OK,
    NUMBER_MALFORMED,
    NUMBER_TOO_LARGE, /* over 64 bits */
};

/* Decimal digits, or 0x and hexadecimal digits; then K, M or G (either case) for a power of 1,024.
 * *value is written on success only. */
enum number_status number_parse(const char *text, uint64_t *value);

/* Bytes written as pairs of hexadecimal digits. Returns false, and stores nothing that counts, if a
 * character is no such digit, one is left over, or there are more than `capacity` bytes; *count
 * grows by the number of bytes stored from bytes[*count] on. */
bool hex_parse(const char *text, uint8_t *bytes, size_t capacity, size_t *count);

/* "512 bytes", "1.5 KiB", "64.0 MiB": rounded down, up to TiB and beyond. */
#define SIZE_TEXT_CAPACITY 24u
void size_format(uint64_t byte_count, char *text, size_t capacity);

/* "12 ms", "2.1 s", "12 s", "3:07 min", "2:05 h"; from a second on rounded up. */
#define DURATION_TEXT_CAPACITY 16u
void duration_format(uint64_t duration_us, char *text, size_t capacity);

/* The one place that divides 64-bit numbers by one that is no constant; a divisor of 0 gives 0. */
uint64_t number_divide(uint64_t dividend, uint64_t divisor);

#endif
