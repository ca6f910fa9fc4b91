/* SPDX-License-Identifier: MIT */
/*
 * Requests, interrupts and resets: one command is under way at a time; what comes meanwhile is held.
 *
 * With SyncWithIsr TRUE everything here runs at DIRQL. With FALSE IdeHwStartIo hands the request to a
 * synchronised routine. The documents: ATA is ATA/ATAPI-6 (registers clause 7, protocols clause 9);
 * SFF-8038i is the bus master's.
 */
#include "base.h"

/* Offsets in the command block (ATA: 7). */
enum {
    DATA = 0,
    ERROR_AND_FEATURES = 1,
    SECTOR_COUNT = 2, /* PACKET: interrupt reason */
    LBA_LOW = 3,
    LBA_MID = 4, /* PACKET: byte count */
    LBA_HIGH = 5,
    DEVICE = 6,
    COMMAND = 7, /* and Status */
};

#define STATUS_DEVICE_FAULT   0x20
#define STATUS_FAILED         (IDE_STATUS_ERROR | STATUS_DEVICE_FAULT)
#define STATUS_NOT_IDLE       (IDE_STATUS_BUSY | IDE_STATUS_DRQ)
#define STATUS_FLOATS(status) (((status)&0x7F) == 0x7F)

#define REASON_COMMAND   0x01
#define SIGNATURE_MIDDLE 0x14 /* of a packet device (ATA: 9.12) */
#define SIGNATURE_HIGH   0xEB

#define SECTOR_BYTES   512
#define PACKET_BYTES   12
#define BYTE_COUNT_MAX 0xFFFEu
#define PRD_BOUNDARY   0x10000u
#define WAIT_LIMIT_US  200 /* of one wait; a call has two of them at most */
#define RESET_LOOK_US  2500
#define RESET_LOOKS    12400 /* 31 s (ATA: 9.2) */

/* ------------------------------------------------------------------ registers */

static UCHAR read_register(const struct probe_channel *channel, ULONG offset)
{
    return AtaPortReadPortUchar(channel->command_block + offset);
}

static void write_register(const struct probe_channel *channel, ULONG offset, UCHAR value)
{
    AtaPortWritePortUchar(channel->command_block + offset, value);
}

static UCHAR alternate_status(const struct probe_channel *channel)
{
    return AtaPortReadPortUchar(channel->device_control);
}

/* ATA: 7.15.3: Status is true 400 ns after a command or a selection. */
static void settle(const struct probe_channel *channel)
{
    for (ULONG i = 0; i < 4; i++)
        alternate_status(channel);
}

static UCHAR wait_for(const struct probe_channel *channel, UCHAR mask, UCHAR value)
{
    UCHAR status = alternate_status(channel);

    for (ULONG us = 0; us < WAIT_LIMIT_US && (status & mask) != value; us += 2) {
        AtaPortStallExecution(2);
        status = alternate_status(channel);
    }
    return status;
}

static UCHAR bus_master_status(const struct probe_channel *channel)
{
    return channel->bus_master ? AtaPortReadPortUchar(channel->bus_master + BM_STATUS) : 0;
}

/* Interrupt and error are cleared by writing 1. */
static void bus_master_clear(const struct probe_channel *channel)
{
    if (channel->bus_master)
        AtaPortWritePortUchar(channel->bus_master + BM_STATUS,
                              (bus_master_status(channel) & BM_FIRMWARE_BITS) | BM_INTERRUPT |
                                  BM_ERROR);
}

static void bus_master_stop(const struct probe_channel *channel)
{
    if (channel->bus_master)
        AtaPortWritePortUchar(channel->bus_master + BM_COMMAND, 0);
}

void probe_take_hardware(struct probe_channel *channel)
{
    AtaPortWritePortUchar(channel->device_control, IDE_DC_REENABLE_CONTROLLER);
    read_register(channel, COMMAND);
    bus_master_stop(channel);
    bus_master_clear(channel);
}

