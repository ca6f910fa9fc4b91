/* SPDX-License-Identifier: MIT */
/*
 * What the kernel does about a CPU exception: mends it, or reports it and ends.
 *
 * May not: allocate, since exceptions come at any time. hal_exception is entered from the stubs
 * with interrupts disabled, from any context, an earlier exception included.
 */
#include <string.h>

#include "hal/x86/cpu/arch.h"
#include "hal/x86/cpu/fpu.h"
#include "hal/x86/cpu/instructions.h"

#define PAGE_FAULT_PRESENT 0x01u
#define PAGE_FAULT_WRITE   0x02u
#define PAGE_FAULT_EXECUTE 0x10u

/* An error code that names an entry of a table: which table in 2:0. */
#define ERROR_TABLE           0x7u
#define ERROR_INTERRUPT_TABLE 0x2u

static bool (*fault_handler)(const struct hal_fault *fault);
static void (*software_interrupt_hook)(unsigned vector, uintptr_t code, uintptr_t instruction);
static bool (*nmi_handler)(const struct trap_frame *frame, bool is_dying);
static unsigned exceptions_under_way;

void hal_set_fault_handler(bool (*handler)(const struct hal_fault *fault))
{
    fault_handler = handler;
}

void hal_set_software_interrupt_hook(void (*hook)(unsigned vector, uintptr_t code,
                                                  uintptr_t instruction))
{
    software_interrupt_hook = hook;
}

void hal_set_nmi_handler(bool (*handler)(const struct trap_frame *frame, bool is_dying))
{
    nmi_handler = handler;
}

/* ------------------------------------------------------------------ exceptions */

static const char *exception_name(uintptr_t vector)
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
    return vector < EXCEPTION_COUNT && names[vector] ? names[vector] : "reserved exception";
}

/* What was wrong with the access at address, in words. */
static void explain_page_fault(uintptr_t address, uintptr_t error_code)
{
    const char *what = error_code & PAGE_FAULT_EXECUTE ? "execution"
                       : error_code & PAGE_FAULT_WRITE ? "write"
                                                       : "read";
    const char *why = !(error_code & PAGE_FAULT_PRESENT) ? "nothing is mapped there"
                      : error_code & PAGE_FAULT_EXECUTE  ? "the page holds data, not code"
                      : error_code & PAGE_FAULT_WRITE    ? "the page is read-only"
                                                         : "the page tables are damaged";
    hal_printf("%s at address %#lx: %s\n", what, (unsigned long)address, why);
}

static void explain_overflow(uintptr_t address)
{
    for (unsigned i = 0; i < HAL_STACK_COUNT; i++) {
        if (address - (uintptr_t)hal_stacks[i].guard_page < HAL_PAGE_SIZE)
            hal_printf("the %s stack has overflowed: %#lx is in its guard page\n",
                       hal_stacks[i].name, (unsigned long)address);
    }
}

/* A call through a bad pointer has made no frame yet: its return address is on top of the stack. */
static uintptr_t caller_of_nowhere(const struct trap_frame *frame)
{
    const uintptr_t *top = (const uintptr_t *)frame->sp;
    return !hal_is_code(frame->ip) && hal_physical(top) != 0 &&
                   hal_physical((const uint8_t *)(top + 1) - 1) != 0
               ? *top
               : 0;
}

/* After these the instruction pointer is behind the instruction. */
static bool is_trap(uintptr_t vector)
{
    return vector == VECTOR_DEBUG || vector == VECTOR_BREAKPOINT || vector == VECTOR_OVERFLOW;
}

/* What is known of the state, and the end. */
static _Noreturn void tell_and_exit(const struct trap_frame *frame, uintptr_t instruction,
                                    uintptr_t caller, uintptr_t fault_address)
{
    if (frame->cs != 0)
        hal_print_registers(frame, fault_address);
    hal_call_panic_hook();
    hal_print_frames(&(struct hal_frame){instruction, frame->sp, frame->bp}, caller);
    hal_exit(HAL_EXIT_EXCEPTION);
}

static _Noreturn void die(const struct trap_frame *frame, const char *name, uintptr_t instruction,
                          uintptr_t fault_address)
{
    char place[160];
    if (exceptions_under_way++ != 0) {
        if (exceptions_under_way > 2)
            hal_exit(HAL_EXIT_EXCEPTION); /* printing is what fails */
        hal_printf("\nanother exception while the first was being printed: %s at %#lx\n", name,
                   (unsigned long)frame->ip);
        hal_exit(HAL_EXIT_EXCEPTION);
    }
    hal_name_address(instruction, place, sizeof place);
    hal_printf("\nEXCEPTION: %s (vector %lu, error code %#lx) in %s\n", name,
               (unsigned long)frame->vector, (unsigned long)frame->error_code, place);
    if (frame->vector == VECTOR_PAGE_FAULT)
        explain_page_fault(fault_address, frame->error_code);
    if (frame->vector == VECTOR_PAGE_FAULT || frame->vector == VECTOR_DOUBLE_FAULT)
        explain_overflow(fault_address);
    tell_and_exit(frame, instruction, caller_of_nowhere(frame), fault_address);
}

