/* SPDX-License-Identifier: MIT */
/*
 * Task-state segment, interrupt table, stacks, and what the kernel does about a CPU exception.
 *
 * Owns those tables, the boot stack and the exceptions' stacks. May not: allocate, since exceptions
 * come at any time. hal_exception is entered from the stubs with interrupts disabled, from any
 * context, an earlier exception included.
 */
#include "hal/internal.h"
#include "hal/x86/cpu.h"
#include "hal/x86/fpu.h"

#include <stdio.h>

#define CODE_SELECTOR   0x08
#define TASK_SELECTOR   0x18
#define TASK_DESCRIPTOR 3u /* its index in hal_segment_table; it takes two entries */

#define VECTOR_COUNT           256u
#define EXCEPTION_COUNT        32u
#define FIRST_INTERRUPT_VECTOR 0x20u
#define SPURIOUS_VECTOR        0xFFu

#define VECTOR_NMI           2u
#define VECTOR_NOT_AVAILABLE 7u
#define VECTOR_DOUBLE_FAULT  8u
#define VECTOR_PAGE_FAULT    14u
#define VECTOR_MACHINE_CHECK 18u

#define GATE_PRESENT_INTERRUPT 0x8E00u

#define PAGE_FAULT_PRESENT 0x01u
#define PAGE_FAULT_WRITE   0x02u
#define PAGE_FAULT_EXECUTE 0x10u

/* As exception_common pushes it, last push first. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct trap_frame) == 22 * 8, "what the stub and the CPU push");

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint16_t stack_and_type; /* 2:0 which stack of the task-state segment, 15:8 type */
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "long-mode gate");

struct task_state {
    uint32_t reserved0;
    uint32_t stack_of_ring[6];
    uint32_t reserved1[2];
    uint32_t interrupt_stack[14]; /* pairs of low and high half, for stacks 1 to 7 */
    uint32_t reserved2[2];
    uint16_t reserved3;
    uint16_t io_map_offset;
};
_Static_assert(sizeof(struct task_state) == 104, "64-bit task-state segment");

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

/* Only exceptions that come when the current stack may be unusable have stacks of their own. Page
 * faults do not, so that one may happen while another is being mended; a stack that overflows makes
 * the page fault itself fault, and arrives here as a double fault. */
#define EXCEPTION_STACK_SIZE (8u * 1024)

struct exception_stack {
    uint8_t guard_page[HAL_PAGE_SIZE];
    uint8_t stack[EXCEPTION_STACK_SIZE];
};

/* Numbers as gates and the task-state segment use them; 0 is the current stack. */
enum exception_stack_number {
    STACK_CURRENT,
    STACK_DOUBLE_FAULT,
    STACK_NMI,
    STACK_MACHINE_CHECK,
    STACK_END
};

static struct exception_stack exception_stacks[STACK_END - 1]
    __attribute__((aligned(4096), section(".bss.stacks")));
extern const uint8_t hal_boot_stack_guard[];

const struct hal_stack hal_stacks[HAL_STACK_COUNT] = {
    {"boot", hal_boot_stack_guard},
    {"double fault", exception_stacks[STACK_DOUBLE_FAULT - 1].guard_page},
    {"NMI", exception_stacks[STACK_NMI - 1].guard_page},
    {"machine check", exception_stacks[STACK_MACHINE_CHECK - 1].guard_page},
};

extern uint64_t hal_segment_table[];
extern const uintptr_t hal_exception_entries[EXCEPTION_COUNT];
extern const uintptr_t hal_interrupt_entries[HAL_LINE_COUNT];
extern const uint8_t hal_spurious_entry[];

void hal_exception(struct trap_frame *frame);

static struct gate interrupt_table[VECTOR_COUNT] __attribute__((aligned(16)));
static struct task_state task_state;
static bool (*fault_handler)(const struct hal_fault *fault);
static unsigned exceptions_under_way;

/* ------------------------------------------------------------------ setting up */

