/* SPDX-License-Identifier: MIT */
/*
 * The memory routines that compilers call on their own: for copying and clearing structures, say.
 *
 * Linked into every driver that is built here, and only as far as the driver needs them. They have
 * to be built with the driver's own compiler and flags: with -mrtd gcc expects even these to take
 * their arguments off the stack, which no ready library does, and clang expects the opposite.
 */
#include <miniport.h>

/* Alignment of a word is all that matters here: its bytes may belong to objects of any type. */
typedef ULONG_PTR __attribute__((__may_alias__)) word;
#define WORD_SIZE sizeof(word)

#if defined(__clang__) && defined(__i386__)
#define AS_COMPILER_CALLS __attribute__((__cdecl__))
#else
#define AS_COMPILER_CALLS
#endif

AS_COMPILER_CALLS void *memcpy(void *destination, const void *source, SIZE_T byte_count);
AS_COMPILER_CALLS void *memmove(void *destination, const void *source, SIZE_T byte_count);
AS_COMPILER_CALLS void *memset(void *destination, int value, SIZE_T byte_count);
AS_COMPILER_CALLS int memcmp(const void *left, const void *right, SIZE_T byte_count);

static int is_aligned(const void *a, const void *b)
{
    return (((ULONG_PTR)a | (ULONG_PTR)b) & (WORD_SIZE - 1)) == 0;
}

void *memcpy(void *destination, const void *source, SIZE_T byte_count)
{
    UCHAR *to = destination;
    const UCHAR *from = source;

    if (is_aligned(to, from)) {
        for (; byte_count >= WORD_SIZE; byte_count -= WORD_SIZE) {
            *(word *)(void *)to = *(const word *)(const void *)from;
            to += WORD_SIZE;
            from += WORD_SIZE;
        }
    }
    while (byte_count-- != 0)
        *to++ = *from++;
    return destination;
}

void *memmove(void *destination, const void *source, SIZE_T byte_count)
{
    UCHAR *to = destination;
    const UCHAR *from = source;

    /* Forwards is right unless the destination starts inside the source. */
    if ((ULONG_PTR)to - (ULONG_PTR)from >= byte_count)
        return memcpy(destination, source, byte_count);
    while (byte_count-- != 0)
        to[byte_count] = from[byte_count];
    return destination;
}

void *memset(void *destination, int value, SIZE_T byte_count)
{
    UCHAR *to = destination;
    UCHAR byte = (UCHAR)value;

    if (is_aligned(to, to)) {
        word pattern = byte * (~(word)0 / 0xFF);
        for (; byte_count >= WORD_SIZE; byte_count -= WORD_SIZE) {
            *(word *)(void *)to = pattern;
            to += WORD_SIZE;
        }
    }
    while (byte_count-- != 0)
        *to++ = byte;
    return destination;
}

int memcmp(const void *left, const void *right, SIZE_T byte_count)
{
    const UCHAR *a = left, *b = right;

    for (; byte_count != 0; byte_count--, a++, b++) {
        if (*a != *b)
            return *a - *b;
    }
    return 0;
}
