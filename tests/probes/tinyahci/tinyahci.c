/* SPDX-License-Identifier: MIT */
/*
 * tinyahci.sys: a small miniport for AHCI controllers, written from docs/ and include/ddi alone.
 *
 * Each port of the controller is a channel with one device, which carries out one command at a
 * time: whatever the port driver sends is put into slot 0, and all data, that of PIO commands too,
 * is moved by the controller. What is out of the ordinary (a reset, a link that comes or goes, an
 * error that is none of the device's) ends in one place: the port is brought up anew, by bring_up.
 *
 * What this driver leaves out: queued commands, port multipliers, saving power, crash dumps.
 *
 * AHCI is Serial ATA AHCI 1.3.1. ATA is ATA/ATAPI-6 (T13/1410D).
 */
#include <miniport.h>
#include <ata.h>
#include <irb.h>

/* AHCI: 3.1, registers of the controller: offsets from base address register 5. */
#define AHCI_BAR 5
#define CAP      0x00
#define GHC      0x04
#define IS       0x08 /* a bit for each port that wants an interrupt */
#define PI       0x0C /* a bit for each port that there is */
#define CAP_S64A 0x80000000u
#define GHC_AE   0x80000000u
#define GHC_IE   0x00000002u

/* AHCI: 3.3, registers of a port. */
#define PORT(number) (0x100 + 0x80 * (number))
#define PX_CLB       0x00
#define PX_CLBU      0x04
#define PX_FB        0x08
#define PX_FBU       0x0C
#define PX_IS        0x10
#define PX_IE        0x14
#define PX_CMD       0x18
#define PX_TFD       0x20
#define PX_SSTS      0x28
#define PX_SCTL      0x2C
#define PX_SERR      0x30
#define PX_CI        0x38

#define CMD_ST     0x00000001u /* commands are carried out */
#define CMD_SUD    0x00000002u
#define CMD_POD    0x00000004u
#define CMD_FRE    0x00000010u /* frames of the device are stored */
#define CMD_FR     0x00004000u
#define CMD_CR     0x00008000u
#define CMD_ACTIVE 0x10000000u

#define INT_ENDED   0x00000003u /* a register or PIO setup frame has come: DHRS, PSS */
#define INT_LINK    0x00400040u /* the link has come or gone: PRCS, PCS */
#define INT_BROKEN  0x39000010u /* HBFS, HBDS, IFS, OFS, UFS */
#define INT_REFUSED 0x40000000u /* the device has set ERR: TFES */

#define DET(status)      ((status)&0xF)
#define DET_COMMUNICATES 3
#define SCTL_COMRESET    0x301 /* and the link does not sleep */
#define SCTL_RELEASE     0x300

#define STATUS_NOT_IDLE (IDE_STATUS_BUSY | IDE_STATUS_DRQ)
#define STATUS_DF       0x20
#define STATUS_FAILED   (IDE_STATUS_ERROR | STATUS_DF)
#define PACKET_BY_DMA   0x01 /* Features of PACKET */

/* Stalls of one call add up to less than 1 ms; what may take longer is looked at again by a
 * timer. */
#define STALL_LIMIT_US 400
#define TICK_US        10000
#define STOP_LIMIT_US  1000000  /* AHCI: 10.1.2: CR and FR clear within 500 ms each */
#define LINK_LIMIT_US  100000   /* a device answers COMRESET within 10 ms */
#define READY_LIMIT_US 31000000 /* ATA: 9.2: as long as a device may take */
#define ALL_LIMITS_S   33

/* AHCI: 4.2.3, the command table, in each request's IrbExtension: the frame that carries the
 * registers, the packet, and where the data is. */
#define PIECES 33

struct piece {
    ULONG address, address_high;
    ULONG reserved;
    ULONG last_byte; /* its number, which is odd */
};

struct command_table {
    REGISTER_FIS frame;
    UCHAR rest_of_frame[64 - sizeof(REGISTER_FIS)];
    UCHAR packet[16];
    UCHAR reserved[48];
    struct piece pieces[PIECES];
};
C_ASSERT(FIELD_OFFSET(struct command_table, pieces) == 0x80);

