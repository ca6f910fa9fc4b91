/* SPDX-License-Identifier: MIT */
/*
 * Bring-up of the machine, from the first C function to kernel_main.
 *
 * Owns the order. Entered once, from the boot code, with interrupts disabled.
 */
#include "hal/x86/boot/multiboot.h"
#include "hal/x86/cpu/cpu.h"
#include "hal/x86/pc/pc.h"

_Noreturn void hal_start(uint32_t loader_magic, uintptr_t loader_information);

static void start_input(void)
{
    struct hal_interrupt *interrupt = hal_console_interrupt();
    if (interrupt && hal_interrupt_connect(interrupt))
        hal_console_admit_input();
}

void hal_start(uint32_t loader_magic, uintptr_t loader_information)
{
    hal_console_initialise();    /* from here on there are messages */
    hal_cpu_tables_initialise(); /* and reports of exceptions */
    hal_multiboot_initialise(loader_magic, loader_information);
    hal_acpi_initialise();
    hal_pages_initialise();
    hal_paging_initialise();
    hal_cpu_tables_protect();
    hal_pci_initialise();
    hal_interrupts_initialise();
    hal_clock_initialise();
    hal_timer_initialise();
    start_input();
    hal_interrupts_enable();
    kernel_main();
}
