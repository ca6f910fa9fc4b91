/* SPDX-License-Identifier: MIT */
/*
 * Telling the port and the outside world: hot plug, power, error log, debug output. And waiting.
 */
#ifndef DDI_IRB_NOTIFY_H
#define DDI_IRB_NOTIFY_H

#include "controller.h"

/* ------------------------------------------------------------------ changes on the channel */

typedef enum _IDE_NOTIFICATION_TYPE {
    IdeDeviceArrival,    /* UCHAR TargetId, then 0 */
    IdeDeviceRemoval,    /* UCHAR TargetId, then 0 */
    IdePowerStateChange, /* UCHAR TargetId, UCHAR Lun, IDE_POWER_STATE */
} IDE_NOTIFICATION_TYPE;
typedef IDE_NOTIFICATION_TYPE *PIDE_NOTIFICATION_TYPE;

/*
 * Something changed; what follows ChannelExtension depends on the kind, as shown above.
 * Context: any. On failure: nothing happens.
 * Source: the four routines below, which drivers call rather than this one.
 */
DDI_ROUTINE VOID NTAPI_V AtaPortNotification(IDE_NOTIFICATION_TYPE NotificationType,
                                             PVOID ChannelExtension, ...);

/* Devices may have come or gone anywhere on the channel. Source: AtaPortBusChangeDetected. */
static FORCEINLINE VOID NTAPI AtaPortBusChangeDetected(PVOID ChannelExtension)
{
    AtaPortNotification(IdeDeviceArrival, ChannelExtension, 0xFF, 0);
}

/* A device has come. Source: AtaPortDeviceArrived. */
static FORCEINLINE VOID NTAPI AtaPortDeviceArrived(PVOID ChannelExtension, UCHAR TargetId)
{
    AtaPortNotification(IdeDeviceArrival, ChannelExtension, TargetId, 0);
}

/* A device has gone. Source: AtaPortDeviceRemoved. */
static FORCEINLINE VOID NTAPI AtaPortDeviceRemoved(PVOID ChannelExtension, UCHAR TargetId)
{
    AtaPortNotification(IdeDeviceRemoval, ChannelExtension, TargetId, 0);
}

/* The device should change its power state. Source: AtaPortRequestPowerStateChange. */
static FORCEINLINE VOID NTAPI AtaPortRequestPowerStateChange(PVOID ChannelExtension, UCHAR TargetId,
                                                             UCHAR Lun,
                                                             IDE_POWER_STATE DesiredPowerState)
{
    AtaPortNotification(IdePowerStateChange, ChannelExtension, TargetId, Lun, DesiredPowerState);
}

/* ------------------------------------------------------------------ logs */

/* Writes an entry to the error log. Context: any. Source: IDE_ERROR_LOG_ENTRY. */
DDI_ROUTINE VOID NTAPI AtaPortLogError(PVOID ChannelExtension, PIDE_ERROR_LOG_ENTRY ErrorLogEntry);

/*
 * printf for debugging.
 *   DebugPrintLevel  0 to 3, 3 for what is of interest in the finest detail only
 * Context: any. Source: AtaPortDebugPrint.
 */
DDI_ROUTINE VOID NTAPI_V AtaPortDebugPrint(ULONG DebugPrintLevel, PCCHAR DebugMessage, ...);

/* Stops in the debugger. Context: any. Source: its prototype; the page is empty. */
DDI_ROUTINE VOID NTAPI AtaPortDebugBreak(PVOID ChannelExtension);

/* A NotificationType of AtaPortTraceNotification. */
#define TraceNotification 0

/*
 * Notes an event in the trace; what may follow HwDeviceExtension, the channel's or NULL, is written
 * nowhere. Context: any. Source: its prototype; the page is empty.
 */
DDI_ROUTINE VOID NTAPI_V AtaPortTraceNotification(ULONG NotificationType, PVOID HwDeviceExtension,
                                                  ...);

/* ------------------------------------------------------------------ time */

/*
 * Waits Delay microseconds and does nothing else. All waits within one call from the port into the
 * miniport add up to less than 1 ms (CTX-07); AtaPortRequestTimer is for longer ones.
 * Context: any. Source: AtaPortStallExecution.
 */
DDI_ROUTINE VOID NTAPI AtaPortStallExecution(ULONG Delay);

/*
 * The time of day: units of 100 ns since 1 January 1601, UTC.
 * Context: any. Source: its prototype, and Windows' usual system time; the page is empty.
 */
DDI_ROUTINE VOID NTAPI AtaPortQuerySystemTime(PLARGE_INTEGER CurrentTime);

#endif
