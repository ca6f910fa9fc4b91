/* SPDX-License-Identifier: MIT */
/*
 * The life of an IRB: what it asks for (IdeHwBuildIo, and when it is started), and its end.
 *
 * Owns: channel->command and the list of IRBs that are held. May not: touch registers, but to read
 * them out at the end of a command.
 *
 * IdeHwBuildIo runs at or below DISPATCH_LEVEL beside everything else, so it looks at its IRB
 * alone. Each IRB that IdeHwStartIo gets is completed: at once, if it cannot be done; else when its
 * command is over; at the latest by IdeHwReset. While a command, the driver's own set-up or a reset
 * is under way, IRBs are held (the port may send an LUN reset or a power IRB beside the one that
 * NumberOfOverlappedRequests allows).
 */
#include "opcodes.h"
#include "steps.h"

BOOLEAN NTAPI PataBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    UNREFERENCED_PARAMETER(ChannelExtension);

    if (!IRB_FOR_DATA_TRANSFER(Irb))
        return TRUE;
    if (IsAtaCommand(Irb) ? pata_protocol_of(Irb) != PROTOCOL_DMA : IsAtapiCommand(Irb))
        /* Whether a packet command goes by DMA depends on its device's mode, which is not to be
         * looked at here: it may go either way. */
        Irb->IrbFlags |= IRB_FLAGS_MAP_BUFFERS;
    return TRUE;
}

/* ------------------------------------------------------------------ what an IRB asks for */

/* A prepare function fills in channel->command. It returns IRB_STATUS_PENDING when that can be
 * sent, and else the status that the IRB ends with. */

static UCHAR prepare_ata(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb,
                         struct pata_device *device)
{
    struct pata_command *command = &channel->command;

    command->task_file = &irb->IdeTaskFile;
    command->opcode = irb->IdeTaskFile.Current.bCommandReg;
    command->is_48_bit = Is48BitIrb(irb) != 0;
    command->is_sector_io = pata_moves_sectors(irb);
    command->protocol = pata_protocol_of(irb);

    /* Buffer and command must agree, or the device waits for data, or has some left over. */
    if (command->is_sector_io &&
        irb->DataTransferLength != pata_sector_count(irb) * device->sector_bytes)
        return IRB_STATUS_INVALID_REQUEST;

    switch (command->protocol) {
    case PROTOCOL_DMA:
        /* HighestMode; or the device refused every DMA mode, or has failed in each. */
        return device->dma_ready ? pata_dma_prepare(channel) : IRB_STATUS_INVALID_REQUEST;
    case PROTOCOL_PIO_IN:
    case PROTOCOL_PIO_OUT:
        return pata_pio_prepare(channel, device);
    case PROTOCOL_NON_DATA:
    case PROTOCOL_RESET:
        return IRB_STATUS_PENDING;
    case PROTOCOL_PACKET:
    case PROTOCOL_PACKET_DMA:
    case PROTOCOL_REFUSED:
        break;
    }
    return IRB_STATUS_INVALID_REQUEST;
}

/* A command without data for IRBs that bring no task file. */
static void prepare_own(struct pata_channel *channel, UCHAR opcode, UCHAR follow_up)
{
    struct pata_command *command = &channel->command;

    command->own.Current = (IDEREGISTERS){0};
    command->task_file = &command->own;
    command->protocol = PROTOCOL_NON_DATA;
    command->opcode = opcode;
    command->follow_up = follow_up;
    command->is_48_bit = command->is_sector_io = FALSE;
}

/* What the port asks of the miniport itself. The controller keeps no data, so a flush is the
 * device's. */
static UCHAR prepare_function(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb,
                              struct pata_device *device)
{
    UCHAR standby = 0;

    switch (irb->Function) {
    case IRB_FUNCTION_POWER_CHANGE:
        if (irb->PowerChange.DesiredPowerState != IdePowerD3)
            return IRB_STATUS_SUCCESS; /* a device in standby wakes with its next command */
        standby = IDE_COMMAND_STANDBY_IMMEDIATE;
        break;
    case IRB_FUNCTION_ADAPTER_FLUSH:
    case IRB_FUNCTION_SHUTDOWN:
    case IRB_FUNCTION_POWER_REBOOT:
        break;
    default: /* Function is a number, not an enumeration: what else there is has no meaning here */
        return IRB_STATUS_INVALID_REQUEST;
    }
    if (device->type != DeviceIsAta || device->presence == DEVICE_GONE)
        return IRB_STATUS_SUCCESS;
    if (device->flush_opcode)
        prepare_own(channel, device->flush_opcode, standby);
    else if (standby)
        prepare_own(channel, standby, 0);
    else
        return IRB_STATUS_SUCCESS;
    return IRB_STATUS_PENDING;
}

