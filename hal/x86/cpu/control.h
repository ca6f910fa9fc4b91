/* SPDX-License-Identifier: MIT */
/* Numbers that C and assembly share: bits of the control registers, selectors, the boot stack. */
#ifndef HAL_X86_CPU_CONTROL_H
#define HAL_X86_CPU_CONTROL_H

#define CR0_MONITOR_COPROCESSOR 0x00000002
#define CR0_EMULATION           0x00000004
#define CR0_TASK_SWITCHED       0x00000008
#define CR0_NUMERIC_ERROR       0x00000020 /* x87 errors are exception 16, not IRQ 13 */
#define CR0_WRITE_PROTECT       0x00010000
#define CR0_PAGING              0x80000000
#define CR0_CLEARED             (CR0_EMULATION | CR0_TASK_SWITCHED)
#define CR0_SET                 (CR0_WRITE_PROTECT | CR0_MONITOR_COPROCESSOR | CR0_NUMERIC_ERROR)

#define CR4_PAE             0x020
#define CR4_FXSR            0x200
#define CR4_SIMD_EXCEPTIONS 0x400
#define CR4_SET             (CR4_PAE | CR4_FXSR | CR4_SIMD_EXCEPTIONS) /* drivers use SSE */

#define MSR_EFER        0xC0000080
#define EFER_LONG_MODE  0x100
#define EFER_NO_EXECUTE 0x800

#define CODE_SELECTOR 0x08
#define DATA_SELECTOR 0x10

/* struct boot_stack, cpu.h: a page that is not mapped, and the stack above it. */
#define STACK_GUARD_SIZE 4096
#define BOOT_STACK_SIZE  (64 * 1024)

#endif
