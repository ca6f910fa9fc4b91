/* SPDX-License-Identifier: MIT */
/* The port of port_model.h. */
#include "tests/host/port_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_OFFSET    0x1000u  /* of the uncached extension, in model.ram */
#define DATA_OFFSET     0x10000u /* of what IRBs move */
#define IDENTIFY_OFFSET (MODEL_RAM_BYTES - 0x1000u)

struct port_model port_model;
struct model_note model_notes[MODEL_NOTES];
struct test_irb test_irbs[PORT_MODEL_IRBS];

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);

static IDE_ACCESS_RANGE ranges[3];
static IDE_MINIPORT_RESOURCES resources;

__attribute__((format(printf, 1, 2))) static void offend(const char *format, ...)
{
    va_list arguments;
    if (port_model.offences++)
        return;
    va_start(arguments, format);
    vsnprintf(port_model.offence, sizeof port_model.offence, format, arguments);
    va_end(arguments);
}

uint8_t *port_model_memory(uint32_t offset)
{
    return model.ram + DATA_OFFSET + offset;
}

/* ------------------------------------------------------------------ calls into the miniport */

static void enter(void)
{
    port_model.stalled_us = 0;
}

static void leave(void)
{
    if (port_model.stalled_us > port_model.worst_stall_us)
        port_model.worst_stall_us = port_model.stalled_us;
    if (port_model.stalled_us >= 1000)
        offend("stalled for %u us", port_model.stalled_us);
}

static bool deliver_interrupt(void)
{
    if (!model.edge || !port_model.channel)
        return false;
    model.edge = false;
    model.in_interrupt = port_model.in_interrupt = port_model.at_dirql = true;
    port_model.interrupts++;
    enter();
    if (!port_model.interface.IdeHwInterrupt(port_model.channel))
        port_model.interrupts_not_ours++;
    leave();
    model.in_interrupt = port_model.in_interrupt = port_model.at_dirql = false;
    return true;
}

static bool run_callbacks(void)
{
    IDE_HW_DPC routine;
    if (port_model.synchronized) {
        routine = port_model.synchronized;
        port_model.synchronized = NULL;
        port_model.at_dirql = true;
    } else if (port_model.timer && port_model.timer_at_ns <= model.now_ns) {
        routine = port_model.timer;
        port_model.timer = NULL;
    } else {
        return false;
    }
    enter();
    routine(port_model.channel);
    leave();
    port_model.at_dirql = false;
    return true;
}

/* Runs until `*flag`, or nothing can happen any more, or the time is over. */
static void run_until(const bool *flag, uint64_t limit_us)
{
    uint64_t end_ns = model.now_ns + limit_us * 1000;
    while (!(flag && *flag)) {
        if (deliver_interrupt() || run_callbacks())
            continue;
        uint64_t next = model_next_event_ns();
        if (port_model.timer && port_model.timer_at_ns < next)
            next = port_model.timer_at_ns;
        if (next > end_ns) {
            if (flag && end_ns > model.now_ns)
                model_advance(end_ns - model.now_ns);
            return;
        }
        model_advance(next > model.now_ns ? next - model.now_ns : 0);
    }
}

void port_model_run(uint64_t limit_us)
{
    run_until(NULL, limit_us);
}

/* ------------------------------------------------------------------ start and stop */

static void put_config(unsigned offset, uint32_t value, unsigned width)
{
    memcpy(port_model.config + offset, &value, width);
}

