/* SPDX-License-Identifier: MIT */
/*
 * IdeHwStartIo and IdeHwReset: an IRB comes, or the port loses patience with one.
 *
 * Owns: which IRB goes at once. May not: know what it asks for (command.c).
 */
#include "pata.h"

/* ------------------------------------------------------------------ IdeHwStartIo */

/* Before the device is reset, it is looked at: when its command is over, and only the interrupt was
 * lost, nothing is outstanding any more. */
static void reset_unit(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    BOOLEAN is_its_own = channel->phase != PHASE_IDLE && channel->command.target == irb->TargetId;
    UCHAR status, bus_master_status;

    if (irb->TargetId < MAX_IDE_DEVICE &&
        pata_is_over_unseen(channel, &status, &bus_master_status)) {
        pata_step(channel, EVENT_DEVICE, status, bus_master_status);
        if (is_its_own && channel->phase == PHASE_IDLE) {
            pata_complete_lun_reset(channel, irb, IRB_STATUS_SUCCESS);
            return;
        }
    }
    pata_run(channel, pata_reset_unit(channel, irb));
}

BOOLEAN NTAPI PataStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct pata_channel *channel = ChannelExtension;

    if (Irb->Function == IRB_FUNCTION_ATA_IDENTIFY && Irb->TargetId < MAX_IDE_DEVICE)
        channel->devices[Irb->TargetId].presence = DEVICE_AWAKE; /* let us see */

    if (Irb->Function == IRB_FUNCTION_LUN_RESET)
        reset_unit(channel, Irb);
    else if (channel->phase == PHASE_IDLE)
        pata_run(channel, pata_start_irb(channel, Irb));
    else
        pata_hold(channel, Irb);
    pata_go_on(channel);
    return TRUE;
}

/* ------------------------------------------------------------------ IdeHwReset */

BOOLEAN NTAPI PataReset(PVOID ChannelExtension)
{
    struct pata_channel *channel = ChannelExtension;
    UCHAR status, bus_master_status;

    if (channel->phase == PHASE_STOPPED)
        return FALSE;
    if (pata_is_over_unseen(channel, &status, &bus_master_status))
        pata_step(channel, EVENT_DEVICE, status, bus_master_status);
    if (channel->phase == PHASE_RESET)
        pata_reset_begin(channel);  /* once more */
    pata_run(channel, PHASE_RESET); /* from here on no data moves */
    if (channel->sense_for)
        AtaPortReleaseRequestSenseIrb(channel, channel->command.irb);
    channel->sense_for = NULL;
    if (channel->command.irb)
        pata_count_error(channel);
    channel->command.irb = channel->reset_irb = NULL;
    channel->held_head = channel->held_tail = NULL;
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    return TRUE;
}
