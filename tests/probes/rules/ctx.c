/* SPDX-License-Identifier: MIT */
/* CTX: which routine may be called from where, and with which extension. */
#include "cases.h"

/* The prototypes of these are not published; this is what their exports take on i386. */
DDI_ROUTINE ULONG_PTR NTAPI AtaPortEtwTraceLog(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c);
DDI_ROUTINE ULONG_PTR NTAPI AtaPortGetParentBusType(ULONG_PTR a);

static VOID NTAPI never(PVOID ChannelExtension)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    AtaPortDebugPrint(0, "a callback ran that was not to be queued\n");
}

/* ------------------------------------------------------------------ every routine of a channel */

#define WriteDeferred AtaPortRegistryControllerKeyWriteDeferred

/* Each routine that takes a channel extension, in alphabetical order, and whether it was refused. Two may
 * be called in IdeHwBuildIo. */
static FORCEINLINE BOOLEAN are_refused(PVOID channel, PIDE_REQUEST_BLOCK irb, BOOLEAN is_build_io)
{
    IDE_ERROR_LOG_ENTRY entry = {.IrbStatus = IRB_STATUS_SUCCESS};
    UCHAR buffer[4] = {1, 2, 3, 4};
    ULONG length = sizeof buffer;
    BOOLEAN ok = TRUE;

    ok &= AtaPortAllocateQueueTag(channel, 0, 0) == 0; /* BREAKS: CTX-01 CTX-09 CTX-10 */
    /* BREAKS: CTX-01 CTX-09 CTX-10 */
    ok &= AtaPortBuildRequestSenseIrb(channel, irb) == NULL;
    /* BREAKS: CTX-01 CTX-09 CTX-10 */
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_SUCCESS);
    AtaPortCompleteRequest(channel, irb);                /* BREAKS: CTX-01 CTX-09 CTX-10 */
    AtaPortDebugBreak(channel);                          /* BREAKS: CTX-01 CTX-09 CTX-10 */
    AtaPortDeviceBusy(channel, IDE_UNTAGGED, 0, 100000); /* BREAKS: CTX-01 CTX-09 CTX-10 */
    if (!is_build_io) {
        IDE_PHYSICAL_ADDRESS address;
        /* BREAKS: CTX-09 CTX-10 */
        address = AtaPortGetPhysicalAddress(channel, NULL, channel, &length);
        ok &= address.QuadPart == 0 && length == 0;
        ok &= AtaPortGetScatterGatherList(channel, irb) == NULL; /* BREAKS: CTX-09 CTX-10 */
        length = sizeof buffer;
    }
    /* BREAKS: CTX-01 CTX-09 CTX-10 */
    ok &= AtaPortGetUnCachedExtension(channel, 64, 0) == NULL;
    ok &= !AtaPortInitializeQueueTag(channel, 0, 0, 8); /* BREAKS: CTX-01 CTX-09 CTX-10 */
    AtaPortLogError(channel, &entry);                   /* BREAKS: CTX-01 CTX-09 CTX-10 */
    AtaPortDeviceRemoved(channel, 0);                   /* BREAKS: CTX-01 CTX-09 CTX-10 */
    ok &= !AtaPortRegistryAllocateBuffer(channel, 16);  /* BREAKS: CTX-01 CTX-09 CTX-10 */
    AtaPortRegistryFreeBuffer(channel, buffer);         /* BREAKS: CTX-01 CTX-09 CTX-10 */
    /* BREAKS: CTX-01 CTX-09 CTX-10 */
    ok &= !AtaPortRegistryChannelSubkeyRead(channel, 0, "a", IDE_REG_DWORD, buffer, &length);
    /* BREAKS: CTX-01 CTX-09 CTX-10 */
    ok &= !AtaPortRegistryChannelSubkeyWrite(channel, 0, "a", IDE_REG_DWORD, buffer, &length);
    /* BREAKS: CTX-01 CTX-09 CTX-10 */
    ok &= !WriteDeferred(channel, 0, "a", IDE_REG_DWORD, buffer, &length);
    AtaPortReleaseQueueTag(channel, 0, 0, 1);            /* BREAKS: CTX-01 CTX-09 CTX-10 */
    AtaPortReleaseRequestSenseIrb(channel, irb);         /* BREAKS: CTX-01 CTX-09 CTX-10 */
    ok &= !AtaPortRequestTimer(channel, never, 1);       /* BREAKS: CTX-01 CTX-09 CTX-10 */
    ok &= !AtaPortRequestWorkerRoutine(channel, never);  /* BREAKS: CTX-01 CTX-09 CTX-10 */
    ok &= !AtaPortControllerSyncRoutine(channel, never); /* BREAKS: CTX-01 CTX-09 CTX-10 */
    if (channel)                                         /* NULL is allowed there */
        /* BREAKS: CTX-01 CTX-09 CTX-10 */
        AtaPortTraceNotification(TraceNotification, channel, "a");
    return ok && buffer[0] == 1 && buffer[3] == 4;
}

