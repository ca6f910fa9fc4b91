/* SPDX-License-Identifier: MIT */
/*
 * x86_64's segments, task-state segment and gates, and its registers for a report.
 *
 * Owns the segment table, and the task-state segment, which is there for the exceptions' stacks
 * only.
 */
#include "hal/x86/cpu/arch.h"

#define GATE_PRESENT_INTERRUPT 0x8E00u

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

/* What long mode still wants. The last two entries are one descriptor: the task-state segment. */
static uint64_t segment_table[TASK_DESCRIPTOR + 2] = {
    [CODE_SELECTOR / 8] = 0x00AF9B000000FFFF, /* 64-bit, accessed */
    [DATA_SELECTOR / 8] = 0x00CF93000000FFFF, /* writable, accessed */
};
/* The boot code loads it. */
const struct table_pointer hal_segment_table_pointer = {sizeof segment_table - 1,
                                                        (uintptr_t)segment_table};

static struct task_state task_state;

/* The CPU takes the stack's number from the gate, and its address from the task-state segment. */
struct gate hal_make_gate(uintptr_t entry, enum exception_stack_number stack)
{
    return (struct gate){
        .offset_low = (uint16_t)entry,
        .selector = CODE_SELECTOR,
        .stack_and_type = (uint16_t)(GATE_PRESENT_INTERRUPT | stack),
        .offset_middle = (uint16_t)(entry >> 16),
        .offset_high = (uint32_t)(entry >> 32),
    };
}

void hal_load_task_states(void)
{
    for (unsigned stack = STACK_DOUBLE_FAULT; stack < STACK_END; stack++) {
        uintptr_t top = hal_exception_stack_top(stack);
        task_state.interrupt_stack[2 * (stack - 1)] = (uint32_t)top;
        task_state.interrupt_stack[2 * (stack - 1) + 1] = (uint32_t)(top >> 32);
    }
    task_state.io_map_offset = sizeof task_state;

    /* The descriptor takes two entries. */
    uint64_t base = (uintptr_t)&task_state;
    uint64_t limit = sizeof task_state - 1;
    segment_table[TASK_DESCRIPTOR] =
        limit | (base & 0xFFFFFF) << 16 | DESCRIPTOR_AVAILABLE | (base >> 24 & 0xFF) << 56;
    segment_table[TASK_DESCRIPTOR + 1] = base >> 32;
    __asm__ volatile("ltr %w0" ::"r"(TASK_SELECTOR) : "memory");
}

void hal_print_registers(const struct trap_frame *frame, uintptr_t fault_address)
{
    hal_printf("RAX %016lx  RBX %016lx  RCX %016lx  RDX %016lx\n"
               "RSI %016lx  RDI %016lx  RBP %016lx  RSP %016lx\n"
               "R8  %016lx  R9  %016lx  R10 %016lx  R11 %016lx\n"
               "R12 %016lx  R13 %016lx  R14 %016lx  R15 %016lx\n"
               "RIP %016lx  RFLAGS %08lx  CS %04lx  SS %04lx  CR2 %016lx\n",
               frame->ax, frame->bx, frame->cx, frame->dx, frame->si, frame->di, frame->bp,
               frame->sp, frame->r8, frame->r9, frame->r10, frame->r11, frame->r12, frame->r13,
               frame->r14, frame->r15, frame->ip, frame->flags, frame->cs, frame->ss,
               fault_address);
}
