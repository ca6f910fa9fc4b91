/* SPDX-License-Identifier: MIT */
/*
 * The state machine: what a channel does next when its device speaks up, or a timer is over.
 *
 * Owns: channel->phase, and the timer. May not: wait. Entered at DIRQL (IdeHwInterrupt, the
 * synchronised routine) and DISPATCH_LEVEL (the timer, which changes nothing that the interrupt
 * routine looks at).
 *
 * Whose interrupt is it? A bus master latches it (SFF-8038i: status bit 2), for PIO and DMA alike.
 * If the bit is clear the line was raised by somebody else, and FALSE is returned after one access.
 * Without a bus master, or with one that latches nothing for PIO, the device's Status tells: while
 * BSY is set a device does not interrupt (ATA: 7.15). During DMA, Status shows BSY or DRQ until the
 * transfer is over.
 */
#include "pata.h"

#define DUMP_SLICE_US 50

/* ------------------------------------------------------------------ phases */

#define BIT(phase) (1u << (phase))
#define ENDS       (BIT(PHASE_IDLE))

/* Which phases may follow each. A command that ends makes the channel idle first; IdeHwReset and
 * IdeHwControl may come at any time, and are not judged. */
const ULONG pata_followers[PHASE_COUNT] = {
    [PHASE_STOPPED] = 0,
    [PHASE_IDLE] = BIT(PHASE_IDLE) | BIT(PHASE_WAIT_READY) | BIT(PHASE_NON_DATA) |
                   BIT(PHASE_PIO_IN) | BIT(PHASE_PIO_OUT_FIRST) | BIT(PHASE_DMA) |
                   BIT(PHASE_PACKET) | BIT(PHASE_DEVICE_RESET) | BIT(PHASE_RETIME) |
                   BIT(PHASE_RESET_WANTED),
    [PHASE_WAIT_READY] = ENDS | BIT(PHASE_WAIT_READY) | BIT(PHASE_NON_DATA) | BIT(PHASE_PIO_IN) |
                         BIT(PHASE_PIO_OUT_FIRST) | BIT(PHASE_DMA) | BIT(PHASE_PACKET) |
                         BIT(PHASE_DEVICE_RESET),
    [PHASE_NON_DATA] = ENDS | BIT(PHASE_NON_DATA),
    [PHASE_PIO_IN] = ENDS,
    [PHASE_PIO_OUT_FIRST] = ENDS | BIT(PHASE_PIO_OUT),
    [PHASE_PIO_OUT] = ENDS | BIT(PHASE_PIO_OUT),
    [PHASE_DMA] = ENDS,
    [PHASE_PACKET] = ENDS | BIT(PHASE_PACKET_DATA) | BIT(PHASE_PACKET_DMA),
    [PHASE_PACKET_DATA] = ENDS,
    [PHASE_PACKET_DMA] = ENDS,
    [PHASE_DEVICE_RESET] = ENDS,
    [PHASE_RETIME] = ENDS | BIT(PHASE_RESET_WANTED),
    [PHASE_RESET_WANTED] = BIT(PHASE_RESET),
    [PHASE_RESET] = ENDS,
};

void pata_phase_is_wrong(struct pata_channel *channel, enum pata_phase phase)
{
    AtaPortDebugPrint(0, "pata: channel %u: phase %u after %u\n", channel->number, phase,
                      channel->phase);
    AtaPortDebugBreak(channel);
}

static void set_stale_timings(struct pata_channel *channel)
{
    if (!channel->timings_are_stale)
        return;
    channel->timings_are_stale = FALSE;
    pata_program_timings(channel->controller, channel->number);
}

