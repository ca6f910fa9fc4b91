/* SPDX-License-Identifier: MIT */
/*
 * The kernel's C library and checksums, as an ordinary process: formatting and text routines
 * against the host's own, checksums against published values.
 *
 * The sources of the library are included under other names, so that both are there.
 *
 * SOURCES: lib/crc32.c lib/sha256.c
 */
#include "tests/host/tap.h"

#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/crc32.h"
#include "lib/sha256.h"

int our_snprintf(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int our_vsnprintf(char *text, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
/* A C library may have macros of these names. */
#undef snprintf
#undef vsnprintf
#define snprintf  our_snprintf
#define vsnprintf our_vsnprintf
#include "lib/libc/stdio.c"
#undef snprintf
#undef vsnprintf

#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strcasecmp
#undef strncasecmp
#undef strchr
#undef strrchr
#undef strstr
#undef strspn
#undef strcspn
#define memcpy      our_memcpy
#define memmove     our_memmove
#define memset      our_memset
#define memcmp      our_memcmp
#define memchr      our_memchr
#define strlen      our_strlen
#define strnlen     our_strnlen
#define strcmp      our_strcmp
#define strncmp     our_strncmp
#define strcasecmp  our_strcasecmp
#define strncasecmp our_strncasecmp
#define strchr      our_strchr
#define strrchr     our_strrchr
#define strstr      our_strstr
#define strspn      our_strspn
#define strcspn     our_strcspn
#undef LIB_LIBC_STRING_H
#include "lib/libc/string.h"
#include "lib/libc/strings.h"
#include "lib/libc/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strcasecmp
#undef strncasecmp
#undef strchr
#undef strrchr
#undef strstr
#undef strspn
#undef strcspn

/* ------------------------------------------------------------------ formatting */

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-overflow"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-extra-args"

/* Formats with both libraries, into every size from 0 to more than enough. */
static bool agrees(const char *format, ...)
{
    bool same = true;
    for (size_t size = 0; size < 100 && same; size += size < 5 ? 1 : 19) {
        char *ours = malloc(size + 1), *theirs = malloc(size + 1); /* ends found by the sanitizer */
        va_list arguments, copy;
        va_start(arguments, format);
        va_copy(copy, arguments);
        int our_length = our_vsnprintf(ours, size, format, arguments);
        int their_length = vsnprintf(theirs, size, format, copy);
        va_end(arguments);
        va_end(copy);
        same = our_length == their_length && (size == 0 || strcmp(ours, theirs) == 0);
        if (!same)
            printf("# \"%s\" into %zu: ours \"%s\" (%d), theirs \"%s\" (%d)\n", format, size,
                   size ? ours : "", our_length, size ? theirs : "", their_length);
        free(ours);
        free(theirs);
    }
    return same;
}

static bool integers_agree(void)
{
    static const char *const flags[] = {"", "-", "0", "+", " ", "#", "-#", "0#", "+0", "- ", "+-"};
    static const char *const widths[] = {"", "1", "7", "30"};
    static const char *const precisions[] = {"", ".", ".0", ".1", ".5", ".25"};
    static const char *const lengths[] = {"hh", "h", "", "l", "ll", "z", "j", "t"};
    static const long long values[] = {
        0, 1, -1, 7, -128, 255, 4096, INT_MIN, INT_MAX, UINT_MAX, LONG_MAX, LLONG_MIN, SHRT_MAX};
    bool same = true;
    for (size_t f = 0; f < sizeof(flags) / sizeof(*flags); f++)
        for (size_t w = 0; w < sizeof(widths) / sizeof(*widths); w++)
            for (size_t p = 0; p < sizeof(precisions) / sizeof(*precisions); p++)
                for (size_t l = 0; l < sizeof(lengths) / sizeof(*lengths); l++)
                    for (const char *c = "diuxXo"; *c != '\0'; c++)
                        for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
                            char format[40];
                            snprintf(format, sizeof(format), "[%%%s%s%s%s%c]", flags[f], widths[w],
                                     precisions[p], lengths[l], *c);
                            if (!agrees(format, values[v]))
                                same = false;
                        }
    return same;
}

static void test_formatting(void)
{
    tap_ok(integers_agree(), "integers: all flags, widths, precisions and lengths");
    tap_ok(agrees("plain, %%, and nothing else") && agrees(""), "text without arguments");
    tap_ok(agrees("[%s] [%10s] [%-10s] [%.2s] [%-6.1s] [%.0s]", "abc", "abc", "abc", "abc", "abc",
                  "abc"),
           "strings");
    static const char unterminated[3] = {'x', 'y', 'z'};
    tap_ok(agrees("[%.3s] [%.*s]", unterminated, 2, unterminated), "text without an end");
    tap_ok(agrees("[%c%c] [%5c] [%-5c]", 'a', 'b', 'c', 'd'), "characters");
    tap_ok(agrees("[%*d] [%-*d] [%*d] [%.*d] [%.*d]", 6, 42, 6, 42, -6, 42, 4, 42, -4, 42),
           "width and precision as arguments");
    tap_ok(agrees("[%p] [%20p] [%-20p]", (void *)unterminated, (void *)16, (void *)0x1234),
           "pointers");
    tap_ok(agrees("%d %s %llx %c", 1, "two", 3ull, '4'), "several in a row");

    char text[40];
    our_snprintf(text, sizeof(text), "[%s]", (const char *)NULL);
    tap_ok(strcmp(text, "[(null)]") == 0, "a null string");
    our_snprintf(text, sizeof(text), "%5q %y", 1);
    tap_ok(strcmp(text, "%5q %y") == 0, "unknown conversions stay visible");
    our_snprintf(text, sizeof(text), "abc%");
    tap_ok(strcmp(text, "abc%") == 0, "a percent sign at the end");
}

/* ------------------------------------------------------------------ memory and text */

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void fill(uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(rand() >> 7);
}

static void test_memory(void)
{
    enum { SIZE = 96, ROUNDS = 20000 };
    uint8_t ours[SIZE], theirs[SIZE];
    bool moved = true, set = true, compared = true, found = true;
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t from = (size_t)rand() % SIZE, to = (size_t)rand() % SIZE;
        size_t limit = SIZE - (from > to ? from : to), count = (size_t)rand() % (limit + 1);
        fill(ours, SIZE);
        memcpy(theirs, ours, SIZE);
        our_memmove(ours + to, ours + from, count);
        memmove(theirs + to, theirs + from, count);
        moved &= memcmp(ours, theirs, SIZE) == 0;
        our_memset(ours + to, (int)i, count);
        memset(theirs + to, (int)i, count);
        set &= memcmp(ours, theirs, SIZE) == 0;
        our_memcpy(ours, theirs + from, count);
        memcpy(theirs, theirs + from, from >= count ? count : 0);
        if (from >= count)
            set &= memcmp(ours, theirs, SIZE) == 0;
        memcpy(ours, theirs, SIZE);
        if (count != 0)
            ours[from + count - 1] ^= (uint8_t)(rand() & 1);
        compared &= sign(our_memcmp(ours + from, theirs + from, count)) ==
                    sign(memcmp(ours + from, theirs + from, count));
        found &= our_memchr(ours + from, ours[to], count) == memchr(ours + from, ours[to], count);
    }
    tap_ok(moved, "memmove, in both directions");
    tap_ok(set, "memset and memcpy");
    tap_ok(compared, "memcmp");
    tap_ok(found, "memchr");
}

