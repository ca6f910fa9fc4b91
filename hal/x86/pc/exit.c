/* SPDX-License-Identifier: MIT */
/*
 * The way out of QEMU. Owns the exit port, isa-debug-exit. Any context.
 */
#include "hal/x86/cpu/instructions.h"
#include "hal/x86/pc/pc.h"

#define EXIT_PORT 0xF4u

void hal_exit(enum hal_exit_code code)
{
    hal_interrupts_disable();
    hal_console_flush();
    hal_out32(EXIT_PORT, code);
    /* QEMU: from 9.1 on it ends some instructions later. The device reads as 0, a port without one
     * as ones. */
    if (hal_in32(EXIT_PORT) == 0xFFFFFFFF)
        hal_printf("The machine has no exit port (isa-debug-exit): halted with code %#x.\n",
                   (unsigned)code);
    cpu_halt_for_ever();
}