/* AHCI: 4.2.2, the command list, of which this driver uses the first slot only. */
struct command_header {
    USHORT flags; /* the frame's length in dwords, and HEADER_* */
    USHORT pieces;
    ULONG bytes_moved;
    ULONG table, table_high;
    ULONG reserved[4];
};
#define HEADER_PACKET 0x0020
#define HEADER_WRITE  0x0040

/* AHCI: 4.2.1, frames that the device sends: each has its place. */
#define FRAME_TO_DEVICE   0x27
#define FRAME_FROM_DEVICE 0x34

struct received_frames {
    UCHAR dma_setup[0x20];
    REGISTER_FIS pio_setup; /* begins like a register frame */
    UCHAR reserved_34[0x40 - 0x34];
    REGISTER_FIS registers;
    UCHAR reserved_54[0x100 - 0x54];
};

/* What controller and port share, in the uncached extension. The list comes first, as it is
 * aligned to 1 KiB. */
struct shared {
    struct command_header list[32];
    struct received_frames received;
};
C_ASSERT(FIELD_OFFSET(struct shared, received) == 0x400 && sizeof(struct shared) == 0x500);

/* The controller extension. */
struct controller {
    PUCHAR registers;
    ULONG ports; /* PI */
};

/* The steps of bringing a port up, in their order, and what it ends with. Commands are sent in
 * RUNNING only. */
enum stage { DOWN, STOPPING, RESETTING, LINKING, STARTING, RUNNING, ABSENT };

/* The channel extension: the port driver allocates it, zeroed, and hands it to every routine
 * below. */
struct port {
    PUCHAR controller; /* the registers of all ports */
    PUCHAR registers;  /* the registers of this one */
    ULONG number;
    struct shared *shared;
    enum stage stage;
    ULONG waited_us; /* in this stage */
    BOOLEAN link_changed;
    PIDE_REQUEST_BLOCK irb;    /* in slot 0; NULL: none */
    PIDE_REQUEST_BLOCK failed; /* irb fetches this one's sense data; NULL: it does not */
};

/* ------------------------------------------------------------------ the controller */

static ULONG read_at(PUCHAR base, ULONG offset)
{
    return AtaPortReadRegisterUlong((PULONG)(PVOID)(base + offset));
}

static void write_at(PUCHAR base, ULONG offset, ULONG value)
{
    AtaPortWriteRegisterUlong((PULONG)(PVOID)(base + offset), value);
}

static PUCHAR map_registers(PVOID controller, const IDE_MINIPORT_RESOURCES *resources)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];

        if (range->InMemory && range->Bar == AHCI_BAR)
            return AtaPortGetDeviceBase(controller, range->RangeStart, range->RangeLength);
    }
    return NULL;
}

/* No port interrupts before it has been brought up. */
static void switch_on(const struct controller *controller)
{
    write_at(controller->registers, GHC, GHC_AE);
    for (ULONG i = 0; i < 32; i++)
        if (controller->ports >> i & 1)
            write_at(controller->registers, PORT(i) + PX_IE, 0);
    write_at(controller->registers, GHC, GHC_AE | GHC_IE);
}

/* PASSIVE_LEVEL. The controller comes and goes. */
static BOOLEAN NTAPI AdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                    PVOID Parameters)
{
    struct controller *controller = ControllerExtension;
    PIDE_CONTROLLER_CONFIGURATION configuration = Parameters;

    switch (ControlAction) {
    case IdeStart:
        if (configuration->Version != sizeof *configuration ||
            configuration->ControllerMode == IdeModeDump)
            return FALSE;
        controller->registers = map_registers(controller, configuration->ControllerResources);
        if (!controller->registers)
            return FALSE;
        controller->ports = read_at(controller->registers, PI);
        configuration->NumberOfChannels = 0;
        for (ULONG ports = controller->ports; ports; ports >>= 1)
            configuration->NumberOfChannels++;
        configuration->AtaBusType = IdeBusSata;
        configuration->BusMaster = TRUE;
        configuration->Dma64BitAddress = (read_at(controller->registers, CAP) & CAP_S64A) != 0;
        configuration->NumberOfPhysicalBreaks =
            min(configuration->NumberOfPhysicalBreaks, PIECES - 1);
        switch_on(controller);
        break;
    case IdePowerUp:
        switch_on(controller);
        break;
    case IdeStop:
    case IdePowerDown:
        write_at(controller->registers, GHC, GHC_AE);
        break;
    case IdeVendorDefined:
        break;
    }
    return TRUE;
}