bool port_model_start(void)
{
    ranges[0] = (IDE_ACCESS_RANGE){.RangeStart.QuadPart = MODEL_COMMAND_BLOCK, .RangeLength = 8};
    ranges[1] =
        (IDE_ACCESS_RANGE){.RangeStart.QuadPart = MODEL_CONTROL_BLOCK, .RangeLength = 1, .Bar = 1};
    ranges[2] =
        (IDE_ACCESS_RANGE){.RangeStart.QuadPart = MODEL_BUS_MASTER, .RangeLength = 8, .Bar = 4};
    resources.NumberOfAccessRanges = port_model.pci_ids ? 3 : 2;
    if (port_model.abar) {
        ranges[0] = (IDE_ACCESS_RANGE){.RangeStart.QuadPart = port_model.abar,
                                       .RangeLength = port_model.abar_bytes,
                                       .InMemory = TRUE,
                                       .Bar = 5};
        resources.NumberOfAccessRanges = 1;
    }
    resources.IdeAccessRange = ranges;
    model.has_bus_master = port_model.pci_ids != 0;
    if (port_model.pci_ids) {
        put_config(0, port_model.pci_ids, 4);
        put_config(9, 0x80, 1);
        put_config(0x40, 0x80008000, 4);
    }
    memset(model_notes, 0, sizeof model_notes);
    if (!NT_SUCCESS(DriverEntry(NULL, NULL)))
        return false;
    port_model.controller = calloc(1, port_model.controller_interface.ControllerExtensionSize);
    port_model.channel = calloc(1, port_model.controller_interface.ChannelExtensionSize);
    port_model.controller_configuration = (IDE_CONTROLLER_CONFIGURATION){
        .Version = sizeof(IDE_CONTROLLER_CONFIGURATION),
        .NumberOfPhysicalBreaks = 32,
        .MaximumTransferLength = 0x20000,
        .ControllerResources = &resources,
    };
    if (!port_model.controller_interface.AtaAdapterControl(port_model.controller, IdeStart,
                                                           &port_model.controller_configuration))
        return false;
    if (port_model.controller_interface.AtaControllerChannelEnabled(port_model.controller, 0) ==
        ChannelStateDisabled)
        return false;
    port_model.interface = (IDE_CHANNEL_INTERFACE){.Version = sizeof(IDE_CHANNEL_INTERFACE)};
    if (!port_model.controller_interface.AtaChannelInitRoutine(
            port_model.channel, &port_model.interface, port_model.controller))
        return false;
    port_model.configuration = (IDE_CHANNEL_CONFIGURATION){
        .Version = sizeof(IDE_CHANNEL_CONFIGURATION), .ChannelResources = &resources};
    port_model.in_control = true;
    bool started =
        port_model.interface.IdeHwControl(port_model.channel, IdeStart, &port_model.configuration);
    port_model.in_control = false;
    if (port_model.registry_buffer && !started)
        offend("the registry buffer was not freed");
    return started;
}

bool port_model_power(IDE_CONTROL_ACTION action)
{
    port_model.at_dirql = true;
    enter();
    bool succeeded = port_model.interface.IdeHwControl(port_model.channel, action, NULL);
    leave();
    port_model.at_dirql = false;
    return succeeded;
}

void port_model_stop(void)
{
    port_model.timer = port_model.synchronized = NULL;
    port_model.in_control = true;
    if (port_model.channel)
        port_model.interface.IdeHwControl(port_model.channel, IdeStop, NULL);
    if (port_model.registry_buffer)
        abort(); /* offences go with the model, below */
    free(port_model.channel);
    free(port_model.controller);
    memset(&port_model, 0, sizeof port_model);
}

/* ------------------------------------------------------------------ devices */

static void initialize(unsigned target, bool is_packet, const uint8_t *words, uint64_t sector_count)
{
    IDE_DEVICE_PARAMETERS *parameters = &port_model.parameters[target];
    bool has_48_bit = (words[83 * 2 + 1] & 4) != 0;

    *parameters = (IDE_DEVICE_PARAMETERS){
        .Version = sizeof(IDE_DEVICE_PARAMETERS),
        .IdeDeviceType = is_packet ? DeviceIsAtapi : DeviceIsAta,
        .TargetId = (UCHAR)target,
        .MaxBlockXfer = words[47 * 2],
        .AddressTranslation = has_48_bit ? Lba48BitMode : LbaMode,
        .BytesPerLogicalSector = 512,
        .TransferModeSupported = port_model.modes.DeviceTransferModeSupported[target],
    };
    parameters->MaxLba.QuadPart = (LONGLONG)sector_count - 1;
    port_model.at_dirql = true;
    enter();
    if (!port_model.interface.IdeHwInitialize(port_model.channel, parameters,
                                              (PIDENTIFY_DEVICE_DATA)(void *)words))
        offend("IdeHwInitialize of target %u failed", target);
    leave();
    port_model.at_dirql = false;
}