void probe_leave_hardware(struct probe_channel *channel)
{
    bus_master_stop(channel);
    AtaPortWritePortUchar(channel->device_control, IDE_DC_DISABLE_INTERRUPTS);
}

/* ------------------------------------------------------------------ the end of a request */

static void begin(struct probe_channel *channel, PIDE_REQUEST_BLOCK irb);

static BOOLEAN is_ordinary(const struct probe_channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    return !IsMiniportCommand(irb) && irb->TargetId < MAX_IDE_DEVICE &&
           channel->devices[irb->TargetId].is_initialized;
}

static void complete(struct probe_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    if (!IsMiniportCommand(irb))
        channel->outstanding--;
    if (is_ordinary(channel, irb) && probe_occasion(AT_COMPLETE, channel->controller, channel, irb))
        return;
    AtaPortCompleteRequest(channel, irb);
}

/* The sense data is here, or could not be had. */
static void sense_done(struct probe_channel *channel, PIDE_REQUEST_BLOCK sense)
{
    PIDE_REQUEST_BLOCK failed = channel->failed;
    BOOLEAN has_data = sense->IrbStatus == IRB_STATUS_SUCCESS ||
                       sense->IrbStatus == IRB_STATUS_DATALENGTH_MISMATCH;

    channel->failed = NULL;
    AtaPortReleaseRequestSenseIrb(channel, sense);
    if (has_data)
        failed->IrbStatus |= IRB_STATUS_AUTOSENSE_VALID;
    complete(channel, failed);
}

/* The current request is over; `status` is the device's. */
static void finish(struct probe_channel *channel, UCHAR irb_status, UCHAR status)
{
    PIDE_REQUEST_BLOCK irb = channel->current;

    channel->current = NULL;
    channel->phase = PHASE_IDLE;
    irb->IrbStatus = irb_status;
    irb->AtaStatus = status;
    if (irb_status == IRB_STATUS_DEVICE_ERROR)
        irb->AtaError = read_register(channel, ERROR_AND_FEATURES);
    irb->DataTransferLength = channel->moved;
    if (IsRequestSenseIrb(irb)) {
        sense_done(channel, irb);
    } else if (NeedRequestSense(irb)) {
        PIDE_REQUEST_BLOCK sense = AtaPortBuildRequestSenseIrb(channel, irb);
        if (!sense) {
            complete(channel, irb);
            return;
        }
        channel->failed = irb;
        if (!probe_occasion(AT_SENSE, channel->controller, channel, sense))
            begin(channel, sense);
    } else {
        complete(channel, irb);
    }
}

/* With Status: failed, all of it, or less. */
static void finish_by_status(struct probe_channel *channel, UCHAR status)
{
    ULONG wanted =
        IRB_FOR_DATA_TRANSFER(channel->current) ? channel->current->DataTransferLength : 0;

    if (status & STATUS_FAILED)
        finish(channel, IRB_STATUS_DEVICE_ERROR, status);
    else
        finish(channel,
               channel->moved == wanted ? IRB_STATUS_SUCCESS : IRB_STATUS_DATALENGTH_MISMATCH,
               status);
}

/* ------------------------------------------------------------------ sending a command */

/* ATA: 9.16.1: device 0 answers 0 for a device 1 that is not there; so does a packet device between a
 * reset and its first command, but with its signature. */
static BOOLEAN is_absent(const struct probe_channel *channel, ULONG target, UCHAR status)
{
    if (STATUS_FLOATS(status))
        return TRUE;
    return status == 0 && !channel->devices[target].is_initialized &&
           (read_register(channel, LBA_MID) != SIGNATURE_MIDDLE ||
            read_register(channel, LBA_HIGH) != SIGNATURE_HIGH);
}

