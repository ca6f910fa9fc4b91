/* SPDX-License-Identifier: MIT */
/* What the rest of the port needs of access.c. */
#ifndef PORT_ACCESS_H
#define PORT_ACCESS_H

#include "port/port.h"

/* A byte a port: how many bytes, up to four, are mapped from there on; so one comparison checks an
 * access of any width. Contexts in which no port may be accessed
 * have the empty map (never written; not const, so that the image need not hold its zeros). */
#define ACCESS_PORT_COUNT 0x10000u
extern uint8_t access_no_ports[ACCESS_PORT_COUNT];

/* Gives a controller its map, empty. False: no memory. Context: PASSIVE_LEVEL. */
bool access_create_map(struct controller *controller);

/* Forgets everything that AtaPortGetDeviceBase mapped, when a controller stops. Context:
 * PASSIVE_LEVEL. */
void access_unmap_all(struct controller *controller);

#endif