void port_model_enumerate(void)
{
    uint8_t *words[2] = {model.ram + IDENTIFY_OFFSET, model.ram + IDENTIFY_OFFSET + 512};
    bool is_packet[2] = {false, false};
    IDE_TRANSFER_MODE_PARAMETERS *modes = &port_model.modes;

    *modes = (IDE_TRANSFER_MODE_PARAMETERS){0};
    for (unsigned target = 0; target < 2; target++) {
        modes->DeviceType[target] = DeviceNotExist;
        for (unsigned i = 0; i < 2; i++) {
            struct test_irb *irb =
                irb_new(IRB_FUNCTION_ATA_IDENTIFY, target, IRB_FLAGS_DATA_IN, words[target], 512);
            irb->irb.IdeTaskFile.Current.bCommandReg = i ? 0xA1 : 0xEC;
            if (irb_run(irb) == IRB_STATUS_SUCCESS) {
                is_packet[target] = i;
                modes->DeviceType[target] = i ? DeviceIsAtapi : DeviceIsAta;
                modes->IoReadySupported[target] = TRUE;
                modes->DeviceTransferModeSupported[target] =
                    PIO_SUPPORT | MWDMA_SUPPORT | UDMA_MODE0 * 0x7Fu;
                modes->DeviceTransferModeCurrent[target] = port_model.current_modes;
                break;
            }
        }
    }
    if (port_model.controller_interface.AtaControllerTransferModeSelect)
        port_model.controller_interface.AtaControllerTransferModeSelect(port_model.controller,
                                                                        modes);
    for (unsigned target = 0; target < 2; target++)
        if (modes->DeviceType[target] != DeviceNotExist)
            initialize(target, is_packet[target], words[target], model.device[target].sector_count);
    port_model_run(100000);
}

/* ------------------------------------------------------------------ IRBs */

struct test_irb *irb_new(uint16_t function, unsigned target, uint32_t flags, void *buffer,
                         uint32_t byte_count)
{
    for (unsigned i = 0; i < PORT_MODEL_IRBS; i++) {
        struct test_irb *irb = &test_irbs[i];
        if (irb->active)
            continue;
        memset(irb, 0, sizeof *irb);
        irb->active = true;
        irb->irb.Function = function;
        irb->irb.TargetId = (UCHAR)target;
        irb->irb.IrbFlags = flags;
        if (buffer && port_model.controller_configuration.BusMaster)
            irb->irb.IrbFlags |= IRB_FLAGS_USE_DMA;
        irb->irb.DataBuffer = buffer;
        irb->irb.DataTransferLength = byte_count;
        irb->irb.SenseInfoBuffer = irb->sense;
        irb->irb.SenseInfoBufferLength = sizeof irb->sense;
        irb->irb.TimeOutValue = 10;
        return irb;
    }
    abort();
}

void irb_submit(struct test_irb *irb)
{
    PIDE_REQUEST_BLOCK block = &irb->irb;
    port_model.in_build_io = true;
    port_model.interface.IdeHwBuildIo(port_model.channel, block);
    port_model.in_build_io = false;
    port_model.at_dirql = true;
    enter();
    port_model.interface.IdeHwStartIo(port_model.channel, block);
    leave();
    port_model.at_dirql = false;
}

uint8_t irb_wait(struct test_irb *irb, uint64_t limit_us)
{
    run_until(&irb->done, limit_us);
    return irb->done ? irb->irb.IrbStatus : 0;
}

uint8_t irb_run(struct test_irb *irb)
{
    irb_submit(irb);
    uint8_t status = irb_wait(irb, 200000000);
    irb->active = !irb->done;
    return status;
}

