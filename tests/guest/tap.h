/* SPDX-License-Identifier: MIT */
/* TAP from inside the kernel: plan first, then one line a check, on the console. */
#ifndef TESTS_GUEST_TAP_H
#define TESTS_GUEST_TAP_H

#include "hal/hal.h"
#include "tests/guest/guest.h"

static unsigned guest_done;

static inline void guest_plan(unsigned count)
{
    guest_done = 0;
    hal_printf("1..%u\n", count);
}

__attribute__((format(printf, 2, 3))) static inline bool guest_ok(bool passed, const char *format,
                                                                  ...)
{
    va_list arguments;
    hal_printf("%s %u - ", passed ? "ok" : "not ok", ++guest_done);
    va_start(arguments, format);
    hal_vprintf(format, arguments);
    va_end(arguments);
    hal_printf("\n");
    if (!passed)
        guest_show_trace();
    return passed;
}

static inline void guest_skip(const char *reason)
{
    hal_printf("ok %u # SKIP %s\n", ++guest_done, reason);
}

/* Checks a comparison; prints both values when it does not hold. */
#define GUEST_CHECK(a, op, b, what)                                                            \
    do {                                                                                       \
        unsigned long long check_a_ = (unsigned long long)(a);                                 \
        unsigned long long check_b_ = (unsigned long long)(b);                                 \
        if (!guest_ok(check_a_ op check_b_, "%s", what))                                       \
            hal_printf("# line %d: %s %s %s: %#llx, %#llx\n", __LINE__, #a, #op, #b, check_a_, \
                       check_b_);                                                              \
    } while (0)

#endif
