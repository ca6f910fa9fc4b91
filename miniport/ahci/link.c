/* SPDX-License-Identifier: MIT */
/*
 * The port from reset to ready: its engine stops, COMRESET, the link, the device, the engine
 * starts.
 *
 * Owns: the engine, the link, and where the port has its memory. May not: know what a command is.
 *
 * AHCI: 10.1.2 (start), 10.4.2 (port reset), 10.3 (what ST and FRE may be set for). A port without
 * a device is not waited for: what PxSSTS shows is known ten milliseconds after a reset (SATA:
 * 8.4.1).
 */
#include "steps.h"

#define STEP_US 5
#define STEPS   40 /* then a timer looks again */

#define STOP_LIMIT_US   500000u /* AHCI: 3.3.7: CR and FR are clear by then */
#define COMRESET_US     2000u   /* AHCI: 10.4.2: at least 1 ms */
#define NOTHING_US      10000u  /* DET says by then whether there is anything */
#define LINK_LIMIT_US   1000000u
#define READY_LIMIT_US  10000000u
#define RESETS_IN_A_ROW 3 /* then the device is given up */

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

/* AHCI: 10.3.2: after ST. Returns PxCMD. */
static ULONG stop_receiving(struct ahci_channel *channel)
{
    const ULONG command = ahci_read(channel, PORT_CMD) & ~(CMD_ICC | CMD_START | CMD_FIS_ON);

    ahci_write(channel, PORT_CMD, command);
    if (!is_clear(channel, CMD_FIS_RUNS))
        AtaPortDebugPrint(0, "ahci: port %u goes on receiving\n", channel->port);
    return command;
}

/* The engine stands still. AHCI: 3.3.1, 3.3.3: the addresses may not change while FIS reception
 * runs, which has to be on before a device can say what it is (10.1.2). */
static void take_memory(struct ahci_channel *channel)
{
    const ULONG command = stop_receiving(channel);

    put_address(channel, PORT_CLB, channel->shared->list);
    put_address(channel, PORT_FB, &channel->shared->received);
    ahci_write(channel, PORT_SERR, 0xFFFFFFFFu);
    ahci_write(channel, PORT_IS, 0xFFFFFFFFu);
    ahci_write(channel, PORT_CMD,
               command | CMD_FIS_ON | CMD_SPIN_UP | CMD_POWER_ON | CMD_LINK_ACTIVE);
}

/* The port gets its memory, and the link is looked for as it is. */
enum ahci_phase ahci_take(struct ahci_channel *channel)
{
    channel->resets_in_a_row = 0;
    if (!ahci_engine_has_stopped(channel))
        return PHASE_STOPPING;
    take_memory(channel);
    return PHASE_LINK;
}

void ahci_port_stop(struct ahci_channel *channel)
{
    if (!ahci_engine_has_stopped(channel))
        AtaPortDebugPrint(0, "ahci: port %u does not stop\n", channel->port);
    stop_receiving(channel);
}

/* ------------------------------------------------------------------ reset */

enum ahci_phase ahci_stopping_look(struct ahci_channel *channel)
{
    if (ahci_engine_has_stopped(channel))
        return PHASE_COMRESET;
    if (ahci_wait_on(channel, STOP_LIMIT_US))
        return PHASE_STOPPING;
    AtaPortDebugPrint(0, "ahci: port %u does not stop\n", channel->port);
    return PHASE_COMRESET; /* AHCI: 6.2.2.1: what helps, if anything does */
}

enum ahci_phase ahci_stopping_begin(struct ahci_channel *channel)
{
    if (channel->resets_in_a_row++ < RESETS_IN_A_ROW)
        return ahci_stopping_look(channel);
    AtaPortDebugPrint(0, "ahci: port %u: %u resets did not help\n", channel->port, RESETS_IN_A_ROW);
    return PHASE_ABSENT;
}

void ahci_comreset_begin(struct ahci_channel *channel)
{
    take_memory(channel);
    ahci_write(channel, PORT_SCTL, (ahci_read(channel, PORT_SCTL) & ~SCTL_DET) | SCTL_RESET);
    ahci_ask_timer(channel, COMRESET_US);
}

enum ahci_phase ahci_comreset_end(struct ahci_channel *channel)
{
    ahci_write(channel, PORT_SCTL, ahci_read(channel, PORT_SCTL) & ~SCTL_DET);
    channel->nothing_us = NOTHING_US;
    return PHASE_LINK;
}

/* ------------------------------------------------------------------ link and device */

enum ahci_phase ahci_link_look(struct ahci_channel *channel)
{
    const ULONG det = SSTS_DET(ahci_read(channel, PORT_SSTS));
    const ULONG limit_us = det == DET_NOTHING ? channel->nothing_us : LINK_LIMIT_US;

    if (det != DET_READY && ahci_wait_on(channel, limit_us))
        return PHASE_LINK;
    channel->nothing_us = NOTHING_US; /* from now on what comes or goes takes its time */
    if (det != DET_READY)
        return PHASE_ABSENT;
    /* AHCI: 3.3.11: while DIAG.X is set, the device's first FIS does not come through. */
    ahci_write(channel, PORT_SERR, 0xFFFFFFFFu);
    return PHASE_READY;
}

static void end_reset_irb(struct ahci_channel *channel)
{
    PIDE_REQUEST_BLOCK irb = channel->reset_irb;

    channel->reset_irb = NULL;
    if (irb)
        ahci_end(channel, irb, IRB_STATUS_SUCCESS);
}

static enum ahci_phase be_ready(struct ahci_channel *channel)
{
    if (channel->has_changed && channel->was_there)
        AtaPortBusChangeDetected(channel);
    else if (channel->has_changed)
        AtaPortDeviceArrived(channel, 0);
    channel->was_there = TRUE;
    channel->has_changed = FALSE;
    channel->device.is_asleep = FALSE;
    ahci_engine_start(channel);
    end_reset_irb(channel);
    return PHASE_RUNNING;
}

enum ahci_phase ahci_ready_look(struct ahci_channel *channel)
{
    /* QEMU: 7Fh until the device's first FIS, which comes when FRE is set. */
    if (ahci_device_is_idle(channel))
        return be_ready(channel);
    if (ahci_wait_on(channel, READY_LIMIT_US))
        return PHASE_READY;
    AtaPortDebugPrint(0, "ahci: port %u: the device is not ready after %u s\n", channel->port,
                      READY_LIMIT_US / 1000000);
    return PHASE_STOPPING;
}

void ahci_absent(struct ahci_channel *channel)
{
    if (channel->was_there)
        AtaPortDeviceRemoved(channel, 0);
    channel->was_there = FALSE;
    end_reset_irb(channel);
}
