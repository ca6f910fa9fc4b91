/* SPDX-License-Identifier: MIT */
/*
 * The auditor's part for AHCI controllers (Serial ATA AHCI 1.3.1): rule HWR-22, and what HWR-07,
 * HWR-19, HWR-20 and HWR-21 say of them. Judges what a driver writes by what it has written and
 * read before; a command also by its header, table and PRDs, which are in memory. Touches no
 * device. What it cannot know for certain it keeps quiet about.
 */
#ifndef PORT_ACCESS_AUDIT_AHCI_H
#define PORT_ACCESS_AUDIT_AHCI_H

#include "port/access/hba.h"
#include "port/contract/routines.h"

/* ------------------------------------------------------------------ what is known */

/* Owned by the accesses of the controller's drivers, which are one at a time but for interrupts,
 * where a channel's routine may look at another's port. */
struct audit_hba_port {
    struct access_hba *hba;
    uint32_t known[HBA_ROLE_COUNT]; /* each register, as it was written or read last; the port's */
    uint32_t seen;                  /* whether it was: a bit each */
    /* A bit a slot: PxCI, and PxSACT, were set, and were not seen clear since. */
    uint32_t issued, active;
    uint32_t queued;  /* of these the commands that are queued ones */
    uint32_t stopped; /* what did not reach the device (HWR-21); the driver sees it as issued */
    uint32_t pending; /* of PxIS: seen set, and not cleared */
    uint32_t missing_slots;    /* that the controller does not have, as far as is known */
    uint32_t cleared_call;     /* the call of IdeHwInterrupt in which PxIS was cleared last, */
    uint32_t too_early_call;   /* and in which IS was cleared before it; 0: never */
    bool was_too_early;        /* then PxIS was set for certain */
    bool may_run, may_receive; /* CR and FR: set, or not seen clear */
    union {
        uint64_t holds; /* 0: none of these, so a command may be as most are */
        struct {
            bool is_idle;     /* PxCMD.ST is 0, or nobody knows */
            bool is_missing;  /* the controller has no such port, by PI */
            bool is_absent;   /* no device by PxSSTS, */
            bool is_floating; /* or by PxTFD */
            bool is_asleep;
            bool has_failed; /* PxIS.TFES was seen, and ST not cleared since */
            bool is_quiet;   /* it was stopped: what follows is no second offence */
        };
    };
    uint64_t off_us, receive_off_us; /* when ST, and FRE, were cleared */
};

struct audit_hba {
    struct controller *controller;
    uint32_t cap, ghc, pi;
    bool has_cap, has_ghc, has_pi;
    uint32_t too_early; /* the ports whose too_early_call is not 0, a bit each */
    struct audit_hba_port ports[HBA_PORT_COUNT];
};

/* Whose register it is. */
static inline struct access_hba *hba_of(const struct access_register *reg)
{
    return reg->role >= HBA_PORT_ROLES ? reg->port->hba : reg->hba;
}

/* ------------------------------------------------------------------ the accesses */

/* A whole register was read, or is about to be written. What a driver sees, and what is sent; not
 * to be sent at all: false. Context: any in which a miniport runs. */
uint32_t audit_ahci_read(const struct access_register *reg, uint32_t value);
bool audit_ahci_write(const struct access_register *reg, uint32_t *value, enum routine routine);
/* For narrow accesses: what the register holds as far as it is known, and what a write that leaves
 * a part alone has there (0 where writing 1 does something). */
uint32_t audit_ahci_known(const struct access_register *reg);
uint32_t audit_ahci_unwritten(const struct access_register *reg);

#endif
