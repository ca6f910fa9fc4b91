/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader's 32-bit code to our own: segments, and what paging will need.
 *
 * Owns the segment descriptors. Paging stays off until hal_paging_initialise. Entered once, from
 * hal_entry; EDI and ESI are the two arguments of hal_start.
 */
#include "hal/x86/cpu/control.inc"
#define INSTRUCTION_POINTER 8
#include "hal/x86/cpu/unwind.inc"

    .section .text.boot, "ax"
    .globl hal_enter
    .type hal_enter, @function
hal_enter:
    begin_uncalled
    movl %cr4, %eax
    orl $CR4_SET, %eax
    movl %eax, %cr4
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_NO_EXECUTE, %eax
    wrmsr
    movl %cr0, %eax
    andl $~CR0_CLEARED, %eax
    orl $CR0_SET, %eax
    movl %eax, %cr0
    fninit
    lgdt segment_table_pointer
    ljmp $CODE_SELECTOR, $1f
1:  movl $DATA_SELECTOR, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    xorl %ebp, %ebp /* ends the chain of frames */
    pushl %esi
    pushl %edi
    pushl $0 /* where back traces end */
    jmp hal_start
    .cfi_endproc
    .size hal_enter, . - hal_enter

/* Flat segments. hal_load_task_states fills in the rest: a task-state segment for the kernel, and one for
 * each stack of exceptions. */
    .data
    .balign 16
    .globl hal_segment_table
hal_segment_table:
    .quad 0
    .quad 0x00CF9B000000FFFF /* code: 32-bit, accessed */
    .quad 0x00CF93000000FFFF /* data: writable, accessed */
    .quad 0
    .quad 0
    .quad 0
    .quad 0
hal_segment_table_end:

segment_table_pointer:
    .word hal_segment_table_end - hal_segment_table - 1
    .long hal_segment_table

    .section .note.GNU-stack, "", @progbits