/* IRB_STATUS_PENDING: the device is selected and takes a command. */
static UCHAR select(const struct probe_channel *channel, ULONG target, UCHAR device_register)
{
    UCHAR status = wait_for(channel, STATUS_NOT_IDLE, 0);

    if ((status & STATUS_NOT_IDLE) && !STATUS_FLOATS(status))
        return IRB_STATUS_BUSY;
    write_register(channel, DEVICE, device_register);
    settle(channel);
    status = wait_for(channel, STATUS_NOT_IDLE, 0);
    if (is_absent(channel, target, status))
        return IRB_STATUS_SELECTION_TIMEOUT;
    return status & STATUS_NOT_IDLE ? IRB_STATUS_BUSY : IRB_STATUS_PENDING;
}

static void write_registers(const struct probe_channel *channel, const IDEREGISTERS *registers)
{
    write_register(channel, ERROR_AND_FEATURES, registers->bFeaturesReg);
    write_register(channel, SECTOR_COUNT, registers->bSectorCountReg);
    write_register(channel, LBA_LOW, registers->bSectorNumberReg);
    write_register(channel, LBA_MID, registers->bCylLowReg);
    write_register(channel, LBA_HIGH, registers->bCylHighReg);
}

/* FALSE: the list is not one that the table takes. */
static BOOLEAN describe(struct probe_channel *channel, const IDE_SCATTER_GATHER_LIST *list)
{
    ULONG count = 0;

    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        ULONG address = list->Elements[i].Address.LowPart, left = list->Elements[i].Length;
        while (left) {
            ULONG length = min(left, PRD_BOUNDARY - address % PRD_BOUNDARY);
            if (count == PRD_COUNT || list->Elements[i].Address.HighPart)
                return FALSE;
            channel->table[count].address = address;
            channel->table[count++].control = length % PRD_BOUNDARY; /* 0: 64 KiB */
            address += length;
            left -= length;
        }
    }
    if (count)
        channel->table[count - 1].control |= PRD_END;
    return count != 0;
}

static UCHAR dma_direction(const struct probe_channel *channel)
{
    return channel->current->IrbFlags & IRB_FLAGS_DATA_IN ? BM_TO_MEMORY : 0;
}

/* SFF-8038i: table, direction, interrupt and error; then the command, then start. */
static BOOLEAN dma_prepare(struct probe_channel *channel)
{
    const IDE_SCATTER_GATHER_LIST *list = AtaPortGetScatterGatherList(channel, channel->current);

    if (!list || !describe(channel, list))
        return FALSE;
    probe_program(channel);
    return TRUE;
}

static void pio_out(struct probe_channel *channel)
{
    AtaPortWritePortBufferUshort(
        (PUSHORT)(PVOID)(channel->command_block + DATA),
        (PUSHORT)(PVOID)((PUCHAR)channel->current->DataBuffer + channel->moved), SECTOR_BYTES / 2);
    channel->moved += SECTOR_BYTES;
}

static void send_task_file(const struct probe_channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    if (Is48BitIrb(irb))
        write_registers(channel, &irb->IdeTaskFile.Previous);
    write_registers(channel, &irb->IdeTaskFile.Current);
    write_register(channel, COMMAND, irb->IdeTaskFile.Current.bCommandReg);
}

/* The phase is set before the command is written: its interrupt may come at once. */
static void send_ata(struct probe_channel *channel, PIDE_REQUEST_BLOCK irb, enum probe_phase phase)
{
    UCHAR status;

    if (phase == PHASE_DMA && !dma_prepare(channel)) {
        finish(channel, IRB_STATUS_INVALID_REQUEST, 0);
        return;
    }
    channel->phase = phase;
    send_task_file(channel, irb);
    if (phase == PHASE_DMA) {
        AtaPortWritePortUchar(channel->bus_master + BM_COMMAND, dma_direction(channel) | BM_START);
    } else if (phase == PHASE_PIO_OUT) { /* the first block is asked for without an interrupt */
        settle(channel);
        status = wait_for(channel, STATUS_NOT_IDLE, IDE_STATUS_DRQ);
        if ((status & STATUS_NOT_IDLE) == IDE_STATUS_DRQ && !(status & STATUS_FAILED))
            pio_out(channel);
    }
}

