/* SPDX-License-Identifier: MIT */
/*
 * A probe: a miniport without the channel interface, which uses the registry routines (REG-14).
 *
 * Prints `case NAME: begin`, then `case NAME: ok` or `case NAME: not ok`. The registry may not be its
 * own: it is to be refused everything. Entered at PASSIVE_LEVEL.
 */
#include <irb.h>

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);

/* Looks like a registry buffer, and is none. */
static ULONG no_buffer = 0x600D600D;

static __attribute__((noipa)) void controller_only(PVOID ControllerExtension)
{
    PUCHAR bytes = (PUCHAR)&no_buffer;
    ULONG length = sizeof no_buffer;
    BOOLEAN refused;

    AtaPortDebugPrint(0, "case controller_only: begin\n");
    refused = AtaPortRegistryAllocateBuffer(ControllerExtension, 64) == NULL;
    AtaPortRegistryFreeBuffer(ControllerExtension, bytes);
    refused &= !AtaPortRegistryControllerKeyRead(ControllerExtension, 0, "Number", IDE_REG_DWORD,
                                                 bytes, &length);
    refused &= !AtaPortRegistryControllerKeyWrite(ControllerExtension, 0, "Number", IDE_REG_DWORD,
                                                  bytes, &length);
    refused &= !AtaPortRegistryControllerKeyWriteDeferred(ControllerExtension, 0, "Number",
                                                          IDE_REG_DWORD, bytes, &length);
    AtaPortDebugPrint(0, "case controller_only: %s\n",
                      refused && no_buffer == 0x600D600D ? "ok" : "not ok: it was served");
}

static BOOLEAN NTAPI AdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                    PVOID Parameters)
{
    UNREFERENCED_PARAMETER(Parameters);
    if (ControlAction == IdeStart)
        controller_only(ControllerExtension);
    return TRUE;
}

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    IDE_CONTROLLER_INTERFACE controller_interface = {
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .AtaAdapterControl = AdapterControl,
    };
    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface);
}
