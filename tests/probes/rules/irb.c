/* SPDX-License-Identifier: MIT */
/* IRB: how requests come back, their scatter/gather lists, their request-sense IRBs. */
#include "cases.h"

/* A case whose occasion this was not: it waits for the next one. */
static BOOLEAN not_yet(struct occasion *at, case_function *run)
{
    for (const struct probe_case *row = irb_cases; row->name; row++)
        if (row->run == run)
            at->channel->armed = row;
    at->channel->occasions_left = 1;
    return FALSE;
}

/* ------------------------------------------------------------------ AtaPortCompleteRequest */

CASE irb_twice(struct occasion *at)
{
    AtaPortCompleteRequest(at->channel, at->irb);
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-01 */
    return TRUE;
}

CASE irb_own(struct occasion *at)
{
    IDE_REQUEST_BLOCK own = *at->irb;

    AtaPortCompleteRequest(at->channel, &own); /* BREAKS: IRB-01 */
    return FALSE;
}

CASE irb_inside(struct occasion *at)
{
    PUCHAR irb = (PUCHAR)at->irb;

    AtaPortCompleteRequest(at->channel, (PIDE_REQUEST_BLOCK)(PVOID)(irb + 4)); /* BREAKS: IRB-01 */
    return FALSE;
}

CASE irb_sense_completed(struct occasion *at)
{
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-01 */
    return FALSE;
}

CASE irb_pending(struct occasion *at)
{
    at->irb->IrbStatus = IRB_STATUS_PENDING;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-02 */
    return TRUE;
}

CASE irb_no_status(struct occasion *at)
{
    at->irb->IrbStatus = 0x0C;                    /* none of irb.h */
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-02 */
    return TRUE;
}

CASE irb_all_pending(struct occasion *at)
{
    /* BREAKS: IRB-02 */
    AtaPortCompleteAllActiveRequests(at->channel, 0xFF, 0xFF, IRB_STATUS_PENDING);
    return TRUE;
}

/* ------------------------------------------------------------------ what comes with a status */

CASE irb_no_registers(struct occasion *at)
{
    at->irb->IrbStatus = IRB_STATUS_DEVICE_ERROR;
    at->irb->AtaStatus = 0;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-04 */
    return TRUE;
}

CASE irb_made_up_status(struct occasion *at)
{
    at->irb->IrbStatus = IRB_STATUS_DEVICE_ERROR;
    at->irb->AtaStatus = 0x41;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-04 */
    return TRUE;
}

CASE irb_no_failure(struct occasion *at)
{
    at->irb->IrbStatus = IRB_STATUS_DEVICE_ERROR;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-04 */
    return TRUE;
}

/* The device has told of its failure, and nobody hands that on. */
CASE irb_lost_failure(struct occasion *at)
{
    if (!(at->irb->AtaStatus & IDE_STATUS_ERROR))
        return not_yet(at, irb_lost_failure);
    return TRUE;
}

CASE irb_made_up_error(struct occasion *at)
{
    if (!(at->irb->AtaStatus & IDE_STATUS_ERROR))
        return not_yet(at, irb_made_up_error);
    at->irb->AtaError ^= 0xFF;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-04 */
    return TRUE;
}

CASE irb_too_much(struct occasion *at)
{
    at->irb->IrbStatus = IRB_STATUS_DATALENGTH_MISMATCH;
    at->irb->DataTransferLength++;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-05 */
    return TRUE;
}

/* ------------------------------------------------------------------ AtaPortGetScatterGatherList */

CASE irb_not_dma(struct occasion *at)
{
    PIDE_SCATTER_GATHER_LIST list;

    if (at->irb->IrbFlags & IRB_FLAGS_USE_DMA)
        return not_yet(at, irb_not_dma);
    list = AtaPortGetScatterGatherList(at->channel, at->irb); /* BREAKS: IRB-08 */
    probe_returned((ULONG_PTR)list);
    return FALSE;
}

/* ------------------------------------------------------------------ requests that do not come back */

static ULONG requests; /* of a device that is initialised, in the case under way */

static BOOLEAN is_third(const struct probe_channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    return irb->TargetId < MAX_IDE_DEVICE && channel->devices[irb->TargetId].is_initialized &&
           ++requests == 3;
}

/* BREAKS: IRB-09 */
static BOOLEAN NTAPI irb_lost_start_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    if (is_third(ChannelExtension, Irb))
        return TRUE;
    return ProbeStartIo(ChannelExtension, Irb);
}

CASE irb_lost(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwStartIo = irb_lost_start_io;
    return FALSE;
}

/* The same with the slave selected, which is not there: its Status reads as 0. */
/* BREAKS: IRB-09 */
static BOOLEAN NTAPI irb_lost_beside_start_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct probe_channel *channel = ChannelExtension;

    if (!is_third(channel, Irb))
        return ProbeStartIo(channel, Irb);
    AtaPortWritePortUchar(channel->command_block + 6, 0xB0); /* device 1 */
    return FALSE;
}

