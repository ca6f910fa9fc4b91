/* SPDX-License-Identifier: MIT */
/*
 * What drivers in the field rely on beyond the documentation, looked at from inside a driver: around every
 * entry point of the correct driver stands one that checks what the port has handed over.
 *
 * This case is chosen by the driver's name, field. When the controller stops, each expectation is
 * printed with how often it was looked at and how often it did not hold. The others, one of which
 * breaks rules, are for an image of another name and the registry's `Break`. Entered from every
 * context.
 */
#include "base.h"

#define EXPECTATIONS(E)                                                                        \
    E(COPIED, "AtaPortInitializeEx copies the interface structure")                            \
    E(ZEROED, "extensions arrive zeroed")                                                      \
    E(VERSION, "Version is the size of its structure")                                         \
    E(LIMITS, "both limits of the controller start as IDE_UNINITIALIZED_VALUE")                \
    E(ORDER, "AtaAdapterControl, AtaControllerChannelEnabled upwards, AtaChannelInitRoutine, " \
             "IdeHwControl, requests")                                                         \
    E(CONTEXT, "InitContext is the controller extension")                                      \
    E(INTERRUPT, "IdeHwInterrupt comes between IdeHwControl(IdeStart) and (IdeStop) only")     \
    E(RANGES, "access ranges carry the BAR number and InMemory")                               \
    E(WHOLE, "AtaPortGetDeviceBase takes length 0 and either extension")                       \
    E(BUS_DATA, "AtaPortGetBusData returns the number of bytes")                               \
    E(UNCACHED, "the uncached extension is page-aligned and has addresses up to its end")      \
    E(EXTENSION, "IrbExtension is contiguous and 128-byte aligned")                            \
    E(NO_ADDRESS, "physical address 0 means failure")                                          \
    E(ELEMENTS, "a list has NumberOfPhysicalBreaks + 1 elements at most, and all bytes")       \
    E(USE_DMA, "data IRBs of a bus master carry IRB_FLAGS_USE_DMA, IDENTIFY included")         \
    E(RESERVED, "Reserved is NULL")                                                            \
    E(SENSE, "SenseInfoBuffer is writable for its length, which is 24 at least")               \
    E(REENTERED, "IdeHwStartIo is not re-entered")                                             \
    E(LBA48, "48-bit addressing chosen in IdeHwInitialize holds")

enum expectation {
#define E(name, words) EXPECT_##name,
    EXPECTATIONS(E)
#undef E
        EXPECTATION_COUNT,
};

static struct {
    PCSTR words;
    ULONG seen, failed;
} expectations[] = {
#define E(name, words_) {words_, 0, 0},
    EXPECTATIONS(E)
#undef E
};

#define PAGE_BYTES  4096u
#define TABLE_BYTES (PRD_COUNT * sizeof(struct probe_prd))
#define LEAST_SENSE 24u

static PVOID the_controller;
static ULONG breaks, channels_asked;
static struct {
    BOOLEAN is_initialized, is_started, in_start_io;
} states[MAX_IDE_DEVICE];

static void expect(enum expectation what, BOOLEAN holds)
{
    expectations[what].seen++;
    if (!holds)
        expectations[what].failed++;
}

static BOOLEAN is_zero(const void *memory, ULONG byte_count)
{
    for (ULONG i = 0; i < byte_count; i++)
        if (((const UCHAR *)memory)[i])
            return FALSE;
    return TRUE;
}

/* ------------------------------------------------------------------ the controller */

static void look_at_ranges(const IDE_MINIPORT_RESOURCES *resources)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];
        expect(EXPECT_RANGES, range->Bar == i && !range->InMemory && range->RangeLength);
    }
    expect(EXPECT_RANGES, resources->NumberOfAccessRanges == 5);
}

