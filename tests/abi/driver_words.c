/* SPDX-License-Identifier: MIT */
/*
 * How drivers in the field write: old and new annotations, inline functions of every kind, GUIDs,
 * control actions under both names. It compiles without a warning, optimised or not, and refers to
 * nothing but routines of the port and the compiler's own.
 */
#include <miniport.h>
#include <ata.h>
#include <irb.h>
#include <initguid.h>

#if NTDDI_VERSION < NTDDI_VISTA
#error "drivers ask for Vista or later"
#endif

DEFINE_GUID(SampleGuid, 0x12345678, 0x9ABC, 0xDEF0, 1, 2, 3, 4, 5, 6, 7, 8);

typedef struct _SAMPLE_EXTENSION {
    ULONG Count;
    __field_bcount(Count) PUCHAR Bytes;
    _Field_size_bytes_(Count) PUCHAR MoreBytes;
    LIST_ENTRY Link;
    PUCHAR Base;
} SAMPLE_EXTENSION, *PSAMPLE_EXTENSION;

C_ASSERT(FIELD_OFFSET(SAMPLE_EXTENSION, Count) == 0);
C_ASSERT(sizeof(ULONG) == 4);

__inline ULONG SampleBareInline(IN ULONG Value)
{
    return min(Value, 7) + max(Value, 3);
}

BOOLEAN __inline SampleIsDma(__in PIDE_REQUEST_BLOCK Irb)
{
    return (BOOLEAN)(IRB_USES_DMA(Irb) != 0);
}

FORCEINLINE ULONG SampleForceInline(_In_ ULONG Value)
{
    return SampleBareInline(Value) + 1;
}

static __inline ULONG SampleStaticInline(__in ULONG Value)
{
    return SampleForceInline(Value) + 1;
}

static VOID NTAPI SampleTimer(__in PVOID ChannelExtension)
{
    AtaPortDeviceReady(ChannelExtension, IDE_UNTAGGED, 0);
}

__drv_maxIRQL(2) __checkReturn BOOLEAN NTAPI
    SampleStartIo(__in PVOID ChannelExtension, __inout PIDE_REQUEST_BLOCK Irb);

__drv_maxIRQL(2) __checkReturn BOOLEAN NTAPI
    SampleStartIo(__in PVOID ChannelExtension, __inout PIDE_REQUEST_BLOCK Irb)
{
    PIDEREGISTERS registers = GET_IRB_CURRENT_REG(Irb);
    USHORT function;

    IdeMapAtaCommandToIrbFunction(registers->bCommandReg, function);
    if (function == IRB_FUNCTION_ATA_READ && !SampleIsDma(Irb))
        MARK_IRB_FOR_DMA(Irb);
    SetIrbDeviceReg(Irb, IDE_LBA_MODE);
    Irb->IrbStatus = IRB_STATUS_SUCCESS;
    AtaPortCompleteRequest(ChannelExtension, Irb);
    return AtaPortRequestTimer(ChannelExtension, SampleTimer, 1000);
}

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ BOOLEAN NTAPI
    SampleControl(_In_ PVOID ChannelExtension, _In_ IDE_CONTROL_ACTION ControlAction,
                  _Inout_opt_ PVOID Parameters);

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ BOOLEAN NTAPI
    SampleControl(_In_ PVOID ChannelExtension, _In_ IDE_CONTROL_ACTION ControlAction,
                  _Inout_opt_ PVOID Parameters)
{
    PSAMPLE_EXTENSION extension = ChannelExtension;
    PIDE_CHANNEL_CONFIGURATION configuration = Parameters;
    ULONG length = sizeof(ULONG), modes = ALL_MODE_SUPPORT, highest;
    PUCHAR buffer;

    switch (ControlAction) {
    case IdeStart:
        break;
    case StopChannel:
    case IdePowerUp:
    case PowerDownChannel:
        return TRUE;
    default:
        return FALSE;
    }
    if (configuration->Version != sizeof(IDE_CHANNEL_CONFIGURATION))
        return FALSE;
    GetHighestBitSet(modes, highest) extension->Count = SampleStaticInline(highest);
    extension->Base = AtaPortGetUncachedExtension(extension, 4096, 128);
    buffer = AtaPortRegistryAllocateBuffer(extension, length);
    if (buffer != NULL) {
        if (!AtaPortRegistryChannelSubKeyRead(extension, 0, "HighestMode", IDE_REG_DWORD, buffer,
                                              &length))
            AtaPortDebugPrint(1, "no value, %u bytes\n", length);
        AtaPortRegistryFreeBuffer(extension, buffer);
    }
    return extension->Base != NULL;
}

static BOOLEAN NTAPI SampleAdapterControl(IN PVOID ControllerExtension,
                                          IN IDE_CONTROL_ACTION ControlAction, IN PVOID Parameters)
{
    UNREFERENCED_PARAMETER(ControllerExtension);
    UNREFERENCED_PARAMETER(Parameters);
    return ControlAction == StartChannel;
}

NTSTATUS NTAPI DriverEntry(IN PDRIVER_OBJECT DriverObject, IN PUNICODE_STRING RegistryPath);

NTSTATUS NTAPI DriverEntry(IN PDRIVER_OBJECT DriverObject, IN PUNICODE_STRING RegistryPath)
{
    IDE_CONTROLLER_INTERFACE interface = {
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .ControllerExtensionSize = sizeof(SAMPLE_EXTENSION),
        .ChannelExtensionSize = sizeof(SAMPLE_EXTENSION) + SampleGuid.Data4[0],
        .AtaAdapterControl = SampleAdapterControl,
    };

    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &interface);
}
