/* SPDX-License-Identifier: MIT */
/*
 * One way to a register: the map says whether a controller may touch it, and what register it is;
 * inject.h stands between driver and device; then the HAL; audit.h keeps what was said; trace.h
 * shows it. The exported routines (ports.c, registers.c) go this way.
 */
#ifndef PORT_ACCESS_ACCESS_H
#define PORT_ACCESS_ACCESS_H

#include <ata.h>
#include <irb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal/hal.h"
#include "port/access/role.h"

struct access_hba;
struct audit_hba_port;
struct channel;
struct controller;

/* ------------------------------------------------------------------ the map */

/* What a port is: for each width the ways of an access, and for whom it is. So an access has one
 * way, on which nothing is asked of the port; who wants to know of it, or to change it, has one of
 * its own there. */
struct access_register;
#define ACCESS_WAY             NTAPI HAL_FIRST_IN_REGISTER
#define ACCESS_READ(at)        HAL_WITH(const struct access_register *reg, uintptr_t at)
#define ACCESS_WRITE(at, TYPE) HAL_WITH(const struct access_register *reg, uintptr_t at, TYPE value)
struct access_register {
    UCHAR(ACCESS_WAY *read8) ACCESS_READ(port);
    VOID(ACCESS_WAY *write8) ACCESS_WRITE(port, UCHAR);
    USHORT(ACCESS_WAY *read16) ACCESS_READ(port);
    VOID(ACCESS_WAY *write16) ACCESS_WRITE(port, USHORT);
    ULONG(ACCESS_WAY *read32) ACCESS_READ(port);
    VOID(ACCESS_WAY *write32) ACCESS_WRITE(port, ULONG);
    union {
        struct channel *channel; /* whose it is: not always the one whose routine runs */
        /* Of registers in memory: the port of the AHCI controller, or where it is no port's, the
         * controller (hba_of). */
        struct audit_hba_port *port;
        struct access_hba *hba;
    };
    uint8_t role;        /* enum access_role; of registers in memory enum hba_role */
    uint8_t byte_count;  /* of the widest access that may begin there; 0: none */
    uint8_t block_bytes; /* the same for a unit of a block that goes the straight way */
    bool is_audited;
} __attribute__((aligned(8 * sizeof(void *))));

#define ACCESS_PORT_COUNT 0x10000u
enum access_record {
    ACCESS_UNMAPPED,
    ACCESS_PLAIN_1, /* mapped, and of no interest: the widest access has one byte, */
    ACCESS_PLAIN_2, /* two, */
    ACCESS_PLAIN_4, /* four */
    ACCESS_ROLES,   /* from here on: of each of an IDE controller's two channels, by role */
    ACCESS_RECORD_COUNT = ACCESS_ROLES + 2 * ROLE_COUNT,
};

struct access_map {
    /* Of an AHCI controller the registers in the first range that has any: where they are, dword by
     * dword, and their records. (Other memory is looked up in the controller's ranges.) */
    uintptr_t hba_start, hba_count;
    const struct access_register *hba_records;
    struct access_register records[ACCESS_RECORD_COUNT];
    uint16_t ports[ACCESS_PORT_COUNT]; /* for each the place of its record among them, in bytes */
};
static inline uint16_t access_place(unsigned record)
{
    return (uint16_t)(record * sizeof(struct access_register));
}
/* Of contexts in which no port may be accessed. Never written but by access_init. */
extern struct access_map access_no_ports;

/* Between driver and device, while fault rules are armed (inject.h): then each register of a role
 * has these ways, and blocks go through the next two, of a unit that is not too wide. NULL: nothing
 * stands there. It may change at PASSIVE_LEVEL, and access_mark does the rest. */
struct access_filter {
    struct access_register ways, hba_ways; /* of ports; of an AHCI controller's registers (hba.h) */
    void (*read_block)(const struct access_register *reg, uint16_t port, unsigned width,
                       void *buffer, uint32_t count);
    void (*write_block)(const struct access_register *reg, uint16_t port, unsigned width,
                        const void *buffer, uint32_t count);
};
extern const struct access_filter *access_filter;

/* The ways of a register of that role (ROLE_NONE: it is of no interest), where accesses of up to
 * that many bytes may begin. */
struct access_register access_record(enum access_role role, unsigned byte_count);

/* The same of one whose controller does not decode ports: HWR-08 is told at every access, which is
 * done all the same. */
struct access_register access_dark_record(enum access_role role, unsigned byte_count);

/* Before the first miniport runs. */
void access_init(void);

/* Gives a controller its map, empty. False: no memory. Context: PASSIVE_LEVEL. */
bool access_create_map(struct controller *controller);

/* Writes the roles of a controller's channels into its map, where they are mapped. Context:
 * PASSIVE_LEVEL. */
void access_mark(struct controller *controller);

/* Its PCI command register may have changed: whether it decodes ports and masters the bus (HWR-08).
 * Context: any. */
void access_configured(struct controller *controller);

/* Forgets everything that AtaPortGetDeviceBase mapped, when a controller stops. Context:
 * PASSIVE_LEVEL. */
void access_unmap_all(struct controller *controller);

/* Lets the auditor look at a write before it is done. Returns what is to be written: the same, or
 * without the start of a transfer that may not be (HWR-21). Context: any in which a miniport
 * runs. */
uint32_t access_before_write(const struct access_register *reg, unsigned width, uint32_t value);
/* Lets it take note of the time when a read begins. The same context. */
void access_before_read(const struct access_register *reg);
/* Tells the auditor, the counters and the trace of an access that was done. Context: any in which a
 * miniport runs. `is_injected`: what is said here is not what the device has said, or got. */
void access_tell_read(const struct access_register *reg, uintptr_t port, unsigned width,
                      uint32_t value, bool is_injected);
void access_tell_write(const struct access_register *reg, uintptr_t port, unsigned width,
                       uint32_t value, bool is_injected);

#endif