static BOOLEAN NTAPI adapter_control(PVOID controller, IDE_CONTROL_ACTION action, PVOID parameters)
{
    PIDE_CONTROLLER_CONFIGURATION configuration = parameters;
    UCHAR header[8];

    if (action == IdeStart) {
        the_controller = controller;
        expect(EXPECT_ZEROED, is_zero(controller, sizeof(struct probe_controller)));
        expect(EXPECT_VERSION, configuration->Version == sizeof *configuration);
        expect(EXPECT_BUS_DATA,
               AtaPortGetBusData(controller, header, 0, sizeof header) == sizeof header);
        expect(EXPECT_LIMITS,
               configuration->NumberOfPhysicalBreaks == (UCHAR)IDE_UNINITIALIZED_VALUE &&
                   configuration->MaximumTransferLength == (ULONG)IDE_UNINITIALIZED_VALUE);
        look_at_ranges(configuration->ControllerResources);
    }
    BOOLEAN result = ProbeAdapterControl(controller, action, parameters);
    if (action == IdeStart)
        breaks = configuration->NumberOfPhysicalBreaks;
    for (ULONG i = 0; action == IdeStop && i < EXPECTATION_COUNT; i++)
        AtaPortDebugPrint(0, "expectation: %s: seen %u, failed %u\n", expectations[i].words,
                          expectations[i].seen, expectations[i].failed);
    return result;
}

static ATA_CHANNEL_STATE NTAPI channel_enabled(PVOID controller, ULONG channel)
{
    expect(EXPECT_ORDER, controller == the_controller && channel == channels_asked);
    channels_asked++;
    return ProbeChannelEnabled(controller, channel);
}

/* ------------------------------------------------------------------ a channel */

static BOOLEAN is_contiguous(struct probe_channel *channel, PIDE_REQUEST_BLOCK irb, PVOID memory,
                             ULONG byte_count)
{
    ULONG length = 0;
    IDE_PHYSICAL_ADDRESS address = AtaPortGetPhysicalAddress(channel, irb, memory, &length);
    return address.QuadPart != 0 && length >= byte_count;
}

static void look_at_memory(struct probe_channel *channel)
{
    ULONG length = 1;
    UCHAR on_the_stack;
    PUCHAR end = (PUCHAR)channel->table + TABLE_BYTES;

    expect(EXPECT_UNCACHED, ((ULONG_PTR)channel->table & (PAGE_BYTES - 1)) == 0);
    expect(EXPECT_UNCACHED, is_contiguous(channel, NULL, channel->table, TABLE_BYTES));
    expect(EXPECT_UNCACHED,
           AtaPortGetPhysicalAddress(channel, NULL, end, &length).QuadPart ==
               AtaPortGetPhysicalAddress(channel, NULL, channel->table, &length).QuadPart +
                   (LONGLONG)TABLE_BYTES);
    expect(EXPECT_NO_ADDRESS,
           AtaPortGetPhysicalAddress(channel, NULL, &on_the_stack, &length).QuadPart == 0);
}

static void look_at_channel_ranges(struct probe_channel *channel,
                                   const IDE_MINIPORT_RESOURCES *resources)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        IDE_PHYSICAL_ADDRESS start = resources->IdeAccessRange[i].RangeStart;
        PVOID base = AtaPortGetDeviceBase(channel, start, 0);
        expect(EXPECT_WHOLE, base && base == AtaPortGetDeviceBase(the_controller, start, 0));
        expect(EXPECT_RANGES,
               resources->IdeAccessRange[i].Bar == (i == 2 ? 4 : channel->number * 2 + i));
    }
}

static BOOLEAN NTAPI control(PVOID extension, IDE_CONTROL_ACTION action, PVOID parameters)
{
    struct probe_channel *channel = extension;
    PIDE_CHANNEL_CONFIGURATION configuration = parameters;

    if (action == IdeStart) {
        expect(EXPECT_ORDER, states[channel->number].is_initialized);
        expect(EXPECT_VERSION, configuration->Version == sizeof *configuration);
        states[channel->number].is_started = TRUE;
    }
    BOOLEAN result = ProbeControl(channel, action, parameters);
    if (action == IdeStart && result) {
        look_at_memory(channel);
        look_at_channel_ranges(channel, configuration->ChannelResources);
    } else if (action == IdeStop) {
        states[channel->number].is_started = FALSE;
    }
    return result;
}

