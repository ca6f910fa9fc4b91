/* SPDX-License-Identifier: MIT */
/* `int` instructions in drivers end the kernel, with a sentence that says what was meant. */
#ifndef PORT_SOFTWARE_INTERRUPTS_H
#define PORT_SOFTWARE_INTERRUPTS_H

/* Context: PASSIVE_LEVEL, before any driver runs. */
void software_interrupts_init(void);

#endif
