/* SPDX-License-Identifier: MIT */
/*
 * The state machine: what a channel does next when its device speaks up, or a timer is over.
 *
 * Owns: channel->phase, and the timer. May not: wait. Entered at DIRQL (IdeHwInterrupt, the
 * synchronised routine) and DISPATCH_LEVEL (the timer, which changes nothing that the interrupt
 * routine looks at).
 *
 * A step (pio.c and others) does one thing to the device and returns the phase that follows. A
 * phase begins with what on_entry says and may pass at once. No step calls another of another
 * phase, so the stack is as deep as one step, and when pata_run returns it is known what is waited
 * for.
 */
#include "steps.h"

#define DUMP_SLICE_US 50

static void set_stale_timings(struct pata_channel *channel)
{
    if (!channel->timings_are_stale)
        return;
    channel->timings_are_stale = FALSE;
    pata_program_timings(channel->controller, channel->number);
}

/* ------------------------------------------------------------------ steps */

/* What a phase begins with. */
static enum pata_phase on_entry(struct pata_channel *channel)
{
    switch (channel->phase) {
    case PHASE_ISSUE:
        return pata_issue(channel);
    case PHASE_SETUP:
        pata_setup_watch(channel);
        break;
    case PHASE_PIO_OUT_FIRST:
        return pata_pio_out_first(channel);
    case PHASE_PACKET:
        return pata_packet_wait(channel);
    case PHASE_END:
        return pata_finish(channel);
    case PHASE_DEVICE_RESET:
        pata_device_reset_wait(channel);
        break;
    case PHASE_RETIME:
    case PHASE_RESET_WANTED:
        pata_ask_timer(channel, 1);
        break;
    case PHASE_RESET:
        pata_reset_begin(channel);
        break;
    case PHASE_STOPPED:
    case PHASE_IDLE:
    case PHASE_WAIT_READY:
    case PHASE_NON_DATA:
    case PHASE_PIO_IN:
    case PHASE_PIO_OUT:
    case PHASE_DMA:
    case PHASE_PACKET_DATA:
    case PHASE_PACKET_DMA:
        break;
    }
    return channel->phase;
}

/* The device has something to say. */
static enum pata_phase on_device(struct pata_channel *channel, UCHAR status,
                                 UCHAR bus_master_status)
{
    switch (channel->phase) {
    case PHASE_NON_DATA:
    case PHASE_SETUP:
        return pata_non_data_done(channel, status);
    case PHASE_PIO_IN:
        return pata_pio_in(channel, status);
    case PHASE_PIO_OUT_FIRST:
    case PHASE_PIO_OUT:
        return pata_pio_out(channel, status);
    case PHASE_DMA:
        return pata_dma_done(channel, status, bus_master_status);
    case PHASE_PACKET:
        return pata_packet_request(channel, status);
    case PHASE_PACKET_DATA:
        return pata_packet_data(channel, status);
    case PHASE_PACKET_DMA:
        return pata_packet_dma_done(channel, status, bus_master_status);
    case PHASE_STOPPED:
    case PHASE_IDLE:
    case PHASE_ISSUE:
    case PHASE_WAIT_READY:
    case PHASE_END:
    case PHASE_DEVICE_RESET:
    case PHASE_RETIME:
    case PHASE_RESET_WANTED:
    case PHASE_RESET:
        break;
    }
    return channel->phase;
}

