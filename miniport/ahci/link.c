/* SPDX-License-Identifier: MIT */
/*
 * The port from reset to ready: its engine stops, COMRESET, the link, the device, the engine
 * starts.
 *
 * Owns: channel->phase and the timer. May not: know what a command is.
 *
 * AHCI: 10.1.2 (start), 10.4.2 (port reset), 10.5 (what ST and FRE may be set for). A port without
 * a device is not waited for: what PxSSTS shows is known ten milliseconds after a reset (SATA:
 * 8.4.1).
 */
#include "ahci.h"

#define STEP_US  5
#define STEPS    40     /* then a timer looks again */
#define TICK_US  1000u  /* at first; it grows */
#define TICKS_US 20000u /* up to this */

#define STOP_LIMIT_US   500000u /* AHCI: 3.3.7: CR and FR are clear by then */
#define COMRESET_US     2000u   /* AHCI: 10.4.2: at least 1 ms */
#define NOTHING_US      10000u  /* DET says by then whether there is anything */
#define LINK_LIMIT_US   1000000u
#define READY_LIMIT_US  10000000u
#define DUMP_SLICE_US   100u
#define RESETS_IN_A_ROW 3 /* then the device is given up */

/* ------------------------------------------------------------------ phases and the timer */

static VOID NTAPI tick(PVOID ChannelExtension);

static ULONG interrupts_of(enum ahci_phase phase)
{
    switch (phase) {
    case PHASE_RUNNING:
    case PHASE_LOG:
        return INT_DONE | INT_LINK | INT_FAILED;
    case PHASE_ABSENT:
        return INT_LINK;
    case PHASE_STOPPED:
    case PHASE_FAILED:
    case PHASE_STOPPING:
    case PHASE_COMRESET:
    case PHASE_LINK:
    case PHASE_READY:
        break;
    }
    return 0;
}

void ahci_enter(struct ahci_channel *channel, enum ahci_phase phase, ULONG tick_us)
{
    if (phase != channel->phase) {
        if (interrupts_of(phase) != interrupts_of(channel->phase))
            ahci_write(channel, PORT_IE, interrupts_of(phase));
        channel->phase = phase;
        channel->waited_us = 0;
    }
    channel->timer_asked++; /* what was asked for before counts no more */
    channel->timer_left_us = tick_us;
    if (tick_us && !channel->is_dump)
        AtaPortRequestTimer(channel, tick, tick_us);
}

/* The phase goes on, and is looked at later and later. FALSE: it has lasted too long. */
static BOOLEAN wait_on(struct ahci_channel *channel, ULONG limit_us)
{
    const ULONG next_us = max(TICK_US, min(channel->waited_us, TICKS_US));

    if (channel->waited_us >= limit_us)
        return FALSE;
    channel->waited_us += next_us;
    ahci_enter(channel, channel->phase, next_us);
    return TRUE;
}

/* ------------------------------------------------------------------ the engine */

static BOOLEAN is_clear(struct ahci_channel *channel, ULONG bit)
{
    for (ULONG i = 0; i < STEPS; i++) {
        if (!(ahci_read(channel, PORT_CMD) & bit))
            return TRUE;
        AtaPortStallExecution(STEP_US);
    }
    return FALSE;
}

BOOLEAN ahci_engine_has_stopped(struct ahci_channel *channel)
{
    ULONG command = ahci_read(channel, PORT_CMD);

    if (command & CMD_START)
        ahci_write(channel, PORT_CMD, command & ~(CMD_START | CMD_ICC));
    return is_clear(channel, CMD_RUNS);
}

void ahci_engine_start(struct ahci_channel *channel)
{
    ULONG command = ahci_read(channel, PORT_CMD) & ~CMD_ICC;

    ahci_write(channel, PORT_CMD, command | CMD_FIS_ON | CMD_START);
}

static void put_address(struct ahci_channel *channel, ULONG offset, const VOID *memory)
{
    const ULONGLONG address = ahci_address(channel, memory);

    ahci_write(channel, offset, (ULONG)address);
    ahci_write(channel, offset + 4, (ULONG)(address >> 32));
}

/* The engine stands still. AHCI: 3.3.1, 3.3.3: the addresses may not change while FIS reception
 * runs, which has to be on before a device can say what it is (10.1.2). */
static void take_memory(struct ahci_channel *channel)
{
    ULONG command = ahci_read(channel, PORT_CMD) & ~(CMD_ICC | CMD_START);

    ahci_write(channel, PORT_CMD, command & ~CMD_FIS_ON);
    if (!is_clear(channel, CMD_FIS_RUNS))
        AtaPortDebugPrint(0, "ahci: port %u goes on receiving\n", channel->port);
    put_address(channel, PORT_CLB, channel->shared->list);
    put_address(channel, PORT_FB, &channel->shared->received);
    ahci_write(channel, PORT_SERR, 0xFFFFFFFFu);
    ahci_write(channel, PORT_IS, 0xFFFFFFFFu);
    ahci_write(channel, PORT_CMD,
               command | CMD_FIS_ON | CMD_SPIN_UP | CMD_POWER_ON | CMD_LINK_ACTIVE);
}

/* ------------------------------------------------------------------ the end of it */

static void end_reset_irb(struct ahci_channel *channel)
{
    PIDE_REQUEST_BLOCK irb = channel->reset_irb;

    channel->reset_irb = NULL;
    if (irb)
        ahci_end(channel, irb, IRB_STATUS_SUCCESS);
}