static void test_text(void)
{
    static const char *const words[] = {"",    "a", "A",    "ab",   "aB",
                                        "abc", "b", "\xff", "abab", "bab"};
    const size_t count = sizeof(words) / sizeof(*words);
    bool same = true;
    for (size_t i = 0; i < count; i++) {
        const char *a = words[i];
        same &= our_strlen(a) == strlen(a) && our_strnlen(a, 2) == strnlen(a, 2);
        for (const char *c = "abB\xff"; *c != '\0'; c++)
            same &= our_strchr(a, *c) == strchr(a, *c) && our_strrchr(a, *c) == strrchr(a, *c);
        same &= our_strchr(a, 0) == strchr(a, 0) && our_strrchr(a, 0) == strrchr(a, 0);
        for (size_t j = 0; j < count; j++) {
            const char *b = words[j];
            same &= sign(our_strcmp(a, b)) == sign(strcmp(a, b));
            same &= sign(our_strcasecmp(a, b)) == sign(strcasecmp(a, b));
            same &= our_strstr(a, b) == strstr(a, b);
            same &= our_strspn(a, b) == strspn(a, b) && our_strcspn(a, b) == strcspn(a, b);
            for (size_t limit = 0; limit < 4; limit++) {
                same &= sign(our_strncmp(a, b, limit)) == sign(strncmp(a, b, limit));
                same &= sign(our_strncasecmp(a, b, limit)) == sign(strncasecmp(a, b, limit));
            }
        }
    }
    tap_ok(same, "length, comparison and search of text");
}