CASE irb_lost_beside(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwStartIo = irb_lost_beside_start_io;
    return FALSE;
}

/* A command to the slave, which is not there: it never says anything. */
static void ask_nobody(struct probe_channel *channel)
{
    AtaPortWritePortUchar(channel->command_block + 6, 0xB0);
    AtaPortStallExecution(1);
    AtaPortWritePortUchar(channel->command_block + 7, IDE_COMMAND_FLUSH_CACHE);
}

static BOOLEAN NTAPI irb_kept_start_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    if (!is_third(ChannelExtension, Irb))
        return ProbeStartIo(ChannelExtension, Irb);
    ask_nobody(ChannelExtension);
    return TRUE;
}

/* BREAKS: IRB-10 */
static BOOLEAN NTAPI irb_kept_reset(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;

    AtaPortReadPortUchar(channel->command_block + 7);
    AtaPortWritePortUchar(channel->command_block + 6, 0xA0);
    AtaPortStallExecution(1);
    return TRUE;
}

CASE irb_kept(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwStartIo = irb_kept_start_io;
    at->channel_interface->IdeHwReset = irb_kept_reset;
    return FALSE;
}

/* The same, with a reset that keeps the rules: the device is to blame, and nothing is reported. */
CASE irb_silent_device(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwStartIo = irb_kept_start_io;
    probe_returned(0);
    return FALSE;
}

/* A command whose data nobody fetches: its interrupt comes, and Status shows DRQ. */
/* BREAKS: IRB-09 */
static BOOLEAN NTAPI irb_unfed_start_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct probe_channel *channel = ChannelExtension;

    if (!is_third(channel, Irb))
        return ProbeStartIo(channel, Irb);
    AtaPortWritePortUchar(channel->command_block + 2, 1);
    AtaPortWritePortUchar(channel->command_block + 7, IDE_COMMAND_READ);
    return TRUE;
}

CASE irb_unfed(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwStartIo = irb_unfed_start_io;
    return FALSE;
}

/* A packet device waits for its packet. */
/* BREAKS: IRB-09 */
static BOOLEAN NTAPI irb_unsent_start_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct probe_channel *channel = ChannelExtension;

    if (!is_third(channel, Irb))
        return ProbeStartIo(channel, Irb);
    AtaPortWritePortUchar(channel->command_block + 5, 8); /* 2048 bytes */
    AtaPortWritePortUchar(channel->command_block + 7, IDE_COMMAND_ATAPI_PACKET);
    AtaPortStallExecution(100);
    AtaPortReadPortUchar(channel->device_control);
    return TRUE;
}

CASE irb_unsent(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwStartIo = irb_unsent_start_io;
    return FALSE;
}

/* An interrupt comes, and nobody reads Status. */
static BOOLEAN irb_unheard_interrupt(struct probe_channel *channel)
{
    channel->interrupt = NULL;
    return FALSE;
}

/* BREAKS: IRB-09 */
static BOOLEAN NTAPI irb_unheard_start_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct probe_channel *channel = ChannelExtension;

    if (!is_third(channel, Irb))
        return ProbeStartIo(channel, Irb);
    channel->interrupt = irb_unheard_interrupt;
    AtaPortWritePortUchar(channel->command_block + 7, IDE_COMMAND_FLUSH_CACHE);
    return TRUE;
}

CASE irb_unheard(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwStartIo = irb_unheard_start_io;
    return FALSE;
}

/* ------------------------------------------------------------------ request sense */

CASE irb_second_sense(struct occasion *at)
{
    PIDE_REQUEST_BLOCK second;

    second = AtaPortBuildRequestSenseIrb(at->channel, at->channel->failed); /* BREAKS: IRB-11 */
    probe_returned((ULONG_PTR)second);
    return FALSE;
}

CASE irb_forgotten_sense(struct occasion *at)
{
    PIDE_REQUEST_BLOCK failed = at->channel->failed, sense;

    AtaPortReleaseRequestSenseIrb(at->channel, at->irb);
    sense = AtaPortBuildRequestSenseIrb(at->channel, failed); /* BREAKS: IRB-11 */
    sense->IrbStatus = IRB_STATUS_SUCCESS;
    at->channel->failed = NULL;
    AtaPortCompleteRequest(at->channel, failed); /* BREAKS: IRB-12 */
    return TRUE;
}

CASE irb_released_twice(struct occasion *at)
{
    PIDE_REQUEST_BLOCK failed = at->channel->failed;

    AtaPortReleaseRequestSenseIrb(at->channel, at->irb);
    AtaPortReleaseRequestSenseIrb(at->channel, at->irb); /* BREAKS: IRB-11 */
    at->channel->failed = NULL;
    AtaPortCompleteRequest(at->channel, failed);
    return TRUE;
}

/* The driver releases it afterwards, which is as it should be. */
CASE irb_too_early(struct occasion *at)
{
    PIDE_REQUEST_BLOCK failed = at->channel->failed;

    at->channel->failed = NULL;
    AtaPortCompleteRequest(at->channel, failed); /* BREAKS: IRB-12 */
    AtaPortReleaseRequestSenseIrb(at->channel, at->irb);
    return TRUE;
}

