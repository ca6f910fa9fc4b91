/* SPDX-License-Identifier: MIT */
/*
 * The miniport around the random calls: the two channels of an IDE controller, and four of an AHCI
 * controller that it never touches. The first has a real device, so that calls come from every routine. Its IDENTIFY DEVICE is answered by the device with its interrupt, and
 * handed through every kind of callback; one request is never answered, so that the port resets the
 * channel; all others end with IRB_STATUS_SELECTION_TIMEOUT. Entered at every level.
 */
#include "calls.h"

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);

/* Operations at each entry: the many are made where all routines may be called. */
#define MANY 300u
#define FEW  12u

/* Registers of the command block, ATA/ATAPI-6 6.2. */
#define DEVICE  6
#define COMMAND 7 /* and Status */

#define STATUS_DRQ     0x08
#define IDENTIFY_BYTES 512

struct model_extension {
    ULONG number;                         /* in the model */
    PUCHAR command_block, device_control; /* NULL: no device */
    PIDE_REQUEST_BLOCK identify;          /* under way */
    BOOLEAN is_held;                      /* a request is never answered */
    BOOLEAN has_begun;                    /* the start that IdeHwControl is to go on with */
};

struct model_controller {
    ULONG first_channel; /* in the model */
};

static ULONG controllers;
static ULONG starts[CHANNELS];
static BOOLEAN is_settled; /* calls_begin was called */

/* ------------------------------------------------------------------ requests */

static void complete(struct model_extension *channel, PIDE_REQUEST_BLOCK irb, UCHAR status)
{
    irb->IrbStatus = status;
    if (status != IRB_STATUS_SUCCESS)
        irb->DataTransferLength = 0;
    AtaPortCompleteRequest(channel, irb);
}

static BOOLEAN is_identify(const struct model_extension *channel, const IDE_REQUEST_BLOCK *irb)
{
    return channel->command_block && irb->TargetId == 0 &&
           irb->Function == IRB_FUNCTION_ATA_IDENTIFY &&
           irb->IdeTaskFile.Current.bCommandReg == IDE_COMMAND_IDENTIFY;
}

static BOOLEAN NTAPI ModelBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct model_extension *channel = ChannelExtension;

    if (is_identify(channel, Irb))
        Irb->IrbFlags |= IRB_FLAGS_MAP_BUFFERS;
    calls_make(IN_BUILD_IO, channel->number, FEW);
    return TRUE;
}

static BOOLEAN NTAPI ModelStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct model_extension *channel = ChannelExtension;

    calls_make(IN_CHANNEL_ROUTINE, channel->number, FEW);
    if (is_identify(channel, Irb)) {
        channel->identify = Irb;
        AtaPortWritePortUchar(channel->device_control, 0); /* interrupts on */
        AtaPortWritePortUchar(channel->command_block + DEVICE,
                              Irb->IdeTaskFile.Current.bDriveHeadReg);
        AtaPortWritePortUchar(channel->command_block + COMMAND, IDE_COMMAND_IDENTIFY);
    } else if (channel->number == 0 && starts[0] == 1 && Irb->TargetId == 1 && !channel->is_held) {
        channel->is_held = TRUE;
        model_reports[IRB_09]++;
    } else if (Irb->Function == IRB_FUNCTION_LUN_RESET) {
        if (channel->is_held)
            model_reports[IRB_19]++;
        complete(channel, Irb, IRB_STATUS_SUCCESS);
    } else {
        complete(channel, Irb, IRB_STATUS_SELECTION_TIMEOUT);
    }
    return TRUE;
}

static VOID NTAPI ModelTimer(PVOID ChannelExtension)
{
    struct model_extension *channel = ChannelExtension;
    PIDE_REQUEST_BLOCK irb = channel->identify;

    calls_make(IN_CALLBACK, channel->number, FEW);
    channel->identify = NULL;
    if (irb)
        complete(channel, irb, IRB_STATUS_SUCCESS);
}

static VOID NTAPI ModelControllerSync(PVOID ChannelExtension)
{
    calls_make(IN_CALLBACK, ((struct model_extension *)ChannelExtension)->number, FEW);
    AtaPortRequestTimer(ChannelExtension, ModelTimer, 1000);
}

static VOID NTAPI ModelSynchronized(PVOID ChannelExtension)
{
    calls_make(IN_CALLBACK, ((struct model_extension *)ChannelExtension)->number, FEW);
    AtaPortControllerSyncRoutine(ChannelExtension, ModelControllerSync);
}

static VOID NTAPI ModelWorker(PVOID ChannelExtension)
{
    calls_make(IN_CALLBACK, ((struct model_extension *)ChannelExtension)->number, FEW);
    AtaPortRequestSynchronizedRoutine(ChannelExtension, ModelSynchronized);
}

static BOOLEAN NTAPI ModelInterrupt(PVOID ChannelExtension)
{
    struct model_extension *channel = ChannelExtension;
    PIDE_REQUEST_BLOCK irb = channel->identify;
    UCHAR status;

    if (!irb)
        return FALSE;
    status = AtaPortReadPortUchar(channel->command_block + COMMAND); /* dismisses the interrupt */
    calls_make(IN_CHANNEL_ROUTINE, channel->number, FEW);
    if (status & STATUS_DRQ) {
        AtaPortReadPortBufferUshort((PUSHORT)(PVOID)channel->command_block, irb->DataBuffer,
                                    IDENTIFY_BYTES / 2);
        AtaPortRequestWorkerRoutine(channel, ModelWorker);
    } else {
        channel->identify = NULL;
        complete(channel, irb, IRB_STATUS_SELECTION_TIMEOUT);
    }
    return TRUE;
}

