/* SPDX-License-Identifier: MIT */
/* IRB-05 and IRB-15 to 20: what an IRB's status promises, request sense, LUN resets. */
#include "cases.h"

static ULONG requests; /* of a device that is initialised, in the case under way */

static BOOLEAN is_third(const struct probe_channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    return irb->TargetId < MAX_IDE_DEVICE && channel->devices[irb->TargetId].is_initialized &&
           ++requests == 3;
}

/* ------------------------------------------------------------------ statuses */

CASE result_no_underrun(struct occasion *at)
{
    at->irb->IrbStatus = IRB_STATUS_DATALENGTH_MISMATCH;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-05 */
    return TRUE;
}

/* DRQ shows that the device has more: an overrun changes no length. */
CASE result_overrun(struct occasion *at)
{
    at->irb->IrbStatus = IRB_STATUS_DATALENGTH_MISMATCH;
    at->irb->AtaStatus |= IDE_STATUS_DRQ;
    probe_returned(0);
    return FALSE;
}

CASE result_no_sense_data(struct occasion *at)
{
    at->irb->IrbStatus = IRB_STATUS_SUCCESS | IRB_STATUS_AUTOSENSE_VALID;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-15 */
    return TRUE;
}

CASE result_no_registers(struct occasion *at)
{
    at->irb->IrbStatus = IRB_STATUS_SUCCESS | IRB_STATUS_RETURN_TASKFILE_VALID;
    at->irb->SenseInfoBufferType = SENSE_INFO_BUFFER_RETURN_TYPE_28BIT_TASKFILE;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-15 */
    return TRUE;
}

/* Registers that nobody asked for. */
CASE result_registers(struct occasion *at)
{
    IDEREGISTERS *registers = at->irb->SenseInfoBuffer;

    registers->bCommandReg = at->irb->AtaStatus;
    at->irb->IrbStatus |= IRB_STATUS_RETURN_TASKFILE_VALID;
    at->irb->SenseInfoBufferType = SENSE_INFO_BUFFER_RETURN_TYPE_28BIT_TASKFILE;
    probe_returned(0);
    return FALSE;
}

CASE result_internal_error(struct occasion *at)
{
    at->irb->IrbStatus = IRB_STATUS_INTERNAL_ERROR;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-16 */
    return TRUE;
}

CASE result_all_internal_error(struct occasion *at)
{
    /* BREAKS: IRB-16 */
    AtaPortCompleteAllActiveRequests(at->channel, 0xFF, 0xFF, IRB_STATUS_INTERNAL_ERROR);
    return TRUE;
}

/* ------------------------------------------------------------------ IdeHwBuildIo */

/* BREAKS: IRB-17 */
static BOOLEAN NTAPI result_map_build_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    BOOLEAN result = ProbeBuildIo(ChannelExtension, Irb);

    if (Irb->Function == IRB_FUNCTION_ATA_FLUSH)
        Irb->IrbFlags |= IRB_FLAGS_MAP_BUFFERS;
    return result;
}

CASE result_map(struct occasion *at)
{
    at->channel_interface->IdeHwBuildIo = result_map_build_io;
    return FALSE;
}

/* ------------------------------------------------------------------ request sense */

CASE result_sense_of_disk(struct occasion *at)
{
    PIDE_REQUEST_BLOCK sense;

    at->irb->IrbStatus = IRB_STATUS_DEVICE_ERROR;
    sense = AtaPortBuildRequestSenseIrb(at->channel, at->irb); /* BREAKS: IRB-18 */
    probe_returned((ULONG_PTR)sense);
    at->irb->IrbStatus = IRB_STATUS_SUCCESS;
    return FALSE;
}

CASE result_sense_of_success(struct occasion *at)
{
    PIDE_REQUEST_BLOCK sense;

    sense = AtaPortBuildRequestSenseIrb(at->channel, at->irb); /* BREAKS: IRB-18 */
    probe_returned((ULONG_PTR)sense);
    return FALSE;
}

/* IrbStatus does not say yet how it ended, but Status does. */
CASE result_sense_of_pending(struct occasion *at)
{
    PIDE_REQUEST_BLOCK sense;

    sense = AtaPortBuildRequestSenseIrb(at->channel, at->irb); /* BREAKS: IRB-18 */
    probe_returned((ULONG_PTR)sense);
    return FALSE;
}

/* ------------------------------------------------------------------ LUN resets */

/* A command to the slave, which is not there: it never says anything, and no driver is blamed. */
static BOOLEAN keep_third(struct probe_channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    if (!is_third(channel, irb))
        return FALSE;
    AtaPortWritePortUchar(channel->command_block + 6, 0xB0);
    AtaPortStallExecution(1);
    AtaPortWritePortUchar(channel->command_block + 7, IDE_COMMAND_FLUSH_CACHE);
    return TRUE;
}

/* BREAKS: IRB-19 */
static BOOLEAN NTAPI result_empty_reset_start_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    if (Irb->Function == IRB_FUNCTION_LUN_RESET) {
        Irb->IrbStatus = IRB_STATUS_SUCCESS;
        AtaPortCompleteRequest(ChannelExtension, Irb);
        return TRUE;
    }
    return keep_third(ChannelExtension, Irb) || ProbeStartIo(ChannelExtension, Irb);
}

CASE result_empty_reset(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwStartIo = result_empty_reset_start_io;
    return FALSE;
}

/* BREAKS: IRB-20 */
static BOOLEAN NTAPI result_lost_reset_start_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    return Irb->Function == IRB_FUNCTION_LUN_RESET || keep_third(ChannelExtension, Irb) ||
           ProbeStartIo(ChannelExtension, Irb);
}

CASE result_lost_reset(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwStartIo = result_lost_reset_start_io;
    return FALSE;
}

const struct probe_case result_cases[] = {
    {"result_no_underrun", AT_COMPLETE, 2, result_no_underrun},
    {"result_overrun", AT_COMPLETE, 2, result_overrun},
    {"result_no_sense_data", AT_COMPLETE, 2, result_no_sense_data},
    {"result_no_registers", AT_COMPLETE, 2, result_no_registers},
    {"result_registers", AT_COMPLETE, 2, result_registers},
    {"result_internal_error", AT_COMPLETE, 2, result_internal_error},
    {"result_all_internal_error", AT_START_IO, 2, result_all_internal_error},
    {"result_map", AT_CHANNEL_INIT, 1, result_map},
    {"result_sense_of_disk", AT_COMPLETE, 2, result_sense_of_disk},
    {"result_sense_of_success", AT_COMPLETE, 2, result_sense_of_success},
    {"result_sense_of_pending", AT_INTERRUPT, 2, result_sense_of_pending},
    {"result_empty_reset", AT_CHANNEL_INIT, 1, result_empty_reset},
    {"result_lost_reset", AT_CHANNEL_INIT, 1, result_lost_reset},
    {NULL, 0, 0, NULL},
};
