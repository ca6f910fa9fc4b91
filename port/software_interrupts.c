/* SPDX-License-Identifier: MIT */
/*
 * `int` instructions in drivers: what compilers and headers for Windows mean by them.
 *
 * Owns nothing. Entered from any context, with interrupts disabled, shortly before the end: none of
 * these instructions may return to the driver, since what stands behind one is another function, or
 * nothing. The HAL reports the exception itself.
 */
#include "port/software_interrupts.h"

#include <stdio.h>

#include "hal/hal.h"
#include "port/contract/context.h"
#include "port/loader/image.h"

enum {
    INT_BREAKPOINT = 0x03,
    INT_FAST_FAIL = 0x29,
    INT_ASSERTION = 0x2C,
    INT_DEBUG_SERVICE = 0x2D,
};

/* The codes of FAST_FAIL_xxx that code in a kernel can come to. */
static const char *fast_fail_reason(uintptr_t code)
{
    static const char *const reasons[] = {
        [0] = "a stack cookie was overwritten (as older compilers say it)",
        [1] = "a table of virtual functions is damaged",
        [2] = "the stack cookie of a function was overwritten: it wrote beyond a local variable",
        [3] = "a list entry's neighbours do not point back to it",
        [4] = "the stack pointer is outside of the stack",
        [5] = "an argument is not valid",
        [6] = "the stack cookie still had its default value",
        [7] = "the program gave up",
        [8] = "an index was out of range",
        [10] = "a call through a pointer that leads to no function",
        [11] = "a write to what is guarded",
        [14] = "a reference count overflowed, or fell below zero",
    };
    const char *reason = code < sizeof reasons / sizeof *reasons ? reasons[code] : NULL;

    return reason ? reason : "a reason that is not known here";
}

static void explain(unsigned vector, uintptr_t code, uintptr_t instruction)
{
    char place[160];

    if (!image_is_code(instruction))
        return;
    hal_name_address(instruction, place, sizeof place);
    hal_printf("\nA driver's bug that cannot be survived: %s (in %s)\nexecuted int %#x", place,
               context_routine_name(), vector);
    switch (vector) {
    case INT_BREAKPOINT:
        hal_printf(", a breakpoint, and there is no debugger that waits for it.\n");
        break;
    case INT_FAST_FAIL:
        hal_printf(", a fast fail with code %lu: %s.\n", (unsigned long)code,
                   fast_fail_reason(code));
        break;
    case INT_ASSERTION:
        hal_printf(", an assertion that did not hold.\n");
        break;
    case INT_DEBUG_SERVICE:
        hal_printf(", a kernel debugger's service: use AtaPortDebugPrint.\n");
        break;
    default:
        hal_printf(", which means nothing here.\n");
    }
}

void software_interrupts_init(void)
{
    hal_set_software_interrupt_hook(explain);
}
