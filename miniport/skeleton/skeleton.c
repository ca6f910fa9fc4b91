/* SPDX-License-Identifier: MIT */
/*
 * skeleton.sys: a small miniport that reads disks by PIO.
 *
 * It serves the two channels of an IDE controller, one request at a time, and does what every
 * miniport has to: it introduces itself, finds its registers, prepares devices, sends commands,
 * answers interrupts, and resets the channel when the port asks for it. It does not write, and
 * knows no DMA and no packet devices; docs/writing-a-miniport.md adds writes and DMA to this file
 * step by step.
 *
 * The routines stand in the order in which the port calls them. PASSIVE_LEVEL, DISPATCH_LEVEL and
 * DIRQL are the levels they run at; with SyncWithIsr TRUE, HwInitialize, HwStartIo, HwInterrupt and
 * HwReset of a channel exclude each other, so they may share `struct channel` without a lock.
 *
 * ATA is ATA/ATAPI-6 (T13/1410D).
 */
#include <miniport.h>
#include <ata.h>
#include <irb.h>

/* ATA: clause 7, the command block: offsets from its base. */
#define REG_DATA         0 /* 16 bits wide, the others 8 */
#define REG_ERROR        1 /* when read */
#define REG_FEATURES     1 /* when written */
#define REG_SECTOR_COUNT 2
#define REG_LBA_LOW      3
#define REG_LBA_MID      4
#define REG_LBA_HIGH     5
#define REG_DEVICE       6
#define REG_STATUS       7 /* when read, which withdraws the device's interrupt */
#define REG_COMMAND      7 /* when written */

#define STATUS_NOT_IDLE (IDE_STATUS_BUSY | IDE_STATUS_DRQ)
#define STATUS_FAILED   (IDE_STATUS_ERROR | 0x20) /* ERR, DF */
/* Nobody drives the bus: all ones, or all but D7, which the host pulls down. */
#define STATUS_FLOATS(status) (((status)&0x7F) == 0x7F)

#define SECTOR_BYTES 512

/* PCI configuration space: the command register, and its bit that switches port decoding on. */
#define PCI_COMMAND    4
#define PCI_COMMAND_IO 0x0001

/* ATA: 9.2, software reset: 5 us, then 2 ms in which Status may not be read, then up to 31 s. */
#define RESET_PULSE_US  10
#define RESET_SETTLE_US 2500
#define RESET_TICK_US   5000
#define RESET_LIMIT_US  31000000

/* The channel extension: the port allocates it, zeroed, and hands it to every routine below. */
struct channel {
    PUCHAR command_block;
    PUCHAR control;         /* Alternate Status when read, Device Control when written */
    PIDE_REQUEST_BLOCK irb; /* the request under way; NULL: none */
    PUCHAR data;            /* where its next sector goes */
    ULONG left;             /* bytes of it that are still to come */
    BOOLEAN is_resetting;
    ULONG waited_us; /* in this reset */
};

/* ------------------------------------------------------------------ the controller */

/* PASSIVE_LEVEL. The controller comes and goes. Configuration space does not exist on the ISA bus:
 * there AtaPortGetBusData returns 0. */
static BOOLEAN NTAPI AdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                    PVOID Parameters)
{
    PIDE_CONTROLLER_CONFIGURATION configuration = Parameters;
    USHORT command;

    if (ControlAction == IdeStart) {
        if (configuration->Version != sizeof *configuration)
            return FALSE; /* members may be elsewhere, or missing */
        if (configuration->ControllerMode == IdeModeDump)
            return FALSE; /* crash dumps come without interrupts and timers, and this needs both */
        configuration->NumberOfChannels = 2;
        configuration->AtaBusType = IdeBusPata;
        configuration->BusMaster = FALSE;
    }
    if (ControlAction == IdeStart || ControlAction == IdePowerUp)
        if (AtaPortGetBusData(ControllerExtension, &command, PCI_COMMAND, sizeof command)) {
            command |= PCI_COMMAND_IO;
            AtaPortSetBusData(ControllerExtension, &command, PCI_COMMAND, sizeof command);
        }
    return TRUE;
}

/* ------------------------------------------------------------------ the channel's registers */

static UCHAR read_register(const struct channel *channel, ULONG offset)
{
    return AtaPortReadPortUchar(channel->command_block + offset);
}

static void write_register(const struct channel *channel, ULONG offset, UCHAR value)
{
    AtaPortWritePortUchar(channel->command_block + offset, value);
}

/* Like Status, but leaves a pending interrupt alone. */
static UCHAR alternate_status(const struct channel *channel)
{
    return AtaPortReadPortUchar(channel->control);
}

/* ATA: 9.3: 400 ns after a selection or a command Status is true. An access takes 100 ns at
 * least. */
