/* SPDX-License-Identifier: MIT */
/*
 * IdeHwBuildIo, IdeHwStartIo and IdeHwReset: an IRB comes, waits, or is given up.
 *
 * Owns: the list of IRBs that wait, and which command may go beside which. May not: know what a
 * command looks like (command.c).
 *
 * Queued commands go together, and others go together, which the drive carries out one by one; the
 * two are not mixed (AHCI: 1.6.3, 5.6.4): what is of the other kind waits until the port is empty,
 * and what comes behind it waits, too. A command may want the port for itself. Each IRB that
 * IdeHwStartIo gets is completed: at once if it cannot be done, else when its command is over, at
 * the latest by IdeHwReset.
 */
#include "fill.h"

BOOLEAN NTAPI AhciBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    UNREFERENCED_PARAMETER(ChannelExtension);

    /* For the last byte (command.c). */
    if (IRB_FOR_DATA_TRANSFER(Irb) && Irb->DataTransferLength % 2)
        Irb->IrbFlags |= IRB_FLAGS_MAP_BUFFERS;
    return TRUE;
}

void ahci_end(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb, UCHAR irb_status)
{
    if (irb_status != IRB_STATUS_SUCCESS)
        irb->DataTransferLength = 0;
    irb->IrbStatus = irb_status;
    AtaPortCompleteRequest(channel, irb);
}

/* ------------------------------------------------------------------ a slot for it */

/* One that is_free_for has found. */
static inline ULONG free_slot(const struct ahci_channel *channel)
{
    return (ULONG)__builtin_ctz(channel->usable & ~channel->active);
}

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
    channel->is_alone = TRUE;
    ahci_issue(channel, 1, KIND_PLAIN);
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
    if (device->type == DeviceIsAta && device->flush_opcode &&
        (standby || irb->Function != IRB_FUNCTION_POWER_CHANGE))
        use_own(channel, irb, device->flush_opcode, standby);
    else if (device->type == DeviceIsAta && standby)
        use_own(channel, irb, standby, 0);
    else
        ahci_end(channel, irb, IRB_STATUS_SUCCESS);
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

/* May a command of this kind go now? */
static BOOLEAN is_free_for(const struct ahci_channel *channel, enum ahci_kind kind)
{
    if (channel->phase != PHASE_RUNNING || channel->is_alone)
        return FALSE;
    return channel->active == 0 ||
           (channel->kind == kind && (channel->usable & ~channel->active) != 0);
}

/* FALSE: not yet. */
static BOOLEAN start(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    const enum ahci_kind kind = ahci_kind_of(channel, irb);

    if (channel->phase == PHASE_ABSENT) {
        ahci_end(channel, irb,
                 IsMiniportCommand(irb) ? IRB_STATUS_SUCCESS : IRB_STATUS_SELECTION_TIMEOUT);
        return TRUE;
    }
    if (!is_free_for(channel, kind))
        return FALSE;
    if (IsMiniportCommand(irb)) {
        if (channel->active)
            return FALSE;
        start_function(channel, irb);
        return TRUE;
    }
    if (irb->Lun != 0) {
        ahci_end(channel, irb, IRB_STATUS_SELECTION_TIMEOUT);
        return TRUE;
    }
    if (channel->device.is_asleep) { /* ACS: SLEEP: only a reset wakes it */
        ahci_link_reset(channel);
        return FALSE;
    }
    if (kind == KIND_PLAIN && channel->unqueued_left && ahci_moves_sectors(irb))
        channel->unqueued_left--;
    use_slot(channel, irb, kind);
    return TRUE;
}

void ahci_go_on(struct ahci_channel *channel)
{
    while (channel->held_head) {
        PIDE_REQUEST_BLOCK irb = channel->held_head, rest = irb->NextIrb;

        take_held(channel);
        if (start(channel, irb))
            continue;
        irb->NextIrb = rest; /* it is the first again */
        channel->held_head = irb;
        if (!rest)
            channel->held_tail = irb;
        return;
    }
}

/* ------------------------------------------------------------------ IdeHwStartIo */

/* A reset of the unit is one of the port, whose only device it is; all that is under way ends. */
static void reset_unit(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    if (channel->reset_irb) { /* the port asks once at a time */
        ahci_end(channel, irb, IRB_STATUS_BUSY);
        return;
    }
    if (channel->phase == PHASE_ABSENT ||
        (channel->phase == PHASE_RUNNING && channel->active == 0 && !channel->held_head)) {
        ahci_end(channel, irb, IRB_STATUS_SUCCESS);
        return;
    }
    channel->reset_irb = irb;
    ahci_complete_all(channel, channel->active, IRB_STATUS_BUS_RESET);
    ahci_link_reset(channel);
}

static BOOLEAN start_with_care(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    if (irb->TargetId != 0)
        ahci_end(channel, irb, IRB_STATUS_SELECTION_TIMEOUT);
    else if (irb->Function == IRB_FUNCTION_LUN_RESET)
        reset_unit(channel, irb);
    else if (channel->held_head || !start(channel, irb))
        hold(channel, irb);
    return TRUE;
}

/* The straight path, which most requests go: sectors, as a queued command, beside others at most.
 * It is what start and ahci_fill do for such a one, less what they'd look at. */
static inline BOOLEAN is_straight(const struct ahci_channel *channel, const IDE_REQUEST_BLOCK *irb,
                                  enum opcode opcode)
{
    return irb->TargetId == 0 && irb->Lun == 0 && !channel->held_head && !channel->unqueued_left &&
           channel->device.queue_depth && !channel->device.is_asleep && ahci_moves_sectors(irb) &&
           opcode != OPCODE_PLAIN && opcode != OPCODE_REFUSED && !IsReturnResults(irb) &&
           is_free_for(channel, KIND_QUEUED) &&
           irb->DataTransferLength == sector_count(irb) * channel->device.sector_bytes;
}

BOOLEAN NTAPI AhciStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct ahci_channel *channel = ChannelExtension;
    const enum opcode opcode = opcode_of(Irb);

    if (!is_straight(channel, Irb, opcode))
        return start_with_care(channel, Irb);
    const ULONG slot = free_slot(channel);
    struct ahci_table *table = &channel->shared->tables[slot];
    const ULONG count = fill_prds(channel, table, Irb, slot);
    if (count == 0)
        return start_with_care(channel, Irb);
    fill_queued(table->fis_dwords, Irb, opcode, slot);
    fill_header(channel, slot,
                count << HEADER_DESCRIPTORS | (opcode == OPCODE_READ ? 0 : HEADER_WRITE), table);
    channel->irbs[slot] = Irb;
    ahci_issue(channel, 1u << slot, KIND_QUEUED);
    return TRUE;
}

/* ------------------------------------------------------------------ IdeHwReset */

BOOLEAN NTAPI AhciReset(PVOID ChannelExtension)
{
    struct ahci_channel *channel = ChannelExtension;

    if (channel->phase == PHASE_STOPPED)
        return FALSE;
    if (channel->sense_for)
        AtaPortReleaseRequestSenseIrb(channel, channel->irbs[0]);
    channel->sense_for = NULL;
    if (channel->active)
        channel->device.errors++;
    channel->active = 0;
    channel->is_alone = FALSE;
    channel->follow_up = 0;
    channel->held_head = channel->held_tail = channel->reset_irb = NULL;
    if (channel->phase != PHASE_ABSENT)
        ahci_link_reset(channel);
    /* QEMU: clearing ST ends no transfer; what is under way may still write its buffer until
     * COMRESET, some milliseconds later. On hardware the engine stands still by now, or is about
     * to. */
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    return TRUE;
}
