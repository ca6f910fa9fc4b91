/* SPDX-License-Identifier: MIT */
/* A few lines of TAP for tests that run as ordinary processes: plan first, then one line a check.
 */
#ifndef TESTS_HOST_TAP_H
#define TESTS_HOST_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static unsigned tap_planned, tap_done, tap_failed;

static inline void tap_plan(unsigned count)
{
    tap_planned = count;
    printf("1..%u\n", count);
}

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
    if (tap_done != tap_planned)
        printf("# planned %u, ran %u\n", tap_planned, tap_done);
    return tap_failed != 0 || tap_done != tap_planned;
}

#endif
