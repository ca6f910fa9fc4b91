/* SPDX-License-Identifier: MIT */
/*
 * The driver introduces itself, and the controller comes and goes.
 *
 * Owns: the controller extension, and the registers that all ports share. May not: touch a port's
 * registers, but to see to it that it does not interrupt before its channel is there.
 * Entered at PASSIVE_LEVEL; AtaAdapterControl for power at or below DISPATCH_LEVEL.
 */
#include "steps.h"

#define PCI_COMMAND            0x04
#define PCI_COMMAND_MEMORY     0x0002
#define PCI_COMMAND_BUS_MASTER 0x0004

#define HANDOFF_STEP_US 50
#define HANDOFF_STEPS   10 /* most firmware answers by an interrupt of its own, at once */

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

static BOOLEAN enable_pci(struct ahci_controller *controller)
{
    const USHORT wanted = PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER;
    USHORT command = 0;

    if (AtaPortGetBusData(controller, &command, PCI_COMMAND, sizeof command) != sizeof command)
        return FALSE;
    if ((command & wanted) == wanted)
        return TRUE;
    command |= wanted;
    AtaPortSetBusData(controller, &command, PCI_COMMAND, sizeof command);
    return AtaPortGetBusData(controller, &command, PCI_COMMAND, sizeof command) == sizeof command &&
           (command & wanted) == wanted;
}

static PUCHAR map_registers(struct ahci_controller *controller,
                            const IDE_MINIPORT_RESOURCES *resources)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];
        if (range->Bar == BAR_ABAR && range->InMemory)
            return AtaPortGetDeviceBase(controller, range->RangeStart, 0);
    }
    return NULL;
}

/* AHCI: 10.6. A firmware that takes its time is waited for where the ports start (link.c). */
static void take_over(PUCHAR hba)
{
    const ULONG owner = hba_read(hba, HBA_BOHC) & (BOHC_OWNER_BITS & ~BOHC_BIOS_BUSY);

    hba_write(hba, HBA_BOHC, owner | BOHC_OS_OWNS);
    for (ULONG i = 0; i < HANDOFF_STEPS && hba_read(hba, HBA_BOHC) & BOHC_BIOS_OWNS; i++)
        AtaPortStallExecution(HANDOFF_STEP_US);
}

/* AHCI: 10.1.2. Its ports are switched on one by one, as their channels start. */
static void take_controller(struct ahci_controller *controller)
{
    PUCHAR hba = controller->base;

    hba_write(hba, HBA_GHC, GHC_AHCI);
    if (controller->has_firmware)
        take_over(hba);
    for (ULONG port = 0; port < PORT_COUNT; port++)
        if (controller->ports >> port & 1)
            hba_write(hba, PORT_BASE(port) + PORT_IE, 0);
    hba_write(hba, HBA_IS, 0xFFFFFFFFu);
    if (!controller->is_dump)
        hba_write(hba, HBA_GHC, GHC_AHCI | GHC_INTERRUPTS);
}

static BOOLEAN start_controller(struct ahci_controller *controller,
                                PIDE_CONTROLLER_CONFIGURATION configuration)
{
    UCHAR channels = 0;

    if (configuration->Version != sizeof *configuration)
        return FALSE;
    controller->number = take_number();
    controller->is_dump = configuration->ControllerMode == IdeModeDump;
    controller->base = map_registers(controller, configuration->ControllerResources);
    if (!controller->base || !enable_pci(controller)) {
        AtaPortDebugPrint(0, "ahci: %s\n",
                          controller->base ? "the function cannot be made to master the bus"
                                           : "there are no registers at base address 5");
        return FALSE;
    }
    controller->capabilities = hba_read(controller->base, HBA_CAP);
    controller->has_firmware = (hba_read(controller->base, HBA_CAP2) & CAP2_HANDOFF) != 0;
    /* AHCI: 3.1.4: what CAP says of the number of ports may be more, or less, than there are. */
    controller->ports = hba_read(controller->base, HBA_PI);
    for (UCHAR port = 0; port < PORT_COUNT; port++)
        if (controller->ports >> port & 1)
            channels = port + 1;
    take_controller(controller);

    configuration->NumberOfChannels = channels;
    configuration->BusMaster = TRUE;
    configuration->Dma64BitAddress = (controller->capabilities & CAP_64_BIT) != 0;
    configuration->AtaBusType = IdeBusSata;
    if (configuration->NumberOfPhysicalBreaks > MAXIMUM_BREAKS)
        configuration->NumberOfPhysicalBreaks = MAXIMUM_BREAKS;
    if (configuration->MaximumTransferLength > MAXIMUM_TRANSFER)
        configuration->MaximumTransferLength = MAXIMUM_TRANSFER;
    return channels != 0;
}

static BOOLEAN NTAPI AhciAdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                        PVOID Parameters)
{
    struct ahci_controller *controller = ControllerExtension;

    switch (ControlAction) {
    case IdeStart:
        return start_controller(controller, Parameters);
    case IdePowerUp:
        /* Everything may be lost; the ports follow when their channels come up. */
        if (!enable_pci(controller))
            return FALSE;
        take_controller(controller);
        return TRUE;
    case IdeStop:
        numbers_taken &= ~(1u << controller->number);
        if (controller->base)
            hba_write(controller->base, HBA_GHC, GHC_AHCI);
        return TRUE;
    case IdePowerDown:
        hba_write(controller->base, HBA_GHC, GHC_AHCI);
        return TRUE;
    case IdeVendorDefined:
        return TRUE;
    }
    return FALSE;
}

static ATA_CHANNEL_STATE NTAPI AhciChannelEnabled(PVOID ControllerExtension, ULONG Channel)
{
    const struct ahci_controller *controller = ControllerExtension;

    return Channel < PORT_COUNT && controller->ports >> Channel & 1 ? ChannelStateEnabled
                                                                    : ChannelStateDisabled;
}

/* There is no AtaControllerTransferModeSelect: Serial ATA has no timings. */
NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    IDE_CONTROLLER_INTERFACE controller_interface = {
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .ControllerExtensionSize = sizeof(struct ahci_controller),
        .ChannelExtensionSize = sizeof(struct ahci_channel),
        .AlignmentMask = 1, /* AHCI: 4.2.3.3: a region begins at an even address */
        .AtaChannelInitRoutine = AhciChannelInit,
        .AtaControllerChannelEnabled = AhciChannelEnabled,
        .AtaAdapterControl = AhciAdapterControl,
    };
    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface);
}
