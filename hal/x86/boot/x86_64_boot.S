/* SPDX-License-Identifier: MIT */
/*
 * From 32-bit code without paging to C in long mode.
 *
 * Owns the early identity tables (4 GiB, everything writable and executable, replaced by
 * hal_paging_initialise). Entered once, from hal_entry; EDI and ESI are
 * the first two arguments of hal_start.
 */
#include "hal/x86/cpu/control.h"
#define INSTRUCTION_POINTER 16
#include "hal/x86/cpu/unwind.inc"

#define PAGE_TABLE_FLAGS  0x003 /* present, writable */
#define LARGE_PAGE_FLAGS  0x083 /* present, writable, 2 MiB */
#define EARLY_DIRECTORIES 4     /* 1 GiB each */

    .section .text.boot, "ax"
    .code32
    .globl hal_enter
    .type hal_enter, @function
hal_enter:
    begin_uncalled
    /* Early tables: one entry to one table of four directories of 2 MiB pages. */
    movl $early_pointers + PAGE_TABLE_FLAGS, early_root
    movl $early_directories + PAGE_TABLE_FLAGS, %eax
    xorl %ecx, %ecx
1:  movl %eax, early_pointers(, %ecx, 8)
    addl $4096, %eax
    incl %ecx
    cmpl $EARLY_DIRECTORIES, %ecx
    jne 1b
    movl $LARGE_PAGE_FLAGS, %eax
    xorl %ecx, %ecx
2:  movl %eax, early_directories(, %ecx, 8)
    addl $0x200000, %eax
    incl %ecx
    cmpl $EARLY_DIRECTORIES * 512, %ecx
    jne 2b

    movl $early_root, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl $CR4_SET, %eax
    movl %eax, %cr4
    movl $MSR_EFER, %ecx
    rdmsr
    orl $(EFER_LONG_MODE | EFER_NO_EXECUTE), %eax
    wrmsr
    movl %cr0, %eax
    andl $~CR0_CLEARED, %eax
    orl $(CR0_PAGING | CR0_SET), %eax
    movl %eax, %cr0
    fninit
    lgdt hal_segment_table_pointer
    ljmp $CODE_SELECTOR, $long_mode

    .code64
long_mode:
    movl $DATA_SELECTOR, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movl $hal_boot_stack + STACK_GUARD_SIZE + BOOT_STACK_SIZE, %esp
    movl %edi, %edi /* the upper halves are undefined after the switch */
    movl %esi, %esi
    xorl %ebp, %ebp /* ends the chain of frames */
    pushq $0 /* where back traces end */
    jmp hal_start
    .cfi_endproc
    .size hal_enter, . - hal_enter

    .section .bss.early, "aw", @nobits
    .balign 4096
early_root:
    .skip 4096
early_pointers:
    .skip 4096
early_directories:
    .skip 4096 * EARLY_DIRECTORIES

    .section .note.GNU-stack, "", @progbits
