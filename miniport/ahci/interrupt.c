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
#include "steps.h"

static ULONG lowest_of(ULONG slots)
{
    return (ULONG)__builtin_ctz(slots);
}

/* What ahci_complete does where all sectors of a read or write were moved, less what it'd look at.
 * (Of a queued command PRDBC says nothing: it moves all of them, or fails.) */
static inline void end_command(struct ahci_channel *channel, ULONG slot)
{
    PIDE_REQUEST_BLOCK irb = channel->irbs[slot];
    const BOOLEAN has_moved = channel->kind == KIND_QUEUED ||
                              (channel->kind == KIND_PLAIN &&
                               channel->shared->list[slot].byte_count == irb->DataTransferLength);

    if (!has_moved) {
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

    if (causes & (INT_FATAL | INT_TASK_FILE) && channel->kind != KIND_QUEUED) {
        /* QEMU: up to 7.2.21 the bit of the command that has failed is clear. */
        channel->failed_slot = CMD_SLOT(ahci_read(channel, PORT_CMD));
        done &= ~(1u << channel->failed_slot);
    }
    for (; done; done &= done - 1)
        end_command(channel, lowest_of(done));
}

static BOOLEAN has_failed(const struct ahci_channel *channel, ULONG causes)
{
    /* A packet device may send more than its buffer holds; of a queued command nobody knows which.
     */
    return causes & (INT_FATAL | INT_TASK_FILE) ||
           (causes & INT_OVERFLOW && channel->kind == KIND_QUEUED);
}

static enum ahci_phase serve(struct ahci_channel *channel, ULONG causes)
{
    if (channel->active)
        end_commands(channel, causes);
    if (causes & ahci_link_causes(channel))
        return ahci_lose_link(channel);
    if (has_failed(channel, causes))
        return ahci_fail(channel, causes & INT_OVERFLOW ? causes | INT_BUS_DATA : causes);
    return channel->held_head ? ahci_go_on(channel) : PHASE_RUNNING;
}

/* In the phases that look by timers an interrupt says nothing. */
static enum ahci_phase serve_with_care(struct ahci_channel *channel, ULONG causes)
{
    if (channel->phase != PHASE_ABSENT && channel->phase != PHASE_LOG)
        return channel->phase;
    if (causes & ahci_link_causes(channel))
        return ahci_lose_link(channel);
    return channel->phase == PHASE_LOG ? ahci_log_interrupt(channel, causes) : PHASE_ABSENT;
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
    const enum ahci_phase next =
        channel->phase == PHASE_RUNNING ? serve(channel, causes) : serve_with_care(channel, causes);
    if (next != channel->phase)
        ahci_run(channel, next);
    return TRUE;
}
