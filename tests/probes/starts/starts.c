/* SPDX-License-Identifier: MIT */
/*
 * Cases of what may go wrong when a driver, a controller, a channel or a device starts or stops, and
 * of the limits that a driver may choose. No rule is broken: drivers are free to fail.
 *
 * Cases of the driver and the controller, and `silent`, are chosen by the driver's name, the others by
 * `Break` (tests/probes/base/base.h). What fails does so on the first channel, target 0.
 */
#include "base.h"

/* ------------------------------------------------------------------ the driver */

CASE entry_fails(struct occasion *at)
{
    at->entry->status = STATUS_INVALID_DEVICE_REQUEST;
    return TRUE;
}

CASE entry_forgets(struct occasion *at)
{
    at->entry->status = STATUS_SUCCESS; /* and nothing was registered */
    return TRUE;
}

/* ------------------------------------------------------------------ the controller */

static BOOLEAN NTAPI adapter_control_fails(PVOID controller, IDE_CONTROL_ACTION action,
                                           PVOID parameters)
{
    ProbeAdapterControl(controller, action, parameters);
    return FALSE;
}

CASE adapter_fails(struct occasion *at)
{
    at->entry->controller_interface.AtaAdapterControl = adapter_control_fails;
    return FALSE;
}

static BOOLEAN NTAPI adapter_stop_fails_control(PVOID controller, IDE_CONTROL_ACTION action,
                                                PVOID parameters)
{
    return ProbeAdapterControl(controller, action, parameters) && action != IdeStop;
}

CASE adapter_stop_fails(struct occasion *at)
{
    at->entry->controller_interface.AtaAdapterControl = adapter_stop_fails_control;
    return FALSE;
}

static BOOLEAN NTAPI channel_init_refuses(PVOID channel, PIDE_CHANNEL_INTERFACE channel_interface,
                                          PVOID controller)
{
    return channel_interface->ChannelNumber != 0 &&
           ProbeChannelInit(channel, channel_interface, controller);
}

CASE channel_init_fails(struct occasion *at)
{
    at->entry->controller_interface.AtaChannelInitRoutine = channel_init_refuses;
    return FALSE;
}

/* Many channels: of the first six the second is the only one that is there and has registers. */
static ATA_CHANNEL_STATE NTAPI sparse_enabled(PVOID controller, ULONG channel)
{
    static const ATA_CHANNEL_STATE states[] = {ChannelStateDisabled, ChannelStateEnabled,
                                               ChannelStateDisabled, ChannelStateUnKnown,
                                               ChannelStateDisabled, ChannelStateDisabled};
    UNREFERENCED_PARAMETER(controller);
    return channel < RTL_NUMBER_OF(states) ? states[channel] : ChannelStateDisabled;
}

static BOOLEAN NTAPI sparse_control(PVOID controller, IDE_CONTROL_ACTION action, PVOID parameters)
{
    BOOLEAN result = ProbeAdapterControl(controller, action, parameters);

    if (action == IdeStart)
        ((PIDE_CONTROLLER_CONFIGURATION)parameters)->NumberOfChannels = 6;
    return result;
}

/* The base has room for two channels of a controller. */
static BOOLEAN NTAPI sparse_init(PVOID channel, PIDE_CHANNEL_INTERFACE channel_interface,
                                 PVOID controller)
{
    AtaPortDebugPrint(0, "AtaChannelInitRoutine of channel %u\n", channel_interface->ChannelNumber);
    return channel_interface->ChannelNumber < MAX_IDE_DEVICE &&
           ProbeChannelInit(channel, channel_interface, controller);
}

CASE sparse(struct occasion *at)
{
    at->entry->controller_interface.AtaControllerChannelEnabled = sparse_enabled;
    at->entry->controller_interface.AtaAdapterControl = sparse_control;
    at->entry->controller_interface.AtaChannelInitRoutine = sparse_init;
    return FALSE;
}

/* A state that the enumeration does not have counts as unknown: there may be a channel. */
static ATA_CHANNEL_STATE NTAPI odd_enabled(PVOID controller, ULONG channel)
{
    UNREFERENCED_PARAMETER(controller);
    UNREFERENCED_PARAMETER(channel);
    return (ATA_CHANNEL_STATE)7;
}

CASE odd_state(struct occasion *at)
{
    at->entry->controller_interface.AtaControllerChannelEnabled = odd_enabled;
    return FALSE;
}

CASE no_state(struct occasion *at)
{
    at->entry->controller_interface.AtaControllerChannelEnabled = NULL;
    return FALSE;
}

/* ------------------------------------------------------------------ the controller's limits */

CASE one_sector(struct occasion *at)
{
    at->configuration->MaximumTransferLength = 512;
    at->configuration->NumberOfPhysicalBreaks = 0;
    return FALSE;
}

CASE half_a_sector(struct occasion *at)
{
    at->configuration->MaximumTransferLength = 256;
    return FALSE;
}

