/* SPDX-License-Identifier: MIT */
/*
 * AHCI's registers: what is known of them, and the order in which they change; see audit_ahci.h.
 * Commands are audit_ahci_command.c's. Entered from any context in which a miniport runs.
 */
#include "port/access/audit_ahci.h"

#include <ata.h>

#include "port/access/audit_ahci_plain.h"
#include "port/objects.h"

/* AHCI: 10.1.2: how long CR and FR may take to become 0. A driver that has waited for so long may
 * go on. */
#define ENGINE_LIMIT_US 500000u

/* ------------------------------------------------------------------ what is known */

static void note(struct audit_hba_port *port, enum hba_role role, uint32_t value)
{
    port->known[role] = value;
    port->seen |= 1u << role;
}

static void note_command(struct audit_hba_port *port, uint32_t value)
{
    port->is_idle = !(value & AHCI_CMD_START);
    note(port, HBA_PORT_CMD, value);
}

static bool is_set(const struct audit_hba_port *port, enum hba_role role, uint32_t bit)
{
    return port->seen >> role & 1 && port->known[role] & bit;
}

static bool was_long_ago(uint64_t moment_us)
{
    return hal_clock_us() - moment_us >= ENGINE_LIMIT_US;
}

/* May the engine be at work? Once it was seen idle, it is until it is started. */
static bool may_run(const struct audit_hba_port *port)
{
    return is_set(port, HBA_PORT_CMD, AHCI_CMD_START) ||
           (port->may_run && !was_long_ago(port->off_us));
}

static bool may_receive(const struct audit_hba_port *port)
{
    return is_set(port, HBA_PORT_CMD, AHCI_CMD_RECEIVE) ||
           (port->may_receive && !was_long_ago(port->receive_off_us));
}

/* AHCI: 3.3.14: the device forgets what was issued, and goes on after an error. */
static void forget_commands(struct audit_hba_port *port)
{
    port->issued = port->active = port->queued = port->stopped = 0;
    port->has_failed = port->is_quiet = false;
}

/* The link is made anew: a device may have come, and is awake. */
static void forget_device(struct audit_hba_port *port)
{
    port->is_absent = port->is_floating = port->is_asleep = false;
}

/* AHCI: 10.4.3: all but the addresses of the port's memory. */
static void reset_all(struct audit_hba *audit)
{
    for (unsigned i = 0; i < HBA_PORT_COUNT; i++) {
        struct audit_hba_port *port = &audit->ports[i];
        forget_commands(port);
        forget_device(port);
        note_command(port, 0);
        note(port, HBA_PORT_IE, 0);
        note(port, HBA_PORT_SCTL, 0);
        port->may_run = port->may_receive = false;
        port->pending = port->too_early_call = 0;
    }
    audit->too_early = 0;
    audit->ghc = 0;
    audit->has_ghc = true;
}

/* ------------------------------------------------------------------ PxCMD */

/* AHCI: 3.3.7, 10.1.2, 10.3.1. */
static const char *fault_of_order(const struct audit_hba_port *port, uint32_t value)
{
    uint32_t old = port->known[HBA_PORT_CMD];

    if (!(port->seen >> HBA_PORT_CMD & 1))
        return NULL;
    if (value & ~old & AHCI_CMD_START) {
        if (!(value & AHCI_CMD_RECEIVE))
            return "PxCMD.ST is set while FRE is 0";
        return may_run(port) ? "PxCMD.ST is set again before CR was read as 0" : NULL;
    }
    if (old & ~value & AHCI_CMD_RECEIVE) {
        if (value & AHCI_CMD_START)
            return "PxCMD.FRE is cleared while ST is set";
        return may_run(port) ? "PxCMD.FRE is cleared before CR was read as 0" : NULL;
    }
    if (value & old & AHCI_CMD_START && value & AHCI_CMD_OVERRIDE)
        return "PxCMD.CLO is set while ST is set";
    return NULL;
}

/* Would an engine that is started now write to memory that is not the drivers'? The bits that start
 * it are taken out of what is sent. */
static bool stop_engine(const struct hba_access *at, enum hba_role low, uint32_t byte_count,
                        uint32_t bits, uint32_t *value)
{
    struct audit_hba_port *port = at->port;
    uint64_t address = (uint64_t)port->known[low + 1] << 32 | port->known[low];

    if (!(port->seen >> low & 1) || ahci_reaches(at->audit, address, byte_count))
        return false;
    ACCUSE(at, RULE_HWR_21,
           "port %u: %s is started, whose memory at %#llx (bytes: %u) is not the driver's; it was "
           "not started",
           at->number, low == HBA_PORT_FB ? "the receiver of FISes" : "the command list",
           (unsigned long long)address, (unsigned)byte_count);
    *value &= ~bits;
    return true;
}

