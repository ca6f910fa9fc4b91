/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader's 32-bit code to our own: segments, and what paging will need.
 *
 * Paging stays off until hal_paging_initialise. Entered once, from
 * hal_entry; EDI and ESI are the two arguments of hal_start.
 */
#include "hal/x86/cpu/control.h"
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
    lgdt hal_segment_table_pointer
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

    .section .note.GNU-stack, "", @progbits
