/* SPDX-License-Identifier: MIT */
/*
 * Entry points of exceptions and interrupts on i386.
 *
 * Owns the way in and out: saving, restoring, keeping the chain of frames whole. Decides nothing.
 *
 * The interrupted code is the kernel or a driver, on the same stack, whose alignment nobody relies
 * on. It may have left the direction flag set.
 */

#define INSTRUCTION_POINTER 8
#include "hal/x86/cpu/unwind.inc"

#define FRAME_BP        8 /* offsets in struct trap_frame, i386.h */
#define FRAME_SP        12
#define FRAME_IP        40
#define TRAP_FRAME_SIZE 52

/* What the CPU has pushed: EIP, CS and EFLAGS, which end where the interrupted frame's own stack
 * goes on, and `more` bytes of ours. */
    .macro pushed_by_cpu more:vararg
    .cfi_def_cfa esp, 3 * 4 + \more
    .cfi_offset eip, -3 * 4
    .endm

    .text

/* ------------------------------------------------------------------ exceptions
 *
 * Builds a struct trap_frame and calls hal_exception. What follows the frame looks like an ordinary
 * call from the faulting instruction, so that a back trace shows it.
 */

/* Where a struct trap_frame has the registers, when ESP points to it. The interrupted stack need
 * not be this one. */
    .macro saved_in_trap_frame
    .cfi_def_cfa esp, TRAP_FRAME_SIZE
    .cfi_rel_offset edi, 0
    .cfi_rel_offset esi, 4
    .cfi_rel_offset ebp, FRAME_BP
    .cfi_rel_offset esp, FRAME_SP
    .cfi_rel_offset ebx, 16
    .cfi_rel_offset edx, 20
    .cfi_rel_offset ecx, 24
    .cfi_rel_offset eax, 28
    .cfi_rel_offset eip, FRAME_IP
    .endm

    .type exception_common, @function
exception_common:
    begin_interrupted
    pushed_by_cpu 2 * 4 /* vector, error code */
    pushal
    .cfi_adjust_cfa_offset 8 * 4
    addl $20, FRAME_SP(%esp) /* what it was before vector, error code, EIP, CS and EFLAGS */
    .cfi_endproc
/* ESP points to the frame, EBP is the interrupted one. */
exception_with_frame:
    begin_interrupted
    saved_in_trap_frame
    movl %esp, %eax
    cld
    pushl FRAME_IP(%esp) /* as if it were a return address */
    .cfi_adjust_cfa_offset 4
    pushl %ebp
    .cfi_adjust_cfa_offset 4
    movl %esp, %ebp
    .cfi_endproc
    begin_called_by_mark exception
    .cfi_def_cfa ebp, 2 * 4 /* the trap frame */
    pushl %eax
    call hal_exception
    addl $12, %esp
    .cfi_endproc
    begin_interrupted
    pushed_by_cpu TRAP_FRAME_SIZE - 3 * 4
    popal
    .cfi_adjust_cfa_offset -8 * 4
    addl $8, %esp /* vector, error code */
    .cfi_adjust_cfa_offset -8
    iret
    .cfi_endproc
    begin_mark
    saved_in_trap_frame
    end_mark exception
    .size exception_common, . - exception_common

/* Exceptions whose gates lead to a task have a stack of their own, and the interrupted registers in
 * another task-state segment: the frame is made of these. It is left no more, since none of these
 * exceptions can be mended. */
    .macro task_entry vector
    .type exception_\vector, @function
exception_\vector:
    begin_uncalled
    subl $TRAP_FRAME_SIZE, %esp
    pushl %esp
    pushl $\vector
    call hal_fill_trap_frame
    addl $8, %esp
    movl FRAME_BP(%esp), %ebp
    jmp exception_with_frame
    .cfi_endproc
    .size exception_\vector, . - exception_\vector
    .endm

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
    begin_interrupted
    pushed_by_cpu 0
    pushl %ebp
    .cfi_adjust_cfa_offset 4
    .cfi_rel_offset ebp, 0
    movl %esp, %ebp
    pushl %eax
    .cfi_adjust_cfa_offset 4
    .cfi_rel_offset eax, 0
    movl $hal_interrupt_lines + \line * LINE_SIZE, %eax
    jmp interrupt_common
    .cfi_endproc
    .endm

    .globl hal_interrupt_returns /* in a chain of frames, an interrupt stands here */
    .type interrupt_common, @function
interrupt_common:
    begin_called_by_mark interrupt
    .cfi_def_cfa ebp, 0
    pushl %ecx
    pushl %edx
    pushl %ebp /* where the pushed base pointer, instruction pointer, CS and flags are */
    pushl %eax
    cld
    call hal_interrupt_dispatch
hal_interrupt_returns:
    addl $8, %esp
    popl %edx
    popl %ecx
    popl %eax
    popl %ebp
    .cfi_endproc
    begin_interrupted
    pushed_by_cpu 0
    iret
    .cfi_endproc
    begin_mark
    .cfi_def_cfa ebp, 4 * 4
    .cfi_offset eip, -3 * 4
    .cfi_offset ebp, -4 * 4
    .cfi_offset eax, -5 * 4
    .cfi_offset ecx, -6 * 4
    .cfi_offset edx, -7 * 4
    end_mark interrupt
    .size interrupt_common, . - interrupt_common

#define ADDRESS .long
#define WORD_SIZE 4
#include "hal/x86/cpu/stubs.inc"