void pata_step(struct pata_channel *channel, enum pata_event event, UCHAR status,
               UCHAR bus_master_status)
{
    BOOLEAN is_tick = event == EVENT_TICK;

    switch (channel->phase) {
    case PHASE_STOPPED:
    case PHASE_IDLE:
        break;
    case PHASE_WAIT_READY:
        if (is_tick)
            pata_wait_ready_tick(channel);
        break;
    case PHASE_NON_DATA:
        if (is_tick)
            pata_setup_tick(channel);
        else
            pata_non_data_done(channel, status);
        break;
    case PHASE_PIO_IN:
        if (!is_tick)
            pata_pio_in(channel, status);
        break;
    case PHASE_PIO_OUT_FIRST:
        if (is_tick)
            pata_pio_out_first(channel);
        else
            pata_pio_out(channel, status);
        break;
    case PHASE_PIO_OUT:
        if (!is_tick)
            pata_pio_out(channel, status);
        break;
    case PHASE_DMA:
        if (!is_tick)
            pata_dma_done(channel, status, bus_master_status);
        break;
    case PHASE_PACKET:
        if (is_tick)
            pata_packet_wait(channel);
        else
            pata_packet_request(channel, status);
        break;
    case PHASE_PACKET_DATA:
        if (!is_tick)
            pata_packet_data(channel, status);
        break;
    case PHASE_PACKET_DMA:
        if (!is_tick)
            pata_packet_dma_done(channel, status, bus_master_status);
        break;
    case PHASE_DEVICE_RESET:
        if (is_tick)
            pata_device_reset_tick(channel);
        break;
    case PHASE_RETIME: /* the timer has set the timings; what waits goes on */
        if (is_tick)
            pata_set_phase(channel, PHASE_IDLE);
        break;
    case PHASE_RESET_WANTED:
        if (is_tick)
            pata_reset_begin(channel);
        break;
    case PHASE_RESET:
        if (is_tick)
            pata_reset_tick(channel);
        break;
    case PHASE_COUNT:
        break;
    }
}

/* ------------------------------------------------------------------ dump mode */

/* There are no timers in dump mode. The port calls the interrupt routine again and again while it waits, so a
 * wait goes on by a little each time. TRUE: it was over, and the next step has been done. */
static BOOLEAN dump_tick(struct pata_channel *channel)
{
    const ULONG slice_us = min(channel->timer_left_us, DUMP_SLICE_US);

    if (!channel->timer_is_wanted)
        return FALSE;
    AtaPortStallExecution(slice_us);
    channel->timer_left_us -= slice_us;
    if (channel->timer_left_us)
        return FALSE;
    set_stale_timings(channel);
    pata_forget_timer(channel);
    pata_step(channel, EVENT_TICK, 0, 0);
    pata_go_on(channel);
    return TRUE;
}

/* ------------------------------------------------------------------ interrupts */

/* Is it an interrupt while data still moves? A drive's eject button is enough for one. The latch
 * stays set: clearing it could lose the end's. An engine that is active at the end is rare, and
 * may mean that the command was written a moment ago, so that Status is not yet true: it is
 * looked at again. */
static BOOLEAN is_stray(const struct pata_channel *channel, UCHAR bus_master_status, UCHAR *status)
{
    if ((bus_master_status & BM_ACTIVE) && !(*status & (STATUS_NOT_IDLE | STATUS_FAILED))) {
        pata_settle(channel);
        *status = pata_alternate_status(channel);
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

    if (channel->is_dump && dump_tick(channel))
        return FALSE;
    /* ATA: 9.2: for 2 ms after SRST Status may not be read. */
    if (phase == PHASE_STOPPED || phase == PHASE_RESET)
        return FALSE;
    if (channel->bus_master_status) {
        bus_master_status = AtaPortReadPortUchar(channel->bus_master_status);
        if (!(bus_master_status & BM_INTERRUPT) && (!is_expected || pata_moves_dma(phase)))
            return FALSE;
    }
    if (!(bus_master_status & BM_INTERRUPT))
        pata_settle(channel); /* nothing proves that it is long enough since the last write */

    status = pata_status(channel); /* this makes the device withdraw its interrupt */
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

/* ------------------------------------------------------------------ the timer */

/* At DIRQL. */
static VOID NTAPI tick_synchronized(PVOID ChannelExtension)
{
    struct pata_channel *channel = ChannelExtension;

    if (channel->timer_fired != channel->timer_asked)
        return; /* asked for anew, or forgotten, since it was over */
    pata_forget_timer(channel);
    pata_step(channel, EVENT_TICK, 0, 0);
    pata_go_on(channel);
}

/* At DISPATCH_LEVEL: the interrupt routine may come between any two lines here. */
static VOID NTAPI tick(PVOID ChannelExtension)
{
    struct pata_channel *channel = ChannelExtension;

    set_stale_timings(channel);
    if (!channel->timer_is_wanted)
        return;
    channel->timer_fired = channel->timer_asked;
    AtaPortRequestSynchronizedRoutine(channel, tick_synchronized);
}

void pata_ask_timer(struct pata_channel *channel, ULONG delay_us)
{
    channel->timer_asked++;
    channel->timer_is_wanted = TRUE;
    channel->timer_left_us = delay_us;
    if (!channel->is_dump)
        AtaPortRequestTimer(channel, tick, delay_us);
}

void pata_forget_timer(struct pata_channel *channel)
{
    channel->timer_asked++;
    channel->timer_is_wanted = FALSE;
}
