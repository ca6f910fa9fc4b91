/* SPDX-License-Identifier: MIT */
/*
 * The port from reset to ready: its engine stops, COMRESET, the link, the device, the engine
 * starts.
 *
 * Owns: the engine, the link and its power, and where the port has its memory. May not: know what a
 * command is.
 *
 * AHCI: 10.1.2 (start), 10.4.2 (port reset), 10.3 (what ST and FRE may be set for). A port without
 * a device is not waited for: what PxSSTS shows is known ten milliseconds after a reset (SATA:
 * 8.4.1).
 */
#include "steps.h"

#define STEP_US 5
#define STEPS   40 /* then a timer looks again */

#define FIRMWARE_US      25000u   /* AHCI: 10.6: by then it is gone, or shows that it is busy, */
#define BUSY_FIRMWARE_US 2000000u /* and has so long */
#define STOP_LIMIT_US    500000u  /* AHCI: 3.3.7: CR and FR are clear by then */
#define COMRESET_US      2000u    /* AHCI: 10.4.2: at least 1 ms */
#define NOTHING_US       10000u   /* DET says by then whether there is anything */
#define LINK_LIMIT_US    1000000u
#define READY_LIMIT_US   10000000u
/* Then it is reset once more, and given up: before the port takes an IRB that waits for it to be
 * lost (35 s for a change of power, which has no TimeOutValue). */
#define RESETS_IN_A_ROW 2

/* ------------------------------------------------------------------ power of the link */

/* PxSCTL. AHCI: 8.3.1, 3.3.11: to which states of power neither side may take the link. */
static ULONG link_control(const struct ahci_channel *channel)
{
    const ULONG control = ahci_read(channel, PORT_SCTL) & ~(SCTL_DET | SCTL_IPM);

    return control | (channel->link_power & CAP_PARTIAL ? 0 : SCTL_NO_PARTIAL) |
           (channel->link_power & CAP_SLUMBER ? 0 : SCTL_NO_SLUMBER);
}

/* PxCMD's bits by which the controller itself lets an idle link sleep (8.3.1.3). */
static ULONG link_sleep(const struct ahci_channel *channel)
{
    if (!(channel->link_power & CAP_LINK_POWER))
        return 0;
    return channel->link_power & CAP_SLUMBER ? CMD_LINK_POWER | CMD_SLUMBER : CMD_LINK_POWER;
}

/* ------------------------------------------------------------------ the engine */

/* All of PxCMD is the driver's to say, and nothing is taken over from what it shows: `running` are
 * its engines. */
static void put_command(struct ahci_channel *channel, ULONG running)
{
    ahci_write(channel, PORT_CMD, CMD_SPIN_UP | CMD_POWER_ON | running);
}

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
    const ULONG command = ahci_read(channel, PORT_CMD);

    if (command & CMD_START)
        put_command(channel, command & CMD_FIS_ON);
    return is_clear(channel, CMD_RUNS);
}

void ahci_engine_start(struct ahci_channel *channel)
{
    put_command(channel, CMD_FIS_ON | CMD_START | link_sleep(channel));
}

/* AHCI: 10.3.2: receives no FIS any more, either; after the engine. */
static BOOLEAN port_has_stopped(struct ahci_channel *channel)
{
    if (!ahci_engine_has_stopped(channel))
        return FALSE;
    const ULONG command = ahci_read(channel, PORT_CMD);
    if (command & CMD_RUNS)
        return FALSE;
    if (command & CMD_FIS_ON)
        put_command(channel, 0);
    return is_clear(channel, CMD_FIS_RUNS);
}

void ahci_port_stop(struct ahci_channel *channel)
{
    if (!port_has_stopped(channel))
        AtaPortDebugPrint(0, "ahci: port %u does not stop\n", channel->port);
}

static void put_address(struct ahci_channel *channel, ULONG offset, const VOID *memory)
{
    const ULONGLONG address = ahci_address(channel, memory);

    ahci_write(channel, offset, (ULONG)address);
    ahci_write(channel, offset + 4, (ULONG)(address >> 32));
}

