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

/* Names of the kits that stand in drivers beside those of the interface. */
#if !defined(_NTIRB_) || !defined(_WIN32_WINNT) || _WIN32_WINNT < 0x0600 || WINVER < 0x0600
#error "which kind of miniport, and for which system"
#endif
C_ASSERT(IRB_STATUS(0x21) == IRB_STATUS_SUCCESS && IRB_STATUS(0xB3) == IRB_STATUS_DEVICE_ERROR);
C_ASSERT(IRB_STATUS(IRB_STATUS_INTERNAL_ERROR) == IRB_STATUS_INTERNAL_ERROR);
C_ASSERT(sizeof(CCHAR) == 1 && sizeof(CSHORT) == 2 && sizeof(TCHAR) == 1);
C_ASSERT(sizeof(PHANDLE) == sizeof(PVOID) && sizeof(PVOID64) == 8);
C_ASSERT(sizeof(__int64) == 8 && sizeof(unsigned __int32) == 4 && sizeof(__int16) == 2);
C_ASSERT(sizeof(PCI_COMMON_CONFIG) == 256 && PCI_COMMON_HDR_LENGTH == 64);
C_ASSERT(FIELD_OFFSET(PCI_COMMON_CONFIG, BaseClass) == 0x0B);
C_ASSERT(FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.BaseAddresses) == 0x10);
C_ASSERT(FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.SubSystemID) == 0x2E);
C_ASSERT(FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.CapabilitiesPtr) == 0x34);
C_ASSERT(FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.InterruptLine) == 0x3C);
C_ASSERT(FIELD_OFFSET(PCI_COMMON_CONFIG, u.type1.SecondaryBus) == 0x19);
C_ASSERT(FIELD_OFFSET(PCI_COMMON_CONFIG, u.type1.BridgeControl) == 0x3E);
C_ASSERT(FIELD_OFFSET(PCI_COMMON_CONFIG, u.type2.Range) == 0x1C);
C_ASSERT(FIELD_OFFSET(PCI_COMMON_CONFIG, u.type2.InterruptLine) == 0x3C);
C_ASSERT(PCI_CLASS_MASS_STORAGE_CTLR == 1 && PCI_SUBCLASS_MSC_IDE_CTLR == 1);

typedef struct DECLSPEC_ALIGN(16) _SAMPLE_ALIGNED {
    UCHAR Bytes[3];
} SAMPLE_ALIGNED;
C_ASSERT(sizeof(SAMPLE_ALIGNED) == 16);

EXTERN_C DECLSPEC_NOINLINE VOID SampleOutside(CONST CHAR FAR *Text);
DECLSPEC_SELECTANY ULONG SampleOnce = 1;

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