static void settle(const struct channel *channel)
{
    for (ULONG i = 0; i < 4; i++)
        alternate_status(channel);
}

/* The channel's ranges, told apart by their base address registers: 0 and 2 are command blocks, 1
 * and 3 control blocks (behind a true base address four ports, of which the third is the
 * register). */
static BOOLEAN map_registers(struct channel *channel, const IDE_MINIPORT_RESOURCES *resources)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];
        PUCHAR base;

        if (range->InMemory || range->Bar > 3)
            continue;
        base = AtaPortGetDeviceBase(channel, range->RangeStart, range->RangeLength);
        if (!base)
            return FALSE;
        if (range->Bar % 2 == 0)
            channel->command_block = base;
        else
            channel->control = range->RangeLength >= 4 ? base + 2 : base;
    }
    return channel->command_block && channel->control;
}

/* ------------------------------------------------------------------ the channel comes and goes */

static VOID begin_reset(struct channel *channel);
static BOOLEAN NTAPI HwReset(PVOID ChannelExtension);

/* PASSIVE_LEVEL, after ChannelInit: the channel starts, stops, loses and gets power. */
static BOOLEAN NTAPI HwControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                               PVOID Parameters)
{
    struct channel *channel = ChannelExtension;
    PIDE_CHANNEL_CONFIGURATION configuration = Parameters;

    switch (ControlAction) {
    case IdeStart:
        if (configuration->Version != sizeof *configuration ||
            !map_registers(channel, configuration->ChannelResources))
            return FALSE;
        channel->irb = NULL; /* the channel may have been stopped meanwhile: its extension stays */
        configuration->NumberOfOverlappedRequests = 1;
        configuration->MaxTargetId = 1;
        configuration->SyncWithIsr = TRUE;
        configuration->SupportsWmi = TRUE;
        if (channel->is_resetting) /* which the stop has cut short, and its timer with it */
            begin_reset(channel);
        else
            AtaPortWritePortUchar(channel->control, IDE_DC_REENABLE_CONTROLLER);
        break;
    case IdeStop:
        AtaPortWritePortUchar(channel->control, IDE_DC_DISABLE_INTERRUPTS);
        break;
    case IdePowerUp: /* the devices have forgotten everything, and take their time */
        return HwReset(channel);
    case IdePowerDown:
    case IdeVendorDefined:
        break;
    }
    return TRUE;
}

/* DIRQL, once for each device that answered IDENTIFY. FALSE: the port does not use it. */
static BOOLEAN NTAPI HwInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS DeviceParameters,
                                  PIDENTIFY_DEVICE_DATA IdentifyData)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    UNREFERENCED_PARAMETER(IdentifyData);

    if (DeviceParameters->IdeDeviceType != DeviceIsAta)
        return FALSE; /* packet devices */
    if (DeviceParameters->Version != sizeof *DeviceParameters)
        return FALSE;
    if (DeviceParameters->AddressTranslation == ChsMode)
        return FALSE;                   /* disks from before LBA */
    DeviceParameters->MaxBlockXfer = 1; /* an interrupt for each sector: no READ MULTIPLE */
    /* What each device does unasked; a faster mode takes SET FEATURES. */
    DeviceParameters->TransferModeSelected = PIO_MODE0;
    return TRUE;
}

/* ------------------------------------------------------------------ requests */

/* At or below DISPATCH_LEVEL, before it is this request's turn. PIO touches the data itself, so the
 * port is asked to map it. */
static BOOLEAN NTAPI HwBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    UNREFERENCED_PARAMETER(ChannelExtension);

    if (IRB_FOR_DATA_TRANSFER(Irb))
        Irb->IrbFlags |= IRB_FLAGS_MAP_BUFFERS;
    return TRUE;
}

/* From here on the IRB is the port's, and may not be touched any more. */
static void complete(struct channel *channel, PIDE_REQUEST_BLOCK irb, UCHAR irb_status)
{
    channel->irb = NULL;
    irb->IrbStatus = irb_status;
    if (irb_status != IRB_STATUS_SUCCESS)
        irb->DataTransferLength -= channel->left; /* what has been moved */
    AtaPortCompleteRequest(channel, irb);
}

