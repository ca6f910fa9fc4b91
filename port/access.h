/* SPDX-License-Identifier: MIT */
/* What the rest of the port needs of access.c. */
#ifndef PORT_ACCESS_H
#define PORT_ACCESS_H

#include "port/port.h"

/* A byte a port: how many bytes, up to four, are mapped from there on; so one comparison checks an
 * access of any width. Contexts in which no port may be accessed
 * have the empty map (never written; not const, so that the image need not hold its zeros). */
#define ACCESS_PORT_COUNT 0x10000u
#define ACCESS_WIDTH      0x07u /* in such a byte */
/* A register whose accesses are noted in context_now->noted, for INT-01. Such a byte is negative, so the
 * same comparison finds it. There are marks for both channels of an IDE controller. */
#define ACCESS_MARK                      0x80u
#define ACCESS_READ_STATUS               0x30u /* the task file's Status */
#define ACCESS_CLEARED_BUS_MASTER        0x48u /* the interrupt bit of the bus master's status */
#define ACCESS_OF_CHANNEL(marks, number) ((marks) & ((number) ? 0x28u : 0x50u))
#define ACCESS_NEVER_NOTED               0x01u
#define ACCESS_BUS_MASTER_INTERRUPT      0x04u /* that bit (SFF-8038i) */
extern uint8_t access_no_ports[ACCESS_PORT_COUNT];

/* Gives a controller its map, empty. False: no memory. Context: PASSIVE_LEVEL. */
bool access_create_map(struct controller *controller);

/* Marks the registers of a controller's channels in its map, where they are mapped. Context:
 * PASSIVE_LEVEL. */
void access_mark(struct controller *controller);

/* Forgets everything that AtaPortGetDeviceBase mapped, when a controller stops. Context:
 * PASSIVE_LEVEL. */
void access_unmap_all(struct controller *controller);

#endif
