/* SPDX-License-Identifier: MIT */
/*
 * Requests on their way back, and the queues they come from.
 */
#ifndef DDI_IRB_QUEUE_H
#define DDI_IRB_QUEUE_H

#include "request.h"

/* ------------------------------------------------------------------ completion */

/*
 * Gives a request back to the port; IrbStatus is final (IRB-02). The port queues it and tells the
 * issuer later: IdeHwStartIo is not entered again from here. Context: any that holds the request.
 * Owner afterwards: the port; the IRB is not touched again (IRB-03). On failure: a request that is
 * not this channel's, or was completed before, is left alone (IRB-01); a pending status becomes
 * IRB_STATUS_INTERNAL_ERROR. Source: AtaPortCompleteRequest.
 */
DDI_ROUTINE VOID NTAPI AtaPortCompleteRequest(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);

/*
 * Gives back every request that the miniport holds for a logical unit, LUN resets among them, all with the
 * same status.
 *   Target, Lun  IDE_UNTAGGED for all of them
 *   IrbStatus    IRB_STATUS_*, final
 * Context: any but IdeHwInterrupt, where nothing is completed (CTX-05).
 * Source: AtaPortCompleteAllActiveRequests.
 */
DDI_ROUTINE VOID NTAPI AtaPortCompleteAllActiveRequests(PVOID ChannelExtension, UCHAR Target,
                                                        UCHAR Lun, UCHAR IrbStatus);

/* ------------------------------------------------------------------ request sense */

/*
 * Makes the request that fetches the sense data of a failed packet command: with an extension of
 * its own, function IRB_FUNCTION_REQUEST_SENSE, the CDB filled in, the buffer mapped, and for DMA
 * (IRB_FLAGS_USE_DMA) where the controller is a bus master. Its DataBuffer is where the failed
 * request's sense data belongs. The miniport starts it itself, releases it, and only then completes
 * the failed request (IRB-12), whose status gets IRB_STATUS_AUTOSENSE_VALID.
 * Context: any that holds Irb. Returns: the request; NULL while another one is out for the same
 * logical unit (IRB-11). Source: AtaPortBuildRequestSenseIrb.
 */
DDI_ROUTINE PIDE_REQUEST_BLOCK NTAPI AtaPortBuildRequestSenseIrb(PVOID ChannelExtension,
                                                                 PIDE_REQUEST_BLOCK Irb);

/*
 * Returns what AtaPortBuildRequestSenseIrb made. Context: any. On failure: another IRB is left
 * alone. Source: AtaPortReleaseRequestSenseIrb.
 */
DDI_ROUTINE VOID NTAPI AtaPortReleaseRequestSenseIrb(PVOID ChannelExtension,
                                                     PIDE_REQUEST_BLOCK Irb);

/* ------------------------------------------------------------------ pausing a queue */

/*
 * Stops the queue of a logical unit for BusyTimeout seconds, or starts it again at once with 0.
 *   TargetId  IDE_UNTAGGED pauses the channel, whatever Lun says
 * Context: any but IdeHwInterrupt, where no queue is paused (CTX-06).
 * Source: AtaPortDeviceBusy, AtaPortDeviceReady, which drivers call rather than this one.
 */
DDI_ROUTINE VOID NTAPI AtaPortDeviceStateChange(PVOID ChannelExtension, UCHAR TargetId, UCHAR Lun,
                                                ULONG BusyTimeout);

/* The device cannot take requests for BusyTimeout seconds. Source: AtaPortDeviceBusy. */
static FORCEINLINE VOID NTAPI AtaPortDeviceBusy(PVOID ChannelExtension, UCHAR TargetId, UCHAR Lun,
                                                ULONG BusyTimeout)
{
    AtaPortDeviceStateChange(ChannelExtension, TargetId, Lun, BusyTimeout);
}

/* The device can take requests again. Source: AtaPortDeviceReady. */
static FORCEINLINE VOID NTAPI AtaPortDeviceReady(PVOID ChannelExtension, UCHAR TargetId, UCHAR Lun)
{
    AtaPortDeviceStateChange(ChannelExtension, TargetId, Lun, 0);
}

/* ------------------------------------------------------------------ queue tags */

/*
 * Makes the tags 1 to MaxQueueTag available for a device, or with IDE_UNTAGGED for the whole
 * channel. Context: any. Returns: TRUE; FALSE for a device or a number of tags that cannot be.
 * Source: AtaPortInitializeQueueTag.
 */
DDI_ROUTINE BOOLEAN NTAPI AtaPortInitializeQueueTag(PVOID DeviceExtension, UCHAR TargetId,
                                                    UCHAR Lun, UCHAR MaxQueueTag);

/*
 * Takes a free tag. Context: any.
 * Returns: 1 to MaxQueueTag; 0 when none is free (TAG-02) or none was made available (TAG-01).
 * Source: AtaPortAllocateQueueTag.
 */
DDI_ROUTINE UCHAR NTAPI AtaPortAllocateQueueTag(PVOID DeviceExtension, UCHAR TargetId, UCHAR Lun);

/*
 * Gives a tag back. Context: any. On failure: a tag that is not taken is left alone (TAG-03).
 * Source: AtaPortReleaseQueueTag.
 */
DDI_ROUTINE VOID NTAPI AtaPortReleaseQueueTag(PVOID DeviceExtension, UCHAR TargetId, UCHAR Lun,
                                              UCHAR QueueTag);

#endif