bool port_model_reset(void)
{
    port_model.at_dirql = true;
    enter();
    bool succeeded = port_model.interface.IdeHwReset(port_model.channel);
    leave();
    port_model.at_dirql = false;
    for (unsigned i = 0; i < PORT_MODEL_IRBS; i++)
        if (test_irbs[i].active && !test_irbs[i].done)
            offend("IRB of function %x survived IdeHwReset", test_irbs[i].irb.Function);
    return succeeded;
}

static struct test_irb *from_irb(PIDE_REQUEST_BLOCK irb, const char *routine)
{
    struct test_irb *test = (struct test_irb *)(void *)irb;
    if (test < test_irbs || test >= test_irbs + PORT_MODEL_IRBS || !test->active || test->done) {
        offend("%s: not an outstanding IRB", routine);
        return NULL;
    }
    return test;
}

VOID NTAPI AtaPortCompleteRequest(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct test_irb *irb = from_irb(Irb, "AtaPortCompleteRequest");
    (void)ChannelExtension;
    if (!irb)
        return;
    if (Irb->IrbStatus == IRB_STATUS_PENDING)
        offend("completed as pending");
    if ((Irb->IrbStatus & 0xF) == IRB_STATUS_DEVICE_ERROR && Irb->AtaStatus == 0)
        offend("device error without Status");
    if (irb->sense_irb || irb->sense_of)
        offend("completed with a request-sense IRB, or it itself");
    if (!port_model.at_dirql)
        offend("completed below DIRQL");
    irb->done = true;
}

VOID NTAPI AtaPortCompleteAllActiveRequests(PVOID ChannelExtension, UCHAR Target, UCHAR Lun,
                                            UCHAR IrbStatus)
{
    (void)ChannelExtension;
    if (port_model.in_interrupt)
        offend("AtaPortCompleteAllActiveRequests in the interrupt routine");
    if (Target != IDE_UNTAGGED || Lun != IDE_UNTAGGED)
        offend("AtaPortCompleteAllActiveRequests for a single unit");
    for (unsigned i = 0; i < PORT_MODEL_IRBS; i++)
        if (test_irbs[i].active && !test_irbs[i].done && !test_irbs[i].sense_of &&
            test_irbs[i].irb.Function != IRB_FUNCTION_LUN_RESET) {
            test_irbs[i].irb.IrbStatus = IrbStatus;
            test_irbs[i].done = true;
        }
}

PIDE_REQUEST_BLOCK NTAPI AtaPortBuildRequestSenseIrb(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct test_irb *failed = from_irb(Irb, "AtaPortBuildRequestSenseIrb");
    (void)ChannelExtension;
    struct test_irb *irb = irb_new(IRB_FUNCTION_REQUEST_SENSE, Irb->TargetId,
                                   IRB_FLAGS_DATA_IN | IRB_FLAGS_MAP_BUFFERS, failed->sense, 32);
    irb->irb.CdbLength = 6;
    irb->irb.Cdb[0] = 3;
    irb->irb.Cdb[4] = 32;
    irb->sense_of = failed;
    failed->sense_irb = irb;
    return &irb->irb;
}

VOID NTAPI AtaPortReleaseRequestSenseIrb(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct test_irb *irb = from_irb(Irb, "AtaPortReleaseRequestSenseIrb");
    (void)ChannelExtension;
    if (!irb || !irb->sense_of) {
        offend("release of what is no request-sense IRB");
        return;
    }
    irb->sense_of->sense_irb = NULL;
    irb->active = false;
}

/* ------------------------------------------------------------------ memory */

static uint64_t physical(const void *address)
{
    const uint8_t *byte = address;
    if (byte < model.ram || byte >= model.ram + MODEL_RAM_BYTES) {
        offend("no physical address of %p", address);
        return 0;
    }
    return MODEL_RAM_BASE + (uint64_t)(byte - model.ram);
}

