/* SPDX-License-Identifier: MIT */
/* DBG-01, CTX-11, CTX-12 and INI-13: single rules of routines. */
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

/* ------------------------------------------------------------------ IdeHwBuildIo */

static ULONG builds;

static BOOLEAN NTAPI other_build_io_writes(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct probe_channel *channel = ChannelExtension;

    if (channel->number == 0 && ++builds == 5)
        channel->reset_looks = 0; /* BREAKS: CTX-11 */
    return ProbeBuildIo(ChannelExtension, Irb);
}

CASE other_build_io(struct occasion *at)
{
    builds = 0;
    at->channel_interface->IdeHwBuildIo = other_build_io_writes;
    return FALSE;
}

/* The same is nobody's business without the option. */
CASE other_build_io_free(struct occasion *at)
{
    probe_returned(0);
    return other_build_io(at);
}

/* ------------------------------------------------------------------ versions, by the driver's name */

CASE other_version_controller(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    probe_takes_any_version = TRUE;
    return FALSE;
}

CASE other_version_interface(struct occasion *at)
{
    return other_version_controller(at);
}

CASE other_version_channel(struct occasion *at)
{
    return other_version_controller(at);
}

CASE other_version_device(struct occasion *at)
{
    return other_version_controller(at);
}

const struct probe_case other_cases[] = {
    {"other_level", AT_START, 1, other_level},
    {"other_dump_memory", AT_CHANNEL_INIT, 1, other_dump_memory},
    {"other_build_io", AT_CHANNEL_INIT, 1, other_build_io},
    {"other_build_io_free", AT_CHANNEL_INIT, 1, other_build_io_free},
    {"other_version_controller", AT_DRIVER_ENTRY, 1, other_version_controller},
    {"other_version_interface", AT_DRIVER_ENTRY, 1, other_version_interface},
    {"other_version_channel", AT_DRIVER_ENTRY, 1, other_version_channel},
    {"other_version_device", AT_DRIVER_ENTRY, 1, other_version_device},
    {NULL, 0, 0, NULL},
};
