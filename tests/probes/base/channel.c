/* SPDX-License-Identifier: MIT */
/*
 * A channel comes and goes: its settings, its registers, its memory.
 * Entered at PASSIVE_LEVEL, but for the callbacks that a case asked for.
 */
#include "base.h"

#define BUFFER_BYTES      4096
#define BAR_OF_BLOCK(bar) ((bar) & ~2u) /* 2 and 3 are the second channel's 0 and 1 */

struct probe_channel *probe_latest[MAX_IDE_DEVICE];

/* ------------------------------------------------------------------ settings */

static ULONG read_number(struct probe_channel *channel, PUCHAR buffer, PCHAR name, ULONG otherwise)
{
    ULONG length = sizeof(ULONG);

    if (!AtaPortRegistryChannelSubkeyRead(channel, channel->controller->number, name, IDE_REG_DWORD,
                                          buffer, &length))
        return otherwise;
    return *(PULONG)(PVOID)buffer;
}

/* The word of `Break` for this start: the case of that name, or NULL. `length` is in characters. */
static const struct probe_case *word_of(const WCHAR *text, ULONG length, ULONG start)
{
    ULONG begin = 0, end = 0;

    for (ULONG word = 0; word < start; word++) {
        for (begin = end; begin < length && text[begin] == ' ';)
            begin++;
        for (end = begin; end < length && text[end] != ' ';)
            end++;
    }
    return probe_find_case(text + begin, end - begin);
}

/* In dump mode there is no registry; only the driver's name can say what to break then. */
static void read_settings(struct probe_channel *channel)
{
    static ULONG starts[MAX_IDE_DEVICE];
    ULONG length = BUFFER_BYTES;
    PUCHAR buffer;

    channel->is_read = TRUE;
    channel->armed = NULL;
    channel->dma_allowed = TRUE;
    channel->overlapped = 1;
    starts[channel->number]++;
    if (channel->controller->is_dump)
        return;
    buffer = AtaPortRegistryAllocateBuffer(channel, BUFFER_BYTES);
    if (!buffer)
        return;
    if (AtaPortRegistryChannelSubkeyRead(channel, channel->controller->number, "Break", IDE_REG_SZ,
                                         buffer, &length))
        channel->armed = word_of((const WCHAR *)(PVOID)buffer, length / sizeof(WCHAR) - 1,
                                 starts[channel->number]);
    channel->dma_allowed = read_number(channel, buffer, "DmaAllowed", 1) != 0;
    channel->overlapped = read_number(channel, buffer, "Overlapped", 1);
    channel->irb_extension_bytes = read_number(channel, buffer, "IrbExtension", 0);
    AtaPortRegistryFreeBuffer(channel, buffer);
    if (channel->armed)
        channel->occasions_left = channel->armed->nth;
}

/* BREAKS: INI-04, INI-09, INI-11, INI-13, MEM-03, where a case changed what this leaves behind */
BOOLEAN NTAPI ProbeChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE ChannelInterface,
                               PVOID InitContext)
{
    struct probe_channel *channel = ChannelExtension;

    if (!probe_is_version(ChannelInterface->Version, sizeof *ChannelInterface))
        return FALSE;
    channel->controller = InitContext;
    channel->number = ChannelInterface->ChannelNumber;
    channel->controller->channels[channel->number] = probe_latest[channel->number] = channel;
    read_settings(channel);
    if (!channel->armed && probe_named_case && probe_named_case->at > AT_CHANNEL_ENABLED) {
        channel->armed = probe_named_case;
        channel->occasions_left = channel->armed->nth;
        probe_named_case = NULL;
    }
    ChannelInterface->IdeHwInitialize = ProbeInitialize;
    ChannelInterface->IdeHwBuildIo = ProbeBuildIo;
    ChannelInterface->IdeHwStartIo = ProbeStartIo;
    ChannelInterface->IdeHwInterrupt = ProbeInterrupt;
    ChannelInterface->IdeHwReset = ProbeReset;
    ChannelInterface->IdeHwControl = ProbeControl;
    probe_occasion(AT_CHANNEL_INIT, InitContext, channel, ChannelInterface);
    return TRUE;
}

/* ------------------------------------------------------------------ registers and memory */

static BOOLEAN map_registers(struct probe_channel *channel, const IDE_MINIPORT_RESOURCES *resources)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];
        PUCHAR base = AtaPortGetDeviceBase(channel, range->RangeStart, range->RangeLength);

        if (range->Bar == 4)
            channel->bus_master = channel->controller->has_bus_master ? base : NULL;
        else if (BAR_OF_BLOCK(range->Bar) == 0)
            channel->command_block = base;
        else if (BAR_OF_BLOCK(range->Bar) == 1) /* four ports in native mode: the third is it */
            channel->device_control = range->RangeLength >= 4 ? base + 2 : base;
    }
    return channel->command_block && channel->device_control;
}