/* PASSIVE_LEVEL, for each channel: ports are numbered with gaps. */
static ATA_CHANNEL_STATE NTAPI ChannelEnabled(PVOID ControllerExtension, ULONG Channel)
{
    const struct controller *controller = ControllerExtension;

    return controller->ports >> Channel & 1 ? ChannelStateEnabled : ChannelStateDisabled;
}

/* ------------------------------------------------------------------ the engine of a port */

static ULONG get(const struct port *port, ULONG offset)
{
    return read_at(port->registers, offset);
}

static void put(const struct port *port, ULONG offset, ULONG value)
{
    write_at(port->registers, offset, value);
}

/* AHCI: 3.3.7: software clears ST or FRE, and the controller clears CR or FR when it has
 * stopped. FALSE: not yet. */
static BOOLEAN switch_off(const struct port *port, ULONG wanted, ULONG running)
{
    if (get(port, PX_CMD) & wanted)
        put(port, PX_CMD, get(port, PX_CMD) & ~wanted);
    for (ULONG i = 0; i < STALL_LIMIT_US && (get(port, PX_CMD) & running); i++)
        AtaPortStallExecution(1);
    return !(get(port, PX_CMD) & running);
}

static BOOLEAN stop_commands(const struct port *port)
{
    return switch_off(port, CMD_ST, CMD_CR);
}

/* TRUE: the controller does not use the port's memory any more. */
static BOOLEAN stop_port(const struct port *port)
{
    return stop_commands(port) && switch_off(port, CMD_FRE, CMD_FR);
}

/* What has interrupted up to now is nobody's; PxSERR comes first, since PxIS shows what it has. */
static void forget_interrupts(const struct port *port)
{
    put(port, PX_SERR, 0xFFFFFFFF);
    put(port, PX_IS, 0xFFFFFFFF);
    write_at(port->controller, IS, 1u << port->number);
}

/* ------------------------------------------------------------------ bringing a port up */

static VOID NTAPI bring_up_tick(PVOID ChannelExtension);

static void enter(struct port *port, enum stage stage)
{
    port->stage = stage;
    port->waited_us = 0;
}

/* TRUE: a timer looks again. */
static BOOLEAN wait(struct port *port, ULONG limit_us)
{
    if (port->waited_us >= limit_us)
        return FALSE;
    port->waited_us += TICK_US;
    return AtaPortRequestTimer(port, bring_up_tick, TICK_US);
}

static void end_bring_up(struct port *port, enum stage stage)
{
    enter(port, stage);
    forget_interrupts(port);
    put(port, PX_IE, stage == RUNNING ? INT_ENDED | INT_LINK | INT_BROKEN | INT_REFUSED : INT_LINK);
    if (port->link_changed)
        AtaPortBusChangeDetected(port);
    port->link_changed = FALSE;
    AtaPortDeviceReady(port, IDE_UNTAGGED, IDE_UNTAGGED);
}

/* AHCI: 10.1.2 and 10.4.2: the lists get their places while the port stands still, and the frame
 * with which the device answers COMRESET needs its own. */