static void be_absent(struct ahci_channel *channel)
{
    const BOOLEAN was_there = channel->was_there;

    channel->was_there = FALSE;
    ahci_enter(channel, PHASE_ABSENT, 0);
    end_reset_irb(channel);
    ahci_go_on(channel);
    if (was_there)
        AtaPortDeviceRemoved(channel, 0);
}

static void be_running(struct ahci_channel *channel)
{
    const BOOLEAN has_changed = channel->has_changed, was_there = channel->was_there;

    channel->was_there = TRUE;
    channel->has_changed = FALSE;
    channel->device.is_asleep = FALSE;
    ahci_engine_start(channel);
    ahci_enter(channel, PHASE_RUNNING, 0);
    end_reset_irb(channel);
    ahci_go_on(channel);
    if (has_changed && was_there)
        AtaPortBusChangeDetected(channel);
    else if (has_changed)
        AtaPortDeviceArrived(channel, 0);
}

/* ------------------------------------------------------------------ steps */

static void look_whether_ready(struct ahci_channel *channel)
{
    /* QEMU: 7Fh until the device's first FIS, which comes when FRE is set. */
    if (ahci_device_is_idle(channel)) {
        be_running(channel);
    } else if (!wait_on(channel, READY_LIMIT_US)) {
        AtaPortDebugPrint(0, "ahci: port %u: the device is not ready after %u s\n", channel->port,
                          READY_LIMIT_US / 1000000);
        ahci_link_reset(channel);
    }
}

static void look_at_link(struct ahci_channel *channel)
{
    const ULONG det = SSTS_DET(ahci_read(channel, PORT_SSTS));

    if (det == DET_READY) {
        /* AHCI: 3.3.11: while DIAG.X is set, the device's first FIS does not come through. */
        ahci_write(channel, PORT_SERR, 0xFFFFFFFFu);
        ahci_enter(channel, PHASE_READY, 0);
        look_whether_ready(channel);
    } else if (!wait_on(channel, det == DET_NOTHING ? NOTHING_US : LINK_LIMIT_US)) {
        be_absent(channel);
    }
}

static void send_comreset(struct ahci_channel *channel)
{
    take_memory(channel);
    ahci_write(channel, PORT_SCTL, (ahci_read(channel, PORT_SCTL) & ~SCTL_DET) | SCTL_RESET);
    ahci_enter(channel, PHASE_COMRESET, COMRESET_US);
}

static void look_whether_stopped(struct ahci_channel *channel)
{
    if (ahci_engine_has_stopped(channel)) {
        send_comreset(channel);
    } else if (!wait_on(channel, STOP_LIMIT_US)) {
        AtaPortDebugPrint(0, "ahci: port %u does not stop\n", channel->port);
        send_comreset(channel); /* AHCI: 6.2.2.1: what helps, if anything does */
    }
}

void ahci_link_reset(struct ahci_channel *channel)
{
    if (channel->resets_in_a_row++ == RESETS_IN_A_ROW) {
        AtaPortDebugPrint(0, "ahci: port %u: %u resets did not help\n", channel->port,
                          RESETS_IN_A_ROW);
        be_absent(channel);
        return;
    }
    ahci_enter(channel, PHASE_STOPPING, 0);
    look_whether_stopped(channel);
}

/* From an engine that stops at once to the link, which has been looked for so long already. */
static void find_link(struct ahci_channel *channel, ULONG waited_us)
{
    channel->resets_in_a_row = 0;
    ahci_enter(channel, PHASE_STOPPING, 0);
    if (!ahci_engine_has_stopped(channel)) {
        look_whether_stopped(channel);
        return;
    }
    take_memory(channel);
    ahci_enter(channel, PHASE_LINK, 0);
    channel->waited_us = waited_us;
    look_at_link(channel);
}

void ahci_link_take(struct ahci_channel *channel)
{
    ahci_write(channel, PORT_IE, 0);
    /* Without staggered spin-up the link has been looking for a device all the time. */
    find_link(channel, channel->controller->capabilities & CAP_STAGGERED ? 0 : NOTHING_US);
}

void ahci_link_changed(struct ahci_channel *channel)
{
    channel->has_changed = TRUE;
    find_link(channel, 0);
}

/* ------------------------------------------------------------------ ticks */

static void step(struct ahci_channel *channel)
{
    switch (channel->phase) {
    case PHASE_FAILED:
        ahci_failed_tick(channel);
        break;
    case PHASE_LOG:
        ahci_log_tick(channel);
        break;
    case PHASE_STOPPING:
        look_whether_stopped(channel);
        break;
    case PHASE_COMRESET:
        ahci_write(channel, PORT_SCTL, ahci_read(channel, PORT_SCTL) & ~SCTL_DET);
        ahci_enter(channel, PHASE_LINK, TICK_US);
        break;
    case PHASE_LINK:
        look_at_link(channel);
        break;
    case PHASE_READY:
        look_whether_ready(channel);
        break;
    case PHASE_STOPPED:
    case PHASE_RUNNING:
    case PHASE_ABSENT:
        break;
    }
}

/* At DIRQL. */
static VOID NTAPI tick_synchronized(PVOID ChannelExtension)
{
    struct ahci_channel *channel = ChannelExtension;

    if (channel->timer_fired == channel->timer_asked)
        step(channel);
}

/* At DISPATCH_LEVEL: the interrupt routine may come between any two lines here. */
static VOID NTAPI tick(PVOID ChannelExtension)
{
    struct ahci_channel *channel = ChannelExtension;

    channel->timer_fired = channel->timer_asked;
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
    step(channel);
    return TRUE;
}
