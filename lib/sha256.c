/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 in plain C. Names are those of FIPS 180-4, section 6.2.
 *
 * Owns nothing. Any context. Sixteen rounds stand in a row, each with its variables renamed instead
 * of moved: whole disks are summed with this.
 */
#include "lib/sha256.h"

#include <string.h>

/* FIPS 180-4, 4.2.2. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate_right(uint32_t value, unsigned count)
{
    return value >> count | value << (32 - count);
}

static inline uint32_t big_sigma_0(uint32_t x)
{
    return rotate_right(x, 2) ^ rotate_right(x, 13) ^ rotate_right(x, 22);
}

static inline uint32_t big_sigma_1(uint32_t x)
{
    return rotate_right(x, 6) ^ rotate_right(x, 11) ^ rotate_right(x, 25);
}

static inline uint32_t small_sigma_0(uint32_t x)
{
    return rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3;
}

static inline uint32_t small_sigma_1(uint32_t x)
{
    return rotate_right(x, 17) ^ rotate_right(x, 19) ^ x >> 10;
}

/* The same functions as in the standard, in fewer operations. */
static inline uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
    return z ^ (x & (y ^ z));
}

static inline uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) | (z & (x | y));
}

static inline uint32_t load_big_endian(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap32(value);
}

/* One round: what the standard calls T1 and T2, and the two variables that get new values. */
#define ROUND(a, b, c, d, e, f, g, h, t)                                                      \
    do {                                                                                      \
        uint32_t t1 = (h) + big_sigma_1(e) + choose(e, f, g) + constants[first + (t)] + w[t]; \
        (d) += t1;                                                                            \
        (h) = t1 + big_sigma_0(a) + majority(a, b, c);                                        \
    } while (0)

/* The message schedule: of its 64 words, the 16 that are needed at a time. */
#define SCHEDULE(t) \
    (w[t] +=        \
     small_sigma_1(w[((t) + 14) % 16]) + w[((t) + 9) % 16] + small_sigma_0(w[((t) + 1) % 16]))

#define EIGHT_ROUNDS(t)                         \
    do {                                        \
        ROUND(a, b, c, d, e, f, g, h, (t) + 0); \
        ROUND(h, a, b, c, d, e, f, g, (t) + 1); \
        ROUND(g, h, a, b, c, d, e, f, (t) + 2); \
        ROUND(f, g, h, a, b, c, d, e, (t) + 3); \
        ROUND(e, f, g, h, a, b, c, d, (t) + 4); \
        ROUND(d, e, f, g, h, a, b, c, (t) + 5); \
        ROUND(c, d, e, f, g, h, a, b, (t) + 6); \
        ROUND(b, c, d, e, f, g, h, a, (t) + 7); \
    } while (0)

static void take_block(uint32_t hash[8], const uint8_t *block)
{
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
    uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    uint32_t w[16];
    for (unsigned t = 0; t < 16; t++)
        w[t] = load_big_endian(block + 4 * t);
    for (unsigned first = 0;;) {
        EIGHT_ROUNDS(0);
        EIGHT_ROUNDS(8);
        first += 16;
        if (first == 64)
            break;
        SCHEDULE(0), SCHEDULE(1), SCHEDULE(2), SCHEDULE(3);
        SCHEDULE(4), SCHEDULE(5), SCHEDULE(6), SCHEDULE(7);
        SCHEDULE(8), SCHEDULE(9), SCHEDULE(10), SCHEDULE(11);
        SCHEDULE(12), SCHEDULE(13), SCHEDULE(14), SCHEDULE(15);
    }
    hash[0] += a;
    hash[1] += b;
    hash[2] += c;
    hash[3] += d;
    hash[4] += e;
    hash[5] += f;
    hash[6] += g;
    hash[7] += h;
}

void sha256_begin(struct sha256 *state)
{
    /* FIPS 180-4, 5.3.3. */
    *state = (struct sha256){.hash = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                      0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sha256_update(struct sha256 *state, const void *data, size_t byte_count)
{
    const uint8_t *bytes = data;
    size_t filled = (size_t)(state->byte_count % SHA256_BLOCK_SIZE);
    state->byte_count += byte_count;
    if (filled != 0) {
        size_t wanted = SHA256_BLOCK_SIZE - filled;
        size_t taken = byte_count < wanted ? byte_count : wanted;
        memcpy(state->block + filled, bytes, taken);
        if (taken < wanted)
            return;
        take_block(state->hash, state->block);
        bytes += taken;
        byte_count -= taken;
    }
    for (; byte_count >= SHA256_BLOCK_SIZE; byte_count -= SHA256_BLOCK_SIZE) {
        take_block(state->hash, bytes);
        bytes += SHA256_BLOCK_SIZE;
    }
    memcpy(state->block, bytes, byte_count);
}

void sha256_end(struct sha256 *state, uint8_t digest[SHA256_DIGEST_SIZE])
{
    /* 5.1.1: a bit, zeros, and the length in bits in the last eight bytes of a block. */
    static const uint8_t padding[SHA256_BLOCK_SIZE] = {0x80};
    uint64_t bit_count = state->byte_count * 8;
    size_t filled = (size_t)(state->byte_count % SHA256_BLOCK_SIZE);
    uint8_t length[8];
    for (unsigned i = 0; i < 8; i++)
        length[i] = (uint8_t)(bit_count >> (56 - 8 * i));
    sha256_update(state, padding, (filled < 56 ? 56 : 56 + SHA256_BLOCK_SIZE) - filled);
    sha256_update(state, length, sizeof length);
    for (unsigned i = 0; i < SHA256_DIGEST_SIZE; i++)
        digest[i] = (uint8_t)(state->hash[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_print(const uint8_t digest[SHA256_DIGEST_SIZE], char text[2 * SHA256_DIGEST_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < SHA256_DIGEST_SIZE; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 0x0F];
    }
    text[2 * SHA256_DIGEST_SIZE] = '\0';
}
