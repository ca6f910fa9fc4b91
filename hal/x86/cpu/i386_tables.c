/* SPDX-License-Identifier: MIT */
/*
 * i386's segments, task-state segments and gates, and its registers for a report.
 *
 * Owns the segment table, and the task-state segments: the kernel's, into which the CPU writes the
 * registers when an exception comes through a task gate, and one for each stack of exceptions, from
 * which it then takes its own. The latter's tasks never return.
 */
#include "hal/x86/cpu/paging.h"

#define GATE_PRESENT_INTERRUPT 0x8E00u
#define GATE_PRESENT_TASK      0x8500u

#define EFLAGS_ALWAYS 0x2u

struct task_state {
    uint16_t previous, reserved0; /* the selector of the task that was left */
    uint32_t stack_of_ring[6];
    uint32_t page_root;
    uint32_t ip, flags;
    uint32_t ax, cx, dx, bx, sp, bp, si, di;
    uint32_t es, cs, ss, ds, fs, gs;
    uint32_t local_table;
    uint16_t trap, io_map_offset;
};
_Static_assert(sizeof(struct task_state) == 104, "32-bit task-state segment");

/* Flat segments, and a task-state segment for the kernel and for each stack of exceptions. */
static uint64_t segment_table[TASK_DESCRIPTOR + STACK_END] = {
    [CODE_SELECTOR / 8] = 0x00CF9B000000FFFF, /* 32-bit, accessed */
    [DATA_SELECTOR / 8] = 0x00CF93000000FFFF, /* writable, accessed */
};
/* The boot code loads it. */
const struct table_pointer hal_segment_table_pointer = {sizeof segment_table - 1,
                                                        (uintptr_t)segment_table};

static struct task_state task_states[STACK_END]; /* STACK_CURRENT: the kernel's */

void hal_fill_trap_frame(unsigned vector, struct trap_frame *frame);

static unsigned selector_of(enum exception_stack_number stack)
{
    return TASK_SELECTOR + 8u * stack;
}

/* The entry point of a task is where the task goes on, and not in the gate. */
struct gate hal_make_gate(uintptr_t entry, enum exception_stack_number stack)
{
    if (stack != STACK_CURRENT) {
        task_states[stack].ip = entry;
        return (struct gate){.selector = (uint16_t)selector_of(stack), .type = GATE_PRESENT_TASK};
    }
    return (struct gate){
        .offset_low = (uint16_t)entry,
        .selector = CODE_SELECTOR,
        .type = GATE_PRESENT_INTERRUPT,
        .offset_high = (uint16_t)(entry >> 16),
    };
}

void hal_load_task_states(void)
{
    for (unsigned stack = STACK_CURRENT; stack < STACK_END; stack++) {
        struct task_state *task = &task_states[stack];
        uint64_t base = (uintptr_t)task, limit = sizeof *task - 1;
        segment_table[TASK_DESCRIPTOR + stack] =
            limit | (base & 0xFFFFFF) << 16 | DESCRIPTOR_AVAILABLE | (base >> 24) << 56;
        task->io_map_offset = sizeof *task;
        if (stack == STACK_CURRENT)
            continue;
        task->page_root = (uintptr_t)hal_page_root; /* looked at when there is paging */
        task->flags = EFLAGS_ALWAYS;
        task->sp = hal_exception_stack_top((enum exception_stack_number)stack);
        task->cs = CODE_SELECTOR;
        task->es = task->ss = task->ds = DATA_SELECTOR;
    }
    __asm__ volatile("ltr %w0" ::"r"(TASK_SELECTOR) : "memory");
}

/* From a task's entry point, on the task's own stack: what the exception interrupted. */
void hal_fill_trap_frame(unsigned vector, struct trap_frame *frame)
{
    enum exception_stack_number stack =
        vector == VECTOR_DOUBLE_FAULT ? STACK_DOUBLE_FAULT : STACK_MACHINE_CHECK;
    const struct task_state *left =
        &task_states[(task_states[stack].previous - TASK_SELECTOR) / 8u % STACK_END];
    *frame = (struct trap_frame){
        .di = left->di,
        .si = left->si,
        .bp = left->bp,
        .sp = left->sp,
        .bx = left->bx,
        .dx = left->dx,
        .cx = left->cx,
        .ax = left->ax,
        .vector = vector,
        .ip = left->ip,
        .cs = left->cs,
        .flags = left->flags,
    };
}

void hal_print_registers(const struct trap_frame *frame, uintptr_t fault_address)
{
    hal_printf("EAX %08x  EBX %08x  ECX %08x  EDX %08x\n"
               "ESI %08x  EDI %08x  EBP %08x  ESP %08x\n"
               "EIP %08x  EFLAGS %08x  CS %04x  CR2 %08x\n",
               frame->ax, frame->bx, frame->cx, frame->dx, frame->si, frame->di, frame->bp,
               frame->sp, frame->ip, frame->flags, frame->cs, fault_address);
}
