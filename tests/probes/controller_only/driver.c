/* SPDX-License-Identifier: MIT */
/*
 * A probe: a miniport without the channel interface, for Intel's PIIX3 and PIIX4.
 *
 * It serves the controller: says which channels decode their ports, that it masters the bus, and
 * chooses transfer modes. Its channels belong to the default channel driver. In between it uses the
 * registry routines, which are to refuse everything (REG-14), and prints `case NAME: begin`, then
 * `case NAME: ok` or `case NAME: not ok`. Entered at PASSIVE_LEVEL.
 */
#include <irb.h>

/* PIIX: IDETIM, 40h for the primary and 42h for the secondary channel: bit 15 says that the
 * channel's ports are decoded; of the timings the reset's slowest ones are kept, since they fit every mode in
 * which the host sets the pace. */
#define PIIX_IDETIM        0x40
#define PIIX_IDETIM_DECODE 0x8000

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);

/* Looks like a registry buffer, and is none. */
static ULONG no_buffer = 0x600D600D;

static __attribute__((noipa)) void controller_only(PVOID ControllerExtension)
{
    PUCHAR bytes = (PUCHAR)&no_buffer;
    ULONG length = sizeof no_buffer;
    BOOLEAN refused;

    AtaPortDebugPrint(0, "case controller_only: begin\n");
    refused = AtaPortRegistryAllocateBuffer(ControllerExtension, 64) == NULL; /* BREAKS: REG-14 */
    AtaPortRegistryFreeBuffer(ControllerExtension, bytes);                    /* BREAKS: REG-14 */
    /* BREAKS: REG-14 */
    refused &= !AtaPortRegistryControllerKeyRead(ControllerExtension, 0, "Number", IDE_REG_DWORD,
                                                 bytes, &length);
    /* BREAKS: REG-14 */
    refused &= !AtaPortRegistryControllerKeyWrite(ControllerExtension, 0, "Number", IDE_REG_DWORD,
                                                  bytes, &length);
    /* BREAKS: REG-14 */
    refused &= !AtaPortRegistryControllerKeyWriteDeferred(ControllerExtension, 0, "Number",
                                                          IDE_REG_DWORD, bytes, &length);
    AtaPortDebugPrint(0, "case controller_only: %s\n",
                      refused && no_buffer == 0x600D600D ? "ok" : "not ok: it was served");
}

static BOOLEAN NTAPI AdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                    PVOID Parameters)
{
    PIDE_CONTROLLER_CONFIGURATION configuration = Parameters;

    if (ControlAction == IdeStart) {
        configuration->NumberOfChannels = 2;
        configuration->BusMaster = TRUE;
        configuration->NumberOfPhysicalBreaks = 32; /* what the channel's driver takes */
        configuration->AtaBusType = IdeBusPata;
        controller_only(ControllerExtension);
    }
    return TRUE;
}

static ATA_CHANNEL_STATE NTAPI ChannelEnabled(PVOID ControllerExtension, ULONG Channel)
{
    USHORT timing = 0;

    AtaPortGetBusData(ControllerExtension, &timing, PIIX_IDETIM + 2 * Channel, sizeof timing);
    return timing & PIIX_IDETIM_DECODE ? ChannelStateEnabled : ChannelStateDisabled;
}

static BOOLEAN NTAPI TransferModeSelect(PVOID ControllerExtension,
                                        PIDE_TRANSFER_MODE_PARAMETERS Parameters)
{
    const ULONG wanted = PIO_MODE0 | PIO_MODE1 | PIO_MODE2 | PIO_MODE3 | MWDMA_MODE1;

    UNREFERENCED_PARAMETER(ControllerExtension);
    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++)
        Parameters->DeviceTransferModeSelected[target] =
            Parameters->DeviceTransferModeSupported[target] & wanted;
    return TRUE;
}

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    IDE_CONTROLLER_INTERFACE controller_interface = {
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .AtaControllerChannelEnabled = ChannelEnabled,
        .AtaControllerTransferModeSelect = TransferModeSelect,
        .AtaAdapterControl = AdapterControl,
    };
    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface);
}
