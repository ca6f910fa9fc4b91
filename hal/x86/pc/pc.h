/* SPDX-License-Identifier: MIT */
/*
 * The devices of a PC: what the files of this folder know of each other, and what bring-up calls.
 *
 * Each *_initialise says what it needs; hal_start has their order. Everything here runs with
 * interrupts disabled unless it says otherwise.
 */
#ifndef HAL_X86_PC_PC_H
#define HAL_X86_PC_PC_H

#include "hal/x86/cpu/cpu.h"

/* ------------------------------------------------------------------ interrupts */

/* Finds and prepares 8259, local APIC and IOAPIC, everything masked. Needs: final page tables, and
 * what ACPI says. */
void hal_interrupts_initialise(void);
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
/* From now on that is a non-maskable interrupt. */
void hal_apic_timer_use_nmi(void);
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
bool hal_ioapic_route_nmi(const struct hal_acpi_route *route);
bool hal_ioapic_is_used(void);

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
/* Channel 0 of the PIT counts down, as hal_apic_timer_start. */
void hal_pit_start(uint32_t count);
/* Connects the one-shot timer. Needs: clock. */
void hal_timer_initialise(void);

/* ------------------------------------------------------------------ console, PCI */

void hal_console_initialise(void);
/* To be connected when there are interrupts; NULL: there is no COM1. Input may come afterwards. */
struct hal_interrupt *hal_console_interrupt(void);
void hal_console_admit_input(void);
/* Waits until the last byte has left COM1. */
void hal_console_flush(void);

void hal_pci_initialise(void);

#endif
