/* SPDX-License-Identifier: MIT */
/*
 * AHCI's part of the auditor for accesses that are as most are: each of these takes note of one, or
 * says false where it wants a closer look (audit_ahci.h). Context: any in which a miniport runs.
 */
#ifndef PORT_ACCESS_AUDIT_AHCI_PLAIN_H
#define PORT_ACCESS_AUDIT_AHCI_PLAIN_H

#include "port/access/audit.h"
#include "port/access/audit_ahci_internal.h"
#include "port/objects.h"

/* ------------------------------------------------------------------ interrupts */

/* The number of the call of IdeHwInterrupt that runs; 0: none does. */
static inline uint32_t ahci_this_call(void)
{
    return context_now->kind == CONTEXT_INTERRUPT ? audit_call_number(context_now->channel) : 0;
}

/* What of PxIS keeps IS set, as far as it is known. */
static inline uint32_t ahci_raised(const struct audit_hba_port *port)
{
    return port->pending & ~AHCI_IS_ELSEWHERE & port->known[HBA_PORT_IE];
}

/* Where only one command was under way, the driver may know that it is over without having asked
 * for its slot. */
static inline void ahci_one_may_be_over(struct audit_hba_port *port)
{
    uint32_t in_use = port->issued | port->active;
    if (!(in_use & (in_use - 1)))
        port->issued = port->active = port->queued = 0;
}

/* IS was read. */
static inline bool ahci_takes_interrupts(const struct access_hba *hba)
{
    return !hba->audit->too_early;
}

/* It is about to be written: for one port, whose PxIS was cleared before in this call. */
static inline bool ahci_takes_interrupts_clear(const struct access_hba *hba, uint32_t value)
{
    uint32_t call = ahci_this_call();

    if (!call || !value || value & (value - 1))
        return false;
    const struct audit_hba_port *port = &hba->audit->ports[(unsigned)__builtin_ctz(value)];
    return port->cleared_call == call && !port->too_early_call && !ahci_raised(port);
}

/* PxIS was read. */
static inline bool ahci_takes_port_interrupts(struct audit_hba_port *port, uint32_t value)
{
    if (port->too_early_call | (value & AHCI_IS_TASK_FILE))
        return false;
    port->pending = value;
    if (value & AHCI_IS_OVER)
        ahci_one_may_be_over(port);
    return true;
}

/* It is about to be written: that is all there is to it. */
static inline void ahci_write_port_interrupts(struct audit_hba_port *port, uint32_t value)
{
    port->pending &= ~value;
    if (value)
        port->cleared_call = ahci_this_call();
}

/* ------------------------------------------------------------------ slots */

/* PxSACT, and PxCI, were read: what the driver sees. A queued command is over when its bit of
 * PxSACT is clear, another one when that of PxCI is. */
static inline uint32_t ahci_read_active(struct audit_hba_port *port, uint32_t value)
{
    port->issued &= ~(port->queued & port->active & ~value);
    port->active &= value;
    port->queued &= port->issued | port->active;
    return value;
}

static inline uint32_t ahci_read_issued(struct audit_hba_port *port, uint32_t value)
{
    port->issued &= value;
    port->queued &= port->issued | port->active;
    return value | port->stopped;
}

/* PxSACT is about to be written: for slots that are free, of a port that is started. */
static inline bool ahci_takes_active(struct audit_hba_port *port, uint32_t value)
{
    if (value & (port->active | port->issued) || !(port->known[HBA_PORT_CMD] & AHCI_CMD_START))
        return false;
    port->active |= value;
    return true;
}

#endif