/* ------------------------------------------------------------------ IdeHwBuildIo: CTX-02 */

/* BREAKS: CTX-02 */
static BOOLEAN NTAPI irb_not_final_build_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    BOOLEAN result = ProbeBuildIo(ChannelExtension, Irb);

    if (is_third(ChannelExtension, Irb))
        Irb->IrbStatus = IRB_STATUS_PENDING | IRB_STATUS_RETURN_TASKFILE_VALID;
    return result;
}

CASE irb_not_final(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwBuildIo = irb_not_final_build_io;
    return FALSE;
}

/* What IdeHwBuildIo finishes is judged as what IdeHwStartIo does. */
static BOOLEAN finish_third(PVOID channel, PIDE_REQUEST_BLOCK irb, UCHAR irb_status)
{
    BOOLEAN result = ProbeBuildIo(channel, irb);

    if (is_third(channel, irb))
        irb->IrbStatus = irb_status;
    return result;
}

/* BREAKS: IRB-04 */
static BOOLEAN NTAPI irb_built_error_build_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    Irb->AtaStatus = 0x51;
    Irb->AtaError = 0x04;
    return finish_third(ChannelExtension, Irb, IRB_STATUS_DEVICE_ERROR);
}

CASE irb_built_error(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwBuildIo = irb_built_error_build_io;
    return FALSE;
}

/* BREAKS: IRB-05 */
static BOOLEAN NTAPI irb_built_length_build_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    BOOLEAN result = finish_third(ChannelExtension, Irb, IRB_STATUS_DATALENGTH_MISMATCH);

    if (Irb->IrbStatus == IRB_STATUS_DATALENGTH_MISMATCH)
        Irb->DataTransferLength++;
    return result;
}

CASE irb_built_length(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwBuildIo = irb_built_length_build_io;
    return FALSE;
}

/* BREAKS: INI-09 */
static BOOLEAN NTAPI irb_built_reserved_build_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    BOOLEAN result = finish_third(ChannelExtension, Irb, IRB_STATUS_BUSY);

    if (Irb->IrbStatus == IRB_STATUS_BUSY)
        Irb->ReservedAsUlong = 1;
    return result;
}

CASE irb_built_reserved(struct occasion *at)
{
    requests = 0;
    at->channel_interface->IdeHwBuildIo = irb_built_reserved_build_io;
    return FALSE;
}

const struct probe_case irb_cases[] = {
    {"irb_twice", AT_COMPLETE, 2, irb_twice},
    {"irb_own", AT_COMPLETE, 2, irb_own},
    {"irb_inside", AT_COMPLETE, 2, irb_inside},
    {"irb_sense_completed", AT_SENSE, 1, irb_sense_completed},
    {"irb_pending", AT_COMPLETE, 2, irb_pending},
    {"irb_no_status", AT_COMPLETE, 2, irb_no_status},
    {"irb_all_pending", AT_START_IO, 2, irb_all_pending},
    {"irb_no_registers", AT_COMPLETE, 2, irb_no_registers},
    {"irb_made_up_status", AT_COMPLETE, 2, irb_made_up_status},
    {"irb_made_up_error", AT_COMPLETE, 1, irb_made_up_error},
    {"irb_no_failure", AT_COMPLETE, 2, irb_no_failure},
    {"irb_lost_failure", AT_COMPLETE, 1, irb_lost_failure},
    {"irb_too_much", AT_COMPLETE, 2, irb_too_much},
    {"irb_not_dma", AT_START_IO, 1, irb_not_dma},
    {"irb_lost", AT_CHANNEL_INIT, 1, irb_lost},
    {"irb_lost_beside", AT_CHANNEL_INIT, 1, irb_lost_beside},
    {"irb_kept", AT_CHANNEL_INIT, 1, irb_kept},
    {"irb_unfed", AT_CHANNEL_INIT, 1, irb_unfed},
    {"irb_unsent", AT_CHANNEL_INIT, 1, irb_unsent},
    {"irb_unheard", AT_CHANNEL_INIT, 1, irb_unheard},
    {"irb_silent_device", AT_CHANNEL_INIT, 1, irb_silent_device},
    {"irb_second_sense", AT_SENSE, 1, irb_second_sense},
    {"irb_forgotten_sense", AT_SENSE, 1, irb_forgotten_sense},
    {"irb_released_twice", AT_SENSE, 1, irb_released_twice},
    {"irb_too_early", AT_SENSE, 1, irb_too_early},
    {"irb_not_final", AT_CHANNEL_INIT, 1, irb_not_final},
    {"irb_built_error", AT_CHANNEL_INIT, 1, irb_built_error},
    {"irb_built_length", AT_CHANNEL_INIT, 1, irb_built_length},
    {"irb_built_reserved", AT_CHANNEL_INIT, 1, irb_built_reserved},
    {NULL, 0, 0, NULL},
};
