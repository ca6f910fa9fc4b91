/* SPDX-License-Identifier: MIT */
/*
 * Requests: IDENTIFY DEVICE of the primary master with the device's own interrupt, whose request is
 * then handed through every kind of callback; one request that is never answered, so that the port
 * resets the channel; nothing else. Entered at every level.
 */
#include "probe.h"

/* Registers of the command block, ATA/ATAPI-6 6.2. */
#define DEVICE  6
#define COMMAND 7 /* and Status */

#define STATUS_DRQ 0x08

#define IDENTIFY_BYTES 512

/* ------------------------------------------------------------------ the ways of a request */

static void complete(struct probe_channel *channel, PIDE_REQUEST_BLOCK irb, UCHAR status)
{
    irb->IrbStatus = status;
    if (status != IRB_STATUS_SUCCESS)
        irb->DataTransferLength = 0;
    AtaPortCompleteRequest(channel, irb);
}

static BOOLEAN is_identify(const struct probe_channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    return channel->number == 0 && channel->command_block && irb->TargetId == 0 &&
           irb->Function == IRB_FUNCTION_ATA_IDENTIFY &&
           irb->IdeTaskFile.Current.bCommandReg == IDE_COMMAND_IDENTIFY;
}

BOOLEAN NTAPI ProbeBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct probe_channel *channel = ChannelExtension;

    if (is_identify(channel, Irb))
        Irb->IrbFlags |= IRB_FLAGS_MAP_BUFFERS;
    if (channel->build_io_wanted)
        context_run(channel, channel, BUILD_IO);
    return TRUE;
}

/* One request is never answered, nor ended by the LUN reset that succeeds. BREAKS: IRB-09 IRB-19 */
BOOLEAN NTAPI ProbeStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct probe_channel *channel = ChannelExtension;

    if (channel->build_io_wanted) {
        channel->build_io_wanted = FALSE;
        case_end();
    }
    if (channel->start_io_wanted) {
        channel->start_io_wanted = FALSE;
        context_run(channel, channel, START_IO);
    }
    if (is_identify(channel, Irb)) {
        channel->identify = Irb;
        AtaPortWritePortUchar(channel->device_control, 0); /* interrupts on */
        AtaPortWritePortUchar(channel->command_block + DEVICE,
                              Irb->IdeTaskFile.Current.bDriveHeadReg);
        AtaPortWritePortUchar(channel->command_block + COMMAND, IDE_COMMAND_IDENTIFY);
    } else if (channel->hold_wanted && Irb->TargetId == 1) {
        channel->hold_wanted = FALSE;
        channel->held = Irb; /* the port will reset the unit, then the channel */
    } else if (Irb->Function == IRB_FUNCTION_LUN_RESET) {
        complete(channel, Irb, IRB_STATUS_SUCCESS);
    } else {
        complete(channel, Irb, IRB_STATUS_SELECTION_TIMEOUT);
    }
    return TRUE;
}

/* ------------------------------------------------------------------ callbacks, one after the other */

static VOID NTAPI timer(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;
    PIDE_REQUEST_BLOCK irb = channel->identify;

    context_run(channel, channel, TIMER);
    channel->identify = NULL;
    complete(channel, irb, IRB_STATUS_SUCCESS);
}

static VOID NTAPI controller_sync(PVOID ChannelExtension)
{
    context_run(ChannelExtension, ChannelExtension, CONTROLLER_SYNC);
    AtaPortRequestTimer(ChannelExtension, timer, 1000);
}

static VOID NTAPI synchronized(PVOID ChannelExtension)
{
    context_run(ChannelExtension, ChannelExtension, SYNCHRONIZED);
    AtaPortControllerSyncRoutine(ChannelExtension, controller_sync);
}

static VOID NTAPI worker(PVOID ChannelExtension)
{
    context_run(ChannelExtension, ChannelExtension, WORKER);
    AtaPortRequestSynchronizedRoutine(ChannelExtension, synchronized);
}

BOOLEAN NTAPI ProbeInterrupt(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;
    PIDE_REQUEST_BLOCK irb = channel->identify;
    UCHAR status;

    if (!irb || !channel->command_block)
        return FALSE;
    status = AtaPortReadPortUchar(channel->command_block + COMMAND); /* dismisses the interrupt */
    if (!(status & STATUS_DRQ)) {
        channel->identify = NULL;
        complete(channel, irb, IRB_STATUS_SELECTION_TIMEOUT);
        return TRUE;
    }
    AtaPortReadPortBufferUshort((PUSHORT)(PVOID)channel->command_block, irb->DataBuffer,
                                IDENTIFY_BYTES / 2);
    if (channel->interrupt_wanted) {
        channel->interrupt_wanted = FALSE;
        context_run(channel, channel, INTERRUPT);
        AtaPortRequestWorkerRoutine(channel, worker);
    } else {
        channel->identify = NULL;
        complete(channel, irb, IRB_STATUS_SUCCESS);
    }
    return TRUE;
}

/* ------------------------------------------------------------------ devices and resets */

BOOLEAN NTAPI ProbeInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                              PIDENTIFY_DEVICE_DATA IdentifyData)
{
    struct probe_channel *channel = ChannelExtension;

    UNREFERENCED_PARAMETER(IdentifyData);
    if (channel->is_enumerating)
        context_run(channel, channel, INITIALIZE);
    channel->is_enumerating = FALSE;
    Parameters->TransferModeSelected = PIO_MODE0;
    return TRUE;
}

BOOLEAN NTAPI ProbeReset(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;

    if (channel->is_enumerating)
        context_run(channel, channel, RESET);
    channel->held = NULL;
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    return TRUE;
}
