/* SPDX-License-Identifier: MIT */
/*
 * PxIS and IS: what they say of commands, and the order in which a driver clears them; see
 * audit_ahci.h. Entered from any context in which a miniport runs.
 */
#include "port/access/audit_ahci_plain.h"

static void set_too_early(struct audit_hba_port *port, unsigned number, uint32_t call)
{
    uint32_t *ports = &port->hba->audit->too_early;

    port->too_early_call = call;
    *ports = call ? *ports | 1u << number : *ports & ~(1u << number);
}

void ahci_read_port_interrupts(struct audit_hba_port *port, uint32_t value)
{
    uint32_t call = ahci_this_call();

    if (value & ~port->pending & AHCI_IS_TASK_FILE) {
        port->has_failed = true;
        port->is_asleep = false;
    }
    port->pending = value;
    if (call && port->too_early_call == call && ahci_raised(port))
        port->was_too_early = true;
    if (value & AHCI_IS_OVER)
        ahci_one_may_be_over(port);
}

/* AHCI: 10.7.2.1: PxIS, then IS. A driver may clear IS once more when it has cleared PxIS, or look
 * whether it stayed clear. So one that does not is known by its next interrupt. */
void ahci_write_interrupts(const struct hba_access *at, uint32_t value)
{
    struct audit_hba *audit = at->audit;
    uint32_t call = ahci_this_call();

    if (!call || (audit->has_ghc && !(audit->ghc & AHCI_GHC_IE)))
        return;
    for (uint32_t left = value; left; left &= left - 1) {
        unsigned number = (unsigned)__builtin_ctz(left);
        struct audit_hba_port *port = &audit->ports[number];
        if (port->cleared_call == call && !ahci_raised(port)) {
            set_too_early(port, number, 0);
            continue;
        }
        bool is_habit = port->too_early_call && port->too_early_call != call && port->was_too_early;
        if (is_habit && ahci_raised(port))
            ACCUSE(at, RULE_HWR_22, "port %u: its bit of IS is cleared while PxIS is %#x", number,
                   (unsigned)ahci_raised(port));
        else if (is_habit)
            ACCUSE(at, RULE_HWR_22,
                   "port %u: its bit of IS is cleared before PxIS is, and not again after that",
                   number);
        set_too_early(port, number, call);
        port->was_too_early = ahci_raised(port) != 0;
    }
}

void ahci_read_interrupts(struct audit_hba *audit, uint32_t value)
{
    uint32_t call = ahci_this_call();

    for (uint32_t left = audit->too_early & ~value; left; left &= left - 1) {
        unsigned number = (unsigned)__builtin_ctz(left);
        if (audit->ports[number].too_early_call == call)
            set_too_early(&audit->ports[number], number, 0);
    }
}
