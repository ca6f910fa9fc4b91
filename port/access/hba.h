/* SPDX-License-Identifier: MIT */
/*
 * The registers of AHCI controllers, which are in memory (Serial ATA AHCI 1.3.1, 3): what is where,
 * and a record (access.h) for each of them, so that an access of interest is found by its offset
 * alone. Records are the controller's from the first AtaPortGetDeviceBase of its ABAR on, to its
 * stop.
 */
#ifndef PORT_ACCESS_HBA_H
#define PORT_ACCESS_HBA_H

#include "port/access/access.h"

/* The class code of an AHCI controller, and the base address register of its registers. */
#define HBA_CLASS 0x010601u
#define HBA_BAR   5u

#define HBA_PORT_COUNT 32u
#define HBA_PORTS      0x100u /* the first port's */
#define HBA_PORT_BYTES 0x80u
#define HBA_BYTES      (HBA_PORTS + HBA_PORT_COUNT * HBA_PORT_BYTES)

/* What register a record is: access_register.role of those here. */
enum hba_role {
    HBA_NONE,
    HBA_CAP,
    HBA_GHC,
    HBA_IS,
    HBA_PI,
    HBA_PORT_ROLES,
    HBA_PORT_CLB = HBA_PORT_ROLES,
    HBA_PORT_CLBU,
    HBA_PORT_FB,
    HBA_PORT_FBU,
    HBA_PORT_IS,
    HBA_PORT_IE,
    HBA_PORT_CMD,
    HBA_PORT_TFD,
    HBA_PORT_SIG,
    HBA_PORT_SSTS,
    HBA_PORT_SCTL,
    HBA_PORT_SERR,
    HBA_PORT_SACT,
    HBA_PORT_CI,
    HBA_PORT_FBS,
    HBA_ROLE_COUNT,
};

struct audit_hba;
struct access_hba {
    struct access_register registers[HBA_BYTES / 4];
    struct audit_hba *audit;
};

static inline uint32_t hba_offset_of(const struct access_hba *hba,
                                     const struct access_register *reg)
{
    return (uint32_t)(reg - hba->registers) * 4;
}

/* Of a port's register, the port's number. */
static inline unsigned hba_port_of(uint32_t offset)
{
    return (offset - HBA_PORTS) / HBA_PORT_BYTES;
}

/* Gives a controller the records of its registers, if it is an AHCI controller and has none. False:
 * no memory. Context: PASSIVE_LEVEL. */
bool hba_create(struct controller *controller);
/* Leads its registers to the ways that they have now: its own, or a filter's (access.h). Context:
 * PASSIVE_LEVEL. */
void hba_mark(struct controller *controller);
/* Tells the auditor, the counters and the trace of a read that was done; returns what the driver is
 * to see. Context: any in which a miniport runs. */
uint32_t hba_tell_read(const struct access_register *reg, uintptr_t address, unsigned width,
                       uint32_t value);
/* The same of a write, before it is done. False: it is not to reach the device. */
bool hba_tell_write(const struct access_register *reg, uintptr_t address, unsigned width,
                    uint32_t *value);
/* Forgets what was said of it, when the controller stops. */
void hba_forget(struct controller *controller);

#endif
