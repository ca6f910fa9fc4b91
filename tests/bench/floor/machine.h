/* SPDX-License-Identifier: MIT */
/*
 * What the floor program needs of the machine besides the drive: COM1, the clock, the interrupt
 * controller, PCI configuration space, the command line, the end.
 */
#ifndef TESTS_BENCH_FLOOR_MACHINE_H
#define TESTS_BENCH_FLOOR_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal/x86/cpu/io.h"

/* Starts COM1, and measures the time-stamp counter against the PIT (about 50 ms). Interrupts stay
 * disabled. */
void machine_start(void);
/* Of all interrupt lines this one may be heard. */
void machine_let_through(unsigned irq_line);

/* COM1. The format knows %s, %u (unsigned) and %llu (uint64_t); a line feed goes out as CR LF. */
void machine_printf(const char *format, ...);
/* Prints "floor: <format>" and ends QEMU with the exit code of a failed command. */
_Noreturn void machine_fail(const char *format, ...);
_Noreturn void machine_exit_success(void);

/* The time-stamp counter, and what a difference of it is in nanoseconds. */
static inline uint64_t machine_ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}
uint64_t machine_ticks_to_ns(uint64_t ticks);
void machine_stall_us(uint32_t duration_us);

/* Call with interrupts disabled: halts until the drive's interrupt, returns with them disabled (the
 * handler in start.S sees to that: the line may stay raised until the drive is asked). */
static inline void machine_wait_for_interrupt(void)
{
    __asm__ volatile("sti; hlt" ::: "memory");
}

/* Call with interrupts disabled: lets in one that waits. False: none did. */
extern volatile uint32_t machine_interrupts;
static inline bool machine_take_interrupt(void)
{
    uint32_t before = machine_interrupts;
    __asm__ volatile("sti; nop; cli" ::: "memory");
    return machine_interrupts != before;
}

/* Numerator / denominator; the compiler's own 64-bit division would need its run-time library. */
uint64_t machine_divide(uint64_t numerator, uint64_t denominator);

/* The number behind "key=" on the multiboot command line, or fallback; the text behind it, up to
 * the next blank, into value (cut at size): false if there is none. */
uint32_t machine_option_number(const char *key, uint32_t fallback);
bool machine_option_text(const char *key, char *value, size_t size);
void machine_set_command_line(const char *command_line);

/* First PCI function of the given class (base class << 8 | subclass) on bus 0; false if none. */
struct machine_pci_function {
    uint32_t address; /* as configuration mechanism #1 wants it, offset 0 */
};
bool machine_pci_find(uint16_t class_code, struct machine_pci_function *function);
uint32_t machine_pci_read32(struct machine_pci_function function, unsigned offset);
void machine_pci_write32(struct machine_pci_function function, unsigned offset, uint32_t value);

#endif