/* ------------------------------------------------------------------ checksums */

static uint32_t slow_crc32(const uint8_t *bytes, size_t count)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static void test_crc32(void)
{
    uint8_t bytes[300];
    bool same = true;
    TAP_CHECK(crc32_update(0, "123456789", 9) == 0xCBF43926u);
    TAP_CHECK(crc32_update(0, "", 0) == 0);
    fill(bytes, sizeof(bytes));
    for (size_t start = 0; start < 4; start++) {
        for (size_t count = 0; start + count <= sizeof(bytes); count++) {
            uint32_t parts = crc32_update(0, bytes + start, count / 3);
            parts = crc32_update(parts, bytes + start + count / 3, count - count / 3);
            same &= parts == slow_crc32(bytes + start, count);
        }
    }
    tap_ok(same, "every length and alignment, in two parts, as bit by bit");
}

static bool sha256_is(const void *data, size_t count, size_t piece, const char *expected)
{
    struct sha256 state;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char text[2 * SHA256_DIGEST_SIZE + 1];
    sha256_begin(&state);
    for (size_t done = 0; done < count; done += piece)
        sha256_update(&state, (const uint8_t *)data + done,
                      count - done < piece ? count - done : piece);
    sha256_end(&state, digest);
    sha256_print(digest, text);
    return strcmp(text, expected) == 0;
}

static void test_sha256(void)
{
    /* FIPS 180-2, appendix B, and the empty message. */
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static const char two_blocks_sum[] =
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
    static char million[1000000];
    memset(million, 'a', sizeof(million));
    tap_ok(sha256_is("", 0, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
           "SHA-256 of nothing");
    tap_ok(
        sha256_is("abc", 3, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        "of one block");
    tap_ok(sha256_is(two_blocks, 56, 56, two_blocks_sum), "of two blocks");
    bool same = true;
    for (size_t piece = 1; piece <= 56; piece++)
        same &= sha256_is(two_blocks, 56, piece, two_blocks_sum);
    tap_ok(same, "in pieces of every size");
    tap_ok(sha256_is(million, sizeof(million), 4099,
                     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
           "of a million bytes, in pieces");
    /* 55, 56, 63 and 64 bytes: where the padding changes its shape. */
    tap_ok(sha256_is(million, 55, 55,
                     "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318") &&
               sha256_is(million, 56, 56,
                         "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a") &&
               sha256_is(million, 63, 63,
                         "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34") &&
               sha256_is(million, 64, 64,
                         "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
           "around the end of a block");
}

int main(void)
{
    test_formatting();
    test_memory();
    test_text();
    test_crc32();
    test_sha256();
    return tap_exit();
}
