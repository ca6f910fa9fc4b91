/* SPDX-License-Identifier: MIT */
/*
 * One way to a register: the map says whether a controller may touch it, and what register it is; inject.h stands
 * between driver and device; then the HAL; audit.h keeps what was said; trace.h shows it. The exported routines
 * (routines.c) and the port's own looks go this way.
 */
#ifndef PORT_ACCESS_ACCESS_H
#define PORT_ACCESS_ACCESS_H

#include "port/port.h"

/* ------------------------------------------------------------------ the map */

/* What register a port is, as far as the auditor wants to know. */
enum access_role {
    ROLE_NONE,
    ROLE_STATUS,           /* Command, where it is written */
    ROLE_ALTERNATE_STATUS, /* Device Control */
    ROLE_ERROR,            /* Features */
    ROLE_DEVICE,
    ROLE_BUS_MASTER_STATUS, /* SFF-8038i */
};

/* For each port a byte for reads and one for writes: the widest access that may begin there, as a code (0: none; 1, 2,
 * 3: one, two, four bytes), and for registers of interest the role, the channel's number (of the two of an IDE
 * controller), and the sign. So one comparison lets an access through that is mapped and of no interest. Contexts
 * in which no port may be accessed have the empty map (never written; not const, so that the image need not hold
 * its zeros). */
struct access_entry {
    uint8_t read, write;
};
#define ACCESS_PORT_COUNT     0x10000u
#define ACCESS_WIDTH_CODE     0x03u
#define ACCESS_ROLE_SHIFT     2u
#define ACCESS_ROLE_MASK      0x0Fu
#define ACCESS_SECOND_CHANNEL 0x40u
#define ACCESS_OF_INTEREST    0x80u
extern struct access_entry access_no_ports[ACCESS_PORT_COUNT];

static inline enum access_role access_role(uint8_t entry)
{
    return (enum access_role)(entry >> ACCESS_ROLE_SHIFT & ACCESS_ROLE_MASK);
}

/* Gives a controller its map, empty. False: no memory. Context: PASSIVE_LEVEL. */
bool access_create_map(struct controller *controller);

/* Writes the roles of a controller's channels into its map, where they are mapped. Context:
 * PASSIVE_LEVEL. */
void access_mark(struct controller *controller);

/* Forgets everything that AtaPortGetDeviceBase mapped, when a controller stops. Context:
 * PASSIVE_LEVEL. */
void access_unmap_all(struct controller *controller);

/* ------------------------------------------------------------------ the port's own looks */

/* Reads a register of eight bits. The auditor does not count it as the driver's. Context: any. */
uint8_t access_look(uint16_t port);

#endif
