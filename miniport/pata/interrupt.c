/* SPDX-License-Identifier: MIT */
/*
 * IdeHwInterrupt: whose interrupt is it, and is it time to go on?
 *
 * Owns: how an interrupt is recognised and dismissed. May not: take a step itself; machine.c does.
 * Entered at DIRQL.
 *
 * Whose interrupt is it? A bus master latches it (SFF-8038i: status bit 2), for PIO and DMA alike.
 * If the bit is clear the line was raised by somebody else, and FALSE is returned after one access.
 * Without a bus master, or with one that latches nothing for PIO, the device's Status tells: while
 * BSY is set a device does not interrupt (ATA: 7.15). During DMA, Status shows BSY or DRQ until the
 * transfer is over.
 */
#include "steps.h"

/* Is it an interrupt while data still moves? A drive's eject button is enough for one. The latch
 * stays set: clearing it could lose the end's. An engine that is active at the end is rare, and
 * may mean that the command was written a moment ago, so that Status is not yet true: it is
 * looked at again. */
static BOOLEAN is_stray(const struct pata_channel *channel, UCHAR bus_master_status, UCHAR *status)
{
    if ((bus_master_status & BM_ACTIVE) && !(*status & (STATUS_NOT_IDLE | STATUS_FAILED))) {
        pata_settle(channel);
        *status = pata_read_alternate_status(channel);
    }
    return (*status & IDE_STATUS_BUSY) ||
           (*status & (IDE_STATUS_DRQ | IDE_STATUS_ERROR)) == IDE_STATUS_DRQ;
}

/* Whoever the interrupt is from: is the device not to be looked at now? */
static BOOLEAN is_out_of_question(struct pata_channel *channel)
{
    if (channel->is_dump && pata_dump_tick(channel))
        return TRUE;
    /* ATA: 9.2: for 2 ms after SRST Status may not be read. */
    return channel->phase == PHASE_STOPPED || channel->phase == PHASE_RESET ||
           channel->reset_was_cut;
}

/* The straight path is the plain end of sectors by DMA: what pata_dma_done and pata_finish do for
 * one, less what they'd look at. */
static inline BOOLEAN is_straight(const struct pata_channel *channel, UCHAR status,
                                  UCHAR bus_master_status)
{
    return !(status & (STATUS_NOT_IDLE | STATUS_FAILED)) &&
           !(bus_master_status & (BM_ACTIVE | BM_ERROR)) &&
           pata_ends_plainly(channel, channel->command.irb);
}

static inline void end_straight(struct pata_channel *channel, UCHAR bus_master_status)
{
    PIDE_REQUEST_BLOCK irb = channel->command.irb;

    pata_bus_master_stop(channel);
    pata_bus_master_clear(channel, bus_master_status);
    if (!pata_enter_from(channel, PHASE_DMA, PHASE_IDLE))
        return;
    channel->is_ready = TRUE;
    channel->resets_in_a_row = 0;
    channel->command.irb = NULL;
    irb->IrbStatus = IRB_STATUS_SUCCESS;
    AtaPortCompleteRequest(channel, irb);
    pata_go_on(channel);
}

BOOLEAN NTAPI PataInterrupt(PVOID ChannelExtension)
{
    struct pata_channel *channel = ChannelExtension;
    UCHAR bus_master_status = 0, status;

    if (channel->phase == PHASE_DMA) {
        bus_master_status = pata_read_bus_master_status(channel);
        if (!(bus_master_status & BM_INTERRUPT))
            return FALSE;
        status = pata_read_status(channel); /* this makes the device withdraw its interrupt */
        if (is_straight(channel, status, bus_master_status)) {
            end_straight(channel, bus_master_status);
            return TRUE;
        }
    } else {
        if ((!pata_expects_interrupt(channel->phase) || channel->is_dump) &&
            is_out_of_question(channel))
            return FALSE;
        if (channel->bus_master)
            bus_master_status = pata_read_bus_master_status(channel);
        if (!(bus_master_status & BM_INTERRUPT)) {
            if (channel->bus_master &&
                (!pata_expects_interrupt(channel->phase) || channel->phase == PHASE_PACKET_DMA))
                return FALSE;
            pata_settle(channel); /* nothing proves that it is long enough since the last write */
        }
        status = pata_read_status(channel);
    }
    if (status & IDE_STATUS_BUSY) {
        channel->latch_is_doubtful = TRUE;
        return FALSE;
    }
    if (pata_moves_dma(channel->phase)) {
        if (is_stray(channel, bus_master_status, &status)) {
            channel->latch_is_doubtful = TRUE;
            return FALSE;
        }
        pata_bus_master_stop(channel);
    }
    if (bus_master_status & BM_INTERRUPT)
        pata_bus_master_clear(channel, bus_master_status);
    /* A device may have something to say unasked. It is acknowledged, and touches no IRB.
     * Without the latch one cannot tell it from another device's interrupt. */
    if (!pata_expects_interrupt(channel->phase)) {
        channel->is_ready = FALSE;
        return (bus_master_status & BM_INTERRUPT) != 0;
    }
    pata_step(channel, status, bus_master_status);
    pata_go_on(channel);
    return TRUE;
}
