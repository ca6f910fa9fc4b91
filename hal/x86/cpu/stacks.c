/* SPDX-License-Identifier: MIT */
/*
 * The stacks: that of everything, which the boot code begins to use, and those of a few exceptions.
 *
 * Owns their memory. Each grows down to a page that paging leaves out. Any context.
 */
#include "hal/x86/cpu/arch.h"

#define EXCEPTION_STACK_SIZE (8u * 1024)

struct exception_stack {
    uint8_t guard_page[HAL_PAGE_SIZE];
    uint8_t stack[EXCEPTION_STACK_SIZE];
};

static struct exception_stack exception_stacks[STACK_END - 1]
    __attribute__((aligned(4096), section(".bss.stacks")));
struct boot_stack hal_boot_stack __attribute__((aligned(4096), section(".bss.stacks")));

const struct hal_stack hal_stacks[HAL_STACK_COUNT] = {
    {"boot", hal_boot_stack.guard_page},
    {"double fault", exception_stacks[STACK_DOUBLE_FAULT - 1].guard_page},
    {"machine check", exception_stacks[STACK_MACHINE_CHECK - 1].guard_page},
};

uintptr_t hal_exception_stack_top(enum exception_stack_number stack)
{
    return (uintptr_t)(&exception_stacks[stack - 1] + 1);
}
