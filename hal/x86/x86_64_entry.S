/* SPDX-License-Identifier: MIT */
/*
 * Entry points of exceptions and interrupts on x86_64.
 *
 * Owns the way in and out: saving, restoring, keeping the chain of frames whole. Decides nothing.
 *
 * The CPU aligns the stack to 16 before it pushes SS, RSP, RFLAGS, CS and RIP, so each path below
 * knows its alignment by counting. The interrupted code may have left the direction flag set.
 */

    .text

/* ------------------------------------------------------------------ exceptions
 *
 * Builds a struct trap_frame (x86_64.h) and calls hal_exception. What follows the frame looks like an
 * ordinary call from the faulting instruction, so that a back trace shows it.
 */

    .type exception_common, @function
exception_common:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rbx
    pushq %rbp
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    cld
    pushq 17 * 8(%rsp) /* RIP, as if it were a return address */
    pushq %rbp
    movq %rsp, %rbp
    call hal_exception
    addq $16, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rbp
    popq %rbx
    popq %rdx
    popq %rcx
    popq %rax
    addq $16, %rsp /* vector, error code */
    iretq
    .size exception_common, . - exception_common

/* ------------------------------------------------------------------ interrupts
 *
 * Short, since every disk transfer comes through here: only registers that a C function may change
 * are saved (fpu.h tells about SSE). The pushed RBP stands where a called function would have it:
 * below the interrupted RIP.
 */

    .macro interrupt line
interrupt_\line:
    pushq %rbp
    movq %rsp, %rbp
    pushq %rdi
    movl $hal_interrupt_lines + \line * LINE_SIZE, %edi
    jmp interrupt_common
    .endm

    .type interrupt_common, @function
interrupt_common:
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
    iretq
    .size interrupt_common, . - interrupt_common

#define ADDRESS .quad
#include "hal/x86/stubs.inc"
