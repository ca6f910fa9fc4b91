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

#define SENT_US         50000u   /* by then the device has got it, even if the link was asleep */
#define SILENT_LIMIT_US 6000000u /* ACS: DEVICE RESET, EXECUTE DEVICE DIAGNOSTIC: by then */

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
        if (channel->alone_left && ahci_moves_sectors(irb))
            channel->alone_left--;
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

void ahci_end_held(struct ahci_channel *channel, UCHAR irb_status)
{
    while (channel->held_head)
        ahci_end(channel, take_held(channel), irb_status);
}

static BOOLEAN may_go(const struct ahci_channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    if (channel->phase == PHASE_ABSENT)
        return TRUE;
    if (channel->device.is_asleep && !IsMiniportCommand(irb))
        return FALSE;
    return is_free_for(channel, kind_of(channel, irb));
}

static BOOLEAN is_silent(const struct ahci_channel *channel)
{
    if (channel->active == 0 || channel->kind != KIND_ALONE)
        return FALSE;
    const IDE_REQUEST_BLOCK *irb = channel->irbs[__builtin_ctz(channel->active)];
    return IsAtaCommand(irb) && opcode_of(irb) == OPCODE_SILENT;
}

enum ahci_phase ahci_go_on(struct ahci_channel *channel)
{
    while (channel->held_head && may_go(channel, channel->held_head))
        start(channel, take_held(channel));
    if (channel->phase == PHASE_RUNNING && is_silent(channel))
        return PHASE_SILENT;
    /* ACS: SLEEP: only a reset wakes it. */
    if (channel->held_head && channel->phase == PHASE_RUNNING && channel->device.is_asleep &&
        channel->active == 0)
        return PHASE_STOPPING;
    return channel->phase;
}

/* What the FIS would have said that has not come. AHCI: 3.3.9: PxSIG has the device's signature. */
static void put_signature(struct ahci_channel *channel)
{
    const ULONG signature = ahci_read(channel, PORT_SIG), task_file = ahci_read(channel, PORT_TFD);

    channel->shared->received.registers = (struct ahci_registers_fis){
        .type = FIS_TO_HOST,
        .status = (UCHAR)task_file,
        .error = (UCHAR)(task_file >> 8),
        .count = (UCHAR)signature,
        .lba_low = (UCHAR)(signature >> 8),
        .lba_mid = (UCHAR)(signature >> 16),
        .lba_high = (UCHAR)(signature >> 24),
    };
}

/* PxCI tells of its end. */
enum ahci_phase ahci_silent_look(struct ahci_channel *channel)
{
    const ULONG causes = ahci_read(channel, PORT_IS);
    const ULONG slot = (ULONG)__builtin_ctz(channel->active);

    if (causes & ahci_link_causes(channel))
        return ahci_lose_link(channel);
    if (causes & INT_FAILED) {
        channel->failed_slot = (UCHAR)slot;
        return ahci_fail(channel, causes);
    }
    /* QEMU: sends no FIS for it, and from 7.2.22 on PxCI keeps its bit until the engine stops. (On
     * hardware BSY is set by then.) */
    const BOOLEAN is_stuck = ahci_read(channel, PORT_CI) >> slot & 1;
    if (!is_stuck || (channel->waited_us >= SENT_US && ahci_device_is_idle(channel))) {
        if (channel->shared->received.registers.type != FIS_TO_HOST)
            put_signature(channel);
        ahci_complete(channel, slot, IRB_STATUS_SUCCESS, 0);
        return is_stuck ? ahci_fail(channel, 0) : PHASE_RUNNING;
    }
    if (ahci_wait_on(channel, SILENT_LIMIT_US))
        return PHASE_SILENT;
    return PHASE_STOPPING;
}

enum ahci_phase ahci_queue(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    hold(channel, irb);
    return ahci_go_on(channel);
}