static void start_comreset(struct port *port)
{
    ULONG length;
    IDE_PHYSICAL_ADDRESS list = AtaPortGetPhysicalAddress(port, NULL, port->shared->list, &length);
    IDE_PHYSICAL_ADDRESS received =
        AtaPortGetPhysicalAddress(port, NULL, &port->shared->received, &length);

    put(port, PX_CLB, list.LowPart);
    put(port, PX_CLBU, (ULONG)list.HighPart);
    put(port, PX_FB, received.LowPart);
    put(port, PX_FBU, (ULONG)received.HighPart);
    put(port, PX_CMD, CMD_ACTIVE | CMD_POD | CMD_SUD | CMD_FRE);
    put(port, PX_SCTL, SCTL_COMRESET);
}

/* DISPATCH_LEVEL, from the timer. A stage that has been waited for in vain leaves the port DOWN:
 * the next request begins anew. */
static VOID NTAPI bring_up_tick(PVOID ChannelExtension)
{
    struct port *port = ChannelExtension;

    switch (port->stage) {
    case STOPPING:
        if (!stop_port(port)) {
            if (!wait(port, STOP_LIMIT_US))
                end_bring_up(port, DOWN);
            return;
        }
        start_comreset(port);
        enter(port, RESETTING);
        wait(port, TICK_US); /* COMRESET lasts 1 ms at least */
        return;
    case RESETTING:
        put(port, PX_SCTL, SCTL_RELEASE);
        enter(port, LINKING);
        /* fall through */
    case LINKING:
        if (DET(get(port, PX_SSTS)) != DET_COMMUNICATES) {
            if (!wait(port, LINK_LIMIT_US))
                end_bring_up(port, ABSENT);
            return;
        }
        put(port, PX_SERR, 0xFFFFFFFF); /* until then the device's first frame is not taken */
        enter(port, STARTING);
        /* fall through */
    case STARTING:
        if (get(port, PX_TFD) & STATUS_NOT_IDLE) {
            if (!wait(port, READY_LIMIT_US))
                end_bring_up(port, DOWN);
            return;
        }
        put(port, PX_CMD, get(port, PX_CMD) | CMD_ST);
        end_bring_up(port, RUNNING);
        return;
    case DOWN:
    case RUNNING:
    case ABSENT:
        return;
    }
}

/* Not in the interrupt routine. The engine stops, and no requests come until AtaPortDeviceReady. */
static void bring_up(struct port *port)
{
    put(port, PX_IE, 0);
    stop_commands(port);
    enter(port, STOPPING);
    AtaPortDeviceBusy(port, IDE_UNTAGGED, IDE_UNTAGGED, ALL_LIMITS_S);
    AtaPortRequestTimer(port, bring_up_tick, 0);
}

/* DIRQL: a request took too long. All end, now that the engine does not use their buffers any
 * more, and the port driver repeats them. */
static BOOLEAN NTAPI HwReset(PVOID ChannelExtension)
{
    struct port *port = ChannelExtension;

    bring_up(port);
    if (port->failed)
        AtaPortReleaseRequestSenseIrb(port, port->irb);
    port->irb = port->failed = NULL;
    AtaPortCompleteAllActiveRequests(port, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    return TRUE;
}

/* DISPATCH_LEVEL, from the interrupt routine, where this may not be done. */
static VOID NTAPI reset_worker(PVOID ChannelExtension)
{
    HwReset(ChannelExtension);
}

/* DIRQL. Until the worker comes, nothing else does. */
static void want_reset(struct port *port)
{
    port->stage = DOWN;
    put(port, PX_IE, 0);
    AtaPortRequestWorkerRoutine(port, reset_worker);
}

/* ------------------------------------------------------------------ the channel comes and goes */

/* PASSIVE_LEVEL, after ChannelInit: the channel starts, stops, loses and gets power. */
static BOOLEAN NTAPI HwControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                               PVOID Parameters)
{
    struct port *port = ChannelExtension;
    PIDE_CHANNEL_CONFIGURATION configuration = Parameters;

    switch (ControlAction) {
    case IdeStart:
        if (configuration->Version != sizeof *configuration)
            return FALSE;
        configuration->NumberOfOverlappedRequests = 1;
        configuration->MaxTargetId = 0;
        configuration->SyncWithIsr = TRUE;
        configuration->SupportsWmi = TRUE;
        port->shared =
            AtaPortGetUnCachedExtension(port, sizeof(struct shared), sizeof(struct command_table));
        if (!port->shared)
            return FALSE;
        bring_up(port);
        break;
    case IdePowerUp:
        bring_up(port);
        break;
    case IdeStop: /* the shared memory is about to go */
    case IdePowerDown:
        port->stage = DOWN;
        put(port, PX_IE, 0);
        return stop_port(port);
    case IdeVendorDefined:
        break;
    }
    return TRUE;
}

