/* SPDX-License-Identifier: MIT */
/*
 * Memory and text routines of the kernel's C library.
 *
 * Owns nothing. Any context. Blocks are moved in machine words (x86 allows them unaligned), since
 * sector buffers pass through here. This file is compiled with -fno-tree-loop-distribute-patterns:
 * otherwise the compiler would recognise the loop in memset and replace it by a call to memset.
 */
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* A word of memory whose real type is unknown. */
struct word {
    uintptr_t value;
} __attribute__((packed, may_alias));

#define WORD_SIZE sizeof(struct word)

void *memcpy(void *restrict destination, const void *restrict source, size_t byte_count)
{
    unsigned char *to = destination;
    const unsigned char *from = source;
    for (; byte_count >= 4 * WORD_SIZE; byte_count -= 4 * WORD_SIZE) {
        const struct word *words = (const struct word *)from;
        struct word first = words[0], second = words[1], third = words[2], fourth = words[3];
        struct word *target = (struct word *)to;
        target[0] = first;
        target[1] = second;
        target[2] = third;
        target[3] = fourth;
        to += 4 * WORD_SIZE;
        from += 4 * WORD_SIZE;
    }
    for (; byte_count >= WORD_SIZE; byte_count -= WORD_SIZE) {
        *(struct word *)to = *(const struct word *)from;
        to += WORD_SIZE;
        from += WORD_SIZE;
    }
    while (byte_count-- != 0)
        *to++ = *from++;
    return destination;
}

void *memmove(void *destination, const void *source, size_t byte_count)
{
    unsigned char *to = destination;
    const unsigned char *from = source;
    if ((uintptr_t)to - (uintptr_t)from >= byte_count) { /* also true when it lies below */
        for (; byte_count >= WORD_SIZE; byte_count -= WORD_SIZE) {
            *(struct word *)to = *(const struct word *)from;
            to += WORD_SIZE;
            from += WORD_SIZE;
        }
        while (byte_count-- != 0)
            *to++ = *from++;
        return destination;
    }
    for (; byte_count >= WORD_SIZE; byte_count -= WORD_SIZE)
        *(struct word *)(to + byte_count - WORD_SIZE) =
            *(const struct word *)(from + byte_count - WORD_SIZE);
    while (byte_count-- != 0)
        to[byte_count] = from[byte_count];
    return destination;
}

void *memset(void *destination, int value, size_t byte_count)
{
    unsigned char *to = destination;
    struct word word = {(uintptr_t)-1 / 0xFF * (unsigned char)value};
    for (; byte_count >= 4 * WORD_SIZE; byte_count -= 4 * WORD_SIZE) {
        struct word *target = (struct word *)to;
        target[0] = word;
        target[1] = word;
        target[2] = word;
        target[3] = word;
        to += 4 * WORD_SIZE;
    }
    while (byte_count-- != 0)
        *to++ = (unsigned char)value;
    return destination;
}

int memcmp(const void *left, const void *right, size_t byte_count)
{
    const unsigned char *a = left, *b = right;
    while (byte_count >= WORD_SIZE &&
           ((const struct word *)a)->value == ((const struct word *)b)->value) {
        a += WORD_SIZE;
        b += WORD_SIZE;
        byte_count -= WORD_SIZE;
    }
    for (; byte_count != 0; a++, b++, byte_count--) {
        if (*a != *b)
            return *a - *b;
    }
    return 0;
}

void *memchr(const void *memory, int value, size_t byte_count)
{
    for (const unsigned char *byte = memory; byte_count != 0; byte++, byte_count--) {
        if (*byte == (unsigned char)value)
            return (void *)(uintptr_t)byte;
    }
    return NULL;
}

size_t strlen(const char *text)
{
    const char *end = text;
    while (*end != '\0')
        end++;
    return (size_t)(end - text);
}

size_t strnlen(const char *text, size_t limit)
{
    size_t length = 0;
    while (length < limit && text[length] != '\0')
        length++;
    return length;
}

int strcmp(const char *left, const char *right)
{
    return strncmp(left, right, SIZE_MAX);
}

int strncmp(const char *left, const char *right, size_t limit)
{
    for (; limit != 0; left++, right++, limit--) {
        if (*left != *right)
            return (unsigned char)*left - (unsigned char)*right;
        if (*left == '\0')
            break;
    }
    return 0;
}

int strcasecmp(const char *left, const char *right)
{
    return strncasecmp(left, right, SIZE_MAX);
}

int strncasecmp(const char *left, const char *right, size_t limit)
{
    for (; limit != 0; left++, right++, limit--) {
        int difference = tolower((unsigned char)*left) - tolower((unsigned char)*right);
        if (difference != 0 || *left == '\0')
            return difference;
    }
    return 0;
}

char *strchr(const char *text, int character)
{
    for (;; text++) {
        if (*text == (char)character)
            return (char *)(uintptr_t)text;
        if (*text == '\0')
            return NULL;
    }
}

size_t strspn(const char *text, const char *characters)
{
    size_t length = 0;
    while (text[length] && strchr(characters, text[length]))
        length++;
    return length;
}

size_t strcspn(const char *text, const char *characters)
{
    size_t length = 0;
    while (text[length] && !strchr(characters, text[length]))
        length++;
    return length;
}

char *strrchr(const char *text, int character)
{
    const char *found = NULL;
    for (;; text++) {
        if (*text == (char)character)
            found = text;
        if (*text == '\0')
            return (char *)(uintptr_t)found;
    }
}

char *strstr(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (;; text++) {
        if (strncmp(text, part, length) == 0)
            return (char *)(uintptr_t)text;
        if (*text == '\0')
            return NULL;
    }
}