static void write_command(const struct hba_access *at, uint32_t *value)
{
    struct audit_hba_port *port = at->port;
    uint32_t old = port->seen >> HBA_PORT_CMD & 1 ? port->known[HBA_PORT_CMD] : 0;
    uint32_t set = *value & ~old, cleared = ~*value & old;
    const char *fault = fault_of_order(port, *value);
    bool is_stopped = false;

    if (set & AHCI_CMD_RECEIVE)
        is_stopped =
            stop_engine(at, HBA_PORT_FB, AHCI_FIS_BYTES, AHCI_CMD_RECEIVE | AHCI_CMD_START, value);
    if (set & *value & AHCI_CMD_START)
        is_stopped |=
            stop_engine(at, HBA_PORT_CLB, ahci_list_bytes(at->audit), AHCI_CMD_START, value);
    if (fault && !is_stopped)
        ACCUSE(at, RULE_HWR_22, "port %u: %s", at->number, fault);
    if (!(*value & AHCI_CMD_START))
        forget_commands(port);
    port->is_quiet |= is_stopped;
    if (cleared & AHCI_CMD_START)
        port->off_us = hal_clock_us();
    if (cleared & AHCI_CMD_RECEIVE)
        port->receive_off_us = hal_clock_us();
    port->may_run |= (*value & AHCI_CMD_START) != 0;
    port->may_receive |= (*value & AHCI_CMD_RECEIVE) != 0;
    if (set & AHCI_CMD_RECEIVE) /* a device may say what it is, now that it is heard */
        port->is_floating = false;
    if (set & AHCI_CMD_START)
        port->has_failed = false;
    if (set & (AHCI_CMD_SPIN_UP | AHCI_CMD_POWER))
        port->is_absent = false;
    note_command(port, *value);
}

static void read_command(struct audit_hba_port *port, uint32_t value)
{
    port->may_run = value & (AHCI_CMD_START | AHCI_CMD_RUNS);
    port->may_receive = value & (AHCI_CMD_RECEIVE | AHCI_CMD_RECEIVES);
    if (!(value & AHCI_CMD_START))
        port->issued = port->active = port->queued = 0;
    note_command(port, value);
}

/* ------------------------------------------------------------------ addresses, links */

/* AHCI: 3.3.1 to 3.3.4. */
static void write_address(const struct hba_access *at, enum hba_role role, uint32_t value)
{
    struct audit_hba_port *port = at->port;
    bool is_list = role == HBA_PORT_CLB || role == HBA_PORT_CLBU;
    bool is_low = role == HBA_PORT_CLB || role == HBA_PORT_FB;
    uint32_t multiple = is_list ? AHCI_LIST_BYTES : AHCI_FIS_BYTES;
    bool is_other = !(port->seen >> role & 1) || port->known[role] != value;

    port->is_quiet = false;
    if (is_low && value % multiple)
        ACCUSE(at, RULE_HWR_22, "port %u: %s %#x is no multiple of %u", at->number,
               is_list ? "PxCLB" : "PxFB", (unsigned)value, (unsigned)multiple);
    else if (is_other && (is_list ? may_run(port) : may_receive(port)))
        ACCUSE(at, RULE_HWR_22, "port %u: %s is changed while %s may be in use", at->number,
               is_list ? "PxCLB or PxCLBU" : "PxFB or PxFBU",
               is_list ? "the list (ST, or CR)" : "the memory (FRE, or FR)");
    note(port, role, value);
}

/* AHCI: 3.3.11. */
static void write_link_control(const struct hba_access *at, uint32_t value)
{
    struct audit_hba_port *port = at->port;
    bool is_known = port->seen >> HBA_PORT_SCTL & 1;
    uint32_t old = is_known ? port->known[HBA_PORT_SCTL] : value;

    if ((old ^ value) & AHCI_DET && is_set(port, HBA_PORT_CMD, AHCI_CMD_START))
        ACCUSE(at, RULE_HWR_22, "port %u: PxSCTL.DET is changed while PxCMD.ST is set", at->number);
    if ((value & AHCI_DET) == AHCI_DET_RESET)
        port->may_run = false;
    forget_device(port);
    note(port, HBA_PORT_SCTL, value);
}

static void read_task_file(struct audit_hba_port *port, uint32_t value)
{
    uint8_t status = (uint8_t)value;

    note(port, HBA_PORT_TFD, value);
    port->is_floating = status == 0x7F || status == 0xFF;
    if (!(status & (IDE_STATUS_BUSY | IDE_STATUS_DRQ))) {
        port->is_absent = false;
        if (!port->queued)
            ahci_one_may_be_over(port);
    }
    if (status & IDE_STATUS_ERROR)
        port->is_asleep = false;
}

/* ------------------------------------------------------------------ slots */

