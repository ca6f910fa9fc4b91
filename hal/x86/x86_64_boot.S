/* SPDX-License-Identifier: MIT */
/*
 * The kernel's first instructions: from the 32-bit state that Multiboot promises to C in long mode.
 *
 * Owns the Multiboot header, the early identity tables (4 GiB, everything writable and executable,
 * replaced by hal_paging_initialise) and the segment descriptors. Entered once.
 *
 * Multiboot 0.6.96, 3.2: EAX holds the loader's magic, EBX the address of its information; flat
 * 32-bit segments, paging and interrupts off, no stack. EDI and ESI keep the two values throughout,
 * which makes them the first two arguments of hal_start.
 */

#define MULTIBOOT_HEADER_MAGIC   0x1BADB002
#define MULTIBOOT_PAGE_ALIGN     0x1 /* modules start on page boundaries */
#define MULTIBOOT_MEMORY_INFO    0x2 /* the memory map is wanted */
#define MULTIBOOT_HEADER_FLAGS   (MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO)

#define EFLAGS_ID                0x200000 /* can be changed where there is CPUID */
#define CPUID_EXTENDED           0x80000000
#define CPUID_EXTENDED_FEATURES  0x80000001
#define CPUID_NO_EXECUTE         0x00100000
#define CPUID_LONG_MODE          0x20000000
#define CPUID_NEEDED             (CPUID_NO_EXECUTE | CPUID_LONG_MODE)

#define CR0_MONITOR_COPROCESSOR  0x00000002
#define CR0_EMULATION            0x00000004
#define CR0_TASK_SWITCHED        0x00000008
#define CR0_NUMERIC_ERROR        0x00000020 /* x87 errors are exception 16, not IRQ 13 */
#define CR0_WRITE_PROTECT        0x00010000
#define CR0_PAGING               0x80000000
#define CR4_PAE                  0x020
#define CR4_FXSR                 0x200
#define CR4_SIMD_EXCEPTIONS      0x400
#define MSR_EFER                 0xC0000080
#define EFER_LONG_MODE           0x100
#define EFER_NO_EXECUTE          0x800

#define PAGE_TABLE_FLAGS         0x003 /* present, writable */
#define LARGE_PAGE_FLAGS         0x083 /* present, writable, 2 MiB */
#define EARLY_DIRECTORIES        4     /* 1 GiB each */

#define CODE_SELECTOR            0x08
#define DATA_SELECTOR            0x10

#define BOOT_STACK_SIZE          (64 * 1024)

#define COM1_DATA                0x3F8
#define DEBUG_CONSOLE            0xE9
#define EXIT_PORT                0xF4
#define EXIT_USAGE               0x12

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
    cld
    movl $hal_boot_stack_top, %esp
    movl %eax, %edi
    movl %ebx, %esi

    /* Is this a CPU that the kernel can run on? */
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
    movl $CPUID_EXTENDED, %eax
    cpuid
    cmpl $CPUID_EXTENDED_FEATURES, %eax
    jb unsuitable_cpu
    movl $CPUID_EXTENDED_FEATURES, %eax
    cpuid
    andl $CPUID_NEEDED, %edx
    cmpl $CPUID_NEEDED, %edx
    jne unsuitable_cpu

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

    /* Long mode, with SSE: drivers use it. The kernel itself is compiled without. */
    movl $early_root, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl $(CR4_PAE | CR4_FXSR | CR4_SIMD_EXCEPTIONS), %eax
    movl %eax, %cr4
    movl $MSR_EFER, %ecx
    rdmsr
    orl $(EFER_LONG_MODE | EFER_NO_EXECUTE), %eax
    wrmsr
    movl %cr0, %eax
    andl $~(CR0_EMULATION | CR0_TASK_SWITCHED), %eax
    orl $(CR0_PAGING | CR0_WRITE_PROTECT | CR0_MONITOR_COPROCESSOR | CR0_NUMERIC_ERROR), %eax
    movl %eax, %cr0
    fninit
    lgdt segment_table_pointer
    ljmp $CODE_SELECTOR, $long_mode

/* Says so on both consoles, without any of the kernel's services, and ends QEMU. */
unsuitable_cpu:
    movl $unsuitable_text, %esi
3:  lodsb
    testb %al, %al
    jz 4f
    movw $COM1_DATA, %dx
    outb %al, %dx
    outb %al, $DEBUG_CONSOLE
    jmp 3b
4:  movl $EXIT_USAGE, %eax
    outl %eax, $EXIT_PORT
5:  cli
    hlt
    jmp 5b

    .code64
long_mode:
    movl $DATA_SELECTOR, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movl $hal_boot_stack_top, %esp
    movl %edi, %edi /* the upper halves are undefined after the switch */
    movl %esi, %esi
    xorl %ebp, %ebp /* ends the chain of frames */
    pushq $0
    jmp hal_start
    .size hal_entry, . - hal_entry

    .section .rodata
unsuitable_text:
    .asciz "This CPU cannot run the kernel: it needs x86_64 with no-execute pages (-cpu qemu64).\r\n"

/* The segments that long mode still wants. hal_cpu_tables_initialise fills in the last two entries,
 * which are one descriptor: the task-state segment. */
    .data
    .balign 16
    .globl hal_segment_table
hal_segment_table:
    .quad 0
    .quad 0x00AF9B000000FFFF /* code: 64-bit, accessed */
    .quad 0x00CF93000000FFFF /* data: writable, accessed */
    .quad 0
    .quad 0
hal_segment_table_end:

segment_table_pointer:
    .word hal_segment_table_end - hal_segment_table - 1
    .quad hal_segment_table

    .section .bss.early, "aw", @nobits
    .balign 4096
early_root:
    .skip 4096
early_pointers:
    .skip 4096
early_directories:
    .skip 4096 * EARLY_DIRECTORIES

/* The stack of everything but a few exceptions. It grows down to a page that will not be mapped. */
    .section .bss.stacks, "aw", @nobits
    .balign 4096
    .globl hal_boot_stack_guard
hal_boot_stack_guard:
    .skip 4096
    .skip BOOT_STACK_SIZE
    .globl hal_boot_stack_top
hal_boot_stack_top:

    .section .note.GNU-stack, "", @progbits
