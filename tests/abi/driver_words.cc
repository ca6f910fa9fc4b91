/* SPDX-License-Identifier: MIT */
/* A driver in C++: what it defines and what it calls has the names that C gives. */
#include <miniport.h>
#include <ata.h>
#include <irb.h>
#include <initguid.h>

DEFINE_GUID(SampleGuid, 0x12345678, 0x9ABC, 0xDEF0, 1, 2, 3, 4, 5, 6, 7, 8);
C_ASSERT(sizeof(IDE_REQUEST_BLOCK) % 8 == 0);

struct SAMPLE_EXTENSION {
    LONG volatile Count;
    PCI_COMMON_CONFIG Config;
};

static BOOLEAN NTAPI SampleControl(PVOID Extension, IDE_CONTROL_ACTION, PVOID)
{
    SAMPLE_EXTENSION *extension = static_cast<SAMPLE_EXTENSION *>(Extension);

    ASSERT(extension != NULL);
    AtaPortGetBusData(extension, &extension->Config, 0, PCI_COMMON_HDR_LENGTH);
    return InterlockedIncrement(&extension->Count) == 1;
}

EXTERN_C NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);

EXTERN_C NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    static IDE_CONTROLLER_INTERFACE controller_interface;

    controller_interface.Version = sizeof(controller_interface);
    controller_interface.ControllerExtensionSize = sizeof(SAMPLE_EXTENSION) + SampleGuid.Data4[0];
    controller_interface.AtaAdapterControl = SampleControl;
    return static_cast<NTSTATUS>(
        AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface));
}
