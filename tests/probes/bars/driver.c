/* SPDX-License-Identifier: MIT */
/*
 * A probe: a miniport for PCI functions that are no disk controllers at all, QEMU's pci-testdev and
 * ivshmem-plain. It says which ranges it was given, and reads and writes them in all widths and forms.
 *
 * Prints `range BAR memory|ports START LENGTH` for each, then `case NAME: ok` or `case NAME: not
 * ok`. QEMU: pci-testdev has registers at base address 0 and ports at 1, whose first bytes describe
 * the test that was written to the first one, and can be read in every width; ivshmem-plain has a
 * 64-bit prefetchable range of memory at 2. Neither has an interrupt pin, so that their channel cannot
 * start.
 */
#include <miniport.h>
#include <irb.h>

#define BAR_REGISTERS 0
#define BAR_PORTS     1
#define BAR_MEMORY    2

/* Of the memory, this much is mapped and looked at: at the begin and at the end. */
#define PIECE 64u

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);

struct controller {
    PUCHAR registers, ports, memory, memory_end;
};

static void say(const char *name, BOOLEAN good)
{
    AtaPortDebugPrint(0, "case %s: %s\n", name, good ? "ok" : "not ok");
}

static PVOID at(PUCHAR base, ULONG offset)
{
    return base + offset;
}

/* ------------------------------------------------------------------ ranges */

static void map_ranges(struct controller *controller, const IDE_MINIPORT_RESOURCES *resources)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];
        PUCHAR base = range->Bar == BAR_MEMORY
                          ? NULL
                          : AtaPortGetDeviceBase(controller, range->RangeStart, 0);

        AtaPortDebugPrint(0, "range %u %s %08x%08x %x\n", range->Bar,
                          range->InMemory ? "memory" : "ports", range->RangeStart.HighPart,
                          range->RangeStart.LowPart, range->RangeLength);
        if (range->Bar == BAR_REGISTERS && range->InMemory)
            controller->registers = base;
        if (range->Bar == BAR_PORTS && !range->InMemory)
            controller->ports = base;
        if (range->Bar == BAR_MEMORY && range->InMemory) {
            IDE_PHYSICAL_ADDRESS end = range->RangeStart;
            end.QuadPart += range->RangeLength - PIECE;
            controller->memory = AtaPortGetDeviceBase(controller, range->RangeStart, PIECE);
            controller->memory_end = AtaPortGetDeviceBase(controller, end, PIECE);
        }
    }
}

/* ------------------------------------------------------------------ reading the same in all widths */

static BOOLEAN same_bytes(const void *a, const void *b, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        if (((const UCHAR *)a)[i] != ((const UCHAR *)b)[i])
            return FALSE;
    return TRUE;
}

static BOOLEAN registers_agree(PUCHAR base)
{
    UCHAR by_1[16], buffer_1[16];
    USHORT by_2[8], buffer_2[8];
    ULONG by_4[4], buffer_4[4];

    for (ULONG i = 0; i < 16; i++)
        by_1[i] = AtaPortReadRegisterUchar(base + i);
    for (ULONG i = 0; i < 8; i++)
        by_2[i] = AtaPortReadRegisterUshort(at(base, 2 * i));
    for (ULONG i = 0; i < 4; i++)
        by_4[i] = AtaPortReadRegisterUlong(at(base, 4 * i));
    AtaPortReadRegisterBufferUchar(base, buffer_1, 16);
    AtaPortReadRegisterBufferUshort(at(base, 0), buffer_2, 8);
    AtaPortReadRegisterBufferUlong(at(base, 0), buffer_4, 4);
    return same_bytes(by_1, by_2, 16) && same_bytes(by_1, by_4, 16) &&
           same_bytes(by_1, buffer_1, 16) && same_bytes(by_1, buffer_2, 16) &&
           same_bytes(by_1, buffer_4, 16) && !same_bytes(by_1, by_1 + 8, 8);
}

/* A port buffer is the same port again and again. */
static BOOLEAN ports_agree(PUCHAR base)
{
    UCHAR by_1[16], buffer_1[4];
    USHORT by_2[8], buffer_2[4];
    ULONG by_4[4], buffer_4[4];

    for (ULONG i = 0; i < 16; i++)
        by_1[i] = AtaPortReadPortUchar(base + i);
    for (ULONG i = 0; i < 8; i++)
        by_2[i] = AtaPortReadPortUshort(at(base, 2 * i));
    for (ULONG i = 0; i < 4; i++)
        by_4[i] = AtaPortReadPortUlong(at(base, 4 * i));
    AtaPortReadPortBufferUchar(base + 1, buffer_1, 4);
    AtaPortReadPortBufferUshort(at(base, 2), buffer_2, 4);
    AtaPortReadPortBufferUlong(at(base, 4), buffer_4, 4);
    for (ULONG i = 0; i < 4; i++)
        if (buffer_1[i] != by_1[1] || buffer_2[i] != by_2[1] || buffer_4[i] != by_4[1])
            return FALSE;
    return same_bytes(by_1, by_2, 16) && same_bytes(by_1, by_4, 16) &&
           !same_bytes(by_1, by_1 + 8, 8);
}

