/* SPDX-License-Identifier: MIT */
/*
 * The kernel's first instructions: is this a CPU that it can run on?
 *
 * Owns the Multiboot header. Entered once; goes on at
 * hal_enter (i386_boot.S, x86_64_boot.S), which prepares the CPU for C and calls hal_start.
 *
 * Multiboot 0.6.96, 3.2: EAX holds the loader's magic, EBX the address of its information; flat
 * 32-bit segments, paging and interrupts off, no stack. EDI and ESI keep the two values throughout.
 */

#define MULTIBOOT_HEADER_MAGIC  0x1BADB002
#define MULTIBOOT_PAGE_ALIGN    0x1 /* modules start on page boundaries */
#define MULTIBOOT_MEMORY_INFO   0x2 /* the memory map is wanted */
#define MULTIBOOT_HEADER_FLAGS  (MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO)

#define EFLAGS_ID               0x200000 /* can be changed where there is CPUID */
#define CPUID_FEATURES          1
#define CPUID_PAE               0x00000040
#define CPUID_FXSR              0x01000000
#define CPUID_SSE2              0x04000000
#define FEATURES_NEEDED         (CPUID_PAE | CPUID_FXSR | CPUID_SSE2)
#define CPUID_EXTENDED          0x80000000
#define CPUID_EXTENDED_FEATURES 0x80000001
#define CPUID_NO_EXECUTE        0x00100000
#define CPUID_LONG_MODE         0x20000000
#ifdef __x86_64__
#define EXTENDED_NEEDED         (CPUID_NO_EXECUTE | CPUID_LONG_MODE)
#define NEEDED_TEXT             "x86_64 with no-execute pages"
#else
#define EXTENDED_NEEDED         CPUID_NO_EXECUTE
#define NEEDED_TEXT             "PAE with no-execute pages, and SSE2"
#endif

#define COM1_DATA               0x3F8
#define DEBUG_CONSOLE           0xE9
#define EXIT_PORT               0xF4
#define EXIT_USAGE              0x12

#ifdef __x86_64__
#define INSTRUCTION_POINTER 16
#else
#define INSTRUCTION_POINTER 8
#endif
#include "hal/x86/cpu/control.h"
#include "hal/x86/cpu/unwind.inc"

    .section .multiboot, "a"
    .balign 4
    .long MULTIBOOT_HEADER_MAGIC
    .long MULTIBOOT_HEADER_FLAGS
    .long -(MULTIBOOT_HEADER_MAGIC + MULTIBOOT_HEADER_FLAGS)

    .section .text.boot, "ax"
    .code32
    .globl hal_entry
    .type hal_entry, @function
hal_entry:
    begin_uncalled
    cld
    movl $hal_boot_stack + STACK_GUARD_SIZE + BOOT_STACK_SIZE, %esp
    movl %eax, %edi
    movl %ebx, %esi

    pushfl
    popl %eax
    movl %eax, %ecx
    xorl $EFLAGS_ID, %eax
    pushl %eax
    popfl
    pushfl
    popl %eax
    cmpl %ecx, %eax
    je unsuitable_cpu
    movl $CPUID_FEATURES, %eax
    cpuid
    andl $FEATURES_NEEDED, %edx
    cmpl $FEATURES_NEEDED, %edx
    jne unsuitable_cpu
    movl $CPUID_EXTENDED, %eax
    cpuid
    cmpl $CPUID_EXTENDED_FEATURES, %eax
    jb unsuitable_cpu
    movl $CPUID_EXTENDED_FEATURES, %eax
    cpuid
    andl $EXTENDED_NEEDED, %edx
    cmpl $EXTENDED_NEEDED, %edx
    je hal_enter

/* Says so on both consoles, without any of the kernel's services, and ends QEMU. */
unsuitable_cpu:
    movl $unsuitable_text, %esi
1:  lodsb
    testb %al, %al
    jz 2f
    movw $COM1_DATA, %dx
    outb %al, %dx
    outb %al, $DEBUG_CONSOLE
    jmp 1b
2:  movl $EXIT_USAGE, %eax
    outl %eax, $EXIT_PORT
3:  cli
    hlt
    jmp 3b
    .cfi_endproc
    .size hal_entry, . - hal_entry

    .section .rodata
unsuitable_text:
    .asciz "This CPU cannot run the kernel: it needs " NEEDED_TEXT " (-cpu qemu64).\r\n"

    .section .note.GNU-stack, "", @progbits
