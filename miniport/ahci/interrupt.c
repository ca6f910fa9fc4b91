/* SPDX-License-Identifier: MIT */
/*
 * IdeHwInterrupt: whose is it, what is over, what has failed.
 *
 * Owns: PxIS and IS. May not: recover from what has failed (error.c).
 *
 * AHCI: 5.6.4, 10.7.2.1: PxIS is cleared before IS, or the interrupt comes again; and what is over
 * is asked after both, so that what ends later interrupts anew. Of queued commands PxSACT says it,
 * of others PxCI.
 */
#include "ahci.h"

static ULONG lowest_of(ULONG slots)
{
    return (ULONG)__builtin_ctz(slots);
}

/* What ahci_complete does for a queued command that has succeeded, less what it'd look at. */
static inline void end_queued(struct ahci_channel *channel, ULONG slot)
{
    PIDE_REQUEST_BLOCK irb = channel->irbs[slot];

    if (IsReturnResults(irb)) {
        ahci_complete(channel, slot, IRB_STATUS_SUCCESS, 0);
        return;
    }
    channel->active &= ~(1u << slot);
    channel->resets_in_a_row = 0;
    irb->IrbStatus = IRB_STATUS_SUCCESS;
    AtaPortCompleteRequest(channel, irb);
}

static void end_commands(struct ahci_channel *channel, ULONG causes)
{
    const ULONG outstanding =
        ahci_read(channel, channel->kind == KIND_QUEUED ? PORT_SACT : PORT_CI);
    ULONG done = channel->active & ~outstanding;

    if (causes & (INT_FATAL | INT_TASK_FILE) && channel->kind == KIND_PLAIN) {
        /* QEMU: up to 7.2.21 the bit of the command that has failed is clear. */
        channel->failed_slot = CMD_SLOT(ahci_read(channel, PORT_CMD));
        done &= ~(1u << channel->failed_slot);
    }
    for (; done; done &= done - 1)
        if (channel->kind == KIND_QUEUED)
            end_queued(channel, lowest_of(done));
        else
            ahci_complete(channel, lowest_of(done), IRB_STATUS_SUCCESS, 0);
}

static BOOLEAN has_failed(const struct ahci_channel *channel, ULONG causes)
{
    /* A packet device may send more than its buffer holds; of a queued command nobody knows which.
     */
    return causes & (INT_FATAL | INT_TASK_FILE) ||
           (causes & INT_OVERFLOW && channel->kind == KIND_QUEUED);
}

/* What was under way is lost. */
static void lose_link(struct ahci_channel *channel)
{
    ahci_complete_all(channel, channel->active, IRB_STATUS_BUS_RESET);
    ahci_link_changed(channel);
}

static void serve(struct ahci_channel *channel, ULONG causes)
{
    if (channel->active)
        end_commands(channel, causes);
    if (causes & INT_LINK) {
        lose_link(channel);
    } else if (has_failed(channel, causes)) {
        ahci_fail(channel, causes & INT_OVERFLOW ? causes | INT_BUS_DATA : causes);
    } else if (channel->held_head) {
        ahci_go_on(channel);
    }
}

BOOLEAN NTAPI AhciInterrupt(PVOID ChannelExtension)
{
    struct ahci_channel *channel = ChannelExtension;
    ULONG causes;

    if (channel->is_dump && ahci_dump_tick(channel))
        return TRUE;
    if (!(hba_read(channel->hba, HBA_IS) >> channel->port & 1))
        return FALSE;
    causes = ahci_read(channel, PORT_IS);
    ahci_write(channel, PORT_IS, causes);
    hba_write(channel->hba, HBA_IS, 1u << channel->port);
    if (channel->phase == PHASE_RUNNING)
        serve(channel, causes);
    else if (causes & INT_LINK && (channel->phase == PHASE_ABSENT || channel->phase == PHASE_LOG))
        lose_link(channel);
    else if (channel->phase == PHASE_LOG)
        ahci_log_interrupt(channel, causes);
    return TRUE;
}
