/* SPDX-License-Identifier: MIT */
/*
 * IdeHwStartIo and IdeHwReset: an IRB comes, or the port loses patience with one.
 *
 * Owns: which IRB goes at once. May not: know what it asks for (command.c).
 */
#include "dma.h"
#include "opcodes.h"
#include "task_file.h"

/* ------------------------------------------------------------------ IdeHwStartIo */

/* Before the device is reset, it is looked at: when its command is over, and only the interrupt was
 * lost, nothing is outstanding any more. */
static void reset_unit(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    BOOLEAN is_its_own = channel->phase != PHASE_IDLE && channel->command.target == irb->TargetId;
    UCHAR status, bus_master_status;

    if (irb->TargetId < MAX_IDE_DEVICE &&
        pata_is_over_unseen(channel, &status, &bus_master_status)) {
        pata_step(channel, status, bus_master_status);
        if (is_its_own && channel->phase == PHASE_IDLE) {
            pata_complete_lun_reset(channel, irb, IRB_STATUS_SUCCESS);
            return;
        }
    }
    pata_run(channel, pata_reset_unit(channel, irb));
}

static BOOLEAN start_with_care(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    if (irb->Function == IRB_FUNCTION_ATA_IDENTIFY && irb->TargetId < MAX_IDE_DEVICE)
        channel->devices[irb->TargetId].presence = DEVICE_AWAKE; /* let us see */

    if (irb->Function == IRB_FUNCTION_LUN_RESET)
        reset_unit(channel, irb);
    else if (channel->phase == PHASE_IDLE)
        pata_run(channel, pata_start_irb(channel, irb));
    else
        pata_hold(channel, irb);
    pata_go_on(channel);
    return TRUE;
}

/* The straight path, which most requests go: sectors by DMA, of a device that is selected, ready
 * and set up, on a channel that has nothing else to do. It is what pata_start_irb and pata_issue do
 * for such a one, less what they'd look at. */
static inline BOOLEAN is_straight(const struct pata_channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    const UCHAR transfer = pata_transfers[irb->IdeTaskFile.Current.bCommandReg];

    if (!(transfer & irb->IrbFlags & (IRB_FLAGS_DATA_IN | IRB_FLAGS_DATA_OUT)) ||
        channel->phase != PHASE_IDLE || !channel->is_ready || !pata_moves_sectors(irb) ||
        !pata_is_selected(channel, irb->TargetId) || irb->Lun != 0)
        return FALSE;
    const struct pata_device *device = &channel->devices[irb->TargetId];
    return device->dma_ready && device->presence == DEVICE_AWAKE &&
           irb->DataTransferLength == pata_sector_count(irb) * device->sector_bytes;
}

BOOLEAN NTAPI PataStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct pata_channel *channel = ChannelExtension;
    struct pata_command *command = &channel->command;
    const IDE_TASK_FILE *task_file = &Irb->IdeTaskFile;

    if (!is_straight(channel, Irb) || !pata_describe(channel, Irb) ||
        !pata_enter_from(channel, PHASE_IDLE, PHASE_DMA))
        return start_with_care(channel, Irb);
    command->irb = Irb;
    command->protocol = PROTOCOL_DMA;
    command->target = Irb->TargetId;
    command->opcode = task_file->Current.bCommandReg;
    command->is_sector_io = TRUE;
    command->moved = 0;
    pata_dma_direct(channel, (Irb->IrbFlags & IRB_FLAGS_DATA_IN) != 0);
    pata_write_task_file(channel, task_file, Is48BitIrb(Irb) != 0, FALSE);
    pata_write_device_and_command(channel, Irb->TargetId,
                                  pata_device_register(Irb->TargetId, task_file),
                                  &task_file->Current.bCommandReg);
    pata_dma_start(channel);
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
        pata_step(channel, status, bus_master_status);
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