static BOOLEAN NTAPI interrupt(PVOID extension)
{
    const struct probe_channel *channel = extension;
    expect(EXPECT_INTERRUPT, states[channel->number].is_started);
    return ProbeInterrupt(extension);
}

static BOOLEAN NTAPI initialize(PVOID extension, PIDE_DEVICE_PARAMETERS parameters,
                                PIDENTIFY_DEVICE_DATA data)
{
    expect(EXPECT_VERSION, parameters->Version == sizeof *parameters);
    if (parameters->IdeDeviceType == DeviceIsAta)
        parameters->AddressTranslation = Lba48BitMode;
    return ProbeInitialize(extension, parameters, data);
}

/* ------------------------------------------------------------------ requests */

static void look_at_data(struct probe_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    ULONG total = 0;

    expect(EXPECT_USE_DMA, IRB_USES_DMA(irb) != 0);
    const IDE_SCATTER_GATHER_LIST *list = AtaPortGetScatterGatherList(channel, irb);
    for (ULONG i = 0; list && i < list->NumberOfElements; i++)
        total += list->Elements[i].Length;
    expect(EXPECT_ELEMENTS,
           list && list->NumberOfElements <= breaks + 1 && total == irb->DataTransferLength);
    if (irb->Function == IRB_FUNCTION_ATA_READ)
        expect(EXPECT_LBA48,
               Is48BitIrb(irb) && irb->IdeTaskFile.Current.bCommandReg == IDE_COMMAND_READ_DMA_EXT);
}

static void look_at_irb(struct probe_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    PUCHAR sense = irb->SenseInfoBuffer;

    expect(EXPECT_ORDER, states[channel->number].is_started);
    expect(EXPECT_RESERVED, irb->Reserved == NULL && irb->ReservedAsUlong == 0);
    expect(EXPECT_SENSE, sense && irb->SenseInfoBufferLength >= LEAST_SENSE);
    for (ULONG i = 0; sense && i < irb->SenseInfoBufferLength; i++)
        sense[i] = (UCHAR)i;
    expect(EXPECT_SENSE, sense && sense[LEAST_SENSE - 1] == LEAST_SENSE - 1);
    if (channel->irb_extension_bytes)
        expect(EXPECT_EXTENSION,
               ((ULONG_PTR)irb->IrbExtension & 127) == 0 &&
                   is_contiguous(channel, irb, irb->IrbExtension, channel->irb_extension_bytes) &&
                   is_contiguous(channel, NULL, irb->IrbExtension, channel->irb_extension_bytes));
    if (IRB_FOR_DATA_TRANSFER(irb))
        look_at_data(channel, irb);
}

static BOOLEAN NTAPI start_io(PVOID extension, PIDE_REQUEST_BLOCK irb)
{
    struct probe_channel *channel = extension;

    expect(EXPECT_REENTERED, !states[channel->number].in_start_io);
    states[channel->number].in_start_io = TRUE;
    if (!IsMiniportCommand(irb))
        look_at_irb(channel, irb);
    BOOLEAN result = ProbeStartIo(channel, irb);
    states[channel->number].in_start_io = FALSE;
    return result;
}

/* ------------------------------------------------------------------ the frame */

static BOOLEAN NTAPI channel_init(PVOID extension, PIDE_CHANNEL_INTERFACE channel_interface,
                                  PVOID controller)
{
    expect(EXPECT_ZEROED, is_zero(extension, sizeof(struct probe_channel)));
    expect(EXPECT_VERSION, channel_interface->Version == sizeof *channel_interface);
    expect(EXPECT_CONTEXT, controller == the_controller);
    expect(EXPECT_ORDER, channels_asked == MAX_IDE_DEVICE);
    BOOLEAN result = ProbeChannelInit(extension, channel_interface, controller);
    states[channel_interface->ChannelNumber].is_initialized = TRUE;
    channel_interface->IdeHwControl = control;
    channel_interface->IdeHwInterrupt = interrupt;
    channel_interface->IdeHwInitialize = initialize;
    channel_interface->IdeHwStartIo = start_io;
    return result;
}