static void set_gate(unsigned vector, uintptr_t entry, enum exception_stack_number stack)
{
    interrupt_table[vector] = (struct gate){
        .offset_low = (uint16_t)entry,
        .selector = CODE_SELECTOR,
        .stack_and_type = (uint16_t)(GATE_PRESENT_INTERRUPT | stack),
        .offset_middle = (uint16_t)(entry >> 16),
        .offset_high = (uint32_t)(entry >> 32),
    };
}

static void load_task_state(void)
{
    for (unsigned stack = STACK_DOUBLE_FAULT; stack < STACK_END; stack++) {
        uintptr_t top = (uintptr_t)(&exception_stacks[stack - 1] + 1);
        task_state.interrupt_stack[2 * (stack - 1)] = (uint32_t)top;
        task_state.interrupt_stack[2 * (stack - 1) + 1] = (uint32_t)(top >> 32);
    }
    task_state.io_map_offset = sizeof(task_state);

    uint64_t base = (uintptr_t)&task_state;
    uint64_t limit = sizeof(task_state) - 1;
    const uint64_t present_available = 0x89;
    hal_segment_table[TASK_DESCRIPTOR] =
        limit | (base & 0xFFFFFF) << 16 | present_available << 40 | (base >> 24 & 0xFF) << 56;
    hal_segment_table[TASK_DESCRIPTOR + 1] = base >> 32;
    __asm__ volatile("ltr %w0" ::"r"(TASK_SELECTOR) : "memory");
}

void hal_cpu_tables_initialise(void)
{
    load_task_state();
    for (unsigned vector = 0; vector < EXCEPTION_COUNT; vector++)
        set_gate(vector, hal_exception_entries[vector], STACK_CURRENT);
    set_gate(VECTOR_DOUBLE_FAULT, hal_exception_entries[VECTOR_DOUBLE_FAULT], STACK_DOUBLE_FAULT);
    set_gate(VECTOR_NMI, hal_exception_entries[VECTOR_NMI], STACK_NMI);
    set_gate(VECTOR_MACHINE_CHECK, hal_exception_entries[VECTOR_MACHINE_CHECK],
             STACK_MACHINE_CHECK);
    for (unsigned line = 0; line < HAL_LINE_COUNT; line++)
        set_gate(FIRST_INTERRUPT_VECTOR + line, hal_interrupt_entries[line], STACK_CURRENT);
    set_gate(SPURIOUS_VECTOR, (uintptr_t)hal_spurious_entry, STACK_CURRENT);

    struct table_pointer pointer = {sizeof(interrupt_table) - 1, (uintptr_t)interrupt_table};
    __asm__ volatile("lidt %0" ::"m"(pointer) : "memory");
}

void hal_set_fault_handler(bool (*handler)(const struct hal_fault *fault))
{
    fault_handler = handler;
}

/* ------------------------------------------------------------------ exceptions */

static const char *exception_name(uint64_t vector)
{
    static const char *const names[EXCEPTION_COUNT] = {
        [0] = "division error",
        [1] = "debug exception",
        [2] = "non-maskable interrupt",
        [3] = "breakpoint",
        [4] = "overflow",
        [5] = "bound range exceeded",
        [6] = "invalid instruction",
        [7] = "device not available",
        [8] = "double fault",
        [10] = "invalid task-state segment",
        [11] = "segment not present",
        [12] = "stack segment fault",
        [13] = "general protection fault",
        [14] = "page fault",
        [16] = "x87 floating-point error",
        [17] = "alignment check",
        [18] = "machine check",
        [19] = "SIMD floating-point error",
        [21] = "control protection",
    };
    return vector < EXCEPTION_COUNT && names[vector] != NULL ? names[vector] : "reserved exception";
}

/* What was wrong with the access at address, in words. */
static void explain_page_fault(uintptr_t address, uint64_t error_code)
{
    const char *what = error_code & PAGE_FAULT_EXECUTE ? "execution"
                       : error_code & PAGE_FAULT_WRITE ? "write"
                                                       : "read";
    const char *why = !(error_code & PAGE_FAULT_PRESENT) ? "nothing is mapped there"
                      : error_code & PAGE_FAULT_EXECUTE  ? "the page holds data, not code"
                      : error_code & PAGE_FAULT_WRITE    ? "the page is read-only"
                                                         : "the page tables are damaged";
    hal_printf("%s at address %#lx: %s\n", what, address, why);
}

