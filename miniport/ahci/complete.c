/* SPDX-License-Identifier: MIT */
/*
 * A command becomes an IRB that has ended; and the request sense that follows a packet command
 * which failed.
 *
 * Owns: what an IRB ends with, and received FISes. May not: find out what is over (interrupt.c), or
 * what has failed (error.c).
 */
#include "steps.h"

#define SENSE_LEAST_BYTES 8u /* SPC-2: the fixed part of sense data */

void ahci_end(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb, UCHAR irb_status)
{
    if (irb_status != IRB_STATUS_SUCCESS)
        irb->DataTransferLength = 0;
    irb->IrbStatus = irb_status;
    AtaPortCompleteRequest(channel, irb);
}

/* ------------------------------------------------------------------ what it has to say */

/* IRB_FLAGS_RETURN_RESULTS: the registers as the command left them, into the sense buffer. A read
 * by PIO that succeeds sends no register FIS; the set-up of its last block has what there is to
 * say. */
static void return_registers(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    const struct ahci_received *received = &channel->shared->received;
    const BOOLEAN is_registers = received->registers.type == FIS_TO_HOST;
    const struct ahci_registers_fis *fis =
        is_registers ? &received->registers : &received->pio_setup;
    IDE_TASK_FILE *results = irb->SenseInfoBuffer;
    const ULONG byte_count = Is48BitIrb(irb) ? sizeof *results : sizeof results->Current;

    if (!results || irb->SenseInfoBufferLength < byte_count ||
        (!is_registers && fis->type != FIS_PIO_SETUP))
        return;
    results->Current = (IDEREGISTERS){
        .bFeaturesReg = fis->error,
        .bSectorCountReg = fis->count,
        .bSectorNumberReg = fis->lba_low,
        .bCylLowReg = fis->lba_mid,
        .bCylHighReg = fis->lba_high,
        .bDriveHeadReg = fis->device,
        .bCommandReg = is_registers ? fis->status : fis->end_status,
    };
    irb->SenseInfoBufferType = SENSE_INFO_BUFFER_RETURN_TYPE_28BIT_TASKFILE;
    if (Is48BitIrb(irb)) {
        results->Previous = (IDEREGISTERS){
            .bFeaturesReg = fis->error,
            .bSectorCountReg = fis->count_previous,
            .bSectorNumberReg = fis->lba_low_previous,
            .bCylLowReg = fis->lba_mid_previous,
            .bCylHighReg = fis->lba_high_previous,
            .bDriveHeadReg = fis->device,
            .bCommandReg = results->Current.bCommandReg,
        };
        irb->SenseInfoBufferType = SENSE_INFO_BUFFER_RETURN_TYPE_48BIT_TASKFILE;
    }
    irb->IrbStatus |= IRB_STATUS_RETURN_TASKFILE_VALID;
}

/* How much was moved. AHCI: 4.2.2, 9.3.1: PRDBC says nothing of a queued command, which moves all
 * of it or fails. */
static void take_length(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb, ULONG slot)
{
    const ULONG moved = channel->shared->list[slot].byte_count;

    if (!IRB_FOR_DATA_TRANSFER(irb) || channel->kind == KIND_QUEUED)
        return;
    if (irb->DataTransferLength % 2 && moved >= irb->DataTransferLength &&
        irb->IrbFlags & IRB_FLAGS_DATA_IN)
        ((UCHAR *)irb->DataBuffer)[irb->DataTransferLength - 1] = channel->shared->odd[slot][0];
    if (irb->IrbStatus == IRB_STATUS_SUCCESS && moved < irb->DataTransferLength)
        irb->IrbStatus = IRB_STATUS_DATALENGTH_MISMATCH;
    irb->DataTransferLength = min(moved, irb->DataTransferLength);
}

/* ------------------------------------------------------------------ request sense */

