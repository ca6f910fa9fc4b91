/* SPDX-License-Identifier: MIT */
/*
 * The driver introduces itself; the controller comes and goes; transfer modes.
 * Entered at PASSIVE_LEVEL.
 */
#include "base.h"

/* PCI Local Bus 3.0, 6.2.2: the command register. */
#define PCI_COMMAND            4
#define PCI_COMMAND_IO         0x0001
#define PCI_COMMAND_BUS_MASTER 0x0004
#define BAR_BUS_MASTER         4

struct probe_entry probe_entry;

static ULONG numbers_taken; /* by controllers, a bit each */

BOOLEAN probe_takes_any_version;

BOOLEAN probe_is_version(USHORT version, ULONG byte_count)
{
    return version == byte_count || probe_takes_any_version;
}

/* The case that is named like the driver: the last part of \Registry\...\Services\NAME. */
static const struct probe_case *named_case(const UNICODE_STRING *path)
{
    ULONG end = path->Length / sizeof(WCHAR), start = end;

    while (start > 0 && path->Buffer[start - 1] != '\\')
        start--;
    return probe_find_case(path->Buffer + start, end - start);
}

/* BREAKS: INI-01, where a case leaves AtaPortInitializeEx out */
NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    probe_entry = (struct probe_entry){
        .driver_object = DriverObject,
        .registry_path = RegistryPath,
        .controller_interface =
            {
                .Version = sizeof(IDE_CONTROLLER_INTERFACE),
                .ControllerExtensionSize = sizeof(struct probe_controller),
                .ChannelExtensionSize = sizeof(struct probe_channel),
                .AlignmentMask = 1, /* SFF-8038i: regions begin at even addresses */
                .AtaChannelInitRoutine = ProbeChannelInit,
                .AtaControllerChannelEnabled = ProbeChannelEnabled,
                .AtaControllerTransferModeSelect = ProbeTransferModeSelect,
                .AtaAdapterControl = ProbeAdapterControl,
            },
    };
    probe_named_case = named_case(RegistryPath);
    if (!probe_occasion(AT_DRIVER_ENTRY, NULL, NULL, &probe_entry))
        probe_entry.status = (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath,
                                                           &probe_entry.controller_interface);
    return probe_entry.status;
}

/* ------------------------------------------------------------------ the controller */

static BOOLEAN has_range(const IDE_MINIPORT_RESOURCES *resources, UCHAR bar)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++)
        if (resources->IdeAccessRange[i].Bar == bar)
            return TRUE;
    return FALSE;
}

/* Switches port decoding and bus mastering on. FALSE: it is on the ISA bus. */
static BOOLEAN enable_pci(struct probe_controller *controller)
{
    USHORT command;

    if (AtaPortGetBusData(controller, &command, PCI_COMMAND, sizeof command) != sizeof command)
        return FALSE;
    command |= PCI_COMMAND_IO | PCI_COMMAND_BUS_MASTER;
    return AtaPortSetBusData(controller, &command, PCI_COMMAND, sizeof command) == sizeof command;
}

static void start_controller(struct probe_controller *controller,
                             PIDE_CONTROLLER_CONFIGURATION configuration)
{
    while (numbers_taken >> controller->number & 1)
        controller->number++;
    numbers_taken |= 1u << controller->number;
    controller->has_bus_master =
        enable_pci(controller) && has_range(configuration->ControllerResources, BAR_BUS_MASTER);
    controller->is_dump = configuration->ControllerMode == IdeModeDump;
    configuration->NumberOfChannels = MAX_IDE_DEVICE;
    configuration->BusMaster = controller->has_bus_master;
    configuration->AtaBusType = IdeBusPata;
    /* Each piece may cross one 64 KiB boundary. */
    if (configuration->NumberOfPhysicalBreaks > PRD_COUNT / 2 - 1)
        configuration->NumberOfPhysicalBreaks = PRD_COUNT / 2 - 1;
}

/* BREAKS: INI-06, INI-09, INI-11, INI-13, where a case changed what this leaves behind */
BOOLEAN NTAPI ProbeAdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                  PVOID Parameters)
{
    switch (ControlAction) {
    case IdeStart:
        if (!probe_is_version(((PIDE_CONTROLLER_CONFIGURATION)Parameters)->Version,
                              sizeof(IDE_CONTROLLER_CONFIGURATION)))
            return FALSE;
        start_controller(ControllerExtension, Parameters);
        probe_occasion(AT_ADAPTER_START, ControllerExtension, NULL, Parameters);
        break;
    case IdeStop:
        probe_occasion(AT_ADAPTER_STOP, ControllerExtension, NULL, NULL);
        numbers_taken &= ~(1u << ((struct probe_controller *)ControllerExtension)->number);
        break;
    case IdePowerUp:
        enable_pci(ControllerExtension);
        break;
    case IdePowerDown:
    case IdeVendorDefined:
        break;
    }
    return TRUE;
}

ATA_CHANNEL_STATE NTAPI ProbeChannelEnabled(PVOID ControllerExtension, ULONG Channel)
{
    UNREFERENCED_PARAMETER(Channel);
    probe_occasion(AT_CHANNEL_ENABLED, ControllerExtension, NULL, NULL);
    return ChannelStateUnKnown;
}

/* ------------------------------------------------------------------ transfer modes */

static ULONG fastest(ULONG modes)
{
    while (modes & (modes - 1))
        modes &= modes - 1;
    return modes;
}

/* The fastest PIO mode, and the fastest multiword DMA mode: Ultra DMA would ask for the controller's
 * own timing registers, and for the cable. */
/* BREAKS: INI-08, INI-11, where a case changed what this leaves behind */
BOOLEAN NTAPI ProbeTransferModeSelect(PVOID ControllerExtension,
                                      PIDE_TRANSFER_MODE_PARAMETERS TransferModeSelect)
{
    struct probe_controller *controller = ControllerExtension;
    struct probe_channel *channel = controller->channels[TransferModeSelect->ChannelNumber];

    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++) {
        ULONG supported = TransferModeSelect->DeviceTransferModeSupported[target];
        ULONG selected = 0;

        if (TransferModeSelect->DeviceType[target] != DeviceNotExist)
            selected = fastest(supported & PIO_SUPPORT);
        if (selected && channel->dma_allowed && controller->has_bus_master)
            selected |= fastest(supported & MWDMA_SUPPORT);
        TransferModeSelect->DeviceTransferModeSelected[target] = selected;
    }
    probe_occasion(AT_MODE_SELECT, controller, channel, TransferModeSelect);
    return TRUE;
}