/* DIRQL, once for each device that answered IDENTIFY. Serial ATA has no transfer modes to choose
 * from. */
static BOOLEAN NTAPI HwInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS DeviceParameters,
                                  PIDENTIFY_DEVICE_DATA IdentifyData)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    UNREFERENCED_PARAMETER(IdentifyData);

    return DeviceParameters->Version == sizeof *DeviceParameters;
}

/* ------------------------------------------------------------------ a request begins */

/* At or below DISPATCH_LEVEL: whatever moves data needs a scatter/gather list, IDENTIFY as well. */
static BOOLEAN NTAPI HwBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    UNREFERENCED_PARAMETER(ChannelExtension);

    if (IRB_FOR_DATA_TRANSFER(Irb))
        MARK_IRB_FOR_DMA(Irb);
    return TRUE;
}

/* SATA: the frame that writes all registers at once. */
static void fill_frame(REGISTER_FIS *frame, const IDE_REQUEST_BLOCK *irb)
{
    const IDEREGISTERS *current = &irb->IdeTaskFile.Current, *previous = &irb->IdeTaskFile.Previous;

    frame->FisType = FRAME_TO_DEVICE;
    frame->CmdReg = 1;
    if (IsAtapiCommand(irb)) {
        frame->Command = IDE_COMMAND_ATAPI_PACKET;
        frame->Features = IRB_FOR_DATA_TRANSFER(irb) ? PACKET_BY_DMA : 0;
        return;
    }
    frame->Command = current->bCommandReg;
    frame->Features = current->bFeaturesReg;
    frame->SectorCount = current->bSectorCountReg;
    frame->SectorNumber = current->bSectorNumberReg;
    frame->CylinderLow = current->bCylLowReg;
    frame->CylinderHigh = current->bCylHighReg;
    frame->DeviceHead = current->bDriveHeadReg;
    if (Is48BitIrb(irb)) {
        frame->FeaturesExp = previous->bFeaturesReg;
        frame->SectorCountExp = previous->bSectorCountReg;
        frame->SectorNumberExp = previous->bSectorNumberReg;
        frame->CylinderLowExp = previous->bCylLowReg;
        frame->CylinderHighExp = previous->bCylHighReg;
    }
}

/* Says where the data is, and returns in how many pieces; 0: that is not possible. */
static USHORT describe_buffer(struct port *port, PIDE_REQUEST_BLOCK irb, struct piece *pieces)
{
    const IDE_SCATTER_GATHER_LIST *list = AtaPortGetScatterGatherList(port, irb);

    if (!list || list->NumberOfElements > PIECES)
        return 0;
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        pieces[i] = (struct piece){
            .address = list->Elements[i].Address.LowPart,
            .address_high = (ULONG)list->Elements[i].Address.HighPart,
            .last_byte =
                (list->Elements[i].Length - 1) | 1, /* a packet command's last piece may be odd */
        };
    }
    return (USHORT)list->NumberOfElements;
}

/* AHCI: 5.5.1: table, header, and the bit that hands the slot over. IRB_STATUS_PENDING: its
 * interrupt will come. */
