/* SPDX-License-Identifier: MIT */
/*
 * What the HAL's own files know of each other. Nothing outside hal/ includes this.
 *
 * Bring-up calls the *_initialise functions in the order in which hal_start lists them; each says
 * what it needs. Everything here runs with interrupts disabled unless it says otherwise.
 */
#ifndef HAL_INTERNAL_H
#define HAL_INTERNAL_H

#include "hal/hal.h"

/* ------------------------------------------------------------------ boot information */

/* A range of physical addresses, end exclusive. */
struct hal_range {
    uint64_t start, end;
};

/* Copies everything out of the boot loader's memory. Ends the kernel with a message when the loader
 * broke the protocol or a limit of hal.h is exceeded. Needs: console, the first 4 GiB reachable. */
void hal_multiboot_initialise(uint32_t magic, uintptr_t information);
/* RAM as the firmware reported it, page-aligned, sorted, without overlaps. */
size_t hal_memory_map(const struct hal_range **ranges);

/* ------------------------------------------------------------------ memory */

/* Physical pages. Needs: the memory map. Everything at addresses below 1 MiB, the kernel's image
 * and the modules are kept out. */
void hal_pages_initialise(void);
/* Until this is called all pages come from below 4 GiB, which is what can be reached early. */
void hal_pages_use_high_memory(void);

/* One past the last byte of RAM that is used: more cannot be mapped where it lies. */
extern const uint64_t hal_ram_limit;

/* The final page tables. Needs: pages. */
void hal_paging_initialise(void);

/* Is there something at this address that can be executed? */
bool hal_is_code(uintptr_t address);

/* The entry of a small page, made if need be; NULL when there is no memory for tables. Whoever writes
 * it is to call hal_page_entry_store. */
uint64_t *hal_page_entry(uintptr_t address);
void hal_page_entry_store(uint64_t *entry, uintptr_t address, uint64_t value);
/* What hal_map would write there. */
uint64_t hal_page_entry_value(uint64_t physical, unsigned protection);

/* Single steps (step.c). A fault was mended: if pages were lent for that, makes the CPU stop behind the
 * instruction. */
void hal_step_begin(uintptr_t instruction, uintptr_t *cpu_flags);
/* A debug exception. False: it is no step of ours. */
bool hal_step_over(uintptr_t next_instruction, uintptr_t *cpu_flags);

/* Every stack ends, at its low end, in a page that is not mapped. */
struct hal_stack {
    const char *name;
    const uint8_t *guard_page;
};
#define HAL_STACK_COUNT 4u
extern const struct hal_stack hal_stacks[HAL_STACK_COUNT];

/* ------------------------------------------------------------------ CPU tables, exceptions */

/* Segment and interrupt tables, and the stacks of exceptions that cannot use the current one. */
void hal_cpu_tables_initialise(void);
/* From here on nothing can write the interrupt table. (The CPU itself writes the segments'.) Needs: paging. */
void hal_cpu_tables_protect(void);

#define HAL_OPCODE_INT 0xCDu /* the vector follows */
/* Is what stands before an instruction `int vector`? */
bool hal_is_software_interrupt(uintptr_t next_instruction, unsigned vector);
/* Such an instruction that arrived as a line's interrupt: reports it as what it is, and ends. Of the registers
 * only these two are known. */
_Noreturn void hal_software_interrupt(unsigned vector, uintptr_t next_instruction,
                                      uintptr_t frame_pointer);

/* ------------------------------------------------------------------ interrupts */

/* Interrupt lines that are no ISA lines. */
#define HAL_LINE_TIMER    16u /* the local APIC's timer */
#define HAL_LINE_SPURIOUS 17u /* the local APIC had an interrupt, and has none any more */
#define HAL_LINE_COUNT    18u
/* Their vectors follow each other from here on. Those below belong to the exceptions, and to the `int` instructions
 * that compilers for Windows emit (20h to 2Fh), which must find no gate. The 8259 wants a multiple of 8. */