PIDE_SCATTER_GATHER_LIST NTAPI AtaPortGetScatterGatherList(PVOID ChannelExtension,
                                                           PIDE_REQUEST_BLOCK Irb)
{
    struct test_irb *irb = from_irb(Irb, "AtaPortGetScatterGatherList");
    (void)ChannelExtension;
    if (!irb || !(Irb->IrbFlags & IRB_FLAGS_USE_DMA)) {
        offend("list of an IRB without USE_DMA");
        return NULL;
    }
    if (irb->sg.list.NumberOfElements == 0) { /* unless the test made one */
        irb->sg.list.NumberOfElements = 1;
        irb->sg.elements[0].Address.QuadPart = (LONGLONG)physical(Irb->DataBuffer);
        irb->sg.elements[0].Length = Irb->DataTransferLength;
    }
    return &irb->sg.list;
}

PVOID NTAPI AtaPortGetUnCachedExtension(PVOID ChannelExtension, ULONG UncachedExtensionSize,
                                        ULONG IrbExtensionSize)
{
    (void)ChannelExtension, (void)IrbExtensionSize;
    if (!port_model.in_control)
        offend("AtaPortGetUnCachedExtension outside IdeHwControl");
    if (UncachedExtensionSize > DATA_OFFSET - TABLE_OFFSET)
        offend("an uncached extension of %u bytes", (unsigned)UncachedExtensionSize);
    port_model.uncached_bytes = UncachedExtensionSize;
    return model.ram + TABLE_OFFSET;
}

IDE_PHYSICAL_ADDRESS NTAPI AtaPortGetPhysicalAddress(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb,
                                                     PVOID VirtualAddress, ULONG *Length)
{
    (void)ChannelExtension, (void)Irb;
    *Length = port_model.uncached_bytes;
    return (IDE_PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)physical(VirtualAddress)};
}

ULONG NTAPI AtaPortConvertPhysicalAddressToUlong(IDE_PHYSICAL_ADDRESS Address)
{
    return Address.LowPart;
}

PVOID NTAPI AtaPortGetDeviceBase(PVOID ChannelExtension, IDE_PHYSICAL_ADDRESS IoAddress,
                                 ULONG NumberOfBytes)
{
    (void)ChannelExtension, (void)NumberOfBytes;
    return (PVOID)(uintptr_t)IoAddress.QuadPart;
}

/* ------------------------------------------------------------------ registry */

PVOID NTAPI AtaPortRegistryAllocateBuffer(PVOID ChannelExtension, ULONG BufferSize)
{
    (void)ChannelExtension;
    if (!port_model.in_control)
        offend("registry outside IdeHwControl");
    if (port_model.registry_buffer || port_model.registry_fails)
        return NULL;
    port_model.registry_byte_count = BufferSize;
    return port_model.registry_buffer = calloc(1, BufferSize);
}

static bool is_in_registry_buffer(const void *bytes, uint32_t byte_count)
{
    const uint8_t *buffer = port_model.registry_buffer, *at = bytes;

    return buffer && at >= buffer && byte_count <= port_model.registry_byte_count &&
           (size_t)(at - buffer) <= port_model.registry_byte_count - byte_count;
}

VOID NTAPI AtaPortRegistryFreeBuffer(PVOID ChannelExtension, PVOID Buffer)
{
    (void)ChannelExtension;
    if (!Buffer || Buffer != port_model.registry_buffer)
        offend("free of what is no registry buffer");
    for (struct model_note *note = model_notes; note->name; note++) {
        if (note->is_stored)
            continue; /* from an earlier buffer */
        note->is_stored = true;
        note->was_changed = memcmp(note->bytes, note->handed_over, note->byte_count) != 0;
    }
    free(port_model.registry_buffer);
    port_model.registry_buffer = NULL;
}

