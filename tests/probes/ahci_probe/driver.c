/* SPDX-License-Identifier: MIT */
/* The controller: found in memory, switched to AHCI, asked which ports it has. PASSIVE_LEVEL. */
#include "ahci_probe.h"

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);

#define PCI_INTERRUPT_LINE 0x3C

static BOOLEAN map_registers(struct ahci_controller *controller,
                             const IDE_MINIPORT_RESOURCES *resources)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];
        if (range->Bar == BAR_ABAR && range->InMemory)
            controller->base = AtaPortGetDeviceBase(controller, range->RangeStart, 0);
    }
    return controller->base != NULL;
}

static BOOLEAN start_controller(struct ahci_controller *controller,
                                PIDE_CONTROLLER_CONFIGURATION configuration)
{
    UCHAR line = 0, channels = 0;

    if (configuration->Version != sizeof *configuration)
        return FALSE;
    if (!map_registers(controller, configuration->ControllerResources)) {
        AtaPortDebugPrint(0, "ahci_probe: there are no registers at base address 5\n");
        return FALSE;
    }
    put(controller->base, HBA_GHC, HBA_GHC_AHCI);
    ULONG capabilities = get(controller->base, HBA_CAP);
    controller->ports = get(controller->base, HBA_PI);
    controller->slots = min(SLOTS, ((capabilities & HBA_CAP_SLOTS) >> 8) + 1);
    for (UCHAR port = 0; port < 32; port++)
        if (controller->ports >> port & 1) {
            put(controller->base, PORT_BASE(port) + PORT_IE, 0);
            channels = port + 1;
        }
    put(controller->base, HBA_IS, 0xFFFFFFFFu);
    put(controller->base, HBA_GHC, HBA_GHC_AHCI | HBA_GHC_IE);

    configuration->NumberOfChannels = channels;
    configuration->BusMaster = TRUE;
    configuration->Dma64BitAddress = (capabilities & HBA_CAP_64BIT) != 0;
    configuration->AtaBusType = IdeBusSata;
    configuration->NumberOfPhysicalBreaks = MAXIMUM_BREAKS - 1;
    AtaPortGetBusData(controller, &line, PCI_INTERRUPT_LINE, sizeof line);
    AtaPortDebugPrint(0, "ahci_probe: ports %08x, interrupt line %u, %s addresses\n",
                      controller->ports, line,
                      configuration->Dma64BitAddress ? "64-bit" : "32-bit");
    return TRUE;
}

static BOOLEAN NTAPI AdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                    PVOID Parameters)
{
    struct ahci_controller *controller = ControllerExtension;

    if (ControlAction == IdeStart)
        return start_controller(controller, Parameters);
    if (ControlAction == IdeStop)
        put(controller->base, HBA_GHC, HBA_GHC_AHCI);
    return TRUE;
}

static ATA_CHANNEL_STATE NTAPI ChannelEnabled(PVOID ControllerExtension, ULONG Channel)
{
    const struct ahci_controller *controller = ControllerExtension;
    return controller->ports >> Channel & 1 ? ChannelStateEnabled : ChannelStateDisabled;
}

BOOLEAN serves_any;

/* There is no AtaControllerTransferModeSelect: Serial ATA has no timings. */
NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    IDE_CONTROLLER_INTERFACE controller_interface = {
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .ControllerExtensionSize = sizeof(struct ahci_controller),
        .ChannelExtensionSize = sizeof(struct ahci_channel),
        .AlignmentMask = 1,
        .AtaChannelInitRoutine = AhciChannelInit,
        .AtaControllerChannelEnabled = ChannelEnabled,
        .AtaAdapterControl = AdapterControl,
    };
    const UNICODE_STRING *path = RegistryPath;
    serves_any = path->Buffer[path->Length / sizeof(WCHAR) - 1] == 'y';
    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface);
}