/* ------------------------------------------------------------------ IdeHwBuildIo */

CASE ctx_build_io(struct occasion *at)
{
    probe_returned(are_refused(at->channel, at->irb, TRUE));
    return FALSE;
}

/* What takes no channel extension, or any. */
CASE ctx_build_io_others(struct occasion *at)
{
    PUCHAR port = at->channel->command_block + 1;
    PUSHORT port16 = (PUSHORT)(PVOID)port;
    PULONG port32 = (PULONG)(PVOID)port, register32 = &at->channel->table[1].address;
    PUCHAR register8 = (PUCHAR)register32;
    PUSHORT register16 = (PUSHORT)(PVOID)register32;
    IDE_PHYSICAL_ADDRESS address = {.QuadPart = 0x1F0};
    LARGE_INTEGER time = {.QuadPart = 5};
    ULONG bytes = 0x12345678, other = 0x9ABCDEF0;
    PUCHAR b = (PUCHAR)&bytes;
    BOOLEAN ok = TRUE;

    *register32 = 0x13579BDF;
    ok &= AtaPortConvertPhysicalAddressToUlong(address) == 0;       /* BREAKS: CTX-01 */
    AtaPortCopyMemory(&bytes, &other, sizeof bytes);                /* BREAKS: CTX-01 */
    AtaPortDebugPrint(0, "not to be printed\n");                    /* BREAKS: CTX-01 */
    ok &= AtaPortEtwTraceLog(0, 0, 0) == 0;                         /* BREAKS: CTX-01 */
    ok &= AtaPortGetBusData(at->controller, &bytes, 0, 4) == 0;     /* BREAKS: CTX-01 */
    ok &= AtaPortGetDeviceBase(at->controller, address, 0) == NULL; /* BREAKS: CTX-01 */
    ok &= AtaPortGetParentBusType(0) == 0;                          /* BREAKS: CTX-01 */
    AtaPortMoveMemory(&bytes, &other, sizeof bytes);                /* BREAKS: CTX-01 */
    AtaPortQuerySystemTime(&time);                                  /* BREAKS: CTX-01 */
    ok &= bytes == 0x12345678 && time.QuadPart == 5;
    ok &= AtaPortReadPortUchar(port) == 0xFF;         /* BREAKS: CTX-01 */
    ok &= AtaPortReadPortUshort(port16) == 0xFFFF;    /* BREAKS: CTX-01 */
    ok &= AtaPortReadPortUlong(port32) == 0xFFFFFFFF; /* BREAKS: CTX-01 */
    AtaPortReadPortBufferUchar(port, b, 1);           /* BREAKS: CTX-01 */
    ok &= bytes == 0x123456FF;
    AtaPortReadPortBufferUshort(port16, (PUSHORT)(PVOID)b, 1); /* BREAKS: CTX-01 */
    ok &= bytes == 0x1234FFFF;
    AtaPortReadPortBufferUlong(port32, &bytes, 1); /* BREAKS: CTX-01 */
    ok &= bytes == 0xFFFFFFFF;
    ok &= AtaPortReadRegisterUchar(register8) == 0xFF;        /* BREAKS: CTX-01 */
    ok &= AtaPortReadRegisterUshort(register16) == 0xFFFF;    /* BREAKS: CTX-01 */
    ok &= AtaPortReadRegisterUlong(register32) == 0xFFFFFFFF; /* BREAKS: CTX-01 */
    bytes = 0x12345678;
    AtaPortReadRegisterBufferUchar(register8, b, 1); /* BREAKS: CTX-01 */
    ok &= bytes == 0x123456FF;
    AtaPortReadRegisterBufferUshort(register16, (PUSHORT)(PVOID)b, 1); /* BREAKS: CTX-01 */
    ok &= bytes == 0x1234FFFF;
    AtaPortReadRegisterBufferUlong(register32, &bytes, 1); /* BREAKS: CTX-01 */
    ok &= bytes == 0xFFFFFFFF;
    ok &= AtaPortSetBusData(at->controller, &bytes, 0x3C, 1) == 0;      /* BREAKS: CTX-01 */
    AtaPortStallExecution(10);                                          /* BREAKS: CTX-01 */
    AtaPortWritePortUchar(port, 1);                                     /* BREAKS: CTX-01 */
    AtaPortWritePortUshort(port16, 1);                                  /* BREAKS: CTX-01 */
    AtaPortWritePortUlong(port32, 1);                                   /* BREAKS: CTX-01 */
    AtaPortWritePortBufferUchar(port, b, 1);                            /* BREAKS: CTX-01 */
    AtaPortWritePortBufferUshort(port16, (PUSHORT)(PVOID)b, 1);         /* BREAKS: CTX-01 */
    AtaPortWritePortBufferUlong(port32, &bytes, 1);                     /* BREAKS: CTX-01 */
    AtaPortWriteRegisterUchar(register8, 1);                            /* BREAKS: CTX-01 */
    AtaPortWriteRegisterUshort(register16, 1);                          /* BREAKS: CTX-01 */
    AtaPortWriteRegisterUlong(register32, 1);                           /* BREAKS: CTX-01 */
    AtaPortWriteRegisterBufferUchar(register8, b, 1);                   /* BREAKS: CTX-01 */
    AtaPortWriteRegisterBufferUshort(register16, (PUSHORT)(PVOID)b, 1); /* BREAKS: CTX-01 */
    AtaPortWriteRegisterBufferUlong(register32, &bytes, 1);             /* BREAKS: CTX-01 */
    probe_returned(ok && *register32 == 0x13579BDF);
    return FALSE;
}