/* ------------------------------------------------------------------ `int` instructions */

bool hal_is_software_interrupt(uintptr_t next_instruction, unsigned vector)
{
    const uint8_t *opcode = (const uint8_t *)next_instruction - 2;
    return hal_physical(opcode) != 0 && hal_physical(opcode + 1) != 0 &&
           opcode[0] == HAL_OPCODE_INT && opcode[1] == vector;
}

/* `instruction` lies in the `int`. */
static _Noreturn void die_of_int(const struct trap_frame *frame, uintptr_t instruction)
{
    if (software_interrupt_hook && exceptions_under_way == 0)
        software_interrupt_hook((unsigned)frame->vector, frame->cx, instruction);
    die(frame,
        frame->vector == VECTOR_BREAKPOINT ? exception_name(frame->vector) : "software interrupt",
        instruction, 0);
}

void hal_software_interrupt(unsigned vector, uintptr_t next_instruction, uintptr_t frame_pointer)
{
    struct trap_frame frame = {.vector = vector, .ip = next_instruction, .bp = frame_pointer};
    die_of_int(&frame, next_instruction - 1);
}

/* Ends when the exception is an `int` instruction's. Where there is no gate, the CPU refuses with
 * another exception, which names the gate. Where there is one that expects an error code, there is
 * none in the frame. */
static void find_int(const struct trap_frame *frame)
{
    struct trap_frame said;
    if ((uint16_t)frame->cs != CODE_SELECTOR) {
        /* It is a word shorter, and the stack that it lies on may end there. */
        memcpy(&said, frame, sizeof said - sizeof(uintptr_t));
        said.error_code = 0;
        said.ip = frame->error_code;
        said.cs = frame->ip;
        said.flags = frame->cs;
#if defined(__x86_64__)
        said.sp = frame->flags;
        said.ss = frame->sp;
#else
        said.sp = frame->sp - sizeof(uintptr_t);
#endif
        die_of_int(&said, said.ip - 1);
    }
    said = *frame;
    if (frame->vector == VECTOR_PROTECTION &&
        (frame->error_code & ERROR_TABLE) == ERROR_INTERRUPT_TABLE) {
        /* QEMU: the entry is twice what it should be on x86_64 (7.2), so the instruction is
         * asked. */
        said.vector = ((const uint8_t *)frame->ip)[1];
        said.error_code = 0;
        die_of_int(&said, frame->ip);
    }
    /* (`int 0Eh` comes with another frame, above: a page fault here is one, whatever bytes stand
     * before it.) */
    if (frame->vector == VECTOR_BREAKPOINT ||
        (frame->vector != VECTOR_PAGE_FAULT &&
         hal_is_software_interrupt(frame->ip, (unsigned)frame->vector)))
        die_of_int(frame, frame->ip - 1);
}

/* Has the handler mended it? */
static bool ask_handler(const struct trap_frame *frame, uintptr_t fault_address)
{
    bool is_page_fault = frame->vector == VECTOR_PAGE_FAULT, is_nowhere = !hal_is_code(frame->ip);
    uintptr_t error_code = is_page_fault ? frame->error_code : 0;
    struct hal_fault fault = {
        .name = exception_name(frame->vector),
        .address = is_page_fault ? fault_address : frame->ip,
        .instruction = frame->ip - is_trap(frame->vector),
        .caller = caller_of_nowhere(frame),
        .write = (error_code & PAGE_FAULT_WRITE) != 0,
        .execute = is_nowhere || (error_code & PAGE_FAULT_EXECUTE) != 0,
        .present = (error_code & PAGE_FAULT_PRESENT) != 0,
        .has_address = is_page_fault || is_nowhere,
        .is_refused = frame->vector == VECTOR_PROTECTION || frame->vector == VECTOR_STACK,
    };
    /* These two come from outside. */
    return frame->vector != VECTOR_NMI && frame->vector != VECTOR_MACHINE_CHECK && fault_handler &&
           exceptions_under_way == 0 && fault_handler(&fault);
}

void hal_stop(const struct trap_frame *frame, const char *why, uintptr_t caller)
{
    exceptions_under_way++;
    hal_printf("STOPPED: %s\n", why);
    tell_and_exit(frame, frame->ip, caller, cpu_fault_address());
}

void hal_exception(struct trap_frame *frame)
{
    uintptr_t fault_address = cpu_fault_address();
    if (frame->vector == VECTOR_NMI && nmi_handler && nmi_handler(frame, exceptions_under_way > 0))
        return;
    find_int(frame);
    if (frame->vector == VECTOR_NOT_AVAILABLE && hal_fpu_open())
        return;
    if (frame->vector == VECTOR_DEBUG && hal_step_over(frame->ip, &frame->flags))
        return;
    if (ask_handler(frame, fault_address)) {
        hal_step_begin(frame->ip, &frame->flags);
        return;
    }
    die(frame, exception_name(frame->vector), frame->ip - is_trap(frame->vector), fault_address);
}
