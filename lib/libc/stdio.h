/* SPDX-License-Identifier: MIT */
/*
 * <stdio.h> for the kernel: formatting into memory, nothing else.
 *
 * Conversions: %d %i %u %x %X %o %c %s %p %%; flags - + space # 0; width and precision, each also
 * as *; lengths hh h l ll z j t. There is no floating point. A conversion that is none of these is
 * copied to the output as it stands, so that the mistake can be seen.
 */
#ifndef LIB_LIBC_STDIO_H
#define LIB_LIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>

/* Both end the text with a null byte when size is not 0, and return the length that the whole text
 * has (more than size - 1: it was cut). Any context. */
int snprintf(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char *text, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#endif