static BOOLEAN NTAPI many_control(PVOID controller, IDE_CONTROL_ACTION action, PVOID parameters)
{
    BOOLEAN result = ProbeAdapterControl(controller, action, parameters);

    if (action == IdeStart)
        ((PIDE_CONTROLLER_CONFIGURATION)parameters)->NumberOfChannels = 255;
    return result;
}

CASE no_channels(struct occasion *at)
{
    at->configuration->NumberOfChannels = 0;
    return FALSE;
}

CASE many_channels(struct occasion *at)
{
    sparse(at);
    at->entry->controller_interface.AtaAdapterControl = many_control;
    return FALSE;
}

/* ------------------------------------------------------------------ a channel */

static BOOLEAN NTAPI start_refuses(PVOID channel, IDE_CONTROL_ACTION action, PVOID parameters)
{
    ProbeControl(channel, action, parameters);
    return FALSE;
}

CASE start_fails(struct occasion *at)
{
    at->channel_interface->IdeHwControl = start_refuses;
    return FALSE;
}

static BOOLEAN NTAPI stop_refuses(PVOID channel, IDE_CONTROL_ACTION action, PVOID parameters)
{
    return ProbeControl(channel, action, parameters) && action != IdeStop;
}

CASE stop_fails(struct occasion *at)
{
    at->channel_interface->IdeHwControl = stop_refuses;
    return FALSE;
}

CASE targets_255(struct occasion *at)
{
    at->start->MaxTargetId = 255;
    return FALSE;
}

/* Takes every request and never completes one, not even as part of a reset. */
static BOOLEAN NTAPI silent_start_io(PVOID channel, PIDE_REQUEST_BLOCK irb)
{
    UNREFERENCED_PARAMETER(channel);
    UNREFERENCED_PARAMETER(irb);
    return TRUE;
}

static BOOLEAN NTAPI silent_reset(PVOID channel)
{
    AtaPortCompleteAllActiveRequests(channel, 0xFF, 0xFF, IRB_STATUS_BUS_RESET);
    return TRUE;
}

CASE silent(struct occasion *at)
{
    at->channel_interface->IdeHwStartIo = silent_start_io;
    at->channel_interface->IdeHwReset = silent_reset;
    return FALSE;
}

/* ------------------------------------------------------------------ a device */

static BOOLEAN NTAPI initialize_refuses(PVOID channel, PIDE_DEVICE_PARAMETERS parameters,
                                        PIDENTIFY_DEVICE_DATA data)
{
    return parameters->TargetId != 0 && ProbeInitialize(channel, parameters, data);
}

CASE initialize_fails(struct occasion *at)
{
    at->channel_interface->IdeHwInitialize = initialize_refuses;
    return FALSE;
}

/* As many at once as a byte can say (with Overlapped 255); the base keeps them until it is their
 * turn. */
static BOOLEAN NTAPI initialize_255(PVOID channel, PIDE_DEVICE_PARAMETERS parameters,
                                    PIDENTIFY_DEVICE_DATA data)
{
    parameters->NumberOfOverlappedRequests = 255;
    return ProbeInitialize(channel, parameters, data);
}

CASE device_255(struct occasion *at)
{
    at->channel_interface->IdeHwInitialize = initialize_255;
    return FALSE;
}

static const struct probe_case starts_cases[] = {
    {"entry_fails", AT_DRIVER_ENTRY, 1, entry_fails},
    {"entry_forgets", AT_DRIVER_ENTRY, 1, entry_forgets},
    {"adapter_fails", AT_DRIVER_ENTRY, 1, adapter_fails},
    {"adapter_stop_fails", AT_DRIVER_ENTRY, 1, adapter_stop_fails},
    {"channel_init_fails", AT_DRIVER_ENTRY, 1, channel_init_fails},
    {"sparse", AT_DRIVER_ENTRY, 1, sparse},
    {"odd_state", AT_DRIVER_ENTRY, 1, odd_state},
    {"no_state", AT_DRIVER_ENTRY, 1, no_state},
    {"one_sector", AT_ADAPTER_START, 1, one_sector},
    {"half_a_sector", AT_ADAPTER_START, 1, half_a_sector},
    {"many_channels", AT_DRIVER_ENTRY, 1, many_channels},
    {"no_channels", AT_ADAPTER_START, 1, no_channels},
    {"start_fails", AT_CHANNEL_INIT, 1, start_fails},
    {"stop_fails", AT_CHANNEL_INIT, 1, stop_fails},
    {"targets_255", AT_START, 1, targets_255},
    {"silent", AT_CHANNEL_INIT, 1, silent},
    {"initialize_fails", AT_CHANNEL_INIT, 1, initialize_fails},
    {"device_255", AT_CHANNEL_INIT, 1, device_255},
    {NULL, 0, 0, NULL},
};

const struct probe_case *const probe_cases[] = {starts_cases, NULL};