static void send_packet(struct probe_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    ULONG length = IRB_FOR_DATA_TRANSFER(irb) ? irb->DataTransferLength : 0;
    ULONG limit = length ? min(length + length % 2, BYTE_COUNT_MAX) : BYTE_COUNT_MAX;
    IDEREGISTERS registers = {.bCylLowReg = (UCHAR)limit, .bCylHighReg = (UCHAR)(limit >> 8)};
    USHORT packet[PACKET_BYTES / 2];

    for (ULONG i = 0; i < PACKET_BYTES; i++)
        ((PUCHAR)packet)[i] = i < irb->CdbLength ? irb->Cdb[i] : 0;
    channel->phase = PHASE_PACKET;
    write_registers(channel, &registers);
    write_register(channel, COMMAND, IDE_COMMAND_ATAPI_PACKET);
    settle(channel);
    if ((wait_for(channel, STATUS_NOT_IDLE, IDE_STATUS_DRQ) & STATUS_NOT_IDLE) == IDE_STATUS_DRQ)
        AtaPortWritePortBufferUshort((PUSHORT)(PVOID)(channel->command_block + DATA), packet,
                                     PACKET_BYTES / 2);
    /* Else the device has refused it and interrupts, or the port's time-out ends it. */
}

/* The lowest mode that SET FEATURES has not set yet. */
static void send_setting(struct probe_channel *channel, struct probe_device *device)
{
    ULONG mode = device->settings_left & PIO_SUPPORT;
    IDEREGISTERS registers = {.bFeaturesReg = IDE_FEATURE_SET_TRANSFER_MODE};
    ULONG index;

    if (!mode)
        mode = device->settings_left;
    GetHighestBitSet(mode, index);
    device->settings_left &= ~mode;
    registers.bSectorCountReg = (UCHAR)(mode & PIO_SUPPORT ? IDE_SET_ADVANCE_PIO_MODE(index - PIO0)
                                                           : IDE_SET_MWDMA_MODE(index - MWDMA0));
    channel->phase = PHASE_SETTING;
    write_registers(channel, &registers);
    write_register(channel, COMMAND, IDE_COMMAND_SET_FEATURE);
}

/* PHASE_IDLE: not a command of this driver. */
static enum probe_phase phase_of(const struct probe_channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    switch (irb->IdeTaskFile.Current.bCommandReg) {
    case IDE_COMMAND_READ_DMA:
    case IDE_COMMAND_READ_DMA_EXT:
    case IDE_COMMAND_WRITE_DMA:
    case IDE_COMMAND_WRITE_DMA_EXT:
        return channel->bus_master && IRB_USES_DMA(irb) ? PHASE_DMA : PHASE_IDLE;
    case IDE_COMMAND_READ_MULTIPLE:
    case IDE_COMMAND_READ_MULTIPLE_EXT:
    case IDE_COMMAND_WRITE_MULTIPLE:
    case IDE_COMMAND_WRITE_MULTIPLE_EXT:
    case IDE_COMMAND_WRITE_MULTIPLE_FUA_EXT:
    case IDE_COMMAND_WRITE_DMA_FUA_EXT:
        return PHASE_IDLE;
    }
    if (!IRB_FOR_DATA_TRANSFER(irb))
        return PHASE_NON_DATA;
    if (irb->DataTransferLength % SECTOR_BYTES)
        return PHASE_IDLE;
    return irb->IrbFlags & IRB_FLAGS_DATA_IN ? PHASE_PIO_IN : PHASE_PIO_OUT;
}

