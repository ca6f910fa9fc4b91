/* SPDX-License-Identifier: MIT */
/* DBG-01 and CTX-12: single rules of routines. */
#include "cases.h"

CASE other_level(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    AtaPortDebugPrint(4, "a level that there is not\n"); /* BREAKS: DBG-01 */
    return FALSE;
}

static BOOLEAN NTAPI other_dump_memory_control(PVOID ChannelExtension,
                                               IDE_CONTROL_ACTION ControlAction, PVOID Parameters)
{
    PVOID memory;

    if (ControlAction == IdeStart) {
        memory = AtaPortGetUnCachedExtension(ChannelExtension, 0x8001, 0); /* BREAKS: CTX-12 */
        probe_returned((ULONG_PTR)memory);
    }
    return ProbeControl(ChannelExtension, ControlAction, Parameters);
}

CASE other_dump_memory(struct occasion *at)
{
    at->channel_interface->IdeHwControl = other_dump_memory_control;
    return FALSE;
}

const struct probe_case other_cases[] = {
    {"other_level", AT_START, 1, other_level},
    {"other_dump_memory", AT_CHANNEL_INIT, 1, other_dump_memory},
    {NULL, 0, 0, NULL},
};
