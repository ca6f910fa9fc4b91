/* SPDX-License-Identifier: MIT */
/*
 * The state machine: what a port does next when a phase begins, or a timer is over.
 *
 * Owns: the order of steps, and the timer. May not: wait. Entered at DIRQL (IdeHwInterrupt, the
 * synchronised routine) and DISPATCH_LEVEL (the timer, which changes nothing that the interrupt
 * routine looks at).
 *
 * A step (error.c, link.c, queue.c) does one thing to the port and returns the phase that follows.
 * No step calls another of another phase, so the stack is as deep as one step, and when ahci_run
 * returns it is known what is waited for.
 */
#include "steps.h"

#define DUMP_SLICE_US 100u

/* ------------------------------------------------------------------ steps */

/* What a phase begins with. */
static enum ahci_phase on_entry(struct ahci_channel *channel)
{
    switch (channel->phase) {
    case PHASE_HANDOFF:
        return ahci_handoff_look(channel);
    case PHASE_TAKE:
        return ahci_take(channel);
    case PHASE_RUNNING:
        return ahci_go_on(channel);
    case PHASE_SILENT:
        return ahci_silent_look(channel);
    case PHASE_FAILED:
        return ahci_failed_look(channel);
    case PHASE_LOG:
        ahci_log_ask(channel);
        break;
    case PHASE_STOPPING:
        return ahci_stopping_begin(channel);
    case PHASE_COMRESET:
        ahci_comreset_begin(channel);
        break;
    case PHASE_LINK:
        return ahci_link_look(channel);
    case PHASE_READY:
        return ahci_ready_look(channel);
    case PHASE_ABSENT:
        ahci_absent(channel);
        return ahci_go_on(channel);
    case PHASE_STOPPED:
        break;
    }
    return channel->phase;
}

/* The timer that the phase has asked for. */
static enum ahci_phase on_tick(struct ahci_channel *channel)
{
    switch (channel->phase) {
    case PHASE_HANDOFF:
        return ahci_handoff_look(channel);
    case PHASE_TAKE:
        return ahci_take(channel);
    case PHASE_SILENT:
        return ahci_silent_look(channel);
    case PHASE_FAILED:
        return ahci_failed_look(channel);
    case PHASE_LOG:
        return ahci_log_tick(channel);
    case PHASE_STOPPING:
        return ahci_stopping_look(channel);
    case PHASE_COMRESET:
        return ahci_comreset_end(channel);
    case PHASE_LINK:
        return ahci_link_look(channel);
    case PHASE_READY:
        return ahci_ready_look(channel);
    case PHASE_STOPPED:
    case PHASE_RUNNING:
    case PHASE_ABSENT:
        break;
    }
    return channel->phase;
}

/* ------------------------------------------------------------------ the timer */

/* At DIRQL. */
static VOID NTAPI tick_synchronized(PVOID ChannelExtension)
{
    struct ahci_channel *channel = ChannelExtension;

    if (channel->timer_fired == channel->timer_asked)
        ahci_run(channel, on_tick(channel));
}

/* At DISPATCH_LEVEL: the interrupt routine may come between any two lines here. */
static VOID NTAPI tick(PVOID ChannelExtension)
{
    struct ahci_channel *channel = ChannelExtension;

    channel->timer_fired = channel->timer_armed;
    AtaPortRequestSynchronizedRoutine(channel, tick_synchronized);
}

/* The port calls the interrupt routine again and again while it waits, so a wait goes on by a
 * little each time. */
BOOLEAN ahci_dump_tick(struct ahci_channel *channel)
{
    const ULONG slice_us = min(channel->timer_left_us, DUMP_SLICE_US);

    if (slice_us == 0)
        return FALSE;
    AtaPortStallExecution(slice_us);
    channel->timer_left_us -= slice_us;
    if (channel->timer_left_us)
        return FALSE;
    ahci_run(channel, on_tick(channel));
    return TRUE;
}

/* ------------------------------------------------------------------ from phase to phase */

void ahci_run(struct ahci_channel *channel, enum ahci_phase next)
{
    while (next != channel->phase && ahci_enter(channel, next))
        next = on_entry(channel);
    if (channel->timer_armed == channel->timer_asked)
        return;
    channel->timer_armed = channel->timer_asked;
    if (channel->timer_left_us && !channel->is_dump)
        AtaPortRequestTimer(channel, tick, channel->timer_left_us);
}
