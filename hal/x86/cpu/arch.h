/* SPDX-License-Identifier: MIT */
/*
 * What differs between i386 and x86_64: the geometry of page tables and of the address space
 * (paging.h), the frame of an exception, and the tables that are made of it. Each of the two
 * headers explains its own numbers.
 */
#ifndef HAL_X86_CPU_ARCH_H
#define HAL_X86_CPU_ARCH_H

#include "hal/x86/cpu/control.h"
#include "hal/x86/cpu/cpu.h"

#if defined(__x86_64__)
#include "hal/x86/cpu/x86_64.h"
#else
#include "hal/x86/cpu/i386.h"
#endif

/* ------------------------------------------------------------------ exceptions */

#define VECTOR_DEBUG         1u
#define VECTOR_NMI           2u
#define VECTOR_BREAKPOINT    3u
#define VECTOR_OVERFLOW      4u
#define VECTOR_NOT_AVAILABLE 7u
#define VECTOR_DOUBLE_FAULT  8u
#define VECTOR_STACK         12u
#define VECTOR_PROTECTION    13u
#define VECTOR_PAGE_FAULT    14u
#define VECTOR_MACHINE_CHECK 18u
#define EXCEPTION_COUNT      32u

#define TASK_SELECTOR        0x18u
#define TASK_DESCRIPTOR      (TASK_SELECTOR / 8)
#define DESCRIPTOR_AVAILABLE ((uint64_t)0x89 << 40) /* a task-state segment: present, not in use */

/* What LGDT and LIDT take. */
struct table_pointer {
    uint16_t limit;
    uintptr_t base;
} __attribute__((packed));

/* Only exceptions that come when the current stack may be unusable have stacks of their own. Page
 * faults do not, so that one may happen while another is being mended; a stack that overflows makes
 * the page fault itself fault, and arrives as a double fault. Nor do non-maskable interrupts, which
 * mostly go on: a task of i386's would leave CR0.TS set behind it. */
enum exception_stack_number { STACK_CURRENT, STACK_DOUBLE_FAULT, STACK_MACHINE_CHECK, STACK_END };

/* From exceptions.c. Interrupts disabled, from any context, an earlier exception included. */
struct trap_frame;
void hal_exception(struct trap_frame *frame);

/* From stacks.c: the address at which such a stack begins to be used. */
uintptr_t hal_exception_stack_top(enum exception_stack_number stack);

/* From the architecture's own tables file. */
extern const struct table_pointer hal_segment_table_pointer;
struct gate hal_make_gate(uintptr_t entry, enum exception_stack_number stack);
void hal_load_task_states(void);
void hal_print_registers(const struct trap_frame *frame, uintptr_t fault_address);

#endif
