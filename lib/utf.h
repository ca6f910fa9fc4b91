/* SPDX-License-Identifier: MIT */
/*
 * One character at a time between UTF-8, UTF-16LE and code points.
 *
 * Owns nothing and keeps nothing. Strict: overlong forms, surrogates in UTF-8, lone surrogates in
 * UTF-16 and values above U+10FFFF are ill-formed. Any context.
 */
#ifndef LIB_UTF_H
#define LIB_UTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF_ILL_FORMED  UINT32_MAX /* in place of a code point */
#define UTF_REPLACEMENT 0xFFFDu    /* what people see in place of something ill-formed */

#define UTF8_MAX_BYTES  4u /* of one character */
#define UTF16_MAX_BYTES 4u

/* Decodes the first character of `bytes`; byte_count is at least 1. Returns how many bytes it
 * takes. An ill-formed sequence takes one byte and gives UTF_ILL_FORMED. */
size_t utf8_decode(const void *bytes, size_t byte_count, uint32_t *code_point);

/* The same for UTF-16LE, at any alignment. A lone surrogate takes two bytes, a single last byte
 * takes one, and both give UTF_ILL_FORMED. */
size_t utf16le_decode(const void *bytes, size_t byte_count, uint32_t *code_point);

/* Encode a code point (not a surrogate, at most U+10FFFF). Return how many bytes were stored. */
size_t utf8_encode(uint32_t code_point, void *bytes);
size_t utf16le_encode(uint32_t code_point, void *bytes);

#endif