static UCHAR issue(struct port *port, PIDE_REQUEST_BLOCK irb)
{
    struct command_table *table = irb->IrbExtension;
    struct command_header *header = port->shared->list;
    ULONG length;
    IDE_PHYSICAL_ADDRESS address = AtaPortGetPhysicalAddress(port, irb, table, &length);
    USHORT pieces = 0;

    if (port->stage == ABSENT)
        return IRB_STATUS_SELECTION_TIMEOUT;
    if (port->stage == DOWN)
        bring_up(port); /* what was busy is sent once more when the queue goes on */
    if (port->stage != RUNNING || port->irb || (get(port, PX_TFD) & STATUS_NOT_IDLE))
        return IRB_STATUS_BUSY;
    if (IRB_FOR_DATA_TRANSFER(irb)) {
        pieces = describe_buffer(port, irb, table->pieces);
        if (!pieces)
            return IRB_STATUS_INVALID_REQUEST;
    }
    table->frame = (REGISTER_FIS){0};
    fill_frame(&table->frame, irb);
    *header = (struct command_header){
        .flags = sizeof table->frame / sizeof(ULONG),
        .pieces = pieces,
        .table = address.LowPart,
        .table_high = (ULONG)address.HighPart,
    };
    if (IsAtapiCommand(irb)) {
        AtaPortCopyMemory(table->packet, irb->Cdb, sizeof table->packet);
        header->flags |= HEADER_PACKET;
    }
    if (irb->IrbFlags & IRB_FLAGS_DATA_OUT)
        header->flags |= HEADER_WRITE;
    port->shared->received.registers.FisType = 0;
    port->irb = irb;
    put(port, PX_CI, 1);
    return IRB_STATUS_PENDING;
}

/* DIRQL. Takes a request, and ends it at once or when its interrupt comes. */
static BOOLEAN NTAPI HwStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct port *port = ChannelExtension;
    UCHAR irb_status =
        IRB_STATUS_INVALID_REQUEST; /* a LUN reset's, too: the port driver calls HwReset instead */

    if (IsAtaCommand(Irb) || IsAtapiCommand(Irb))
        irb_status = issue(port, Irb);
    else if (Irb->Function == IRB_FUNCTION_ADAPTER_FLUSH ||
             Irb->Function == IRB_FUNCTION_SHUTDOWN || Irb->Function == IRB_FUNCTION_POWER_CHANGE ||
             Irb->Function == IRB_FUNCTION_POWER_REBOOT)
        irb_status = IRB_STATUS_SUCCESS; /* this driver keeps nothing back */
    if (irb_status == IRB_STATUS_PENDING)
        return TRUE;
    if (irb_status != IRB_STATUS_SUCCESS)
        Irb->DataTransferLength = 0;
    Irb->IrbStatus = irb_status;
    AtaPortCompleteRequest(port, Irb);
    return TRUE;
}

/* ------------------------------------------------------------------ a request ends */

/* The registers as the device has left them. A PIO command that succeeds may end without a
 * register frame. */
static void return_registers(struct port *port, PIDE_REQUEST_BLOCK irb)
{
    const struct received_frames *received = &port->shared->received;
    REGISTER_FIS *result = irb->SenseInfoBuffer;

    if (!IsReturnResults(irb) || irb->SenseInfoBufferLength < sizeof *result)
        return;
    *result = received->registers.FisType == FRAME_FROM_DEVICE ? received->registers
                                                               : received->pio_setup;
    result->Command = irb->AtaStatus;
    result->Features = irb->AtaError;
    irb->SenseInfoBufferType = SENSE_INFO_BUFFER_RETURN_TYPE_D2H_FIS;
    irb->IrbStatus |= IRB_STATUS_RETURN_TASKFILE_VALID;
}

/* The slot is free. A packet command that has failed ends when the device has told why, by
 * REQUEST SENSE. */
static void complete(struct port *port, UCHAR irb_status)
{
    PIDE_REQUEST_BLOCK irb = port->irb, failed = port->failed, sense;

    port->irb = port->failed = NULL;
    irb->IrbStatus = irb_status;
    if (failed) {
        AtaPortReleaseRequestSenseIrb(port, irb);
        if (irb_status == IRB_STATUS_SUCCESS || irb_status == IRB_STATUS_DATALENGTH_MISMATCH) {
            failed->SenseInfoBufferType = SENSE_INFO_BUFFER_RETURN_TYPE_CDB;
            failed->IrbStatus |= IRB_STATUS_AUTOSENSE_VALID;
        }
        AtaPortCompleteRequest(port, failed);
        return;
    }
    if (NeedRequestSense(irb)) {
        sense = AtaPortBuildRequestSenseIrb(port, irb);
        if (sense) {
            MARK_IRB_FOR_DMA(sense);
            if (issue(port, sense) == IRB_STATUS_PENDING) {
                port->failed = irb;
                return;
            }
            AtaPortReleaseRequestSenseIrb(port, sense);
        }
    }
    return_registers(port, irb);
    AtaPortCompleteRequest(port, irb);
}

