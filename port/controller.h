/* SPDX-License-Identifier: MIT */
/* The life of controllers: found, bound to a driver, started and stopped with their channels. */
#ifndef PORT_CONTROLLER_H
#define PORT_CONTROLLER_H

#include <stdbool.h>

struct controller;

/* Finds the controllers (PCI functions that the registry binds, or the ISA legacy ports), binds
 * them to drivers and starts them. What does not start says so, and the others go on. Context:
 * PASSIVE_LEVEL, once, after the registry is filled. */
void port_start(void);
/* Stops every channel and controller, as before power-off: requests are finished, caches flushed,
 * then IdeHwControl(IdeStop). False: what was written could not be flushed, and may be lost.
 * Context: PASSIVE_LEVEL. */
bool port_stop(void);

/* AtaAdapterControl(IdeStart), then its channels. For one that is stopped or has failed. False:
 * controller->failure says why. Context: PASSIVE_LEVEL. */
bool controller_start(struct controller *controller);
/* Its channels, then AtaAdapterControl(IdeStop). False: what was written could not be flushed, and
 * may be lost; it is stopped all the same. Context: PASSIVE_LEVEL. */
bool controller_stop(struct controller *controller);

#endif