/* The timer that the phase has asked for. */
static enum pata_phase on_tick(struct pata_channel *channel)
{
    switch (channel->phase) {
    case PHASE_WAIT_READY:
        return PHASE_ISSUE;
    case PHASE_SETUP:
        return pata_setup_tick(channel);
    case PHASE_PIO_OUT_FIRST:
        return pata_pio_out_first(channel);
    case PHASE_PACKET:
        return pata_packet_wait(channel);
    case PHASE_DEVICE_RESET:
        return pata_device_reset_tick(channel);
    case PHASE_RETIME: /* the timer has set the timings; what waits goes on */
        return PHASE_IDLE;
    case PHASE_RESET_WANTED:
        return PHASE_RESET;
    case PHASE_RESET:
        return pata_reset_tick(channel);
    case PHASE_STOPPED:
    case PHASE_IDLE:
    case PHASE_ISSUE:
    case PHASE_NON_DATA:
    case PHASE_PIO_IN:
    case PHASE_PIO_OUT:
    case PHASE_DMA:
    case PHASE_PACKET_DATA:
    case PHASE_PACKET_DMA:
    case PHASE_END:
        break;
    }
    return channel->phase;
}

/* ------------------------------------------------------------------ the timer */

static void step_by_timer(struct pata_channel *channel)
{
    UCHAR status, bus_master_status;

    if (channel->phase == PHASE_SETUP && pata_is_over_unseen(channel, &status, &bus_master_status))
        pata_step(channel, status, bus_master_status);
    else
        pata_run(channel, on_tick(channel));
    pata_go_on(channel);
}

/* At DIRQL. */
static VOID NTAPI tick_synchronized(PVOID ChannelExtension)
{
    struct pata_channel *channel = ChannelExtension;

    if (channel->timer_fired != channel->timer_asked)
        return; /* asked for anew since it was over */
    step_by_timer(channel);
}

/* At DISPATCH_LEVEL: the interrupt routine may come between any two lines here. */
static VOID NTAPI tick(PVOID ChannelExtension)
{
    struct pata_channel *channel = ChannelExtension;

    set_stale_timings(channel);
    if (!pata_expects_timer(channel->phase))
        return;
    channel->timer_fired = channel->timer_asked;
    AtaPortRequestSynchronizedRoutine(channel, tick_synchronized);
}

/* There are no timers in dump mode. The port calls the interrupt routine again and again while it
 * waits, so a wait goes on by a little each time. */
BOOLEAN pata_dump_tick(struct pata_channel *channel)
{
    const ULONG slice_us = min(channel->timer_left_us, DUMP_SLICE_US);

    if (!pata_expects_timer(channel->phase))
        return FALSE;
    AtaPortStallExecution(slice_us);
    channel->timer_left_us -= slice_us;
    if (channel->timer_left_us)
        return FALSE;
    set_stale_timings(channel);
    step_by_timer(channel);
    return TRUE;
}

/* ------------------------------------------------------------------ from step to step */

void pata_run(struct pata_channel *channel, enum pata_phase next)
{
    while (next != channel->phase && pata_enter(channel, next) && (PHASES_WITH_ENTRY >> next & 1))
        next = on_entry(channel);
    if (channel->timer_armed != channel->timer_asked) {
        channel->timer_armed = channel->timer_asked;
        if (!channel->is_dump)
            AtaPortRequestTimer(channel, tick, channel->timer_left_us);
    }
}

void pata_step(struct pata_channel *channel, UCHAR status, UCHAR bus_master_status)
{
    enum pata_phase next = on_device(channel, status, bus_master_status);

    if (next != channel->phase || channel->timer_armed != channel->timer_asked)
        pata_run(channel, next);
}

/* Each turn ends an IRB or a set-up step, or leaves the channel busy: the loop ends. */
void pata_go_on_with_waiting(struct pata_channel *channel)
{
    while (channel->phase == PHASE_IDLE && pata_something_waits(channel)) {
        enum pata_phase next;

        if (channel->devices[0].setup_pending | channel->devices[1].setup_pending) {
            next = pata_setup_next(channel);
        } else {
            PIDE_REQUEST_BLOCK irb = pata_take_held(channel);
            next = irb->Function == IRB_FUNCTION_LUN_RESET ? pata_reset_unit(channel, irb)
                                                           : pata_start_irb(channel, irb);
        }
        pata_run(channel, next);
    }
}