/* The command in slot 0 is over. */
static void end_command(struct port *port, BOOLEAN is_refused)
{
    PIDE_REQUEST_BLOCK irb = port->irb;
    ULONG task_file = get(port, PX_TFD), moved = port->shared->list[0].bytes_moved;
    UCHAR irb_status = IRB_STATUS_SUCCESS;

    irb->AtaStatus = (UCHAR)task_file;
    irb->AtaError = (UCHAR)(task_file >> 8);
    if (is_refused || (irb->AtaStatus & STATUS_FAILED))
        irb_status = IRB_STATUS_DEVICE_ERROR;
    else if (moved < irb->DataTransferLength)
        irb_status = IRB_STATUS_DATALENGTH_MISMATCH;
    irb->DataTransferLength = min(moved, irb->DataTransferLength);
    if (irb->IdeTaskFile.Current.bCommandReg == IDE_COMMAND_SLEEP && IsAtaCommand(irb))
        port->stage = DOWN; /* ATA: 8, SLEEP: only a reset wakes it */

    /* AHCI: 6.2.2.1: with ERR the engine has stopped, and goes on when ST was clear. */
    if (is_refused) {
        if (!stop_commands(port) || (task_file & STATUS_NOT_IDLE)) {
            want_reset(port);
        } else {
            forget_interrupts(port);
            put(port, PX_CMD, get(port, PX_CMD) | CMD_ST);
        }
    }
    complete(port, irb_status);
}

/* DIRQL: the controller's line was raised. The port's bits are cleared before the controller's,
 * and before PxCI is looked at, so that what comes now interrupts again. */
static BOOLEAN NTAPI HwInterrupt(PVOID ChannelExtension)
{
    struct port *port = ChannelExtension;
    ULONG reasons;

    if (!(read_at(port->controller, IS) >> port->number & 1))
        return FALSE;
    reasons = get(port, PX_IS);
    if (reasons & INT_LINK)
        port->link_changed = TRUE;
    if (reasons & (INT_LINK | INT_BROKEN))
        want_reset(port); /* and with it the end of the request; PxIS keeps INT_LINK until then */
    put(port, PX_IS, reasons);
    write_at(port->controller, IS, 1u << port->number);
    if (port->stage == RUNNING && port->irb && ((reasons & INT_REFUSED) || !(get(port, PX_CI) & 1)))
        end_command(port, (reasons & INT_REFUSED) != 0);
    return TRUE;
}

/* ------------------------------------------------------------------ introductions */

/* PASSIVE_LEVEL, for each channel that there is: which routines serve it. */
static BOOLEAN NTAPI ChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                                 PVOID ControllerExtension)
{
    struct port *port = ChannelExtension;
    const struct controller *controller = ControllerExtension;

    if (Interface->Version != sizeof *Interface)
        return FALSE;
    port->number = Interface->ChannelNumber;
    port->controller = controller->registers;
    port->registers = controller->registers + PORT(port->number);
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
        .ControllerExtensionSize = sizeof(struct controller),
        .ChannelExtensionSize = sizeof(struct port),
        .AlignmentMask = 1, /* a piece of data begins at an even address */
        .AtaAdapterControl = AdapterControl,
        .AtaControllerChannelEnabled = ChannelEnabled,
        .AtaChannelInitRoutine = ChannelInit,
    };

    return (NTSTATUS)AtaPortInitializeEx(DriverObject, RegistryPath, &controller_interface);
}