static UCHAR prepare(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    if (irb->TargetId >= MAX_IDE_DEVICE || irb->Lun != 0)
        return IRB_STATUS_SELECTION_TIMEOUT;

    struct pata_device *device = &channel->devices[irb->TargetId];
    channel->command.target = irb->TargetId;
    channel->command.follow_up = 0;
    channel->command.moved = channel->command.excess = 0;
    channel->waited_us = 0;
    if (IsMiniportCommand(irb))
        return prepare_function(channel, irb, device);
    if (device->presence == DEVICE_GONE)
        return IRB_STATUS_SELECTION_TIMEOUT;
    if (IsAtaCommand(irb))
        return prepare_ata(channel, irb, device);
    if (IsAtapiCommand(irb))
        return pata_packet_prepare(channel, device);
    return IRB_STATUS_INVALID_REQUEST;
}

/* ------------------------------------------------------------------ start */

/* Completes an IRB that is no longer the channel's command; one that fetches sense data completes
 * the one that it works for. */
static void complete(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    if (channel->sense_for)
        pata_sense_done(channel, irb);
    else
        AtaPortCompleteRequest(channel, irb);
}

enum pata_phase pata_start_irb(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    channel->command.irb = irb;
    UCHAR irb_status = prepare(channel, irb);

    if (irb_status == IRB_STATUS_PENDING && pata_target(channel)->presence != DEVICE_ASLEEP)
        return PHASE_ISSUE;
    channel->command.irb = NULL;
    if (irb_status == IRB_STATUS_PENDING) { /* ATA: SLEEP: only a reset wakes it */
        pata_hold_first(channel, irb);
        return PHASE_RESET_WANTED;
    }
    irb->DataTransferLength = 0;
    irb->IrbStatus = irb_status;
    complete(channel, irb);
    return PHASE_IDLE;
}

/* ------------------------------------------------------------------ IRBs that wait */

/* ddi: NextIrb is the miniport's, to link IRBs. */
void pata_hold(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    irb->NextIrb = NULL;
    if (channel->held_head)
        channel->held_tail->NextIrb = irb;
    else
        channel->held_head = irb;
    channel->held_tail = irb;
}

void pata_hold_first(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    irb->NextIrb = channel->held_head;
    if (!channel->held_head)
        channel->held_tail = irb;
    channel->held_head = irb;
}

PIDE_REQUEST_BLOCK pata_take_held(struct pata_channel *channel)
{
    PIDE_REQUEST_BLOCK irb = channel->held_head;

    channel->held_head = irb->NextIrb;
    irb->NextIrb = NULL;
    return irb;
}

/* ------------------------------------------------------------------ the end */

static void read_registers(const struct pata_channel *channel, PIDEREGISTERS registers,
                           UCHAR status)
{
    registers->bFeaturesReg = pata_read_error(channel);
    registers->bSectorCountReg = pata_read_sector_count(channel);
    registers->bSectorNumberReg = pata_read_lba_low(channel);
    registers->bCylLowReg = pata_read_lba_mid(channel);
    registers->bCylHighReg = pata_read_lba_high(channel);
    registers->bDriveHeadReg = pata_read_device(channel);
    registers->bCommandReg = status;
    registers->bReserved = 0;
}

/* IRB_FLAGS_RETURN_RESULTS: the registers as the command left them, into the sense buffer. */
static void return_registers(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb, UCHAR status)
{
    IDE_TASK_FILE *results = irb->SenseInfoBuffer;
    ULONG byte_count = Is48BitIrb(irb) ? sizeof *results : sizeof results->Current;

    if (!results || irb->SenseInfoBufferLength < byte_count || (status & IDE_STATUS_BUSY))
        return;
    read_registers(channel, &results->Current, status);
    irb->SenseInfoBufferType = SENSE_INFO_BUFFER_RETURN_TYPE_28BIT_TASKFILE;
    if (Is48BitIrb(irb)) {
        /* ATA: 7.8: the high order bytes show while HOB is set. */
        pata_write_device_control(channel, CONTROL_HIGH_ORDER);
        read_registers(channel, &results->Previous, status);
        pata_write_device_control(channel, IDE_DC_REENABLE_CONTROLLER);
        irb->SenseInfoBufferType = SENSE_INFO_BUFFER_RETURN_TYPE_48BIT_TASKFILE;
    }
    irb->IrbStatus |= IRB_STATUS_RETURN_TASKFILE_VALID;
}

/* Commands of the issuer's own making that change what this driver knows of the device. */
static void note_effects(struct pata_channel *channel)
{
    struct pata_device *device = pata_target(channel);

    switch (channel->command.opcode) {
    case IDE_COMMAND_SLEEP:
        device->presence = DEVICE_ASLEEP;
        break;
    case IDE_COMMAND_SET_FEATURE: /* a transfer mode of the issuer's: ours is set again */
        if (channel->command.task_file->Current.bFeaturesReg == IDE_FEATURE_SET_TRANSFER_MODE)
            pata_setup_again(device);
        break;
    case IDE_COMMAND_SET_MULTIPLE:
        device->multiple_sectors = channel->command.task_file->Current.bSectorCountReg;
        break;
    case IDE_COMMAND_ATAPI_RESET:
        pata_setup_again(device);
        break;
    case IDE_COMMAND_EXECUTE_DEVICE_DIAGNOSTIC: /* both devices did; device 0 is selected */
        channel->selected = 0;
        pata_setup_again(&channel->devices[0]);
        pata_setup_again(&channel->devices[1]);
        break;
    }
}