/* Is it a command that this driver knows, with a buffer of the right length? */
static BOOLEAN is_understood(const IDE_REQUEST_BLOCK *irb)
{
    const IDE_TASK_FILE *task_file = &irb->IdeTaskFile;
    ULONG sectors = task_file->Current.bSectorCountReg;

    switch (irb->Function) {
    case IRB_FUNCTION_ATA_READ:
        if (Is48BitIrb(irb))
            sectors |= (ULONG)task_file->Previous.bSectorCountReg << 8;
        if (sectors == 0) /* ATA: READ SECTOR(S): 0 is the largest number */
            sectors = Is48BitIrb(irb) ? 0x10000 : 0x100;
        return (task_file->Current.bCommandReg == IDE_COMMAND_READ ||
                task_file->Current.bCommandReg == IDE_COMMAND_READ_EXT) &&
               irb->DataTransferLength == sectors * SECTOR_BYTES;
    case IRB_FUNCTION_ATA_IDENTIFY:
        return irb->DataTransferLength == SECTOR_BYTES;
    case IRB_FUNCTION_ATA_FLUSH:
    case IRB_FUNCTION_ATA_COMMAND: /* verify and others without data */
        return !IRB_FOR_DATA_TRANSFER(irb);
    }
    return FALSE;
}

static void write_task_file(const struct channel *channel, const IDEREGISTERS *registers)
{
    write_register(channel, REG_FEATURES, registers->bFeaturesReg);
    write_register(channel, REG_SECTOR_COUNT, registers->bSectorCountReg);
    write_register(channel, REG_LBA_LOW, registers->bSectorNumberReg);
    write_register(channel, REG_LBA_MID, registers->bCylLowReg);
    write_register(channel, REG_LBA_HIGH, registers->bCylHighReg);
}

/* ATA: 9.3: a device that is busy, or still offers data, takes no register writes: it is looked at
 * before the selection, and the selected one after it. IRB_STATUS_PENDING: it may be given a
 * command. */
static UCHAR select_device(const struct channel *channel, UCHAR device_register)
{
    UCHAR status = alternate_status(channel);

    if (!STATUS_FLOATS(status) && (status & STATUS_NOT_IDLE))
        return IRB_STATUS_BUSY; /* the port tries again a little later */
    write_register(channel, REG_DEVICE, device_register);
    settle(channel);
    status = alternate_status(channel);
    if (STATUS_FLOATS(status) || status == 0)
        return IRB_STATUS_SELECTION_TIMEOUT; /* there is no such device */
    return status & STATUS_NOT_IDLE ? IRB_STATUS_BUSY : IRB_STATUS_PENDING;
}

static void start_command(struct channel *channel, PIDE_REQUEST_BLOCK irb)
{
    const IDE_TASK_FILE *task_file = &irb->IdeTaskFile;
    UCHAR trouble = select_device(channel, task_file->Current.bDriveHeadReg);

    channel->data = irb->DataBuffer;
    channel->left = irb->DataTransferLength;
    if (trouble != IRB_STATUS_PENDING) {
        complete(channel, irb, trouble);
        return;
    }
    channel->irb = irb;  /* before the command: the interrupt may come at once */
    if (Is48BitIrb(irb)) /* the registers are two deep: the high halves go first */
        write_task_file(channel, &task_file->Previous);
    write_task_file(channel, &task_file->Current);
    write_register(channel, REG_COMMAND, task_file->Current.bCommandReg);
    settle(channel);
}

/* DIRQL. Takes a request, and ends it at once or when its interrupt comes. */
static BOOLEAN NTAPI HwStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct channel *channel = ChannelExtension;

    if (IsAtaCommand(Irb) && is_understood(Irb)) {
        start_command(channel, Irb);
        return TRUE;
    }
    /* The rest does not touch the command under way: LUN resets come on top of the limit of one. */
    switch (Irb->Function) {
    case IRB_FUNCTION_ADAPTER_FLUSH: /* this driver keeps nothing back */
    case IRB_FUNCTION_SHUTDOWN:
    case IRB_FUNCTION_POWER_CHANGE:
    case IRB_FUNCTION_POWER_REBOOT:
        Irb->IrbStatus = IRB_STATUS_SUCCESS;
        break;
    default: /* a LUN reset among them, so that the port calls HwReset instead */
        Irb->IrbStatus = IRB_STATUS_INVALID_REQUEST;
        Irb->DataTransferLength = 0;
        break;
    }
    AtaPortCompleteRequest(channel, Irb);
    return TRUE;
}

/* ATA: 9.5, PIO data-in: behind the last sector the device is idle. One that is not was lost on the
 * way. */
static BOOLEAN is_idle(const struct channel *channel)
{
    settle(channel);
    return (alternate_status(channel) & (STATUS_NOT_IDLE | STATUS_FAILED | IDE_STATUS_DRDY)) ==
           IDE_STATUS_DRDY;
}

/* DIRQL: the channel's line was raised. ATA: 9.5, PIO data-in: an interrupt for each sector, when
 * it can be read, and none after the last; without data, one at the end. */
