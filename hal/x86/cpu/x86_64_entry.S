/* SPDX-License-Identifier: MIT */
/*
 * Entry points of exceptions and interrupts on x86_64.
 *
 * Owns the way in and out: saving, restoring, keeping the chain of frames whole. Decides nothing.
 *
 * The CPU aligns the stack to 16 before it pushes SS, RSP, RFLAGS, CS and RIP, so each path below
 * knows its alignment by counting. The interrupted code may have left the direction flag set.
 */

#define INSTRUCTION_POINTER 16
#include "hal/x86/cpu/unwind.inc"

/* What the CPU has pushed: RIP, CS, RFLAGS, RSP and SS, which end where the interrupted frame's own
 * stack would, and `more` bytes of ours. */
    .macro pushed_by_cpu more:vararg
    .cfi_def_cfa rsp, 5 * 8 + \more
    .cfi_offset rip, -5 * 8
    .cfi_offset rsp, -2 * 8
    .endm

    .macro push_register name
    pushq %\name
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \name, 0
    .endm
    .macro pop_register name
    popq %\name
    .cfi_adjust_cfa_offset -8
    .cfi_same_value \name
    .endm

    .text

/* ------------------------------------------------------------------ exceptions
 *
 * Builds a struct trap_frame (x86_64.h) and calls hal_exception. What follows the frame looks like
 * an ordinary call from the faulting instruction, so that a back trace shows it.
 */

#define TRAP_FRAME_SIZE (22 * 8)

/* Where a struct trap_frame has the registers, when RSP points to it. */
    .macro saved_in_trap_frame
    pushed_by_cpu TRAP_FRAME_SIZE - 5 * 8
    .cfi_rel_offset rax, 14 * 8
    .cfi_rel_offset rcx, 13 * 8
    .cfi_rel_offset rdx, 12 * 8
    .cfi_rel_offset rbx, 11 * 8
    .cfi_rel_offset rbp, 10 * 8
    .cfi_rel_offset rsi, 9 * 8
    .cfi_rel_offset rdi, 8 * 8
    .cfi_rel_offset r8, 7 * 8
    .cfi_rel_offset r9, 6 * 8
    .cfi_rel_offset r10, 5 * 8
    .cfi_rel_offset r11, 4 * 8
    .cfi_rel_offset r12, 3 * 8
    .cfi_rel_offset r13, 2 * 8
    .cfi_rel_offset r14, 1 * 8
    .cfi_rel_offset r15, 0
    .endm

    .type exception_common, @function
exception_common:
    begin_interrupted
    pushed_by_cpu 2 * 8 /* vector, error code */
    push_register rax
    push_register rcx
    push_register rdx
    push_register rbx
    push_register rbp
    push_register rsi
    push_register rdi
    push_register r8
    push_register r9
    push_register r10
    push_register r11
    push_register r12
    push_register r13
    push_register r14
    push_register r15
    movq %rsp, %rdi
    cld
    pushq 17 * 8(%rsp) /* RIP, as if it were a return address */
    .cfi_adjust_cfa_offset 8
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    movq %rsp, %rbp
    .cfi_endproc
    begin_called_by_mark exception
    .cfi_def_cfa rbp, 2 * 8 /* the trap frame */
    call hal_exception
    addq $16, %rsp
    .cfi_endproc
    begin_interrupted
    saved_in_trap_frame
    pop_register r15
    pop_register r14
    pop_register r13
    pop_register r12
    pop_register r11
    pop_register r10
    pop_register r9
    pop_register r8
    pop_register rdi
    pop_register rsi
    pop_register rbp
    pop_register rbx
    pop_register rdx
    pop_register rcx
    pop_register rax
    addq $16, %rsp /* vector, error code */
    .cfi_adjust_cfa_offset -16
    iretq
    .cfi_endproc
    begin_mark
    saved_in_trap_frame
    end_mark exception
    .size exception_common, . - exception_common

/* ------------------------------------------------------------------ interrupts
 *
 * Short, since every disk transfer comes through here: only registers that a C function may change
 * are saved (fpu.h tells about SSE). The pushed RBP stands where a called function would have it:
 * below the interrupted RIP.
 */

    .macro interrupt line
interrupt_\line:
    begin_interrupted
    pushed_by_cpu 0
    push_register rbp
    movq %rsp, %rbp
    push_register rdi
    movl $hal_interrupt_lines + \line * LINE_SIZE, %edi
    jmp interrupt_common
    .cfi_endproc
    .endm

    .globl hal_interrupt_returns /* in a chain of frames, an interrupt stands here */
    .type interrupt_common, @function
interrupt_common:
    begin_called_by_mark interrupt
    .cfi_def_cfa rbp, 0
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    subq $8, %rsp /* 15 words are on the stack: one more aligns it */
    cld
    movq %rbp, %rsi /* where the pushed base pointer, instruction pointer, CS and flags are */
    call hal_interrupt_dispatch
hal_interrupt_returns:
    addq $8, %rsp
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    popq %rdi
    popq %rbp
    .cfi_endproc
    begin_interrupted
    pushed_by_cpu 0
    iretq
    .cfi_endproc
    begin_mark
    .cfi_def_cfa rbp, 6 * 8
    .cfi_offset rip, -5 * 8
    .cfi_offset rsp, -2 * 8
    .cfi_offset rbp, -6 * 8
    .cfi_offset rdi, -7 * 8
    .cfi_offset rax, -8 * 8
    .cfi_offset rcx, -9 * 8
    .cfi_offset rdx, -10 * 8
    .cfi_offset rsi, -11 * 8
    .cfi_offset r8, -12 * 8
    .cfi_offset r9, -13 * 8
    .cfi_offset r10, -14 * 8
    .cfi_offset r11, -15 * 8
    end_mark interrupt
    .size interrupt_common, . - interrupt_common

#define ADDRESS .quad
#define WORD_SIZE 8
#include "hal/x86/cpu/stubs.inc"