/* ------------------------------------------------------------------ start */

/* Asked behind the reset, by which what was under way moves no data any more. */
static BOOLEAN is_given_up(const struct ahci_channel *channel)
{
    if (channel->resets_in_a_row <= RESETS_IN_A_ROW)
        return FALSE;
    AtaPortDebugPrint(0, "ahci: port %u: %u resets did not help\n", channel->port, RESETS_IN_A_ROW);
    return TRUE;
}

/* AHCI: 10.6. A firmware that does not let go is overruled. */
enum ahci_phase ahci_handoff_look(struct ahci_channel *channel)
{
    const ULONG owner =
        channel->controller->has_firmware ? hba_read(channel->hba, HBA_BOHC) : BOHC_OS_OWNS;

    if (!(owner & BOHC_BIOS_OWNS))
        return PHASE_TAKE;
    if (ahci_wait_on(channel, owner & BOHC_BIOS_BUSY ? BUSY_FIRMWARE_US : FIRMWARE_US))
        return PHASE_HANDOFF;
    AtaPortDebugPrint(0, "ahci: port %u: the firmware does not let the controller go\n",
                      channel->port);
    return PHASE_TAKE;
}

/* AHCI: 3.3.1, 3.3.3: the addresses may not change while the port runs; FISes are to be received
 * before a device can say what it is (10.1.2). */
static enum ahci_phase take_memory(struct ahci_channel *channel)
{
    put_address(channel, PORT_CLB, channel->shared->list);
    put_address(channel, PORT_FB, &channel->shared->received);
    ahci_write(channel, PORT_SERR, 0xFFFFFFFFu);
    ahci_write(channel, PORT_SCTL, link_control(channel));
    put_command(channel, CMD_FIS_ON | CMD_LINK_ACTIVE);
    return PHASE_LINK;
}

/* The port gets its memory, and the link is looked for as it is. */
enum ahci_phase ahci_take(struct ahci_channel *channel)
{
    if (port_has_stopped(channel))
        return take_memory(channel);
    if (ahci_wait_on(channel, STOP_LIMIT_US))
        return PHASE_TAKE;
    return is_given_up(channel) ? PHASE_ABSENT : PHASE_STOPPING;
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
    if (channel->resets_in_a_row <= RESETS_IN_A_ROW)
        channel->resets_in_a_row++;
    return ahci_stopping_look(channel);
}

void ahci_comreset_begin(struct ahci_channel *channel)
{
    ahci_write(channel, PORT_SCTL, link_control(channel) | SCTL_RESET);
    ahci_ask_timer(channel, COMRESET_US);
}

/* Here at last what was under way ends. QEMU: when a queued command fails, the others go on, and
 * until DET is 0 again they move data, whatever the engine shows; who has got his memory back
 * would find it there, and a write would take what is in it by then. */
enum ahci_phase ahci_comreset_end(struct ahci_channel *channel)
{
    ahci_write(channel, PORT_SCTL, link_control(channel));
    channel->nothing_us = NOTHING_US;
    ahci_complete_all(channel, IRB_STATUS_BUS_RESET);
    return PHASE_TAKE;
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
    return is_given_up(channel) ? PHASE_ABSENT : PHASE_READY;
}

/* The link came or went by itself. What was under way is lost; it ends with a reset, behind which
 * none of its data moves any more, whatever has become of the device. */
enum ahci_phase ahci_lose_link(struct ahci_channel *channel)
{
    const enum ahci_phase next = channel->active ? PHASE_STOPPING : PHASE_TAKE;

    channel->has_changed = TRUE;
    channel->resets_in_a_row = 0;
    return next;
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
    /* What the link and the first FIS had to say is no command's end, and no command's failure. (A
     * change of the link is shown as long as PxSERR has it.) */
    ahci_write(channel, PORT_IS, 0xFFFFFFFFu);
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
