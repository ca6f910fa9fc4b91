/* SPDX-License-Identifier: MIT */
/*
 * Entry points of exceptions and interrupts on i386.
 *
 * Owns the way in and out: saving, restoring, keeping the chain of frames whole. Decides nothing.
 *
 * The interrupted code is the kernel or a driver, on the same stack, whose alignment nobody relies on.
 * It may have left the direction flag set.
 */

#define FRAME_SP 12 /* offsets in struct trap_frame, i386.h */
#define FRAME_IP 40

    .text

/* ------------------------------------------------------------------ exceptions
 *
 * Builds a struct trap_frame and calls hal_exception. What follows the frame looks like an ordinary call
 * from the faulting instruction, so that a back trace shows it.
 */

    .type exception_common, @function
exception_common:
    pushal
    addl $20, FRAME_SP(%esp) /* what it was before vector, error code, EIP, CS and EFLAGS */
    movl %esp, %eax
    cld
    pushl FRAME_IP(%esp) /* as if it were a return address */
    pushl %ebp
    movl %esp, %ebp
    pushl %eax
    call hal_exception
    addl $12, %esp
    popal
    addl $8, %esp /* vector, error code */
    iret
    .size exception_common, . - exception_common

/* Exceptions whose gates lead to a task have a stack of their own, and the interrupted registers in
 * another task-state segment. */
    .macro task_entry vector
    .globl hal_task_entry_\vector
hal_task_entry_\vector:
    pushl $\vector
    call hal_exception_task
    .endm

    task_entry 2
    task_entry 8 /* the CPU has pushed an error code, which is 0 */
    task_entry 18

/* ------------------------------------------------------------------ interrupts
 *
 * Short, since every disk transfer comes through here: only registers that a C function may change
 * are saved (fpu.h tells about SSE). The pushed EBP stands where a called function would have it:
 * below the interrupted EIP.
 */

    .macro interrupt line
interrupt_\line:
    pushl %ebp
    movl %esp, %ebp
    pushl %eax
    movl $hal_interrupt_lines + \line * LINE_SIZE, %eax
    jmp interrupt_common
    .endm

    .type interrupt_common, @function
interrupt_common:
    pushl %ecx
    pushl %edx
    pushl %ebp /* where the pushed base pointer, instruction pointer, CS and flags are */
    pushl %eax
    cld
    call hal_interrupt_dispatch
    addl $8, %esp
    popl %edx
    popl %ecx
    popl %eax
    popl %ebp
    iret
    .size interrupt_common, . - interrupt_common

#define ADDRESS .long
#include "hal/x86/stubs.inc"
