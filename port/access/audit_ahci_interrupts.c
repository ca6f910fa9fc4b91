/* SPDX-License-Identifier: MIT */
/*
 * PxIS and IS: what they say of commands, and the order in which a driver clears them; see
 * audit_ahci.h. Entered from any context in which a miniport runs.
 */
#include "port/access/audit.h"
#include "port/access/audit_ahci_internal.h"
#include "port/objects.h"

void ahci_one_may_be_over(struct audit_hba_port *port)
{
    uint32_t in_use = port->issued | port->active;
    if (!(in_use & (in_use - 1)))
        port->issued = port->active = port->queued = 0;
}

/* The number of the call of IdeHwInterrupt that runs; 0: none does. */
static uint32_t this_call(void)
{
    return context_now->kind == CONTEXT_INTERRUPT ? audit_call_number(context_now->channel) : 0;
}

/* What of PxIS keeps IS set, as far as it is known. */
static uint32_t raised(const struct audit_hba_port *port)
{
    return port->pending & ~AHCI_IS_ELSEWHERE & port->known[HBA_PORT_IE];
}

void ahci_read_port_interrupts(struct audit_hba_port *port, uint32_t value)
{
    uint32_t call = this_call();

    if (value & ~port->pending & AHCI_IS_TASK_FILE) {
        port->has_failed = true;
        port->is_asleep = false;
    }
    port->pending = value;
    if (call && port->too_early_call == call && raised(port))
        port->was_too_early = true;
    if (value & AHCI_IS_OVER)
        ahci_one_may_be_over(port);
}

void ahci_write_port_interrupts(struct audit_hba_port *port, uint32_t value)
{
    port->pending &= ~value;
    if (value)
        port->cleared_call = this_call();
}

/* AHCI: 10.7.2.1: PxIS, then IS. A driver may clear IS once more when it has cleared PxIS, or look
 * whether it stayed clear. So one that does not is known by its next interrupt. */
void ahci_write_interrupts(const struct hba_access *at, uint32_t value)
{
    struct audit_hba *audit = at->audit;
    uint32_t call = this_call();

    if (!call || (audit->has_ghc && !(audit->ghc & AHCI_GHC_IE)))
        return;
    for (uint32_t left = value; left; left &= left - 1) {
        unsigned number = (unsigned)__builtin_ctz(left);
        struct audit_hba_port *port = &audit->ports[number];
        if (port->cleared_call == call && !raised(port)) {
            port->too_early_call = 0;
            continue;
        }
        bool is_habit = port->too_early_call && port->too_early_call != call && port->was_too_early;
        if (is_habit && raised(port))
            ACCUSE(at, RULE_HWR_22, "port %u: its bit of IS is cleared while PxIS is %#x", number,
                   (unsigned)raised(port));
        else if (is_habit)
            ACCUSE(at, RULE_HWR_22,
                   "port %u: its bit of IS is cleared before PxIS is, and not again after that",
                   number);
        port->too_early_call = call;
        port->was_too_early = raised(port) != 0;
    }
}

void ahci_read_interrupts(struct audit_hba *audit, uint32_t value)
{
    uint32_t call = this_call();

    for (unsigned i = 0; i < HBA_PORT_COUNT && call; i++)
        if (audit->ports[i].too_early_call == call && !(value >> i & 1))
            audit->ports[i].too_early_call = 0;
}