/* Fetches the sense data of an IRB that failed. FALSE: there is none to be had. */
static BOOLEAN ask_for_sense(struct pata_channel *channel, PIDE_REQUEST_BLOCK failed,
                             enum pata_phase *next)
{
    PIDE_REQUEST_BLOCK sense = AtaPortBuildRequestSenseIrb(channel, failed);

    if (!sense)
        return FALSE;
    channel->sense_for = failed;
    *next = pata_start_irb(channel, sense);
    return TRUE;
}

static BOOLEAN moves_blocks(UCHAR opcode)
{
    switch (opcode) {
    case IDE_COMMAND_READ_MULTIPLE:
    case IDE_COMMAND_READ_MULTIPLE_EXT:
    case IDE_COMMAND_WRITE_MULTIPLE:
    case IDE_COMMAND_WRITE_MULTIPLE_EXT:
    case IDE_COMMAND_WRITE_MULTIPLE_FUA_EXT:
        return TRUE;
    }
    return FALSE;
}

/* All but plain success of an ATA command. */
static void finish_ata(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    const UCHAR irb_status = channel->outcome.irb_status, status = channel->outcome.status;
    const BOOLEAN device_failed = irb_status == IRB_STATUS_DEVICE_ERROR;

    if (irb_status != IRB_STATUS_SUCCESS && irb_status != IRB_STATUS_INVALID_REQUEST)
        pata_count_error(channel);
    if (IsReturnResults(irb))
        return_registers(channel, irb, status);
    if (irb_status == IRB_STATUS_SUCCESS && irb->Function == IRB_FUNCTION_ATA_COMMAND)
        note_effects(channel);
    /* ATA: READ MULTIPLE: aborted where no count is set, whatever SET MULTIPLE has come to. */
    if (device_failed && irb->AtaError & IDE_ERROR_COMMAND_ABORTED &&
        moves_blocks(channel->command.opcode))
        pata_target(channel)->setup_pending |= SETUP_MULTIPLE;
    if (device_failed && channel->command.opcode == IDE_COMMAND_SET_MULTIPLE)
        pata_setup_again(pata_target(channel)); /* ATA: which count holds now is not said */
}

/* The end of an IRB's command. */
static enum pata_phase finish_irb(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    const struct pata_outcome *outcome = &channel->outcome;
    enum pata_phase next = PHASE_IDLE;

    irb->IrbStatus = outcome->irb_status;
    if (outcome->irb_status == IRB_STATUS_SUCCESS && pata_ends_plainly(channel, irb)) {
        AtaPortCompleteRequest(channel, irb);
        return PHASE_IDLE;
    }
    irb->AtaStatus = outcome->status;
    if (outcome->irb_status == IRB_STATUS_DEVICE_ERROR)
        irb->AtaError = pata_read_error(channel);
    if (IsAtaCommand(irb))
        finish_ata(channel, irb);
    else if (outcome->wants_reset)
        pata_count_error(channel);
    else if (!channel->sense_for && NeedRequestSense(irb) && channel->is_ready &&
             ask_for_sense(channel, irb, &next))
        return next;
    complete(channel, irb);
    return next;
}

enum pata_phase pata_finish(struct pata_channel *channel)
{
    PIDE_REQUEST_BLOCK irb = channel->command.irb;
    const BOOLEAN wants_reset = channel->outcome.wants_reset;

    channel->is_ready = !wants_reset && !(channel->outcome.status & STATUS_NOT_IDLE);
    if (channel->is_ready)
        channel->resets_in_a_row = 0;
    channel->command.irb = NULL;
    enum pata_phase next = irb ? finish_irb(channel, irb) : pata_setup_done(channel);
    return wants_reset ? PHASE_RESET_WANTED : next;
}

void pata_abandon(struct pata_channel *channel)
{
    PIDE_REQUEST_BLOCK irb = channel->command.irb;

    if (channel->bus_master)
        pata_bus_master_stop(channel);
    channel->command.irb = NULL;
    if (!irb)
        return;
    pata_count_error(channel);
    irb->IrbStatus = IRB_STATUS_BUS_RESET;
    irb->DataTransferLength = 0;
    if (channel->sense_for)
        channel->sense_for->IrbStatus = IRB_STATUS_BUS_RESET;
    complete(channel, irb);
}

enum pata_phase pata_non_data_done(struct pata_channel *channel, UCHAR status)
{
    struct pata_command *command = &channel->command;

    if (status & IDE_STATUS_DRQ)
        return pata_protocol_error(channel, status);
    if (status & STATUS_FAILED)
        return pata_over(channel, IRB_STATUS_DEVICE_ERROR, status);
    if (!command->follow_up)
        return pata_over(channel, IRB_STATUS_SUCCESS, status);
    command->opcode = command->follow_up;
    command->follow_up = 0;
    channel->is_ready = TRUE;
    return PHASE_ISSUE;
}