BOOLEAN NTAPI AtaPortRegistryRead(PVOID ChannelExtension, UCHAR ControllerNumber,
                                  BOOLEAN ChannelSubKey, PCHAR ValueName, UCHAR ValueType,
                                  PUCHAR Buffer, PULONG BufferLength)
{
    (void)ChannelExtension, (void)ControllerNumber;
    if (!is_in_registry_buffer(Buffer, 4) || !ChannelSubKey || ValueType != IDE_REG_DWORD ||
        *BufferLength < 4)
        offend("registry read of %s", ValueName);
    for (unsigned i = 0; i < 4; i++)
        if (port_model.settings[i].name && strcmp(port_model.settings[i].name, ValueName) == 0) {
            memcpy(Buffer, &port_model.settings[i].value, 4);
            return TRUE;
        }
    return FALSE;
}

BOOLEAN NTAPI AtaPortRegistryWriteDeferred(PVOID ChannelExtension, UCHAR ControllerNumber,
                                           BOOLEAN ChannelSubKey, PCHAR ValueName, UCHAR ValueType,
                                           PUCHAR Buffer, PULONG BufferLength)
{
    struct model_note *note = model_notes;

    (void)ChannelExtension, (void)ControllerNumber;
    if (!is_in_registry_buffer(Buffer, *BufferLength) || !ChannelSubKey || port_model.in_build_io ||
        *BufferLength > sizeof note->handed_over)
        offend("deferred registry write of %s", ValueName);
    while (note->name)
        note++;
    if (port_model.registry_is_read_only || note == model_notes + MODEL_NOTES - 1)
        return FALSE;
    *note = (struct model_note){ValueName, ValueType, Buffer, *BufferLength, {0}, false, false};
    memcpy(note->handed_over, Buffer, *BufferLength);
    return TRUE;
}

/* ------------------------------------------------------------------ the rest */

ULONG NTAPI AtaPortInitializeEx(PVOID DriverObject, PVOID RegistryPath,
                                PIDE_CONTROLLER_INTERFACE ControllerInterface)
{
    (void)DriverObject, (void)RegistryPath;
    if (ControllerInterface->Version != sizeof *ControllerInterface)
        return (ULONG)STATUS_INVALID_PARAMETER;
    port_model.controller_interface = *ControllerInterface;
    return (ULONG)STATUS_SUCCESS;
}

ULONG NTAPI AtaPortGetBusData(PVOID ControllerExtension, PVOID Buffer, ULONG ConfigDataOffset,
                              ULONG BufferLength)
{
    (void)ControllerExtension;
    if (!port_model.pci_ids || ConfigDataOffset + BufferLength > sizeof port_model.config)
        return 0;
    memcpy(Buffer, port_model.config + ConfigDataOffset, BufferLength);
    return BufferLength;
}

ULONG NTAPI AtaPortSetBusData(PVOID ControllerExtension, PVOID Buffer, ULONG ConfigDataOffset,
                              ULONG BufferLength)
{
    (void)ControllerExtension;
    if (!port_model.pci_ids || ConfigDataOffset + BufferLength > sizeof port_model.config)
        return 0;
    memcpy(port_model.config + ConfigDataOffset, Buffer, BufferLength);
    model.bus_master_enabled = (port_model.config[4] & 4) != 0;
    return BufferLength;
}

BOOLEAN NTAPI AtaPortRequestCallback(IDE_CALLBACK_TYPE CallbackType, PVOID ChannelExtension,
                                     IDE_HW_DPC CallBackRoutine, ULONG TimerValue)
{
    (void)ChannelExtension;
    if (CallbackType == IdeTimerRoutine) {
        port_model.timer = CallBackRoutine;
        port_model.timer_at_ns = model.now_ns + (uint64_t)TimerValue * 1000;
    } else if (CallbackType == IdeSynchronizedRoutine) {
        port_model.synchronized = CallBackRoutine;
    } else {
        offend("callback of kind %u", (unsigned)CallbackType);
    }
    return TRUE;
}

VOID NTAPI AtaPortDeviceStateChange(PVOID ChannelExtension, UCHAR TargetId, UCHAR Lun,
                                    ULONG BusyTimeout)
{
    (void)ChannelExtension, (void)TargetId, (void)Lun;
    if (port_model.in_interrupt && BusyTimeout)
        offend("AtaPortDeviceBusy in the interrupt routine");
    port_model.paused = BusyTimeout != 0;
}