static BOOLEAN allocate_table(struct probe_channel *channel)
{
    IDE_PHYSICAL_ADDRESS address;
    ULONG length;

    channel->table = AtaPortGetUnCachedExtension(channel, PRD_COUNT * sizeof(struct probe_prd),
                                                 channel->irb_extension_bytes);
    if (!channel->table)
        return FALSE;
    address = AtaPortGetPhysicalAddress(channel, NULL, channel->table, &length);
    channel->table_address = AtaPortConvertPhysicalAddressToUlong(address);
    return channel->table_address != 0;
}

/* ------------------------------------------------------------------ callbacks for cases */

static VOID NTAPI worker(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;
    probe_occasion(AT_WORKER, channel->controller, channel, NULL);
}

static VOID NTAPI timer(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;
    probe_occasion(AT_TIMER, channel->controller, channel, NULL);
}

static VOID NTAPI synchronized(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;
    probe_occasion(AT_SYNCHRONIZED, channel->controller, channel, NULL);
}

static VOID NTAPI controller_sync(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;
    probe_occasion(AT_CONTROLLER_SYNC, channel->controller, channel, NULL);
}

static void ask_for_callback(struct probe_channel *channel)
{
    if (!channel->armed)
        return;
    if (channel->armed->at == AT_WORKER)
        AtaPortRequestWorkerRoutine(channel, worker);
    else if (channel->armed->at == AT_TIMER)
        AtaPortRequestTimer(channel, timer, 100);
    else if (channel->armed->at == AT_SYNCHRONIZED)
        AtaPortRequestSynchronizedRoutine(channel, synchronized);
    else if (channel->armed->at == AT_CONTROLLER_SYNC)
        AtaPortControllerSyncRoutine(channel, controller_sync);
}

/* ------------------------------------------------------------------ start and stop */

/* The extension may hold what the channel was before it was stopped. */
static void forget(struct probe_channel *channel)
{
    if (!channel->is_read)
        read_settings(channel);
    channel->is_read = FALSE;
    channel->phase = PHASE_IDLE;
    channel->interrupt = NULL;
    channel->current = channel->failed = channel->held_head = channel->held_tail = NULL;
    channel->outstanding = channel->most_outstanding = 0;
    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++)
        channel->devices[target] = (struct probe_device){.is_initialized = FALSE};
}

static BOOLEAN start_channel(struct probe_channel *channel,
                             PIDE_CHANNEL_CONFIGURATION configuration)
{
    if (!probe_is_version(configuration->Version, sizeof *configuration))
        return FALSE;
    forget(channel);
    configuration->SyncWithIsr = TRUE;
    configuration->SupportsWmi = TRUE;
    configuration->NumberOfOverlappedRequests = (UCHAR)channel->overlapped;
    if (!map_registers(channel, configuration->ChannelResources) || !allocate_table(channel))
        return FALSE;
    probe_occasion(AT_START, channel->controller, channel, configuration);
    channel->sync_with_isr = configuration->SyncWithIsr;
    ask_for_callback(channel);
    probe_take_hardware(channel);
    return TRUE;
}

/* A power setting that a case has asked for: it takes odd values only. */
static BOOLEAN take_setting(const IDE_VENDOR_DEFINED_POWER_INFO *info)
{
    const ULONG value = info->ValueLength == sizeof(ULONG) ? *(const ULONG *)info->Value : 0;

    AtaPortDebugPrint(0, "target %u: setting %x is %u\n", info->TargetId,
                      (unsigned)info->SettingGuid.Data1, (unsigned)value);
    return value & 1;
}

/* BREAKS: INI-05, INI-09, INI-10, INI-11, INI-13, where a case changed what this leaves behind */
BOOLEAN NTAPI ProbeControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                           PVOID Parameters)
{
    struct probe_channel *channel = ChannelExtension;

    switch (ControlAction) {
    case IdeStart:
        return start_channel(channel, Parameters);
    case IdeStop:
        probe_occasion(AT_STOP, channel->controller, channel, NULL);
        probe_leave_hardware(channel);
        AtaPortDebugPrint(1, "channel %u: requests at a time: at most %u of %u\n", channel->number,
                          channel->most_outstanding, channel->overlapped);
        return TRUE;
    case IdePowerUp: /* whatever SET FEATURES had set is gone */
        for (ULONG target = 0; target < MAX_IDE_DEVICE; target++)
            channel->devices[target].settings_left = channel->devices[target].modes;
        probe_take_hardware(channel);
        return TRUE;
    case IdeVendorDefined:
        return take_setting(Parameters);
    case IdePowerDown:
        return TRUE;
    }
    return FALSE;
}