static BOOLEAN NTAPI ModelReset(PVOID ChannelExtension)
{
    struct model_extension *channel = ChannelExtension;

    calls_make(IN_CHANNEL_ROUTINE, channel->number, FEW);
    channel->identify = NULL;
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    return TRUE;
}

static BOOLEAN NTAPI ModelInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                                     PIDENTIFY_DEVICE_DATA IdentifyData)
{
    struct model_extension *channel = ChannelExtension;

    UNREFERENCED_PARAMETER(IdentifyData);
    calls_make(IN_CHANNEL_ROUTINE, channel->number, FEW);
    Parameters->TransferModeSelected = PIO_MODE0;
    return TRUE;
}

/* ------------------------------------------------------------------ channels */

static void map_registers(struct model_extension *channel, const IDE_MINIPORT_RESOURCES *resources)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];

        if (range->Bar == 0)
            channel->command_block =
                AtaPortGetDeviceBase(channel, range->RangeStart, range->RangeLength);
        else if (range->Bar == 1)
            channel->device_control =
                AtaPortGetDeviceBase(channel, range->RangeStart, range->RangeLength);
    }
}

/* A start begins: in AtaChannelInitRoutine, or, when the channel was stopped since, in IdeHwControl. */
static void begin(struct model_extension *channel)
{
    starts[channel->number]++;
    if (!is_settled)
        calls_begin(channel);
    is_settled = TRUE;
    model_start(channel->number, channel);
    if (calls_are_over()) {
        calls_compare_all(channel->number);
        if (channel->number == CHANNELS - 1)
            calls_say();
    }
    calls_make(IN_START_OR_STOP, channel->number, MANY);
}

static BOOLEAN NTAPI ModelControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                                  PVOID Parameters)
{
    struct model_extension *channel = ChannelExtension;
    PIDE_CHANNEL_CONFIGURATION configuration = Parameters;

    if (ControlAction == IdeStart) {
        configuration->SyncWithIsr = TRUE;
        configuration->SupportsWmi = TRUE;
        if (channel->number == 0)
            map_registers(channel, configuration->ChannelResources);
        if (!channel->has_begun)
            begin(channel);
        channel->has_begun = FALSE;
        calls_make(IN_START_OR_STOP, channel->number, MANY);
    } else if (ControlAction == IdeStop) {
        calls_make(IN_START_OR_STOP, channel->number, MANY);
        model_stop(channel->number); /* and the port takes back what is left */
    }
    return TRUE;
}

static BOOLEAN NTAPI ModelChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                                      PVOID InitContext)
{
    const struct model_controller *controller = InitContext;
    struct model_extension *channel = ChannelExtension;

    channel->number = controller->first_channel + Interface->ChannelNumber;
    controller_extension = InitContext;
    Interface->IdeHwInitialize = ModelInitialize;
    Interface->IdeHwBuildIo = ModelBuildIo;
    Interface->IdeHwStartIo = ModelStartIo;
    Interface->IdeHwInterrupt = ModelInterrupt;
    Interface->IdeHwReset = ModelReset;
    Interface->IdeHwControl = ModelControl;
    begin(channel);
    channel->has_begun = TRUE;
    return TRUE;
}

/* ------------------------------------------------------------------ the controller */

static ATA_CHANNEL_STATE NTAPI ModelChannelEnabled(PVOID ControllerExtension, ULONG Channel)
{
    UNREFERENCED_PARAMETER(ControllerExtension);
    UNREFERENCED_PARAMETER(Channel);
    calls_make(IN_CONTROLLER, CHANNELS, FEW);
    return ChannelStateEnabled;
}

static BOOLEAN NTAPI ModelTransferModeSelect(PVOID ControllerExtension,
                                             PIDE_TRANSFER_MODE_PARAMETERS TransferModeSelect)
{
    const struct model_controller *controller = ControllerExtension;

    calls_make(IN_CALLBACK, controller->first_channel + TransferModeSelect->ChannelNumber, FEW);
    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++)
        TransferModeSelect->DeviceTransferModeSelected[target] =
            TransferModeSelect->DeviceType[target] == DeviceNotExist ? 0 : PIO_MODE0;
    return TRUE;
}

static BOOLEAN NTAPI ModelAdapterControl(PVOID ControllerExtension,
                                         IDE_CONTROL_ACTION ControlAction, PVOID Parameters)
{
    PIDE_CONTROLLER_CONFIGURATION configuration = Parameters;
    struct model_controller *controller = ControllerExtension;

    if (ControlAction == IdeStart) {
        controller->first_channel = controllers++ ? FIRST_CHANNELS : 0;
        configuration->NumberOfChannels =
            controller->first_channel ? CHANNELS - FIRST_CHANNELS : FIRST_CHANNELS;
    }
    return TRUE;
}

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    IDE_CONTROLLER_INTERFACE controller_interface = {
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .ControllerExtensionSize = sizeof(struct model_controller),
        .ChannelExtensionSize = sizeof(struct model_extension),
        .AtaChannelInitRoutine = ModelChannelInit,
        .AtaControllerChannelEnabled = ModelChannelEnabled,
        .AtaControllerTransferModeSelect = ModelTransferModeSelect,
        .AtaAdapterControl = ModelAdapterControl,
    };

    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface);
}