static BOOLEAN synchronized_ran;

static VOID NTAPI synchronized(PVOID ChannelExtension)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    synchronized_ran = TRUE;
}

/* The three that other pages use here: noted, and they work. */
CASE ctx_build_io_noted(struct occasion *at)
{
    const IDE_SCATTER_GATHER_LIST *list = AtaPortGetScatterGatherList(at->channel, at->irb);
    ULONG length = 0;
    IDE_PHYSICAL_ADDRESS address =
        AtaPortGetPhysicalAddress(at->channel, NULL, at->channel->table, &length);
    BOOLEAN is_queued = AtaPortRequestSynchronizedRoutine(at->channel, synchronized);

    probe_returned(list && list->NumberOfElements && list->Elements[0].Length && is_queued &&
                   address.LowPart == at->channel->table_address);
    return FALSE;
}

/* ------------------------------------------------------------------ the uncached extension */

CASE ctx_uncached_in_init(struct occasion *at)
{
    PVOID memory = AtaPortGetUnCachedExtension(at->channel, 64, 0); /* BREAKS: CTX-03 */

    probe_returned((ULONG_PTR)memory);
    return FALSE;
}

CASE ctx_uncached_in_start_io(struct occasion *at)
{
    PVOID memory = AtaPortGetUnCachedExtension(at->channel, 64, 0); /* BREAKS: CTX-03 */

    probe_returned((ULONG_PTR)memory);
    return FALSE;
}

CASE ctx_uncached_in_stop(struct occasion *at)
{
    PVOID memory = AtaPortGetUnCachedExtension(at->channel, 64, 0); /* BREAKS: CTX-03 */

    probe_returned((ULONG_PTR)memory);
    return FALSE;
}

CASE ctx_uncached_twice(struct occasion *at)
{
    PVOID memory = AtaPortGetUnCachedExtension(at->channel, 64, 0); /* BREAKS: CTX-04 */

    probe_returned((ULONG_PTR)memory);
    return FALSE;
}

/* ------------------------------------------------------------------ IdeHwInterrupt */

