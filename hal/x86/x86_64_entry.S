/* SPDX-License-Identifier: MIT */
/*
 * Entry points of exceptions and interrupts.
 *
 * Owns the way in and out: saving, restoring, keeping the chain of frames whole. Decides nothing.
 *
 * The CPU aligns the stack to 16 before it pushes SS, RSP, RFLAGS, CS and RIP, so each path below
 * knows its alignment by counting. The interrupted code may have left the direction flag set.
 */

#define LINE_SIZE 32 /* of struct interrupt_line, interrupts.c */

    .text

/* ------------------------------------------------------------------ exceptions
 *
 * Each builds a struct trap_frame (x86_64_tables.c) and calls hal_exception. What follows the frame
 * looks like an ordinary call from the faulting instruction, so that a back trace shows it.
 */

    .macro exception vector, has_error_code=0
    .balign 16
exception_\vector:
    .if !\has_error_code
    pushq $0
    .endif
    pushq $\vector
    jmp exception_common
    .endm

    exception 0
    exception 1
    exception 2
    exception 3
    exception 4
    exception 5
    exception 6
    exception 7
    exception 8, 1
    exception 9
    exception 10, 1
    exception 11, 1
    exception 12, 1
    exception 13, 1
    exception 14, 1
    exception 15
    exception 16
    exception 17, 1
    exception 18
    exception 19
    exception 20
    exception 21, 1
    exception 22
    exception 23
    exception 24
    exception 25
    exception 26
    exception 27
    exception 28
    exception 29, 1
    exception 30, 1
    exception 31

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
    .balign 16
interrupt_\line:
    pushq %rbp
    movq %rsp, %rbp
    pushq %rdi
    movl $hal_interrupt_lines + \line * LINE_SIZE, %edi
    jmp interrupt_common
    .endm

    interrupt 0
    interrupt 1
    interrupt 2
    interrupt 3
    interrupt 4
    interrupt 5
    interrupt 6
    interrupt 7
    interrupt 8
    interrupt 9
    interrupt 10
    interrupt 11
    interrupt 12
    interrupt 13
    interrupt 14
    interrupt 15
    interrupt 16 /* HAL_LINE_TIMER */

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
/* The local APIC's spurious interrupt wants no end-of-interrupt, and nothing else. */
    .globl hal_spurious_entry
hal_spurious_entry:
    iretq
    .size interrupt_common, . - interrupt_common

/* ------------------------------------------------------------------ the stubs' addresses */

    .section .rodata
    .balign 8
    .globl hal_exception_entries
hal_exception_entries:
    .irp vector, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .quad exception_\vector
    .endr
    .irp vector, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    .quad exception_\vector
    .endr

    .globl hal_interrupt_entries
hal_interrupt_entries:
    .irp line, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    .quad interrupt_\line
    .endr

    .section .note.GNU-stack, "", @progbits