VOID NTAPI AtaPortStallExecution(ULONG Delay)
{
    port_model.stalled_us += Delay;
    model_advance((uint64_t)Delay * 1000);
}

VOID NTAPI_V AtaPortNotification(IDE_NOTIFICATION_TYPE NotificationType, PVOID ChannelExtension,
                                 ...)
{
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, ChannelExtension);
    const bool is_of_bus = (UCHAR) __builtin_va_arg(arguments, unsigned) == IDE_UNTAGGED;
    __builtin_ms_va_end(arguments);
    if (NotificationType == IdeDeviceRemoval)
        port_model.removals++;
    else if (NotificationType == IdeDeviceArrival)
        *(is_of_bus ? &port_model.bus_changes : &port_model.arrivals) += 1;
}

VOID NTAPI_V AtaPortDebugPrint(ULONG DebugPrintLevel, PCCHAR DebugMessage, ...)
{
    __builtin_ms_va_list arguments;
    (void)DebugPrintLevel;
    if (!getenv("PATA_VERBOSE"))
        return;
    __builtin_ms_va_start(arguments, DebugMessage);
    unsigned a = __builtin_va_arg(arguments, unsigned), b = __builtin_va_arg(arguments, unsigned),
             c = __builtin_va_arg(arguments, unsigned), d = __builtin_va_arg(arguments, unsigned);
    __builtin_ms_va_end(arguments);
    fprintf(stderr, "# %.*s [%x %x %x %x]\n", (int)strcspn(DebugMessage, "\n"), DebugMessage, a, b,
            c, d);
}

VOID NTAPI AtaPortDebugBreak(PVOID ChannelExtension)
{
    (void)ChannelExtension;
    port_model.breaks++;
}

static uint32_t port_read(const void *port, unsigned width)
{
    if (port_model.in_build_io)
        offend("register access in IdeHwBuildIo");
    return model_read((uint32_t)(uintptr_t)port, width);
}

static void port_write(const void *port, uint32_t value, unsigned width)
{
    model_write((uint32_t)(uintptr_t)port, value, width);
}

#define DEFINE_PORT(Name, TYPE)                                                    \
    TYPE NTAPI AtaPortReadPort##Name(TYPE *Port)                                   \
    {                                                                              \
        return (TYPE)port_read(Port, sizeof *Port);                                \
    }                                                                              \
    VOID NTAPI AtaPortWritePort##Name(TYPE *Port, TYPE Value)                      \
    {                                                                              \
        port_write(Port, Value, sizeof *Port);                                     \
    }                                                                              \
    VOID NTAPI AtaPortReadPortBuffer##Name(TYPE *Port, TYPE *Buffer, ULONG Count)  \
    {                                                                              \
        for (ULONG i = 0; i < Count; i++) {                                        \
            TYPE value = (TYPE)port_read(Port, sizeof *Port);                      \
            memcpy((uint8_t *)Buffer + i * sizeof value, &value, sizeof value);    \
        }                                                                          \
    }                                                                              \
    VOID NTAPI AtaPortWritePortBuffer##Name(TYPE *Port, TYPE *Buffer, ULONG Count) \
    {                                                                              \
        for (ULONG i = 0; i < Count; i++) {                                        \
            TYPE value;                                                            \
            memcpy(&value, (uint8_t *)Buffer + i * sizeof value, sizeof value);    \
            port_write(Port, value, sizeof *Port);                                 \
        }                                                                          \
    }

ULONG NTAPI AtaPortReadRegisterUlong(PULONG Register)
{
    return port_read(Register, sizeof *Register);
}

VOID NTAPI AtaPortWriteRegisterUlong(PULONG Register, ULONG Value)
{
    port_write(Register, Value, sizeof *Register);
}

DEFINE_PORT(Uchar, UCHAR)
DEFINE_PORT(Ushort, USHORT)
DEFINE_PORT(Ulong, ULONG)