/* The base completes the request a moment later, which would be once too often (IRB-01). */
CASE ctx_complete_all(struct occasion *at)
{
    /* BREAKS: CTX-05 */
    AtaPortCompleteAllActiveRequests(at->channel, 0, 0, IRB_STATUS_SUCCESS);
    return FALSE;
}

/* If the queue was paused, the next request would not come before the test is given up. */
CASE ctx_busy(struct occasion *at)
{
    AtaPortDeviceBusy(at->channel, 0, 0, 1000000); /* BREAKS: CTX-06 */
    return FALSE;
}

/* ------------------------------------------------------------------ stalls */

CASE ctx_stall(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    AtaPortStallExecution(999);
    AtaPortStallExecution(1); /* BREAKS: CTX-07 */
    return FALSE;
}

/* Two calls of 600 us each, one after the other, are none of it; inside another they are. */
static BOOLEAN timer_ran;

static __attribute__((noipa)) VOID NTAPI ctx_stall_inside_timer(PVOID ChannelExtension)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    AtaPortStallExecution(600); /* BREAKS: CTX-07 */
    timer_ran = TRUE;
}

CASE ctx_stall_inside(struct occasion *at)
{
    timer_ran = FALSE;
    AtaPortStallExecution(600);
    AtaPortRequestTimer(at->channel, ctx_stall_inside_timer, 1);
    for (ULONG looks = 0; looks < 1000000 && !*(volatile BOOLEAN *)&timer_ran; looks++)
        AtaPortReadPortUchar(at->channel->device_control);
    return FALSE;
}

/* ------------------------------------------------------------------ dump mode */

CASE ctx_dump_mode(struct occasion *at)
{
    PVOID channel = at->channel;
    UCHAR buffer[4] = {1, 2, 3, 4};
    ULONG length = sizeof buffer;
    BOOLEAN ok = TRUE;

    ok &= AtaPortRegistryAllocateBuffer(channel, 16) == NULL; /* BREAKS: CTX-08 */
    AtaPortRegistryFreeBuffer(channel, buffer);               /* BREAKS: CTX-08 */
    /* BREAKS: CTX-08 */
    ok &= !AtaPortRegistryChannelSubkeyRead(channel, 0, "a", IDE_REG_DWORD, buffer, &length);
    /* BREAKS: CTX-08 */
    ok &= !AtaPortRegistryChannelSubkeyWrite(channel, 0, "a", IDE_REG_DWORD, buffer, &length);
    /* BREAKS: CTX-08 */
    ok &= !WriteDeferred(channel, 0, "a", IDE_REG_DWORD, buffer, &length);
    probe_returned(ok && buffer[0] == 1);
    return FALSE;
}

/* Callbacks may be asked for: the answer says that it is time to poll. From AtaChannelInitRoutine on. */
static BOOLEAN no_callbacks(PVOID channel)
{
    return !AtaPortRequestTimer(channel, never, 1) &&
           !AtaPortRequestWorkerRoutine(channel, never) &&
           !AtaPortRequestSynchronizedRoutine(channel, never) &&
           !AtaPortControllerSyncRoutine(channel, never);
}

CASE ctx_dump_callbacks_started(struct occasion *at)
{
    probe_returned(no_callbacks(at->channel));
    return FALSE;
}

CASE ctx_dump_callbacks(struct occasion *at)
{
    static const struct probe_case started = {"ctx_dump_callbacks", AT_START_IO, 1,
                                              ctx_dump_callbacks_started};

    if (!no_callbacks(at->channel))
        return FALSE;
    at->channel->armed = &started;
    at->channel->occasions_left = 1;
    return FALSE;
}

/* ------------------------------------------------------------------ extensions */

CASE ctx_controller_extension(struct occasion *at)
{
    probe_returned(are_refused(at->controller, at->irb, FALSE));
    return FALSE;
}

CASE ctx_channel_extension(struct occasion *at)
{
    ULONG bytes = 0x12345678;
    BOOLEAN ok = TRUE;

    ok &= AtaPortGetBusData(at->channel, &bytes, 0, 4) == 0;    /* BREAKS: CTX-09 */
    ok &= AtaPortSetBusData(at->channel, &bytes, 0x3C, 1) == 0; /* BREAKS: CTX-09 */
    probe_returned(ok && bytes == 0x12345678);
    return FALSE;
}

