/* SPDX-License-Identifier: MIT */
/*
 * The interrupt table.
 *
 * Owns it, and says how the CPU comes to each exception and interrupt. What a gate and a task-state
 * segment look like is in the architecture's tables file. Entered once, during bring-up.
 */
#include "hal/x86/cpu/arch.h"

#define VECTOR_COUNT 256u

extern const uintptr_t hal_exception_entries[EXCEPTION_COUNT];
extern const uintptr_t hal_interrupt_entries[HAL_LINE_COUNT];

/* A page of its own, which is read-only once there are page tables. */
static union {
    struct gate gates[VECTOR_COUNT];
    uint8_t page[HAL_PAGE_SIZE];
} interrupt_table __attribute__((aligned(4096)));

void hal_cpu_tables_initialise(void)
{
    static const uint8_t stacks[EXCEPTION_COUNT] = {
        [VECTOR_DOUBLE_FAULT] = STACK_DOUBLE_FAULT,
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

    struct table_pointer pointer = {sizeof interrupt_table.gates - 1, (uintptr_t)&interrupt_table};
    __asm__ volatile("lidt %0" ::"m"(pointer) : "memory");
}

void hal_cpu_tables_protect(void)
{
    hal_protect(&interrupt_table, 1, HAL_MAP_READ);
}
