/* SPDX-License-Identifier: MIT */
/* What the port sets up before anything else. */
#ifndef PORT_INIT_H
#define PORT_INIT_H

/* IRQL, timers, interrupts, the registry, faults. Before any other routine of the port, once. Ends
 * the kernel where there is no memory. Context: PASSIVE_LEVEL. */
void port_init(void);

#endif
