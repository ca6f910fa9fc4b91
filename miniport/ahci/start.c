/* SPDX-License-Identifier: MIT */
/*
 * IdeHwBuildIo, IdeHwStartIo and IdeHwReset: an IRB comes, waits, or is given up.
 *
 * Owns: which IRB goes at once. May not: know what waits for what (queue.c).
 *
 * Each IRB that IdeHwStartIo gets is completed: at once if it cannot be done, else when its command
 * is over, at the latest by IdeHwReset.
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

/* ------------------------------------------------------------------ IdeHwStartIo */

/* A reset of the unit is one of the port, whose only device it is; all that waits ends, and in the
 * reset all that is under way. */
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
    ahci_end_held(channel, IRB_STATUS_BUS_RESET);
    ahci_run(channel, PHASE_STOPPING);
}

static BOOLEAN start_with_care(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    if (irb->TargetId != 0 || (irb->Lun != 0 && !IsMiniportCommand(irb)))
        ahci_end(channel, irb, IRB_STATUS_SELECTION_TIMEOUT);
    else if (irb->Function == IRB_FUNCTION_LUN_RESET)
        reset_unit(channel, irb);
    else
        ahci_run(channel, ahci_queue(channel, irb));
    return TRUE;
}

/* The straight path, which most requests go: sectors, beside others of their kind at most. It is
 * what queue.c and ahci_fill do for such a one, less what they'd look at. */
static inline BOOLEAN is_straight(const struct ahci_channel *channel, const IDE_REQUEST_BLOCK *irb,
                                  enum ahci_kind kind)
{
    return irb->TargetId == 0 && irb->Lun == 0 && !channel->held_head &&
           !channel->device.is_asleep && kind != KIND_ALONE && opcode_of(irb) != OPCODE_REFUSED &&
           is_free_for(channel, kind) &&
           irb->DataTransferLength == sector_count(irb) * channel->device.sector_bytes;
}

BOOLEAN NTAPI AhciStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct ahci_channel *channel = ChannelExtension;
    const enum ahci_kind kind = kind_of(channel, Irb);

    if (!is_straight(channel, Irb, kind))
        return start_with_care(channel, Irb);
    const ULONG slot = free_slot(channel);
    struct ahci_table *table = &channel->shared->tables[slot];
    const ULONG count = fill_prds(channel, table, Irb, slot);
    if (count == 0)
        return start_with_care(channel, Irb);
    if (kind == KIND_QUEUED)
        fill_queued(table->fis_dwords, Irb, slot);
    else
        fill_plain(table->fis_dwords, Irb);
    fill_header(channel, slot, count << HEADER_DESCRIPTORS | direction_of(Irb), table);
    channel->irbs[slot] = Irb;
    ahci_issue(channel, 1u << slot, kind);
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
    channel->follow_up = 0;
    channel->held_head = channel->held_tail = channel->reset_irb = NULL;
    if (channel->phase != PHASE_ABSENT)
        ahci_run(channel, PHASE_STOPPING);
    /* QEMU: clearing ST ends no transfer; what is under way may still write its buffer until
     * COMRESET, some milliseconds later. On hardware the engine stands still by now, or is about
     * to. */
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    return TRUE;
}
