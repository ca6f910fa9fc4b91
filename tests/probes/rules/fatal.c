/* SPDX-License-Identifier: MIT */
/* What no port survives: accesses to memory that is nobody's, and `int` instructions. */
#include "cases.h"

CASE fatal_write(struct occasion *at)
{
    *(volatile ULONG *)(ULONG_PTR)(16 + 4 * at->channel->number) = 1; /* FATAL: fatal_write */
    return FALSE;
}

/* An exported routine gets the bad pointer. */
CASE fatal_copy(struct occasion *at)
{
    ULONG word;

    AtaPortCopyMemory(&word, (PVOID)(ULONG_PTR)at->channel->number, 4); /* FATAL: fatal_copy */
    return FALSE;
}

/* One that is no address: the CPU refuses it without a page fault. (On i386 every number is one.) */
CASE fatal_nowhere(struct occasion *at)
{
    ULONG word = at->channel->number;
    ULONG_PTR nowhere = sizeof(PVOID) == 8 ? (ULONG_PTR)0x8000ull << 32 : 16;

    AtaPortMoveMemory((PVOID)(nowhere + word), &word, sizeof word); /* FATAL: fatal_nowhere */
    return FALSE;
}

/* The routine fills the buffer with ones, since there is no such port. */
CASE fatal_fill(struct occasion *at)
{
    PUSHORT port = (PUSHORT)(ULONG_PTR)(0x40 + 2 * at->channel->number);
    PUSHORT buffer = (PUSHORT)(ULONG_PTR)32;

    AtaPortReadPortBufferUshort(port, buffer, 8); /* FATAL: fatal_fill */
    return FALSE;
}

/* Kernel's code: what the import leads to. */
CASE fatal_kernel_code(struct occasion *at)
{
    volatile UCHAR *code = (volatile UCHAR *)(ULONG_PTR)0x100400;

    code[at->channel->number] = 0; /* FATAL: fatal_kernel_code */
    return FALSE;
}

CASE fatal_interrupt_table(struct occasion *at)
{
    struct {
        USHORT limit;
        ULONG_PTR base;
    } __attribute__((packed)) table;

    __asm__("sidt %0" : "=m"(table));
    *(volatile UCHAR *)(table.base + at->channel->number) = 0; /* FATAL: fatal_interrupt_table */
    return FALSE;
}

CASE fatal_call(struct occasion *at)
{
    case_function *volatile nowhere = NULL;

    return nowhere(at); /* FATAL: fatal_call */
}

/* One that is no address at all. (On i386 every number is one.) */
CASE fatal_call_wild(struct occasion *at)
{
    ULONG_PTR wild = sizeof(PVOID) == 8 ? (ULONG_PTR)0x1234567800ull << 16 : 32;
    case_function *volatile nowhere = (case_function *)wild;

    return nowhere(at); /* FATAL: fatal_call_wild */
}

/* A return address that was overwritten: nothing tells where that was. */
CASE fatal_return(struct occasion *at)
{
    (void)at;
    __asm__ volatile("push $0\n\tpush $0x18\n\tret" : : : "memory");
    return FALSE;
}

/* A callback that begins in the midst of a function, and ends the same way. */
static __attribute__((naked)) void cut_in_two(void)
{
    __asm__("push $0x28\n\tpush $0x28\n\tret");
}

CASE fatal_middle(struct occasion *at)
{
    AtaPortRequestTimer(at->channel, (IDE_HW_DPC)(PVOID)((PUCHAR)(ULONG_PTR)cut_in_two + 2), 100);
    return FALSE;
}

static void ran_on(void)
{
    AtaPortDebugPrint(0, "ran on\n");
}

CASE fatal_undefined(struct occasion *at)
{
    (void)at;
    __asm__ volatile("ud2"); /* FATAL: fatal_undefined */
    ran_on();
    return FALSE;
}

CASE fatal_division(struct occasion *at)
{
    ULONG low = 1;

    (void)at;
    __asm__ volatile("divl %1" : "+a"(low) : "r"(0), "d"(0) : "cc"); /* FATAL: fatal_division */
    ran_on();
    return low != 0;
}

/* A selector of no segment. */
CASE fatal_selector(struct occasion *at)
{
    ULONG none = 0x7FF8;

    (void)at;
    __asm__ volatile("mov %w0, %%gs" : : "r"(none)); /* FATAL: fatal_selector */
    ran_on();
    return FALSE;
}

/* It stops behind the instruction that follows. */
CASE fatal_trap_flag(struct occasion *at)
{
    ULONG_PTR flags;

    (void)at;
    __asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
    flags |= 0x100;
    __asm__ volatile("push %0; popf; nop" : : "r"(flags) : "cc"); /* FATAL: fatal_trap_flag */
    ran_on();
    return FALSE;
}

/* All of the stack. */
static ULONG fall(volatile ULONG *depth)
{
    volatile ULONG here[256];

    here[*depth % 256] = ++*depth;
    return *depth == 0 ? 0 : fall(depth) + here[0];
}

CASE fatal_stack(struct occasion *at)
{
    volatile ULONG depth = 0;

    (void)at;
    return fall(&depth) != 0;
}

/* `int` instructions, none of which may return; the next statement has another line. */
#define INT(vector, code) __asm__ volatile("int $" #vector : : "c"(code) : "memory")