static BOOLEAN NTAPI HwInterrupt(PVOID ChannelExtension)
{
    struct channel *channel = ChannelExtension;
    PIDE_REQUEST_BLOCK irb = channel->irb;
    UCHAR status;

    if (channel->is_resetting)
        return FALSE; /* Status may not be read */
    status = read_register(channel, REG_STATUS);
    if (!irb || (status & IDE_STATUS_BUSY))
        return FALSE; /* nobody was asked, or he has not finished: it is another device's */
    irb->AtaStatus = status;
    if (status & STATUS_FAILED) {
        irb->AtaError = read_register(channel, REG_ERROR);
        complete(channel, irb, IRB_STATUS_DEVICE_ERROR);
        return TRUE;
    }
    if (channel->left) {
        if (!(status & IDE_STATUS_DRQ)) { /* it has less than it was asked for */
            complete(channel, irb, IRB_STATUS_DATALENGTH_MISMATCH);
            return TRUE;
        }
        AtaPortReadPortBufferUshort((PUSHORT)(PVOID)(channel->command_block + REG_DATA),
                                    (PUSHORT)(PVOID)channel->data, SECTOR_BYTES / 2);
        channel->data += SECTOR_BYTES;
        channel->left -= SECTOR_BYTES;
        if (channel->left == 0 && !is_idle(channel)) {
            complete(channel, irb, IRB_STATUS_BUSY); /* what was read may be anything */
            return TRUE;
        }
    }
    if (channel->left == 0)
        complete(channel, irb, IRB_STATUS_SUCCESS);
    return TRUE;
}

/* ------------------------------------------------------------------ reset */

/* DISPATCH_LEVEL, from the timer: have the devices come back? Device 0 shows BSY for both (ATA:
 * 9.2). */
static VOID NTAPI reset_tick(PVOID ChannelExtension)
{
    struct channel *channel = ChannelExtension;
    UCHAR status = alternate_status(channel);

    if (!STATUS_FLOATS(status) && (status & IDE_STATUS_BUSY) &&
        channel->waited_us < RESET_LIMIT_US) {
        channel->waited_us += RESET_TICK_US;
        AtaPortRequestTimer(channel, reset_tick, RESET_TICK_US);
        return;
    }
    read_register(channel, REG_STATUS); /* an interrupt that pends is nobody's */
    channel->is_resetting = FALSE;
    AtaPortWritePortUchar(channel->control, IDE_DC_REENABLE_CONTROLLER);
    AtaPortDeviceReady(channel, IDE_UNTAGGED, IDE_UNTAGGED);
}

static VOID begin_reset(struct channel *channel)
{
    channel->is_resetting = TRUE;
    channel->waited_us = 0;
    /* No further requests until AtaPortDeviceReady, or for so many seconds. */
    AtaPortDeviceBusy(channel, IDE_UNTAGGED, IDE_UNTAGGED, RESET_LIMIT_US / 1000000 + 1);
    AtaPortWritePortUchar(channel->control, IDE_DC_RESET_CONTROLLER | IDE_DC_DISABLE_INTERRUPTS);
    AtaPortStallExecution(RESET_PULSE_US);
    AtaPortWritePortUchar(channel->control, IDE_DC_DISABLE_INTERRUPTS);
    /* Longer than 1 ms is not stalled for: a timer looks again. */
    AtaPortRequestTimer(channel, reset_tick, RESET_SETTLE_US);
}

/* DIRQL: a request took too long. Everything under way ends, and the port repeats it later. */
static BOOLEAN NTAPI HwReset(PVOID ChannelExtension)
{
    struct channel *channel = ChannelExtension;

    channel->irb = NULL;
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    begin_reset(channel);
    return TRUE;
}

/* ------------------------------------------------------------------ introductions */

/* PASSIVE_LEVEL, for each channel that is not disabled: which routines serve it. */
static BOOLEAN NTAPI ChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                                 PVOID ControllerExtension)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    UNREFERENCED_PARAMETER(ControllerExtension);

    if (Interface->Version != sizeof *Interface)
        return FALSE;
    Interface->IdeHwControl = HwControl;
    Interface->IdeHwInitialize = HwInitialize;
    Interface->IdeHwBuildIo = HwBuildIo;
    Interface->IdeHwStartIo = HwStartIo;
    Interface->IdeHwInterrupt = HwInterrupt;
    Interface->IdeHwReset = HwReset;
    return TRUE;
}

/* PASSIVE_LEVEL, once: the image has been loaded. */
NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    IDE_CONTROLLER_INTERFACE controller_interface = {
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .ControllerExtensionSize = 0,
        .ChannelExtensionSize = sizeof(struct channel),
        .AlignmentMask = 1, /* the data port moves 16 bits at a time */
        .AtaAdapterControl = AdapterControl,
        .AtaChannelInitRoutine = ChannelInit,
    };
    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface);
}