static void explain_overflow(uintptr_t address)
{
    for (unsigned i = 0; i < HAL_STACK_COUNT; i++) {
        if (address - (uintptr_t)hal_stacks[i].guard_page < HAL_PAGE_SIZE)
            hal_printf("the %s stack has overflowed: %#lx is in its guard page\n",
                       hal_stacks[i].name, address);
    }
}

static void print_registers(const struct trap_frame *frame, uintptr_t fault_address)
{
    hal_printf("RAX %016lx  RBX %016lx  RCX %016lx  RDX %016lx\n"
               "RSI %016lx  RDI %016lx  RBP %016lx  RSP %016lx\n"
               "R8  %016lx  R9  %016lx  R10 %016lx  R11 %016lx\n"
               "R12 %016lx  R13 %016lx  R14 %016lx  R15 %016lx\n"
               "RIP %016lx  RFLAGS %08lx  CS %04lx  SS %04lx  CR2 %016lx\n",
               frame->rax, frame->rbx, frame->rcx, frame->rdx, frame->rsi, frame->rdi, frame->rbp,
               frame->rsp, frame->r8, frame->r9, frame->r10, frame->r11, frame->r12, frame->r13,
               frame->r14, frame->r15, frame->rip, frame->rflags, frame->cs, frame->ss,
               fault_address);
}

/* A call through a bad pointer has made no frame yet: its return address is on top of the stack. */
static uintptr_t caller_of_nowhere(const struct trap_frame *frame)
{
    bool nowhere = frame->vector == VECTOR_PAGE_FAULT && frame->error_code & PAGE_FAULT_EXECUTE;
    const uintptr_t *top = (const uintptr_t *)frame->rsp;
    return nowhere && hal_physical(top) != 0 && hal_physical((const uint8_t *)(top + 1) - 1) != 0
               ? *top
               : 0;
}

static _Noreturn void die(const struct trap_frame *frame, uintptr_t fault_address)
{
    char place[96];
    if (exceptions_under_way++ != 0) {
        if (exceptions_under_way > 2)
            hal_exit(HAL_EXIT_EXCEPTION); /* printing is what fails */
        hal_printf("\nanother exception while the first was being printed: %s at %#lx\n",
                   exception_name(frame->vector), frame->rip);
        hal_exit(HAL_EXIT_EXCEPTION);
    }
    hal_name_address(frame->rip, place, sizeof(place));
    hal_printf("\nEXCEPTION: %s (vector %lu, error code %#lx) in %s\n",
               exception_name(frame->vector), frame->vector, frame->error_code, place);
    if (frame->vector == VECTOR_PAGE_FAULT)
        explain_page_fault(fault_address, frame->error_code);
    if (frame->vector == VECTOR_PAGE_FAULT || frame->vector == VECTOR_DOUBLE_FAULT)
        explain_overflow(fault_address);
    print_registers(frame, fault_address);
    hal_call_panic_hook();
    hal_print_frames(frame->rip, caller_of_nowhere(frame), frame->rbp);
    hal_exit(HAL_EXIT_EXCEPTION);
}

void hal_exception(struct trap_frame *frame)
{
    uintptr_t fault_address = cpu_fault_address();
    if (frame->vector == VECTOR_NOT_AVAILABLE && hal_fpu_open(hal_interrupt_depth()))
        return;
    if (frame->vector == VECTOR_PAGE_FAULT && fault_handler != NULL && exceptions_under_way == 0) {
        struct hal_fault fault = {
            .address = fault_address,
            .instruction = frame->rip,
            .write = (frame->error_code & PAGE_FAULT_WRITE) != 0,
            .execute = (frame->error_code & PAGE_FAULT_EXECUTE) != 0,
            .present = (frame->error_code & PAGE_FAULT_PRESENT) != 0,
        };
        if (fault_handler(&fault))
            return;
    }
    die(frame, fault_address);
}