static void send(struct probe_channel *channel)
{
    PIDE_REQUEST_BLOCK irb = channel->current;
    struct probe_device *device = &channel->devices[irb->TargetId];
    UCHAR device_register = (UCHAR)(irb->TargetId ? 0xB0 : 0xA0);
    enum probe_phase phase = PHASE_PACKET;
    UCHAR irb_status;

    if (!IsAtapiCommand(irb)) {
        device_register |= irb->IdeTaskFile.Current.bDriveHeadReg & (IDE_LBA_MODE | 0x0F);
        phase = phase_of(channel, irb);
    }
    if (phase == PHASE_IDLE || (phase == PHASE_PACKET && irb->CdbLength > PACKET_BYTES)) {
        finish(channel, IRB_STATUS_INVALID_REQUEST, 0);
        return;
    }
    irb_status = select(channel, irb->TargetId, device_register);
    if (irb_status != IRB_STATUS_PENDING)
        finish(channel, irb_status, 0);
    else if (device->is_initialized && device->settings_left)
        send_setting(channel, device);
    else if (phase == PHASE_PACKET)
        send_packet(channel, irb);
    else
        send_ata(channel, irb, phase);
}

static void begin(struct probe_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    channel->current = irb;
    channel->moved = 0;
    if (IsMiniportCommand(irb)) /* there is nothing to do for power, and no reset of one device */
        finish(channel,
               irb->Function == IRB_FUNCTION_MINIPORT_IOCTL ? IRB_STATUS_INVALID_REQUEST
                                                            : IRB_STATUS_SUCCESS,
               0);
    else if (irb->TargetId >= MAX_IDE_DEVICE)
        finish(channel, IRB_STATUS_SELECTION_TIMEOUT, 0);
    else
        send(channel);
}

/* ------------------------------------------------------------------ transfers that cases start */

BOOLEAN probe_take_transfer(struct probe_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    const IDE_SCATTER_GATHER_LIST *list;

    if (channel->phase != PHASE_IDLE || channel->held_head || !IsAtaCommand(irb) ||
        phase_of(channel, irb) != PHASE_DMA)
        return FALSE;
    list = AtaPortGetScatterGatherList(channel, irb);
    if (!list || !describe(channel, list) ||
        select(channel, irb->TargetId,
               (UCHAR)((irb->TargetId ? 0xB0 : 0xA0) |
                       (irb->IdeTaskFile.Current.bDriveHeadReg & (IDE_LBA_MODE | 0x0F)))) !=
            IRB_STATUS_PENDING)
        return FALSE;
    channel->current = irb;
    channel->moved = 0;
    channel->outstanding++;
    channel->phase = PHASE_DMA;
    return TRUE;
}

void probe_program(const struct probe_channel *channel)
{
    AtaPortWritePortUlong((PULONG)(PVOID)(channel->bus_master + BM_TABLE), channel->table_address);
    AtaPortWritePortUchar(channel->bus_master + BM_COMMAND, dma_direction(channel));
    bus_master_clear(channel);
}

void probe_send(const struct probe_channel *channel)
{
    send_task_file(channel, channel->current);
}

/* ------------------------------------------------------------------ requests come */

static VOID NTAPI go_on(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;

    while (channel->phase == PHASE_IDLE && channel->held_head) {
        PIDE_REQUEST_BLOCK irb = channel->held_head;
        channel->held_head = irb->NextIrb;
        begin(channel, irb);
    }
}

/* ------------------------------------------------------------------ entry points of requests */

/* Only what DMA moves by itself leaves the buffer alone. */
BOOLEAN NTAPI ProbeBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct probe_channel *channel = ChannelExtension;

    if (IRB_FOR_DATA_TRANSFER(Irb) && (IsAtapiCommand(Irb) || phase_of(channel, Irb) != PHASE_DMA))
        Irb->IrbFlags |= IRB_FLAGS_MAP_BUFFERS;
    if (is_ordinary(channel, Irb))
        probe_occasion(AT_BUILD_IO, channel->controller, channel, Irb);
    return TRUE;
}