static void write_active(const struct hba_access *at, uint32_t value)
{
    struct audit_hba_port *port = at->port;
    uint32_t used = value & (port->active | port->issued);

    if (value && !ahci_is_started(at, "PxSACT"))
        return;
    if (used)
        ACCUSE(at, RULE_HWR_22, "port %u: PxSACT is set for slots that are in use: %#x", at->number,
               (unsigned)used);
    port->issued &= ~used; /* PxCI, which follows, is the same offence */
    port->queued &= ~used;
    port->active |= value;
}

/* ------------------------------------------------------------------ the accesses */

static struct hba_access access_of(const struct access_register *reg, enum routine routine)
{
    struct audit_hba *audit = hba_of(reg)->audit;
    struct hba_access at = {.audit = audit, .routine = routine};

    if (reg->role >= HBA_PORT_ROLES) {
        at.port = reg->port;
        at.number = (unsigned)(at.port - audit->ports);
    }
    return at;
}

/* AHCI: 3.1.1, 3.1.4: what is not there, as far as is known. */
static void note_missing(struct audit_hba *audit)
{
    for (unsigned i = 0; i < HBA_PORT_COUNT; i++) {
        struct audit_hba_port *port = &audit->ports[i];
        port->missing_slots = audit->has_cap ? ~1u << (audit->cap >> 8 & 0x1F) : 0;
        port->is_missing = audit->has_pi && !(audit->pi >> i & 1);
    }
}

static uint32_t general_read(struct audit_hba *audit, enum hba_role role, uint32_t value)
{
    if (role == HBA_CAP)
        audit->cap = value, audit->has_cap = true, note_missing(audit);
    else if (role == HBA_GHC)
        audit->ghc = value, audit->has_ghc = true;
    else if (role == HBA_PI)
        audit->pi = value, audit->has_pi = true, note_missing(audit);
    else
        ahci_read_interrupts(audit, value);
    return value;
}

uint32_t audit_ahci_read(const struct access_register *reg, uint32_t value)
{
    const enum hba_role role = (enum hba_role)reg->role;
    const struct hba_access at = access_of(reg, ROUTINE_COUNT);
    struct audit_hba_port *port = at.port;

    if (!port)
        return general_read(at.audit, role, value);
    if (role == HBA_PORT_CI)
        return ahci_read_issued(port, value);
    if (role == HBA_PORT_SACT)
        return ahci_read_active(port, value);
    if (role == HBA_PORT_IS)
        ahci_read_port_interrupts(port, value);
    else if (role == HBA_PORT_TFD)
        read_task_file(port, value);
    else if (role == HBA_PORT_CMD)
        read_command(port, value);
    else if (role == HBA_PORT_SSTS)
        port->is_absent = (value & AHCI_DET) != AHCI_DET_PRESENT;
    else
        note(port, role, value);
    return value;
}

bool audit_ahci_write(const struct access_register *reg, uint32_t *value, enum routine routine)
{
    const enum hba_role role = (enum hba_role)reg->role;
    const struct hba_access at = access_of(reg, routine);
    struct audit_hba_port *port = at.port;

    if (!port) {
        if (role == HBA_IS)
            ahci_write_interrupts(&at, *value);
        if (role == HBA_GHC && *value & AHCI_GHC_RESET)
            reset_all(at.audit);
        else if (role == HBA_GHC)
            at.audit->ghc = *value, at.audit->has_ghc = true;
    } else if (role == HBA_PORT_CI) {
        return ahci_issue(&at, value);
    } else if (role == HBA_PORT_SACT) {
        write_active(&at, *value);
    } else if (role == HBA_PORT_IS) {
        ahci_write_port_interrupts(port, *value);
    } else if (role == HBA_PORT_CMD) {
        write_command(&at, value);
    } else if (role == HBA_PORT_SCTL) {
        write_link_control(&at, *value);
    } else if (role >= HBA_PORT_CLB && role <= HBA_PORT_FBU) {
        write_address(&at, role, *value);
    } else {
        note(port, role, *value);
    }
    return true;
}

uint32_t audit_ahci_known(const struct access_register *reg)
{
    const struct hba_access at = access_of(reg, ROUTINE_COUNT);

    if (!at.port)
        return reg->role == HBA_CAP   ? at.audit->cap
               : reg->role == HBA_GHC ? at.audit->ghc
               : reg->role == HBA_PI  ? at.audit->pi
                                      : 0;
    return reg->role == HBA_PORT_CI     ? at.port->issued
           : reg->role == HBA_PORT_SACT ? at.port->active
           : reg->role == HBA_PORT_IS   ? at.port->pending
                                        : at.port->known[reg->role];
}

uint32_t audit_ahci_unwritten(const struct access_register *reg)
{
    const uint32_t by_ones = 1u << HBA_IS | 1u << HBA_PORT_IS | 1u << HBA_PORT_SERR |
                             1u << HBA_PORT_SACT | 1u << HBA_PORT_CI;
    return by_ones >> reg->role & 1 ? 0 : audit_ahci_known(reg);
}