static BOOLEAN NTAPI never(PVOID controller, IDE_CONTROL_ACTION action, PVOID parameters)
{
    UNREFERENCED_PARAMETER(controller);
    UNREFERENCED_PARAMETER(action);
    UNREFERENCED_PARAMETER(parameters);
    expect(EXPECT_COPIED, FALSE);
    return FALSE;
}

/* The structure is the base's, and is spoilt once it was handed over. */
CASE field(struct occasion *at)
{
    IDE_CONTROLLER_INTERFACE *mine = &at->entry->controller_interface;

    mine->AtaAdapterControl = adapter_control;
    mine->AtaControllerChannelEnabled = channel_enabled;
    mine->AtaChannelInitRoutine = channel_init;
    at->entry->status =
        (NTSTATUS)AtaPortInitializeEx(at->entry->driver_object, at->entry->registry_path, mine);
    *mine = (IDE_CONTROLLER_INTERFACE){.Version = sizeof *mine, .AtaAdapterControl = never};
    expect(EXPECT_COPIED, TRUE);
    return TRUE;
}

/* ------------------------------------------------------------------ single habits */

/* Asks for the registry buffer several times, ignores what comes, and never frees it. */
CASE hoarder(struct occasion *at)
{
    for (ULONG i = 0; i < 3; i++)
        AtaPortRegistryAllocateBuffer(at->channel, 64);
    return FALSE;
}

/* Gives every request more time than its issuer did, and then none an answer. */
static BOOLEAN NTAPI patient_build_io(PVOID channel, PIDE_REQUEST_BLOCK irb)
{
    irb->TimeOutValue = 25;
    return ProbeBuildIo(channel, irb);
}

static BOOLEAN NTAPI silent_start_io(PVOID channel, PIDE_REQUEST_BLOCK irb)
{
    UNREFERENCED_PARAMETER(channel);
    UNREFERENCED_PARAMETER(irb);
    return TRUE;
}

static BOOLEAN NTAPI silent_reset(PVOID channel)
{
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    return TRUE;
}

CASE patient(struct occasion *at)
{
    at->channel_interface->IdeHwBuildIo = patient_build_io;
    at->channel_interface->IdeHwStartIo = silent_start_io;
    at->channel_interface->IdeHwReset = silent_reset;
    return FALSE;
}

/* REQUEST SENSE of SPC-2 7.20, for all of a buffer that may be touched. */
static BOOLEAN is_request_sense(const IDE_REQUEST_BLOCK *irb)
{
    PUCHAR data = irb->DataBuffer;
    ULONG written = 0;

    for (ULONG i = 0; i < irb->DataTransferLength; i++)
        data[i] = 0xFF;
    for (ULONG i = 0; i < irb->DataTransferLength; i++)
        written += data[i] == 0xFF;
    return irb->Function == IRB_FUNCTION_REQUEST_SENSE && (irb->IrbFlags & IRB_FLAGS_DATA_IN) &&
           irb->DataTransferLength && irb->DataTransferLength % 2 == 0 &&
           written == irb->DataTransferLength && irb->CdbLength >= 6 && irb->Cdb[0] == 0x03 &&
           irb->Cdb[4] == irb->DataTransferLength;
}

CASE sense(struct occasion *at)
{
    const IDE_REQUEST_BLOCK *irb = at->irb, *failed = at->channel->failed;
    BOOLEAN has_own = irb != failed && irb->IrbExtension != failed->IrbExtension;

    AtaPortDebugPrint(0, "sense: %s\n", has_own && is_request_sense(irb) ? "ok" : "not ok");
    return FALSE;
}

static const struct probe_case field_cases[] = {
    {"field", AT_DRIVER_ENTRY, 1, field},
    {"hoarder", AT_CHANNEL_INIT, 1, hoarder},
    {"patient", AT_CHANNEL_INIT, 1, patient},
    {"sense", AT_SENSE, 1, sense},
    {NULL, 0, 0, NULL},
};

const struct probe_case *const probe_cases[] = {field_cases, NULL};
