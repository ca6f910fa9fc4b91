/* SPDX-License-Identifier: MIT */
/*
 * The interrupt table and the exceptions' stacks.
 *
 * Owns them, and says how the CPU comes to each exception and interrupt. What a gate and a task-state
 * segment look like is in the architecture's tables file. Entered once, during bring-up.
 */
#include "hal/x86/cpu/arch.h"

#define VECTOR_COUNT 256u

struct table_pointer {
    uint16_t limit;
    uintptr_t base;
} __attribute__((packed));

#define EXCEPTION_STACK_SIZE (8u * 1024)

struct exception_stack {
    uint8_t guard_page[HAL_PAGE_SIZE];
    uint8_t stack[EXCEPTION_STACK_SIZE];
};

static struct exception_stack exception_stacks[STACK_END - 1]
    __attribute__((aligned(4096), section(".bss.stacks")));
extern const uint8_t hal_boot_stack_guard[];

const struct hal_stack hal_stacks[HAL_STACK_COUNT] = {
    {"boot", hal_boot_stack_guard},
    {"double fault", exception_stacks[STACK_DOUBLE_FAULT - 1].guard_page},
    {"NMI", exception_stacks[STACK_NMI - 1].guard_page},
    {"machine check", exception_stacks[STACK_MACHINE_CHECK - 1].guard_page},
};

extern const uintptr_t hal_exception_entries[EXCEPTION_COUNT];
extern const uintptr_t hal_interrupt_entries[HAL_LINE_COUNT];

/* A page of its own, which is read-only once there are page tables. */
static union {
    struct gate gates[VECTOR_COUNT];
    uint8_t page[HAL_PAGE_SIZE];
} interrupt_table __attribute__((aligned(4096)));

uintptr_t hal_exception_stack_top(enum exception_stack_number stack)
{
    return (uintptr_t)(&exception_stacks[stack - 1] + 1);
}

void hal_cpu_tables_initialise(void)
{
    static const uint8_t stacks[EXCEPTION_COUNT] = {
        [VECTOR_DOUBLE_FAULT] = STACK_DOUBLE_FAULT,
        [VECTOR_NMI] = STACK_NMI,
        [VECTOR_MACHINE_CHECK] = STACK_MACHINE_CHECK,
    };
    hal_load_task_states();
    for (unsigned vector = 0; vector < EXCEPTION_COUNT; vector++)
        interrupt_table.gates[vector] = hal_make_gate(hal_exception_entries[vector],
                                                      (enum exception_stack_number)stacks[vector]);
    for (unsigned line = 0; line < HAL_LINE_SPURIOUS; line++)
        interrupt_table.gates[HAL_FIRST_VECTOR + line] =
            hal_make_gate(hal_interrupt_entries[line], STACK_CURRENT);
    interrupt_table.gates[HAL_SPURIOUS_VECTOR] =
        hal_make_gate(hal_interrupt_entries[HAL_LINE_SPURIOUS], STACK_CURRENT);

    struct table_pointer pointer = {sizeof(interrupt_table.gates) - 1, (uintptr_t)&interrupt_table};
    __asm__ volatile("lidt %0" ::"m"(pointer) : "memory");
}

void hal_cpu_tables_protect(void)
{
    hal_protect(&interrupt_table, 1, HAL_MAP_READ);
}
