/* SPDX-License-Identifier: MIT */
/*
 * A probe: a miniport whose interrupt is level-triggered and never dismissed, before IdeHwReset. Its device
 * is QEMU's `edu`, a PCI function that interrupts when it is told to.
 *
 * Loaded as storm.sys it claims every interrupt (INT-01), as silent.sys none (INT-02). Requests end with
 * IRB_STATUS_SELECTION_TIMEOUT.
 */
#include <miniport.h>
#include <irb.h>

/* Registers of the device: what it interrupts for, and what of that is dismissed. */
#define EDU_RAISE   0x60
#define EDU_DISMISS 0x64
#define EDU_ALL     0xFFFFFFFFu

#define START_DELAY_US 1000

struct channel {
    PUCHAR registers;
};

static BOOLEAN claims;

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);

static void write_register(const struct channel *channel, ULONG offset, ULONG value)
{
    AtaPortWriteRegisterUlong((PULONG)(PVOID)(channel->registers + offset), value);
}

/* BREAKS: INT-01, INT-02 */
static BOOLEAN NTAPI Interrupt(PVOID ChannelExtension)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    return claims;
}

static BOOLEAN NTAPI Reset(PVOID ChannelExtension)
{
    struct channel *channel = ChannelExtension;

    write_register(channel, EDU_DISMISS, EDU_ALL);
    AtaPortCompleteAllActiveRequests(channel, 0xFF, 0xFF, IRB_STATUS_BUS_RESET);
    AtaPortDebugPrint(0, "reset\n");
    return TRUE;
}

static BOOLEAN NTAPI StartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    Irb->IrbStatus = IRB_STATUS_SELECTION_TIMEOUT;
    AtaPortCompleteRequest(ChannelExtension, Irb);
    return TRUE;
}

static BOOLEAN NTAPI Initialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                                PIDENTIFY_DEVICE_DATA IdentifyData)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    UNREFERENCED_PARAMETER(Parameters);
    UNREFERENCED_PARAMETER(IdentifyData);
    return FALSE;
}

static VOID NTAPI raise_interrupt(PVOID ChannelExtension)
{
    write_register(ChannelExtension, EDU_RAISE, 1);
}

static BOOLEAN NTAPI Control(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                             PVOID Parameters)
{
    struct channel *channel = ChannelExtension;
    PIDE_CHANNEL_CONFIGURATION configuration = Parameters;

    switch (ControlAction) {
    case IdeStart:
        configuration->SyncWithIsr = configuration->SupportsWmi = TRUE;
        AtaPortRequestTimer(channel, raise_interrupt, START_DELAY_US);
        break;
    case IdeStop:
        write_register(channel, EDU_DISMISS, EDU_ALL);
        break;
    case IdePowerUp:
    case IdePowerDown:
    case IdeVendorDefined:
        break;
    }
    return TRUE;
}

static BOOLEAN NTAPI ChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                                 PVOID InitContext)
{
    struct channel *channel = ChannelExtension;
    struct channel *controller = InitContext;

    channel->registers = controller->registers;
    Interface->IdeHwInitialize = Initialize;
    Interface->IdeHwStartIo = StartIo;
    Interface->IdeHwInterrupt = Interrupt;
    Interface->IdeHwReset = Reset;
    Interface->IdeHwControl = Control;
    return TRUE;
}

static BOOLEAN NTAPI AdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                    PVOID Parameters)
{
    struct channel *controller = ControllerExtension;
    PIDE_CONTROLLER_CONFIGURATION configuration = Parameters;
    const IDE_ACCESS_RANGE *range;

    if (ControlAction != IdeStart)
        return TRUE;
    configuration->NumberOfChannels = 1;
    range = configuration->ControllerResources->IdeAccessRange;
    controller->registers = AtaPortGetDeviceBase(controller, range->RangeStart, range->RangeLength);
    return controller->registers != NULL;
}

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    const UNICODE_STRING *path = RegistryPath;
    IDE_CONTROLLER_INTERFACE controller_interface = {
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .ControllerExtensionSize = sizeof(struct channel),
        .ChannelExtensionSize = sizeof(struct channel),
        .AtaChannelInitRoutine = ChannelInit,
        .AtaAdapterControl = AdapterControl,
    };

    claims = path->Buffer[path->Length / sizeof(WCHAR) - 1] == 'm';
    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface);
}
