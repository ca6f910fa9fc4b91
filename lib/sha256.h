/* SPDX-License-Identifier: MIT */
/* SHA-256 over data that comes in pieces. Source: FIPS 180-4. */
#ifndef LIB_SHA256_H
#define LIB_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK_SIZE  64u
#define SHA256_DIGEST_SIZE 32u

struct sha256 {
    uint32_t hash[8];
    uint64_t byte_count;              /* taken so far */
    uint8_t block[SHA256_BLOCK_SIZE]; /* the beginning of the next block */
};

/* Context of all three: any. The caller owns the structure. */
void sha256_begin(struct sha256 *state);
void sha256_update(struct sha256 *state, const void *data, size_t byte_count);
/* Ends the computation; the state must be begun anew before it is used again. */
void sha256_end(struct sha256 *state, uint8_t digest[SHA256_DIGEST_SIZE]);

/* The digest as 64 lower-case hexadecimal digits and a null byte. */
void sha256_print(const uint8_t digest[SHA256_DIGEST_SIZE], char text[2 * SHA256_DIGEST_SIZE + 1]);

#endif
