/* SPDX-License-Identifier: MIT */
/*
 * Entry of the floor program: multiboot header, flat segments, the interrupt table.
 *
 * Owns: the boot stack, the GDT, the IDT and the one interrupt handler, which counts and returns,
 * with interrupts disabled: it is there so that HLT ends. All registers of the drive are read after HLT,
 * in the main flow.
 */
#define MULTIBOOT_MAGIC 0x1BADB002
#define MULTIBOOT_FLAGS 0x00000002 /* memory information wanted */
#define CODE_SELECTOR   0x08
#define DATA_SELECTOR   0x10
#define VECTOR_COUNT    48
#define FIRST_IRQ_VECTOR 32
#define EFLAGS_IF        0x200

    .section .multiboot, "a"
    .balign 4
    .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

    .text
    .globl floor_start
floor_start:
    cli
    cld
    movl $boot_stack_top, %esp
    movl %eax, %edi                /* bootloader's magic, for floor_main */
    lgdt gdt_pointer
    ljmp $CODE_SELECTOR, $1f
1:  movw $DATA_SELECTOR, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw %ax, %fs
    movw %ax, %gs

    /* Exceptions end the program; interrupts return. */
    movl $idt, %edx
    xorl %ecx, %ecx
2:  movl $exception, %eax
    cmpl $FIRST_IRQ_VECTOR, %ecx
    jb 3f
    movl $interrupt, %eax
3:  movw %ax, (%edx)
    movw $CODE_SELECTOR, 2(%edx)
    movw $0x8E00, 4(%edx)          /* present, ring 0, 32-bit interrupt gate */
    shrl $16, %eax
    movw %ax, 6(%edx)
    addl $8, %edx
    incl %ecx
    cmpl $VECTOR_COUNT, %ecx
    jb 2b
    lidt idt_pointer

    xorl %ebp, %ebp
    pushl %ebx                     /* multiboot information */
    pushl %edi
    call floor_main
4:  hlt
    jmp 4b

    .globl interrupt
interrupt:
    incl machine_interrupts
    andl $~EFLAGS_IF, 8(%esp)
    iretl

exception:
    call floor_exception
    jmp 4b

    .section .rodata
    .balign 8
gdt:
    .quad 0
    .quad 0x00CF9A000000FFFF       /* code, 0 to 4 GiB */
    .quad 0x00CF92000000FFFF       /* data, 0 to 4 GiB */
gdt_pointer:
    .word gdt_pointer - gdt - 1
    .long gdt
idt_pointer:
    .word VECTOR_COUNT * 8 - 1
    .long idt

    .bss
    .balign 8
idt:
    .skip VECTOR_COUNT * 8
    .balign 16
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