CASE ctx_no_extension(struct occasion *at)
{
    probe_returned(are_refused((PUCHAR)at->channel + 8, at->irb, FALSE));
    return FALSE;
}

/* Of all routines: the controller's take none, either. */
CASE ctx_null(struct occasion *at)
{
    IDE_PHYSICAL_ADDRESS address = {.QuadPart = 0x1F0};
    ULONG bytes = 0x12345678;
    BOOLEAN ok = TRUE;

    ok &= are_refused(NULL, at->irb, FALSE);
    ok &= AtaPortGetBusData(NULL, &bytes, 0, 4) == 0;     /* BREAKS: CTX-10 */
    ok &= AtaPortGetDeviceBase(NULL, address, 0) == NULL; /* BREAKS: CTX-10 */
    ok &= AtaPortSetBusData(NULL, &bytes, 0x3C, 1) == 0;  /* BREAKS: CTX-10 */
    probe_returned(ok && bytes == 0x12345678);
    return FALSE;
}

/* The controller was stopped and is started again; its second channel has no extension yet. */
CASE ctx_stopped_controller(struct occasion *at)
{
    probe_returned(are_refused(probe_latest[1], at->irb, FALSE));
    return FALSE;
}

/* The other channel is stopped, but not its controller: its extension is live. */
CASE ctx_stopped_channel(struct occasion *at)
{
    struct probe_controller *controller = at->controller;
    PVOID other = controller->channels[!at->channel->number];
    ULONG length = 0;

    AtaPortDeviceReady(other, IDE_UNTAGGED, 0);
    AtaPortBusChangeDetected(other);
    probe_returned(AtaPortInitializeQueueTag(other, IDE_UNTAGGED, 0, 1) &&
                   AtaPortAllocateQueueTag(other, IDE_UNTAGGED, 0) == 1 &&
                   AtaPortGetPhysicalAddress(other, NULL, other, &length).QuadPart != 0);
    return FALSE;
}

/* What another channel asked for, this one cannot have in its stead. */
CASE ctx_uncached_for_other(struct occasion *at)
{
    struct probe_controller *controller = at->controller;
    PVOID memory;

    /* BREAKS: CTX-03 */
    memory = AtaPortGetUnCachedExtension(controller->channels[!at->channel->number], 64, 0);
    probe_returned((ULONG_PTR)memory);
    return FALSE;
}

const struct probe_case ctx_cases[] = {
    {"ctx_build_io", AT_BUILD_IO, 2, ctx_build_io},
    {"ctx_build_io_others", AT_BUILD_IO, 1, ctx_build_io_others},
    {"ctx_build_io_noted", AT_BUILD_IO, 1, ctx_build_io_noted},
    {"ctx_uncached_in_init", AT_CHANNEL_INIT, 1, ctx_uncached_in_init},
    {"ctx_uncached_in_start_io", AT_START_IO, 2, ctx_uncached_in_start_io},
    {"ctx_uncached_in_stop", AT_STOP, 1, ctx_uncached_in_stop},
    {"ctx_uncached_twice", AT_START, 1, ctx_uncached_twice},
    {"ctx_complete_all", AT_INTERRUPT, 1, ctx_complete_all},
    {"ctx_busy", AT_INTERRUPT, 2, ctx_busy},
    {"ctx_stall", AT_START_IO, 1, ctx_stall},
    {"ctx_stall_inside", AT_START, 1, ctx_stall_inside},
    {"ctx_dump_mode", AT_START, 1, ctx_dump_mode},
    {"ctx_dump_callbacks", AT_CHANNEL_INIT, 1, ctx_dump_callbacks},
    {"ctx_controller_extension", AT_START_IO, 1, ctx_controller_extension},
    {"ctx_channel_extension", AT_WORKER, 1, ctx_channel_extension},
    {"ctx_no_extension", AT_INTERRUPT, 1, ctx_no_extension},
    {"ctx_null", AT_START_IO, 1, ctx_null},
    {"ctx_stopped_controller", AT_CHANNEL_INIT, 1, ctx_stopped_controller},
    {"ctx_stopped_channel", AT_START_IO, 1, ctx_stopped_channel},
    {"ctx_uncached_for_other", AT_START, 1, ctx_uncached_for_other},
    {NULL, 0, 0, NULL},
};
