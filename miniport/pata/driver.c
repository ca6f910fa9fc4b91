/* SPDX-License-Identifier: MIT */
/*
 * The driver introduces itself, and the controller comes and goes.
 *
 * Owns: the controller extension. May not: touch a channel's registers; they are the channel's.
 * Entered at PASSIVE_LEVEL: DriverEntry, AtaAdapterControl, AtaControllerChannelEnabled.
 *
 * PCI: a controller of class 01:01 decodes its ports while bit 0 of the PCI command register is
 * set, and masters the bus while bit 2 is. Bit 7 of the programming interface says that it has a
 * bus master at all (SFF-8038i), whose registers lie at base address 4. On the ISA bus there is
 * nothing of this.
 */
#include "steps.h"

#define PCI_IDS                   0x00 /* vendor in the low half, device in the high half */
#define PCI_COMMAND               0x04
#define PCI_COMMAND_IO            0x0001
#define PCI_COMMAND_BUS_MASTER    0x0004
#define PCI_PROGRAMMING_INTERFACE 0x09
#define PCI_HAS_BUS_MASTER        0x80
#define PCI_NO_DEVICE             0xFFFFFFFFu

#define BAR_BUS_MASTER 4

/* No structure tells a driver its controller's number, by which the registry names the keys; but
 * the port counts them as this does, in start order, and a controller that is started again keeps
 * its own. */
static ULONG numbers_taken; /* a bit each */

static UCHAR take_number(void)
{
    UCHAR number = 0;
    while (number < 31 && numbers_taken >> number & 1)
        number++;
    numbers_taken |= 1u << number;
    return number;
}

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    IDE_CONTROLLER_INTERFACE controller_interface = {
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .ControllerExtensionSize = sizeof(struct pata_controller),
        .ChannelExtensionSize = sizeof(struct pata_channel),
        .AlignmentMask = 1, /* SFF-8038i: a region begins at an even address */
        .AtaChannelInitRoutine = PataChannelInit,
        .AtaControllerChannelEnabled = PataChannelEnabled,
        .AtaControllerTransferModeSelect = PataTransferModeSelect,
        .AtaAdapterControl = PataAdapterControl,
    };
    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface);
}

/* Reads the PCI command register into *command. */
static BOOLEAN get_pci_command(struct pata_controller *controller, USHORT *command)
{
    return AtaPortGetBusData(controller, command, PCI_COMMAND, sizeof *command) == sizeof *command;
}

/* Switches port decoding and bus mastering on. False: bus mastering stays off. */
static BOOLEAN enable_pci(struct pata_controller *controller)
{
    const USHORT wanted = PCI_COMMAND_IO | PCI_COMMAND_BUS_MASTER;
    USHORT command;

    if (!get_pci_command(controller, &command))
        return FALSE;
    if ((command & wanted) != wanted) {
        command |= wanted;
        AtaPortSetBusData(controller, &command, PCI_COMMAND, sizeof command);
        if (!get_pci_command(controller, &command))
            return FALSE;
    }
    return (command & PCI_COMMAND_BUS_MASTER) != 0;
}

static const struct pata_chip *find_chip(struct pata_controller *controller)
{
    ULONG ids = PCI_NO_DEVICE;

    if (AtaPortGetBusData(controller, &ids, PCI_IDS, sizeof ids) != sizeof ids ||
        ids == PCI_NO_DEVICE)
        return &pata_chip_isa;
    return pata_find_chip(ids);
}

/* Command blocks, or the bus master's range, among the resources. */
static ULONG count_ranges(const IDE_MINIPORT_RESOURCES *resources, UCHAR bar, UCHAR other_bar)
{
    ULONG count = 0;
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        UCHAR found = resources->IdeAccessRange[i].Bar;
        count += found == bar || found == other_bar;
    }
    return count;
}

static BOOLEAN start_controller(struct pata_controller *controller,
                                PIDE_CONTROLLER_CONFIGURATION configuration)
{
    if (configuration->Version != sizeof *configuration)
        return FALSE;
    controller->number = take_number();
    for (ULONG channel = 0; channel < MAX_IDE_DEVICE; channel++)
        controller->modes_allowed[channel] = ALL_MODE_SUPPORT;

    controller->chip = find_chip(controller);
    controller->has_bus_master = FALSE;
    if (controller->chip->is_isa) {
        ULONG count = count_ranges(configuration->ControllerResources, 0, 2);
        configuration->NumberOfChannels = (UCHAR)(count < 2 ? 1 : 2);
    } else {
        UCHAR interface = 0;
        BOOLEAN is_enabled = enable_pci(controller);
        AtaPortGetBusData(controller, &interface, PCI_PROGRAMMING_INTERFACE, sizeof interface);
        configuration->NumberOfChannels = 2;
        controller->has_bus_master =
            is_enabled && (interface & PCI_HAS_BUS_MASTER) &&
            count_ranges(configuration->ControllerResources, BAR_BUS_MASTER, BAR_BUS_MASTER) != 0;
    }

    configuration->BusMaster = controller->has_bus_master;
    configuration->Dma64BitAddress = FALSE; /* a descriptor has 32 bits of address */
    configuration->AtaBusType = IdeBusPata;
    if (configuration->NumberOfPhysicalBreaks > MAXIMUM_BREAKS)
        configuration->NumberOfPhysicalBreaks = MAXIMUM_BREAKS;
    if (configuration->MaximumTransferLength > MAXIMUM_TRANSFER)
        configuration->MaximumTransferLength = MAXIMUM_TRANSFER;
    return TRUE;
}

BOOLEAN NTAPI PataAdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                 PVOID Parameters)
{
    struct pata_controller *controller = ControllerExtension;

    switch (ControlAction) {
    case IdeStart:
        return start_controller(controller, Parameters);
    case IdePowerUp:
        /* Configuration space may have lost everything; timings follow when the channels come
         * up. */
        if (!controller->chip->is_isa)
            enable_pci(controller);
        return TRUE;
    case IdeStop:
        numbers_taken &= ~(1u << controller->number);
        return TRUE;
    case IdePowerDown:
    case IdeVendorDefined:
        return TRUE;
    }
    return FALSE;
}

ATA_CHANNEL_STATE NTAPI PataChannelEnabled(PVOID ControllerExtension, ULONG Channel)
{
    struct pata_controller *controller = ControllerExtension;

    if (controller->chip->is_isa)
        return ChannelStateEnabled; /* it has the resources */
    if (!controller->chip->state)
        return ChannelStateUnKnown; /* each maker has a register of its own for it */
    return controller->chip->state(controller, (UCHAR)Channel);
}
