/* SPDX-License-Identifier: MIT */
/*
 * The way out of QEMU. Owns the exit port, isa-debug-exit, and the port of pvpanic, by which the
 * machine stops for a core of its memory, on the host (tools/session_core.c). Any context.
 */
#include <inttypes.h>
#include <stdio.h>

#include "hal/x86/cpu/instructions.h"
#include "hal/x86/pc/pc.h"
#include "lib/host_file.h"

#define EXIT_PORT  0xF4u
#define PANIC_PORT 0x505u
#define PANICKED   0x01u /* that may be said, where it is read; 0xFF: nobody is there */

static uint64_t (*used_memory_end)(void);

void hal_set_used_memory_hook(uint64_t (*used_end)(void))
{
    used_memory_end = used_end;
}

/* The machine stands still in it, until the host has its core. */
static void stop_for_core(void)
{
    char memory[24];
    uint8_t events = hal_in8(PANIC_PORT);

    if (events == 0xFF || !(events & PANICKED))
        return;
    if (used_memory_end && hal_host_file_present()) {
        int length =
            snprintf(memory, sizeof memory, "%c%" PRIu64, HOST_FILE_MEMORY, used_memory_end());
        hal_host_file_put(memory, (size_t)length + 1);
    }
    hal_out8(PANIC_PORT, PANICKED);
    /* QEMU: it stands still at the next jump, not in the write. */
    for (unsigned i = 0; i < 100; i++)
        __asm__ volatile("pause");
}

void hal_exit(enum hal_exit_code code)
{
    hal_interrupts_disable();
    hal_console_flush();
    if (code == HAL_EXIT_RULE_BROKEN || code == HAL_EXIT_ASSERTION || code == HAL_EXIT_EXCEPTION)
        stop_for_core();
    hal_out32(EXIT_PORT, code);
    /* QEMU: from 9.1 on it ends some instructions later. The device reads as 0, a port without one
     * as ones. */
    if (hal_in32(EXIT_PORT) == 0xFFFFFFFF)
        hal_printf("The machine has no exit port (isa-debug-exit): halted with code %#x.\n",
                   (unsigned)code);
    cpu_halt_for_ever();
}