#define HAL_FIRST_VECTOR 0x30u
/* The last one's is its own: older CPUs want its low bits to be ones. */
#define HAL_SPURIOUS_VECTOR 0xFFu

/* Finds and prepares 8259, local APIC and IOAPIC, everything masked. Needs: final page tables, and
 * what ACPI says. */
void hal_interrupts_initialise(void);
/* How many interrupts are under way, each within the one before. */
unsigned hal_interrupt_depth(void);
void hal_interrupt_connect_apic_timer(struct hal_interrupt *interrupt);

/* 8259 pair. */
void hal_pic_initialise(void);
void hal_pic_mask(unsigned line, bool masked);
void hal_pic_set_trigger(unsigned line, bool level);
void hal_pic_end_of_interrupt(unsigned line);
/* True when the interrupt was none: then nothing else is to be done for it. */
bool hal_pic_is_spurious(unsigned line);
/* Has the CPU got this interrupt, whose end the chip was not told of yet? */
bool hal_pic_in_service(unsigned line);

/* Local APIC. False: this CPU has none. */
bool hal_apic_initialise(void);
extern uint8_t *hal_local_apic;   /* its registers; NULL if there is none */
#define HAL_LOCAL_APIC_END 0x0B0u /* write only */
static inline void hal_apic_end_of_interrupt(void)
{
    hal_write32(hal_local_apic + HAL_LOCAL_APIC_END, 0);
}
/* The timer counts down from a value to 0, and interrupts on HAL_LINE_TIMER. 0 stops it. */
void hal_apic_timer_start(uint32_t count);
uint32_t hal_apic_timer_count(void);
/* Has it given the CPU this interrupt, whose end it was not told of yet? */
bool hal_apic_in_service(unsigned vector);

/* IOAPIC. */
struct hal_acpi_route {
    uint32_t global_interrupt;
    bool level, active_low;
    bool overridden; /* the firmware said so; otherwise these are the bus's defaults */
};
bool hal_ioapic_initialise(uint64_t physical, uint32_t first_interrupt);
/* False: this IOAPIC does not have that input. */
bool hal_ioapic_route(unsigned line, const struct hal_acpi_route *route, bool masked);

/* What ACPI's MADT says about interrupts. */
struct hal_acpi {
    bool has_ioapic;
    uint64_t ioapic_physical;
    uint32_t ioapic_first_interrupt;
    struct hal_acpi_route isa[16]; /* of each ISA line */
};
/* Needs: not the final page tables, since what it reads lies outside RAM. */
void hal_acpi_initialise(void);
const struct hal_acpi *hal_acpi(void);

/* ------------------------------------------------------------------ time */

/* Calibrates the clock, reads the real-time clock. Needs: interrupts. Takes 10 ms. */
void hal_clock_initialise(void);
/* Ticks of the local APIC's timer in a second; 0 if there is no local APIC. */
uint64_t hal_apic_timer_hz(void);
/* Connects the one-shot timer. Needs: clock. */
void hal_timer_initialise(void);

/* ------------------------------------------------------------------ console, PCI */

void hal_console_initialise(void);
/* Needs: interrupts. */
void hal_console_start_input(void);
/* Waits until the last byte has left COM1. */
void hal_console_flush(void);

void hal_pci_initialise(void);

/* ------------------------------------------------------------------ the end */

/* Prints a back trace: the instruction, the caller if it is known to be missing in the chain of
 * frames (otherwise 0), and that chain. */
void hal_print_frames(uintptr_t instruction, uintptr_t caller, uintptr_t frame_pointer);
/* Follows a chain of frames with care: stores return addresses, innermost first. */
size_t hal_walk_frames(uintptr_t frame_pointer, uintptr_t *return_addresses, size_t capacity);
void hal_call_panic_hook(void);

#endif
