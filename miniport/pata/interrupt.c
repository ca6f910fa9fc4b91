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
#include "pata.h"

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

BOOLEAN NTAPI PataInterrupt(PVOID ChannelExtension)
{
    struct pata_channel *channel = ChannelExtension;
    const enum pata_phase phase = channel->phase;
    const BOOLEAN is_expected = pata_expects_interrupt(phase);
    UCHAR bus_master_status = 0, status;

    if (channel->is_dump && pata_dump_tick(channel))
        return FALSE;
    /* ATA: 9.2: for 2 ms after SRST Status may not be read. */
    if (phase == PHASE_STOPPED || phase == PHASE_RESET)
        return FALSE;
    if (channel->bus_master) {
        bus_master_status = pata_read_bus_master_status(channel);
        if (!(bus_master_status & BM_INTERRUPT) && (!is_expected || pata_moves_dma(phase)))
            return FALSE;
    }
    if (!(bus_master_status & BM_INTERRUPT))
        pata_settle(channel); /* nothing proves that it is long enough since the last write */

    status = pata_read_status(channel); /* this makes the device withdraw its interrupt */
    if (status & IDE_STATUS_BUSY) {
        channel->latch_is_doubtful = TRUE;
        return FALSE;
    }
    if (pata_moves_dma(phase)) {
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
    if (!is_expected) {
        channel->is_ready = FALSE;
        return (bus_master_status & BM_INTERRUPT) != 0;
    }
    pata_step(channel, EVENT_DEVICE, status, bus_master_status);
    pata_go_on(channel);
    return TRUE;
}
