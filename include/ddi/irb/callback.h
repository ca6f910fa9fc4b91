/* SPDX-License-Identifier: MIT */
/*
 * Having a routine called later. One request of each kind waits per channel, and the last one wins
 * (CBK-01). A timer or worker that still waits when the channel stops is dropped (CBK-02).
 */
#ifndef DDI_IRB_CALLBACK_H
#define DDI_IRB_CALLBACK_H

#include "controller.h"

typedef enum _IDE_CALLBACK_TYPE {
    IdeTimerRoutine,          /* at DISPATCH_LEVEL, after TimerValue microseconds */
    IdeWorkerRoutine,         /* at DISPATCH_LEVEL, soon */
    IdeSynchronizedRoutine,   /* at DIRQL, excluding the channel's interrupt routine */
    IdeControllerSyncRoutine, /* excluding every channel of the controller */
    IdeMaxCallbackType,
} IDE_CALLBACK_TYPE;
typedef IDE_CALLBACK_TYPE *PIDE_CALLBACK_TYPE;

/*
 * Asks for CallBackRoutine to be called with ChannelExtension.
 *   TimerValue  microseconds; for IdeTimerRoutine only
 * Context: any (timers inside IdeHwControl(IdeStart), too); not in dump mode (CTX-08).
 * Returns: TRUE when it is queued; FALSE in dump mode, or while the channel is stopped.
 * Source: the four routines below, which drivers call rather than this one.
 */
DDI_ROUTINE BOOLEAN NTAPI AtaPortRequestCallback(IDE_CALLBACK_TYPE CallbackType,
                                                 PVOID ChannelExtension, IDE_HW_DPC CallBackRoutine,
                                                 ULONG TimerValue);

/* Soon, at DISPATCH_LEVEL. Source: AtaPortRequestWorkerRoutine. */
static FORCEINLINE BOOLEAN NTAPI AtaPortRequestWorkerRoutine(PVOID ChannelExtension,
                                                             IDE_HW_DPC CallBackRoutine)
{
    return AtaPortRequestCallback(IdeWorkerRoutine, ChannelExtension, CallBackRoutine, 0);
}

/* At DIRQL, excluding the interrupt routine. Source: AtaPortRequestSynchronizedRoutine. */
static FORCEINLINE BOOLEAN NTAPI AtaPortRequestSynchronizedRoutine(PVOID ChannelExtension,
                                                                   IDE_HW_DPC CallBackRoutine)
{
    return AtaPortRequestCallback(IdeSynchronizedRoutine, ChannelExtension, CallBackRoutine, 0);
}

/* Excluding all channels of the controller. Source: AtaPortControllerSyncRoutine. */
static FORCEINLINE BOOLEAN NTAPI AtaPortControllerSyncRoutine(PVOID ChannelExtension,
                                                              IDE_HW_DPC CallBackRoutine)
{
    return AtaPortRequestCallback(IdeControllerSyncRoutine, ChannelExtension, CallBackRoutine, 0);
}

/* After TimerValue microseconds, at DISPATCH_LEVEL. Source: AtaPortRequestTimer. */
static FORCEINLINE BOOLEAN NTAPI AtaPortRequestTimer(PVOID ChannelExtension,
                                                     IDE_HW_DPC CallBackRoutine, ULONG TimerValue)
{
    return AtaPortRequestCallback(IdeTimerRoutine, ChannelExtension, CallBackRoutine, TimerValue);
}

#endif
