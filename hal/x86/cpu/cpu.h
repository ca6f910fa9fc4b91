/* SPDX-License-Identifier: MIT */
/*
 * The CPU of a PC, i386 or x86_64: what the files of this folder know of each other, and what
 * bring-up and the machine's devices need of them. What differs between the two is in arch.h.
 *
 * Everything here runs with interrupts disabled unless it says otherwise.
 */
#ifndef HAL_X86_CPU_CPU_H
#define HAL_X86_CPU_CPU_H

#include "hal/internal.h"
#include "hal/x86/cpu/control.h"

/* ------------------------------------------------------------------ memory */

/* The final page tables. Needs: pages. */
void hal_paging_initialise(void);

/* The entry of a small page, made if need be; NULL when there is no memory for tables. Whoever
 * writes it is to call hal_page_entry_store. */
uint64_t *hal_page_entry(uintptr_t address);
void hal_page_entry_store(uint64_t *entry, uintptr_t address, uint64_t value);
/* What hal_map would write there. */
uint64_t hal_page_entry_value(uint64_t physical, unsigned protection);

/* ------------------------------------------------------------------ tables, exceptions */

/* Segment and interrupt tables, and the stacks of exceptions that cannot use the current one. */
void hal_cpu_tables_initialise(void);
/* From here on nothing can write the interrupt table. (The CPU itself writes the segments'.) Needs:
 * paging. */
void hal_cpu_tables_protect(void);

/* Every stack ends, at its low end, in a page that is not mapped. */
struct hal_stack {
    const char *name;
    const uint8_t *guard_page;
};
#define HAL_STACK_COUNT 3u
extern const struct hal_stack hal_stacks[HAL_STACK_COUNT];
/* That of everything but a few exceptions. */
struct boot_stack {
    uint8_t guard_page[STACK_GUARD_SIZE];
    uint8_t stack[BOOT_STACK_SIZE];
};
extern struct boot_stack hal_boot_stack;

#define HAL_OPCODE_INT 0xCDu /* the vector follows */
/* Is what stands before an instruction `int vector`? */
bool hal_is_software_interrupt(uintptr_t next_instruction, unsigned vector);
/* Such an instruction that arrived as a line's interrupt: reports it as what it is, and ends. Of
 * the registers only these two are known. */
_Noreturn void hal_software_interrupt(unsigned vector, uintptr_t next_instruction,
                                      uintptr_t frame_pointer);

struct trap_frame;
/* Non-maskable interrupts: the handler returns true if the interrupted code goes on; otherwise it
 * is an exception as any other. is_dying: one is being reported. */
void hal_set_nmi_handler(bool (*handler)(const struct trap_frame *frame, bool is_dying));
/* The end, with `why` and all that is known; `caller` is the first one, where the chain of frames
 * does not have it, or 0. */
_Noreturn void hal_stop(const struct trap_frame *frame, const char *why, uintptr_t caller);
/* Asked by nmi.c: was it a tick of the watch's? (The next one then follows.) */
void hal_nmi_set_ticks(bool (*take_tick)(void));

/* Single steps (step.c). A fault was mended: if pages were lent for that, makes the CPU stop behind
 * the instruction. */
void hal_step_begin(uintptr_t instruction, uintptr_t *cpu_flags);
/* A debug exception. False: it is no step of ours. */
bool hal_step_over(uintptr_t next_instruction, uintptr_t *cpu_flags);

/* ------------------------------------------------------------------ lines and their vectors */

/* Interrupt lines that are no ISA lines. */
#define HAL_LINE_TIMER    16u /* the local APIC's timer */
#define HAL_LINE_SPURIOUS 17u /* the local APIC had an interrupt, and has none any more */
#define HAL_LINE_COUNT    18u
/* Their vectors follow each other from here on. Those below belong to the exceptions, and to the
 * `int` instructions that compilers for Windows emit (20h to 2Fh), which must find no gate. The
 * 8259 wants a multiple of 8. */
#define HAL_FIRST_VECTOR 0x30u
/* The last one's is its own: older CPUs want its low bits to be ones. */
#define HAL_SPURIOUS_VECTOR 0xFFu

#endif
