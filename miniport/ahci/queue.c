/* SPDX-License-Identifier: MIT */
/*
 * IRBs that wait, and what goes next.
 *
 * Owns: the list of IRBs that wait, and which command may go beside which. May not: know what a
 * command looks like (command.c).
 *
 * Queued commands go together, and reads and writes that are not queued go together, which the
 * drive carries out one by one; the two are not mixed (AHCI: 1.6.3, 5.6.4). Anything else goes
 * alone: the registers that it ends with stay what they are until they are looked at, and what it
 * does to the device (SLEEP, SET FEATURES) is done to no command beside it. What may not go yet
 * waits until the port is empty, and what comes behind it waits, too.
 */
#include "fill.h"

/* ------------------------------------------------------------------ what goes */

static void use_slot(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb, enum ahci_kind kind)
{
    const ULONG slot = free_slot(channel);
    const UCHAR irb_status = ahci_fill(channel, irb, slot, kind);

    if (irb_status != IRB_STATUS_PENDING) {
        ahci_end(channel, irb, irb_status);
        return;
    }
    ahci_issue(channel, 1u << slot, kind);
}

/* A command of the driver's own for an IRB that brings none; the port is empty. */
static void use_own(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb, UCHAR opcode,
                    UCHAR follow_up)
{
    ahci_fill_own(channel, 0, opcode);
    channel->irbs[0] = irb;
    channel->follow_up = follow_up;
    ahci_issue(channel, 1, KIND_ALONE);
}

/* What the port asks of the miniport itself. The controller keeps no data, so a flush is the
 * device's. */
static void start_function(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    const struct ahci_device *device = &channel->device;
    UCHAR standby = 0;

    switch (irb->Function) {
    case IRB_FUNCTION_POWER_CHANGE:
        /* A device in standby wakes with its next command. */
        if (irb->PowerChange.DesiredPowerState == IdePowerD3)
            standby = IDE_COMMAND_STANDBY_IMMEDIATE;
        break;
    case IRB_FUNCTION_ADAPTER_FLUSH:
    case IRB_FUNCTION_SHUTDOWN:
    case IRB_FUNCTION_POWER_REBOOT:
        break;
    default: /* Function is a number, not an enumeration: what else there is has no meaning here */
        ahci_end(channel, irb, IRB_STATUS_INVALID_REQUEST);
        return;
    }
    if (device->type != DeviceIsAta || device->is_asleep)
        ahci_end(channel, irb, IRB_STATUS_SUCCESS); /* ACS: SLEEP: it has written its cache */
    else if (device->flush_opcode && (standby || irb->Function != IRB_FUNCTION_POWER_CHANGE))
        use_own(channel, irb, device->flush_opcode, standby);
    else if (standby)
        use_own(channel, irb, standby, 0);
    else
        ahci_end(channel, irb, IRB_STATUS_SUCCESS);
}

static void start(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    const enum ahci_kind kind = kind_of(channel, irb);

    if (channel->phase == PHASE_ABSENT) {
        ahci_end(channel, irb,
                 IsMiniportCommand(irb) ? IRB_STATUS_SUCCESS : IRB_STATUS_SELECTION_TIMEOUT);
    } else if (IsMiniportCommand(irb)) {
        start_function(channel, irb);
    } else {
        if (kind == KIND_PLAIN && channel->unqueued_left)
            channel->unqueued_left--;
        use_slot(channel, irb, kind);
    }
}

/* ------------------------------------------------------------------ what waits */

/* ddi: NextIrb is the miniport's, to link IRBs. */
static void hold(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    irb->NextIrb = NULL;
    if (channel->held_head)
        channel->held_tail->NextIrb = irb;
    else
        channel->held_head = irb;
    channel->held_tail = irb;
}

static PIDE_REQUEST_BLOCK take_held(struct ahci_channel *channel)
{
    PIDE_REQUEST_BLOCK irb = channel->held_head;

    channel->held_head = irb->NextIrb;
    irb->NextIrb = NULL;
    return irb;
}

static BOOLEAN may_go(const struct ahci_channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    if (channel->phase == PHASE_ABSENT)
        return TRUE;
    if (channel->device.is_asleep && !IsMiniportCommand(irb))
        return FALSE;
    return is_free_for(channel, kind_of(channel, irb));
}

enum ahci_phase ahci_go_on(struct ahci_channel *channel)
{
    while (channel->held_head && may_go(channel, channel->held_head))
        start(channel, take_held(channel));
    /* ACS: SLEEP: only a reset wakes it. */
    if (channel->held_head && channel->phase == PHASE_RUNNING && channel->device.is_asleep &&
        channel->active == 0)
        return PHASE_STOPPING;
    return channel->phase;
}

enum ahci_phase ahci_queue(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    hold(channel, irb);
    return ahci_go_on(channel);
}
