/* SPDX-License-Identifier: MIT */
/* MEM-03: routines that are handed to the port, and are none of the driver. */
#include "cases.h"

/* No code: data, at an address that its kind of section has; constant data; the port's own routine; nothing. */
static ULONG data[8];
static const ULONG constants[8] = {0xC3C3C3C3};

/* The port's routine itself, and not the jump to it that the linker makes in the driver. */
#if defined(__i386__)
#define PORT_ROUTINE(name) _imp__##name
#else
#define PORT_ROUTINE(name) __imp_##name
#endif
extern PVOID const PORT_ROUTINE(AtaPortStallExecution), PORT_ROUTINE(AtaPortCompleteRequest);

#define ROUTINE(type, where) ((type)(ULONG_PTR)(where))

/* Hands the interface over as it is now. */
#define HAND_OVER(entry)                              \
    ((entry)->status = (NTSTATUS)AtaPortInitializeEx( \
         (entry)->driver_object, (entry)->registry_path, &(entry)->controller_interface))

CASE given_adapter_control(struct occasion *at)
{
    at->entry->controller_interface.AtaAdapterControl = ROUTINE(IDE_ADAPTER_CONTROL, data);
    HAND_OVER(at->entry); /* BREAKS: MEM-03 */
    probe_returned((ULONG)at->entry->status);
    return TRUE;
}

CASE given_channel_init(struct occasion *at)
{
    at->entry->controller_interface.AtaChannelInitRoutine = ROUTINE(IDE_CHANNEL_INIT, constants);
    HAND_OVER(at->entry); /* BREAKS: MEM-03 */
    probe_returned((ULONG)at->entry->status);
    return TRUE;
}

CASE given_channel_enabled(struct occasion *at)
{
    at->entry->controller_interface.AtaControllerChannelEnabled =
        ROUTINE(IDE_CHANNEL_ENABLED, PORT_ROUTINE(AtaPortStallExecution));
    HAND_OVER(at->entry); /* BREAKS: MEM-03 */
    probe_returned((ULONG)at->entry->status);
    return TRUE;
}

CASE given_mode_select(struct occasion *at)
{
    at->entry->controller_interface.AtaControllerTransferModeSelect =
        ROUTINE(IDE_TRANSFER_MODE_SELECT, 0x1234);
    HAND_OVER(at->entry); /* BREAKS: MEM-03 */
    probe_returned((ULONG)at->entry->status);
    return TRUE;
}

/* What is not there is not looked at: AtaControllerChannelEnabled and IdeHwBuildIo are optional. */
CASE given_none(struct occasion *at)
{
    at->channel_interface->IdeHwBuildIo = NULL;
    return FALSE;
}

/* The rule is judged when AtaChannelInitRoutine has returned. */
#define MEMBER(name, type, where)                             \
    CASE given_##name(struct occasion *at)                    \
    {                                                         \
        at->channel_interface->name = ROUTINE(type, (where)); \
        return FALSE;                                         \
    }

MEMBER(IdeHwInitialize, IDE_HW_INITIALIZE, data)
MEMBER(IdeHwBuildIo, IDE_HW_BUILDIO, constants)
MEMBER(IdeHwStartIo, IDE_HW_STARTIO, PORT_ROUTINE(AtaPortCompleteRequest))
MEMBER(IdeHwInterrupt, IDE_HW_INTERRUPT, ~(ULONG_PTR)0)
MEMBER(IdeHwReset, IDE_HW_RESET, at->channel)
MEMBER(IdeHwControl, IDE_HW_CONTROL, 1)

CASE given_timer(struct occasion *at)
{
    /* BREAKS: MEM-03 */
    BOOLEAN is_queued = AtaPortRequestTimer(at->channel, ROUTINE(IDE_HW_DPC, data), 1);

    probe_returned(is_queued);
    return FALSE;
}

CASE given_worker(struct occasion *at)
{
    IDE_HW_DPC routine = ROUTINE(IDE_HW_DPC, PORT_ROUTINE(AtaPortStallExecution));
    BOOLEAN is_queued = AtaPortRequestWorkerRoutine(at->channel, routine); /* BREAKS: MEM-03 */

    probe_returned(is_queued);
    return FALSE;
}

CASE given_synchronized(struct occasion *at)
{
    IDE_HW_DPC routine = ROUTINE(IDE_HW_DPC, at->channel);
    BOOLEAN is_queued =
        AtaPortRequestSynchronizedRoutine(at->channel, routine); /* BREAKS: MEM-03 */

    probe_returned(is_queued);
    return FALSE;
}

CASE given_controller_sync(struct occasion *at)
{
    IDE_HW_DPC routine = ROUTINE(IDE_HW_DPC, 8);
    /* BREAKS: MEM-03 */
    BOOLEAN is_queued = AtaPortControllerSyncRoutine(at->channel, routine);

    probe_returned(is_queued);
    return FALSE;
}

const struct probe_case given_cases[] = {
    {"given_adapter_control", AT_DRIVER_ENTRY, 1, given_adapter_control},
    {"given_channel_init", AT_DRIVER_ENTRY, 1, given_channel_init},
    {"given_channel_enabled", AT_DRIVER_ENTRY, 1, given_channel_enabled},
    {"given_mode_select", AT_DRIVER_ENTRY, 1, given_mode_select},
    {"given_none", AT_CHANNEL_INIT, 1, given_none},
    {"given_IdeHwInitialize", AT_CHANNEL_INIT, 1, given_IdeHwInitialize},
    {"given_IdeHwBuildIo", AT_CHANNEL_INIT, 1, given_IdeHwBuildIo},
    {"given_IdeHwStartIo", AT_CHANNEL_INIT, 1, given_IdeHwStartIo},
    {"given_IdeHwInterrupt", AT_CHANNEL_INIT, 1, given_IdeHwInterrupt},
    {"given_IdeHwReset", AT_CHANNEL_INIT, 1, given_IdeHwReset},
    {"given_IdeHwControl", AT_CHANNEL_INIT, 1, given_IdeHwControl},
    {"given_timer", AT_START, 1, given_timer},
    {"given_worker", AT_INTERRUPT, 1, given_worker},
    {"given_synchronized", AT_START_IO, 1, given_synchronized},
    {"given_controller_sync", AT_TIMER, 1, given_controller_sync},
    {NULL, 0, 0, NULL},
};