/* The IRB that fetches it is over: it is released, and the failed one completed. */
static void sense_done(struct ahci_channel *channel, PIDE_REQUEST_BLOCK sense)
{
    PIDE_REQUEST_BLOCK failed = channel->sense_for;
    BOOLEAN has_data = (sense->IrbStatus == IRB_STATUS_SUCCESS ||
                        sense->IrbStatus == IRB_STATUS_DATALENGTH_MISMATCH) &&
                       sense->DataTransferLength >= SENSE_LEAST_BYTES;

    channel->sense_for = NULL;
    AtaPortReleaseRequestSenseIrb(channel, sense);
    if (has_data) {
        failed->SenseInfoBufferType = SENSE_INFO_BUFFER_RETURN_TYPE_CDB;
        failed->IrbStatus |= IRB_STATUS_AUTOSENSE_VALID;
    }
    AtaPortCompleteRequest(channel, failed);
}

/* Asks for sense data of an IRB that failed. FALSE: there is none to be had. */
static BOOLEAN ask_sense(struct ahci_channel *channel, PIDE_REQUEST_BLOCK failed)
{
    PIDE_REQUEST_BLOCK sense = AtaPortBuildRequestSenseIrb(channel, failed);

    if (!sense)
        return FALSE;
    channel->sense_for = failed;
    sense->IrbStatus = ahci_fill(channel, sense, 0, KIND_ALONE);
    if (sense->IrbStatus != IRB_STATUS_PENDING) {
        sense_done(channel, sense);
        return TRUE;
    }
    ahci_issue(channel, 1, KIND_ALONE);
    return TRUE;
}

/* The IRB is the port's again, or has an end of its own. */
static void hand_back(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    if (channel->sense_for)
        sense_done(channel, irb);
    else if (!NeedRequestSense(irb) || !ask_sense(channel, irb))
        AtaPortCompleteRequest(channel, irb);
}

/* ------------------------------------------------------------------ the end */

static void fail(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb, ULONG task_file)
{
    irb->AtaStatus = (UCHAR)task_file;
    irb->AtaError = (UCHAR)(task_file >> 8);
    if (IsAtaCommand(irb))
        channel->device.errors++;
}

void ahci_complete(struct ahci_channel *channel, ULONG slot, UCHAR irb_status, ULONG task_file)
{
    PIDE_REQUEST_BLOCK irb = channel->irbs[slot];

    channel->active &= ~(1u << slot);
    channel->resets_in_a_row = 0;
    irb->IrbStatus = irb_status;
    if (irb_status == IRB_STATUS_SUCCESS &&
        channel->follow_up) { /* an own command, whose IRB has none */
        ahci_fill_own(channel, slot, channel->follow_up);
        channel->follow_up = 0;
        ahci_issue(channel, 1u << slot, KIND_ALONE);
        return;
    }
    channel->follow_up = 0;
    take_length(channel, irb, slot);
    if (irb_status == IRB_STATUS_DEVICE_ERROR)
        fail(channel, irb, task_file);
    if (IsReturnResults(irb) && IsAtaCommand(irb))
        return_registers(channel, irb);
    if (irb->Function == IRB_FUNCTION_ATA_COMMAND && irb_status == IRB_STATUS_SUCCESS &&
        irb->IdeTaskFile.Current.bCommandReg == IDE_COMMAND_SLEEP)
        channel->device.is_asleep = TRUE;
    hand_back(channel, irb);
}

void ahci_complete_all(struct ahci_channel *channel, UCHAR irb_status)
{
    const ULONG slots = channel->active;

    channel->follow_up = 0;
    for (ULONG slot = 0; slot < SLOTS; slot++) {
        if (!(slots >> slot & 1))
            continue;
        PIDE_REQUEST_BLOCK irb = channel->irbs[slot];
        channel->active &= ~(1u << slot);
        if (IRB_FOR_DATA_TRANSFER(irb))
            irb->DataTransferLength = 0;
        irb->IrbStatus = irb_status;
        if (channel->sense_for)
            channel->sense_for->IrbStatus = irb_status;
        hand_back(channel, irb);
    }
}