/* BREAKS: HWR-11, IRB-09, where a case never starts a transfer, or never ends it */
BOOLEAN NTAPI ProbeStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct probe_channel *channel = ChannelExtension;

    probe_print_returned();
    if (Irb->Function == IRB_FUNCTION_LUN_RESET) { /* it has no way to reset one device */
        Irb->IrbStatus = IRB_STATUS_INVALID_REQUEST;
        AtaPortCompleteRequest(channel, Irb);
        return TRUE;
    }
    if (is_ordinary(channel, Irb) && probe_occasion(AT_START_IO, channel->controller, channel, Irb))
        return TRUE;
    if (!IsMiniportCommand(Irb))
        channel->outstanding++;
    channel->most_outstanding = max(channel->most_outstanding, channel->outstanding);
    Irb->NextIrb = NULL;
    if (channel->held_head)
        channel->held_tail->NextIrb = Irb;
    else
        channel->held_head = Irb;
    channel->held_tail = Irb;
    if (channel->sync_with_isr)
        go_on(channel);
    else
        AtaPortRequestSynchronizedRoutine(channel, go_on);
    return TRUE;
}

/* BREAKS: INI-07, INI-09, INI-11, INI-12, INI-13, where a case changed what this leaves behind */
BOOLEAN NTAPI ProbeInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                              PIDENTIFY_DEVICE_DATA IdentifyData)
{
    struct probe_channel *channel = ChannelExtension;
    struct probe_device *device = &channel->devices[Parameters->TargetId];

    UNREFERENCED_PARAMETER(IdentifyData);
    if (!probe_is_version(Parameters->Version, sizeof *Parameters))
        return FALSE;
    if (Parameters->DeviceCharacteristics & DFLAGS_INT_DRQ)
        return FALSE; /* a drive of long ago, which interrupts when it wants the packet */
    device->is_initialized = TRUE;
    /* What ProbeTransferModeSelect chose, unless the port knew better. */
    device->modes = device->settings_left = Parameters->TransferModeSelected;
    Parameters->TransferModeSelected = device->modes;
    Parameters->NumberOfOverlappedRequests = (UCHAR)channel->overlapped;
    Parameters->MaxBlockXfer = 0; /* no READ MULTIPLE */
    probe_occasion(AT_INITIALIZE, channel->controller, channel, Parameters);
    return TRUE;
}

/* ------------------------------------------------------------------ interrupts */

static void pio_in(struct probe_channel *channel, UCHAR status)
{
    PIDE_REQUEST_BLOCK irb = channel->current;

    if ((status & (IDE_STATUS_DRQ | STATUS_FAILED)) != IDE_STATUS_DRQ) {
        finish_by_status(channel, status);
        return;
    }
    AtaPortReadPortBufferUshort((PUSHORT)(PVOID)(channel->command_block + DATA),
                                (PUSHORT)(PVOID)((PUCHAR)irb->DataBuffer + channel->moved),
                                SECTOR_BYTES / 2);
    channel->moved += SECTOR_BYTES;
    if (channel->moved == irb->DataTransferLength) {
        settle(channel);
        finish_by_status(channel, alternate_status(channel));
    }
}

/* As much as the device offers, of which the buffer takes what it has room for. */
static void packet_data(struct probe_channel *channel, UCHAR status)
{
    PIDE_REQUEST_BLOCK irb = channel->current;
    PUSHORT port = (PUSHORT)(PVOID)(channel->command_block + DATA);
    PUCHAR data = (PUCHAR)irb->DataBuffer + channel->moved;
    ULONG offered, left = IRB_FOR_DATA_TRANSFER(irb) ? irb->DataTransferLength - channel->moved : 0;

    if (!(status & IDE_STATUS_DRQ) || (read_register(channel, SECTOR_COUNT) & REASON_COMMAND)) {
        finish_by_status(channel, status);
        return;
    }
    offered = read_register(channel, LBA_MID) | (ULONG)read_register(channel, LBA_HIGH) << 8;
    for (ULONG done = 0; done < offered; done += 2) {
        USHORT word = 0;
        if (irb->IrbFlags & IRB_FLAGS_DATA_IN)
            word = AtaPortReadPortUshort(port);
        for (ULONG byte = 0; byte < 2 && done + byte < left; byte++)
            if (irb->IrbFlags & IRB_FLAGS_DATA_IN)
                data[done + byte] = (UCHAR)(word >> 8 * byte);
            else
                word |= (USHORT)(data[done + byte] << 8 * byte);
        if (!(irb->IrbFlags & IRB_FLAGS_DATA_IN))
            AtaPortWritePortUshort(port, word);
    }
    channel->moved += min(offered, left);
}

