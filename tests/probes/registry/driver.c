/* SPDX-License-Identifier: MIT */
/*
 * The probe introduces itself, and its channels come and go: the script of probe.h.
 * Entered at PASSIVE_LEVEL.
 */
#include "probe.h"

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);

struct probe_channel *probe_channels[MAX_IDE_DEVICE];

static ULONG starts[MAX_IDE_DEVICE], stops[MAX_IDE_DEVICE];
static ULONG no_buffer; /* for callers that have none */

/* ------------------------------------------------------------------ channels */

static void map_registers(struct probe_channel *channel, const IDE_MINIPORT_RESOURCES *resources)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];
        PUCHAR base = AtaPortGetDeviceBase(channel, range->RangeStart, range->RangeLength);

        if (range->Bar == 0)
            channel->command_block = base;
        else if (range->Bar == 1)
            channel->device_control = base;
    }
}

static void start_first_channel(struct probe_channel *channel, ULONG start)
{
    channel->is_enumerating = channel->build_io_wanted = channel->start_io_wanted =
        channel->interrupt_wanted = channel->hold_wanted = start <= 2;
    if (start == 1) {
        buffer_cases(channel);
        value_cases(channel);
        deferred_cases(channel);
        dump_mode(channel);
        channel->buffer = AtaPortRegistryAllocateBuffer(channel, ARENA_BYTES);
    } else if (start == 2) {
        other_channels_buffer(channel);
        build_io_begin(channel);
    }
}

static void start_second_channel(struct probe_channel *channel, ULONG start)
{
    if (start == 1) {
        exhausted(channel);
        in_other_channels_start(probe_channels[0], probe_channels[0]->buffer);
        build_io_begin(probe_channels[0]); /* requests come when both channels have started */
    } else if (start == 2) {
        left_behind_end(channel);
        never_freed(channel);
    } else if (start == 3) {
        never_freed_end(channel);
        channel->buffer = AtaPortRegistryAllocateBuffer(channel, PAGE_BYTES);
    }
}

static BOOLEAN start_channel(struct probe_channel *channel,
                             PIDE_CHANNEL_CONFIGURATION configuration)
{
    ULONG start = ++starts[channel->number];

    configuration->SyncWithIsr = TRUE;
    configuration->SupportsWmi = TRUE;
    channel->configuration = configuration;
    if (channel->number == 0) {
        map_registers(channel, configuration->ChannelResources);
        start_first_channel(channel, start);
    } else {
        start_second_channel(channel, start);
    }
    channel->configuration = NULL;
    return TRUE;
}

static BOOLEAN stop_channel(struct probe_channel *channel)
{
    ULONG stop = ++stops[channel->number];

    if (channel->number == 0 && stop == 1)
        in_stop(channel);
    else if (channel->number == 1 && stop == 1)
        left_behind(channel);
    else if (channel->buffer)
        AtaPortRegistryFreeBuffer(channel, channel->buffer);
    channel->buffer = NULL;
    return TRUE;
}

static BOOLEAN NTAPI ProbeControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                                  PVOID Parameters)
{
    switch (ControlAction) {
    case IdeStart:
        return start_channel(ChannelExtension, Parameters);
    case IdeStop:
        return stop_channel(ChannelExtension);
    case IdePowerUp:
    case IdePowerDown:
    case IdeVendorDefined:
        break;
    }
    return TRUE;
}

static BOOLEAN NTAPI ProbeChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                                      PVOID InitContext)
{
    struct probe_channel *channel = ChannelExtension;

    channel->controller = InitContext;
    channel->number = Interface->ChannelNumber;
    probe_channels[channel->number] = channel;
    Interface->IdeHwInitialize = ProbeInitialize;
    Interface->IdeHwBuildIo = ProbeBuildIo;
    Interface->IdeHwStartIo = ProbeStartIo;
    Interface->IdeHwInterrupt = ProbeInterrupt;
    Interface->IdeHwReset = ProbeReset;
    Interface->IdeHwControl = ProbeControl;
    if (channel->number == 0 && starts[0] == 0) {
        in_channel_init(channel);
    } else if (channel->number == 1 && starts[1] == 0) {
        exhausted_in_channel_init(channel);
        in_other_channels_init(probe_channels[0], probe_channels[0]->buffer);
    }
    return TRUE;
}

/* ------------------------------------------------------------------ the controller */

static ATA_CHANNEL_STATE NTAPI ProbeChannelEnabled(PVOID ControllerExtension, ULONG Channel)
{
    if (Channel == 0)
        in_channel_enabled(ControllerExtension, (PUCHAR)&no_buffer);
    return ChannelStateEnabled;
}

/* PIO 0 for those that exist. The port serves the first channel's devices only. */
static BOOLEAN NTAPI ProbeTransferModeSelect(PVOID ControllerExtension,
                                             PIDE_TRANSFER_MODE_PARAMETERS TransferModeSelect)
{
    struct probe_channel *channel = probe_channels[TransferModeSelect->ChannelNumber];

    if (channel->is_enumerating) {
        context_run(channel, channel, MODE_SELECT);
        context_run(channel, ControllerExtension, MODE_SELECT_CONTROLLER);
    }
    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++)
        TransferModeSelect->DeviceTransferModeSelected[target] =
            TransferModeSelect->DeviceType[target] == DeviceNotExist ? 0 : PIO_MODE0;
    return TRUE;
}

static BOOLEAN NTAPI ProbeAdapterControl(PVOID ControllerExtension,
                                         IDE_CONTROL_ACTION ControlAction, PVOID Parameters)
{
    UNREFERENCED_PARAMETER(Parameters);
    if (ControlAction == IdeStart)
        in_adapter_control(ControllerExtension, (PUCHAR)&no_buffer);
    else if (ControlAction == IdeStop)
        in_adapter_control_stop(probe_channels[0], (PUCHAR)&no_buffer);
    return TRUE;
}

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    IDE_CONTROLLER_INTERFACE controller_interface = {
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .ControllerExtensionSize = sizeof(struct probe_controller),
        .ChannelExtensionSize = sizeof(struct probe_channel),
        .AtaChannelInitRoutine = ProbeChannelInit,
        .AtaControllerChannelEnabled = ProbeChannelEnabled,
        .AtaControllerTransferModeSelect = ProbeTransferModeSelect,
        .AtaAdapterControl = ProbeAdapterControl,
    };

    in_driver_entry(NULL, (PUCHAR)&no_buffer);
    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface);
}