CASE fatal_breakpoint(struct occasion *at)
{
    (void)at;
    __asm__ volatile("int3"); /* FATAL: fatal_breakpoint */
    ran_on();
    return FALSE;
}

CASE fatal_fast_fail(struct occasion *at)
{
    (void)at;
    INT(0x29, 2); /* FATAL: fatal_fast_fail */
    ran_on();
    return FALSE;
}

CASE fatal_fast_fail_odd(struct occasion *at)
{
    (void)at;
    INT(0x29, 0x1234); /* FATAL: fatal_fast_fail_odd */
    ran_on();
    return FALSE;
}

CASE fatal_assertion(struct occasion *at)
{
    (void)at;
    INT(0x2c, 0); /* FATAL: fatal_assertion */
    ran_on();
    return FALSE;
}

CASE fatal_debug_service(struct occasion *at)
{
    (void)at;
    INT(0x2d, 0); /* FATAL: fatal_debug_service */
    ran_on();
    return FALSE;
}

CASE fatal_no_gate(struct occasion *at)
{
    (void)at;
    INT(0x80, 0); /* FATAL: fatal_no_gate */
    ran_on();
    return FALSE;
}

CASE fatal_page_fault(struct occasion *at)
{
    (void)at;
    INT(14, 0); /* FATAL: fatal_page_fault */
    ran_on();
    return FALSE;
}

/* It comes on a stack of its own, of which the error code would be the first word. */
CASE fatal_double_fault(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    INT(8, 0); /* FATAL: fatal_double_fault */
    ran_on();
    return FALSE;
}

CASE fatal_no_device(struct occasion *at)
{
    (void)at;
    INT(7, 0); /* FATAL: fatal_no_device */
    ran_on();
    return FALSE;
}

CASE fatal_disk_line(struct occasion *at)
{
    (void)at;
    INT(0x3e, 0); /* FATAL: fatal_disk_line */
    ran_on();
    return FALSE;
}

CASE fatal_disk_line_off(struct occasion *at)
{
    (void)at;
    INT(0x3e, 0); /* FATAL: fatal_disk_line_off */
    ran_on();
    return FALSE;
}

CASE fatal_clock_line(struct occasion *at)
{
    (void)at;
    INT(0x40, 0); /* FATAL: fatal_clock_line */
    ran_on();
    return FALSE;
}

CASE fatal_spurious(struct occasion *at)
{
    (void)at;
    INT(0xff, 0); /* FATAL: fatal_spurious */
    ran_on();
    return FALSE;
}

extern DECLSPEC_NORETURN VOID NTAPI KeBugCheckEx(ULONG code, ULONG_PTR a, ULONG_PTR b, ULONG_PTR c,
                                                 ULONG_PTR d);

CASE fatal_bug_check(struct occasion *at)
{
    (void)at;
    KeBugCheckEx(0xF7, 1, 2, 3, 4); /* FATAL: fatal_bug_check */
}

const struct probe_case fatal_cases[] = {
    {"fatal_write", AT_INTERRUPT, 1, fatal_write},
    {"fatal_copy", AT_START_IO, 1, fatal_copy},
    {"fatal_nowhere", AT_START_IO, 1, fatal_nowhere},
    {"fatal_fill", AT_START_IO, 1, fatal_fill},
    {"fatal_kernel_code", AT_START_IO, 1, fatal_kernel_code},
    {"fatal_interrupt_table", AT_START_IO, 1, fatal_interrupt_table},
    {"fatal_call", AT_TIMER, 1, fatal_call},
    {"fatal_call_wild", AT_START_IO, 1, fatal_call_wild},
    {"fatal_return", AT_START_IO, 1, fatal_return},
    {"fatal_middle", AT_START_IO, 1, fatal_middle},
    {"fatal_undefined", AT_INTERRUPT, 1, fatal_undefined},
    {"fatal_division", AT_START_IO, 1, fatal_division},
    {"fatal_selector", AT_START_IO, 1, fatal_selector},
    {"fatal_trap_flag", AT_START_IO, 1, fatal_trap_flag},
    {"fatal_stack", AT_START_IO, 1, fatal_stack},
    {"fatal_bug_check", AT_START_IO, 1, fatal_bug_check},
    {"fatal_breakpoint", AT_START_IO, 1, fatal_breakpoint},
    {"fatal_fast_fail", AT_START_IO, 1, fatal_fast_fail},
    {"fatal_fast_fail_odd", AT_WORKER, 1, fatal_fast_fail_odd},
    {"fatal_assertion", AT_INTERRUPT, 1, fatal_assertion},
    {"fatal_debug_service", AT_TIMER, 1, fatal_debug_service},
    {"fatal_no_gate", AT_WORKER, 1, fatal_no_gate},
    {"fatal_page_fault", AT_WORKER, 1, fatal_page_fault},
    {"fatal_double_fault", AT_WORKER, 1, fatal_double_fault},
    {"fatal_no_device", AT_START_IO, 1, fatal_no_device},
    {"fatal_disk_line", AT_WORKER, 1, fatal_disk_line},
    {"fatal_disk_line_off", AT_INTERRUPT, 1, fatal_disk_line_off},
    {"fatal_clock_line", AT_WORKER, 1, fatal_clock_line},
    {"fatal_spurious", AT_WORKER, 1, fatal_spurious},
    {NULL, 0, 0, NULL},
};
