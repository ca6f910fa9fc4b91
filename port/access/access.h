/* SPDX-License-Identifier: MIT */
/*
 * One way to a register: the map says whether a controller may touch it, and what register it is;
 * inject.h stands between driver and device; then the HAL; audit.h keeps what was said; trace.h
 * shows it. The exported routines (routines.c) and the port's own looks go this way.
 */
#ifndef PORT_ACCESS_ACCESS_H
#define PORT_ACCESS_ACCESS_H

#include <ata.h>
#include <irb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;
struct controller;

/* ------------------------------------------------------------------ the map */

/* What register a port is, as far as the auditor wants to know. */
enum access_role {
    ROLE_NONE,
    ROLE_STATUS,           /* Command, where it is written */
    ROLE_ALTERNATE_STATUS, /* Device Control */
    ROLE_ERROR,            /* Features */
    ROLE_DEVICE,
    ROLE_BUS_MASTER_STATUS, /* SFF-8038i */
    ROLE_COUNT,
};

/* A register of interest: how it is accessed (routines.c has one of each for each role), and for
 * whom. */
struct access_register;
typedef UCHAR NTAPI access_reader(uintptr_t port, const struct access_register *reg);
typedef VOID NTAPI access_writer(uintptr_t port, UCHAR value, const struct access_register *reg);
struct access_register {
    access_reader *read;
    access_writer *write;
    struct channel *channel;       /* whose it is: not always the one whose routine runs */
    uint8_t read_role, write_role; /* enum access_role */
    uint8_t noted;                 /* AUDIT_xxx (audit.h) of an access in IdeHwInterrupt */
} __attribute__((aligned(4 * sizeof(void *))));

/* For each port a byte for reads and one for writes: the widest access that may begin there, as a
 * code (0: none; 1, 2, 3: one, two, four bytes), and for registers of interest the sign, and which
 * one it is. So one comparison lets an access through that is mapped and of no interest. */
struct access_entry {
    uint8_t read, write;
};
#define ACCESS_PORT_COUNT     0x10000u
#define ACCESS_WIDTH_CODE     0x03u
#define ACCESS_OF_INTEREST    0x80u
#define ACCESS_REGISTER       0x7Cu
#define ACCESS_REGISTER_SHIFT 2u
#define ACCESS_REGISTER_COUNT 0x20u

struct access_map {
    struct access_entry ports[ACCESS_PORT_COUNT];
    struct access_register registers[ACCESS_REGISTER_COUNT];
};
/* Of contexts in which no port may be accessed. (Never written; not const, so that the image need
 * not hold its zeros.) */
extern struct access_map access_no_ports;

/* Of an entry with ACCESS_OF_INTEREST. */
static inline const struct access_register *access_register(const struct access_map *map,
                                                            uint8_t entry)
{
    const size_t step = sizeof(struct access_register) >> ACCESS_REGISTER_SHIFT;
    return (const void *)((const uint8_t *)map->registers + (entry & ACCESS_REGISTER) * step);
}

/* How registers of interest are accessed, by their roles; NULL: as any other. */
extern access_reader *const access_readers[ROLE_COUNT];
extern access_writer *const access_writers[ROLE_COUNT];

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
