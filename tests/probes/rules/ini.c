/* SPDX-License-Identifier: MIT */
/* INI: what a driver says of itself, of its channels and of its devices. */
#include "cases.h"

/* ------------------------------------------------------------------ AtaPortInitializeEx */

CASE ini_version(struct occasion *at)
{
    struct probe_entry *entry = at->entry;

    entry->controller_interface.Version--;
    /* BREAKS: INI-01 */
    entry->status = (NTSTATUS)AtaPortInitializeEx(entry->driver_object, entry->registry_path,
                                                  &entry->controller_interface);
    probe_returned((ULONG)entry->status);
    return TRUE;
}

/* ------------------------------------------------------------------ IdeHwControl(IdeStart) */

static BOOLEAN NTAPI ini_no_sync_control(PVOID channel,
                                         IDE_CONTROL_ACTION action, /* BREAKS: INI-05 */
                                         PVOID parameters)
{
    BOOLEAN result = ProbeControl(channel, action, parameters);

    if (action == IdeStart)
        ((PIDE_CHANNEL_CONFIGURATION)parameters)->SyncWithIsr = FALSE;
    return result;
}

CASE ini_no_sync(struct occasion *at)
{
    at->channel_interface->IdeHwControl = ini_no_sync_control;
    return FALSE;
}

const struct probe_case ini_cases[] = {
    {"ini_version", AT_DRIVER_ENTRY, 1, ini_version},
    {"ini_no_sync", AT_CHANNEL_INIT, 1, ini_no_sync},
    {NULL, 0, 0, NULL},
};