/* ------------------------------------------------------------------ writing */

static BOOLEAN holds(PUCHAR base, UCHAR first)
{
    for (ULONG i = 0; i < PIECE; i++)
        if (AtaPortReadRegisterUchar(base + i) != (UCHAR)(first + i))
            return FALSE;
    return TRUE;
}

/* Counting bytes, from `first` on, written in each width and form. */
static BOOLEAN memory_takes(PUCHAR base)
{
    UCHAR bytes[PIECE];
    BOOLEAN good = TRUE;

    for (UCHAR form = 0; form < 6; form++) {
        UCHAR first = (UCHAR)(form * 37 + 1);
        for (ULONG i = 0; i < PIECE; i++)
            bytes[i] = (UCHAR)(first + i);
        const USHORT *words = (const void *)bytes;
        const ULONG *dwords = (const void *)bytes;
        for (ULONG i = 0; form == 0 && i < PIECE; i++)
            AtaPortWriteRegisterUchar(base + i, bytes[i]);
        for (ULONG i = 0; form == 1 && i < PIECE / 2; i++)
            AtaPortWriteRegisterUshort(at(base, 2 * i), words[i]);
        for (ULONG i = 0; form == 2 && i < PIECE / 4; i++)
            AtaPortWriteRegisterUlong(at(base, 4 * i), dwords[i]);
        if (form == 3)
            AtaPortWriteRegisterBufferUchar(base, bytes, PIECE);
        if (form == 4)
            AtaPortWriteRegisterBufferUshort(at(base, 0), (PUSHORT)words, PIECE / 2);
        if (form == 5)
            AtaPortWriteRegisterBufferUlong(at(base, 0), (PULONG)dwords, PIECE / 4);
        good &= holds(base, first);
    }
    return good && registers_agree(base);
}

/* ------------------------------------------------------------------ entry points */

static BOOLEAN NTAPI AdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                    PVOID Parameters)
{
    struct controller *controller = ControllerExtension;
    PIDE_CONTROLLER_CONFIGURATION configuration = Parameters;

    if (ControlAction != IdeStart)
        return TRUE;
    configuration->NumberOfChannels = 1;
    map_ranges(controller, configuration->ControllerResources);
    if (controller->registers && controller->ports) {
        AtaPortWriteRegisterUchar(controller->registers, 0);
        say("registers", registers_agree(controller->registers));
        AtaPortWritePortUchar(controller->ports, 0);
        say("ports", ports_agree(controller->ports));
    }
    if (controller->memory) {
        say("memory", memory_takes(controller->memory));
        say("end of memory", controller->memory_end && memory_takes(controller->memory_end));
    }
    return TRUE;
}

static BOOLEAN NTAPI Refuse(PVOID ChannelExtension)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    return FALSE;
}

static BOOLEAN NTAPI RefuseIrb(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    UNREFERENCED_PARAMETER(Irb);
    return FALSE;
}

static BOOLEAN NTAPI RefuseDevice(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                                  PIDENTIFY_DEVICE_DATA IdentifyData)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    UNREFERENCED_PARAMETER(Parameters);
    UNREFERENCED_PARAMETER(IdentifyData);
    return FALSE;
}

static BOOLEAN NTAPI RefuseControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                                   PVOID Parameters)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    UNREFERENCED_PARAMETER(ControlAction);
    UNREFERENCED_PARAMETER(Parameters);
    return FALSE;
}

static BOOLEAN NTAPI ChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                                 PVOID InitContext)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    UNREFERENCED_PARAMETER(InitContext);
    Interface->IdeHwInitialize = RefuseDevice;
    Interface->IdeHwStartIo = RefuseIrb;
    Interface->IdeHwInterrupt = Refuse;
    Interface->IdeHwReset = Refuse;
    Interface->IdeHwControl = RefuseControl;
    return TRUE;
}

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    IDE_CONTROLLER_INTERFACE controller_interface = {
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .ControllerExtensionSize = sizeof(struct controller),
        .AtaChannelInitRoutine = ChannelInit,
        .AtaAdapterControl = AdapterControl,
    };
    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface);
}
