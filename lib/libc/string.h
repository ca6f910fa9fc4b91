/* SPDX-License-Identifier: MIT */
/*
 * <string.h> for the kernel: the part of the standard header that we use, with its standard
 * meaning. The compiler itself calls memcpy, memmove, memset and memcmp.
 */
#ifndef LIB_LIBC_STRING_H
#define LIB_LIBC_STRING_H

#include <stddef.h>

void *memcpy(void *restrict destination, const void *restrict source, size_t byte_count);
void *memmove(void *destination, const void *source, size_t byte_count);
void *memset(void *destination, int value, size_t byte_count);
int memcmp(const void *left, const void *right, size_t byte_count);
void *memchr(const void *memory, int value, size_t byte_count);

size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t limit);
char *strchr(const char *text, int character);
char *strrchr(const char *text, int character);
char *strstr(const char *text, const char *part);
size_t strspn(const char *text, const char *characters);
size_t strcspn(const char *text, const char *characters);

#endif
