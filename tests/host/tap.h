/* SPDX-License-Identifier: MIT */
/* A few lines of TAP for tests that run as ordinary processes: one line a check, and at the end how many there
 * were, which is missing where a test stops early. */
#ifndef TESTS_HOST_TAP_H
#define TESTS_HOST_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static unsigned tap_done, tap_failed;

__attribute__((format(printf, 2, 3))) static inline bool tap_ok(bool passed, const char *format,
                                                                ...)
{
    va_list arguments;
    printf("%s %u - ", passed ? "ok" : "not ok", ++tap_done);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
    tap_failed += !passed;
    return passed;
}

/* Checks a condition and names it, with its line, when it does not hold. */
#define TAP_CHECK(condition) tap_ok((condition), "%s (line %d)", #condition, __LINE__)

static inline int tap_exit(void)
{
    printf("1..%u\n", tap_done);
    return tap_failed != 0;
}

#endif