/* The current command has something to say. */
static void step(struct probe_channel *channel, UCHAR status, UCHAR engine)
{
    PIDE_REQUEST_BLOCK irb = channel->current;

    switch (channel->phase) {
    case PHASE_SETTING: /* a device that refuses a mode keeps the one it had */
        send(channel);
        return;
    case PHASE_NON_DATA:
        finish_by_status(channel, status);
        return;
    case PHASE_PIO_IN:
        pio_in(channel, status);
        return;
    case PHASE_PIO_OUT:
        if ((status & IDE_STATUS_DRQ) && !(status & STATUS_FAILED) &&
            channel->moved < irb->DataTransferLength)
            pio_out(channel);
        else
            finish_by_status(channel, status);
        return;
    case PHASE_DMA:
        if (!(status & STATUS_FAILED) && !(engine & (BM_ACTIVE | BM_ERROR)))
            channel->moved = irb->DataTransferLength;
        if (engine & (BM_ACTIVE | BM_ERROR))
            finish(channel, IRB_STATUS_DEVICE_ERROR, status);
        else
            finish_by_status(channel, status);
        return;
    case PHASE_PACKET:
        packet_data(channel, status);
        return;
    case PHASE_IDLE:
    case PHASE_RESET:
        return;
    }
}

BOOLEAN NTAPI ProbeInterrupt(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;
    UCHAR engine, status;

    if (channel->interrupt)
        return channel->interrupt(channel);
    engine = bus_master_status(channel);
    if (channel->phase == PHASE_RESET || (channel->bus_master && !(engine & BM_INTERRUPT)))
        return FALSE;
    if (channel->phase == PHASE_IDLE && !channel->bus_master)
        return FALSE;
    status = read_register(channel, COMMAND);
    if (status & IDE_STATUS_BUSY)
        return FALSE;
    if (channel->phase == PHASE_DMA)
        bus_master_stop(channel);
    bus_master_clear(channel);
    if (channel->current && channel->phase != PHASE_SETTING &&
        is_ordinary(channel, channel->current))
        probe_occasion(AT_INTERRUPT, channel->controller, channel, channel->current);
    step(channel, status, engine);
    go_on(channel);
    return TRUE;
}

/* ------------------------------------------------------------------ reset */

static VOID NTAPI reset_timer(PVOID ChannelExtension);

/* ATA: 9.2: the devices are back when BSY is clear. */
static VOID NTAPI reset_look(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;

    if (channel->phase != PHASE_RESET)
        return;
    if ((alternate_status(channel) & IDE_STATUS_BUSY) && ++channel->reset_looks < RESET_LOOKS) {
        AtaPortRequestTimer(channel, reset_timer, RESET_LOOK_US);
        return;
    }
    channel->phase = PHASE_IDLE;
    read_register(channel, COMMAND);
    bus_master_clear(channel);
    go_on(channel);
}

static VOID NTAPI reset_timer(PVOID ChannelExtension)
{
    AtaPortRequestSynchronizedRoutine(ChannelExtension, reset_look);
}

BOOLEAN NTAPI ProbeReset(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;

    probe_occasion(AT_RESET, channel->controller, channel, NULL);
    channel->current = channel->failed = channel->held_head = NULL;
    channel->outstanding = 0;
    channel->phase = PHASE_RESET;
    channel->reset_looks = 0;
    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++)
        channel->devices[target].settings_left = channel->devices[target].modes;
    bus_master_stop(channel);
    AtaPortWritePortUchar(channel->device_control, IDE_DC_RESET_CONTROLLER);
    AtaPortStallExecution(10);
    AtaPortWritePortUchar(channel->device_control, IDE_DC_REENABLE_CONTROLLER);
    AtaPortRequestTimer(channel, reset_timer, RESET_LOOK_US);
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    return TRUE;
}
