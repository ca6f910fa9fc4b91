/* SPDX-License-Identifier: MIT */
/* See puppet.h. Entered as any miniport is. */
#include <stdio.h>
#include <string.h>

#include "port/objects.h"
#include "port/parcel.h"
#include "tests/guest/puppet.h"

struct puppet puppet;

static struct driver puppet_driver;

/* ------------------------------------------------------------------ what was seen */

static struct puppet_call *note(enum context_kind kind)
{
    struct puppet_call *call = &puppet.calls[puppet.call_count % PUPPET_MOST_CALLS];
    *call = (struct puppet_call){.kind = kind, .level = irql_now};
    if (context_now->channel)
        call->channel = context_now->channel->number;
    puppet.call_count++;
    return call;
}

void puppet_forget(void)
{
    puppet.call_count = 0;
}

void puppet_words(char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (unsigned i = 0; i < puppet.call_count && i < PUPPET_MOST_CALLS && used < size; i++) {
        const struct puppet_call *call = &puppet.calls[i];
        struct context context = {.kind = call->kind, .action = call->action};
        char name[48], function[16] = "";
        if (call->kind == CONTEXT_INTERRUPT || call->channel != 0)
            continue;
        context_name(&context, name, sizeof name);
        if (call->function)
            snprintf(function, sizeof function, ":%x", call->function);
        used += (size_t)snprintf(text + used, size - used, "%s%s%s@%u", used ? " " : "", name,
                                 function, call->level);
    }
}

/* ------------------------------------------------------------------ requests */

static void put_text(USHORT *words, const char *text, unsigned count)
{
    for (unsigned i = 0; i < count; i++, words++) {
        char first = *text ? *text++ : ' ', second = *text ? *text++ : ' ';
        *words = (USHORT)(first << 8 | second);
    }
}

/* ATA/ATAPI-6, IDENTIFY DEVICE: LBA, PIO 4, nothing else. */
static void identify(PIDE_REQUEST_BLOCK irb)
{
    USHORT *words = irb->DataBuffer;
    char serial[8];

    memset(words, 0, 512);
    words[0] = 0x0040;
    words[1] = 16;
    words[3] = 16;
    words[6] = 63;
    snprintf(serial, sizeof serial, "S%u", irb->TargetId);
    put_text(words + 10, serial, 10);
    put_text(words + 27, "PUPPET", 20);
    words[47] = 0x8001;
    words[49] = 0x0300;
    words[53] = 0x0002;
    words[60] = PUPPET_SECTORS;
    words[64] = 0x0003;
    words[80] = 0x0078;
    words[83] = words[86] = 0x5000; /* FLUSH CACHE */
    if (puppet.has_dma) {
        words[53] |= 4;
        words[63] = 0x0007;
        words[88] = 0x203F;
    }
    if (puppet.packet) {
        words[0] = 0x8580; /* a CD-ROM drive */
        words[126] = puppet.last_lun;
    }
}

static void end(PVOID extension, PIDE_REQUEST_BLOCK irb, uint8_t status)
{
    const IDEREGISTERS *registers = &irb->IdeTaskFile.Current;
    uint32_t lba = registers->bSectorNumberReg | (uint32_t)registers->bCylLowReg << 8;

    irb->IrbStatus = status;
    if ((status & ~IRB_STATUS_FORCE_ENUM_DEVICE1_NEEDED) != IRB_STATUS_SUCCESS)
        irb->DataTransferLength = 0;
    else if (irb->IrbFlags & IRB_FLAGS_DATA_IN && irb->Function == IRB_FUNCTION_ATA_READ)
        for (uint32_t at = 0; at < irb->DataTransferLength; at += 512)
            memset((uint8_t *)irb->DataBuffer + at, (int)(lba + at / 512 + irb->TargetId), 512);
    AtaPortCompleteRequest(extension, irb);
}

static BOOLEAN NTAPI build_io(PVOID extension, PIDE_REQUEST_BLOCK irb)
{
    (void)extension;
    struct puppet_call *call = note(CONTEXT_BUILD_IO);
    call->function = irb->Function;
    call->target = irb->TargetId;
    if (IRB_FOR_DATA_TRANSFER(irb))
        irb->IrbFlags |= IRB_FLAGS_MAP_BUFFERS;
    if (puppet.timeout_s)
        irb->TimeOutValue = puppet.timeout_s;
    return TRUE;
}

static BOOLEAN NTAPI start_io(PVOID extension, PIDE_REQUEST_BLOCK irb)
{
    bool is_there =
        context_now->channel->number == 0 &&
        (puppet.has_unit ? puppet.has_unit(irb->TargetId, irb->Lun)
                         : irb->TargetId < 8 && puppet.present >> irb->TargetId & 1 && !irb->Lun);
    struct puppet_call *call = note(CONTEXT_START_IO);
    call->function = irb->Function;
    call->target = irb->TargetId;
    call->lun = irb->Lun;
    if (irb->Function == puppet.busy_function && puppet.busy_count) {
        puppet.busy_count--;
        end(extension, irb, IRB_STATUS_BUSY);
        return TRUE;
    }
    switch (irb->Function) {
    case IRB_FUNCTION_ATA_IDENTIFY:
        is_there &= irb->IdeTaskFile.Current.bCommandReg ==
                    (puppet.packet ? IDE_COMMAND_ATAPI_IDENTIFY : IDE_COMMAND_IDENTIFY);
        if (is_there)
            identify(irb);
        end(extension, irb, is_there ? IRB_STATUS_SUCCESS : IRB_STATUS_SELECTION_TIMEOUT);
        return TRUE;
    case IRB_FUNCTION_LUN_RESET:
        if (puppet.ends_all) {
            AtaPortCompleteAllActiveRequests(extension, irb->TargetId, irb->Lun,
                                             IRB_STATUS_BUS_RESET);
            return TRUE;
        }
        end(extension, irb, IRB_STATUS_INVALID_REQUEST); /* the port resets the channel */
        return TRUE;
    case IRB_FUNCTION_POWER_CHANGE:
        puppet.power = irb->PowerChange;
        if (puppet.in_power)
            puppet.in_power(irb);
        if (puppet.holds_power_irbs)
            puppet.held[puppet.held_count++ % PUPPET_MOST_HELD] = irb;
        else
            end(extension, irb,
                puppet.refuses_power_irbs ? IRB_STATUS_INVALID_REQUEST : IRB_STATUS_SUCCESS);
        return TRUE;
    }
    if (!is_there)
        end(extension, irb, IRB_STATUS_SELECTION_TIMEOUT);
    else if (IsAtaCommand(irb) && puppet.command && puppet.command(irb))
        AtaPortCompleteRequest(extension, irb);
    else if (irb->Function == IRB_FUNCTION_ATAPI_COMMAND && puppet.packet && puppet.packet(irb))
        AtaPortCompleteRequest(extension, irb);
    else if (puppet.answer == PUPPET_COMPLETE)
        end(extension, irb, puppet.status);
    else
        puppet.held[puppet.held_count++ % PUPPET_MOST_HELD] = irb;
    return TRUE;
}

static BOOLEAN NTAPI interrupt(PVOID extension)
{
    note(CONTEXT_INTERRUPT);
    if (puppet.in_interrupt && context_now->channel->number == 0)
        puppet.in_interrupt(context_now->channel);
    if (puppet.answer != PUPPET_LATER || puppet.held_count == 0 ||
        context_now->channel->number != 0)
        return FALSE;
    while (puppet.held_count)
        end(extension, puppet.held[--puppet.held_count], puppet.status);
    return TRUE;
}

static BOOLEAN NTAPI reset(PVOID extension)
{
    note(CONTEXT_RESET);
    puppet.held_count = 0;
    AtaPortCompleteAllActiveRequests(extension, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    return TRUE;
}

enum irql puppet_enter(enum irql level)
{
    return level == IRQL_DIRQL      ? irql_enter_dirql()
           : level == IRQL_DISPATCH ? irql_raise_dispatch()
                                    : irql_now;
}

void puppet_leave(enum irql level, enum irql before)
{
    if (level == IRQL_DIRQL)
        irql_leave_dirql(before);
    else if (level == IRQL_DISPATCH)
        irql_lower(before);
}

void puppet_release(struct channel *channel, unsigned index, uint8_t status)
{
    PIDE_REQUEST_BLOCK irb = puppet.held[index];

    puppet.held[index] = puppet.held[--puppet.held_count];
    FROM(channel, CONTEXT_WORKER, end(channel->memory.extension, irb, status));
}

void puppet_release_all(struct channel *channel, uint8_t status)
{
    while (puppet.held_count)
        puppet_release(channel, 0, status);
}

/* ------------------------------------------------------------------ channels and the controller */

static BOOLEAN NTAPI initialize(PVOID extension, PIDE_DEVICE_PARAMETERS parameters,
                                PIDENTIFY_DEVICE_DATA data)
{
    (void)extension, (void)data;
    note(CONTEXT_HW_INITIALIZE)->target = parameters->TargetId;
    if (!puppet.has_dma)
        parameters->TransferModeSelected = PIO_MODE4;
    parameters->NumberOfOverlappedRequests = puppet.overlapped;
    parameters->MaxBlockXfer = 0;
    if (puppet.in_initialize)
        puppet.in_initialize(parameters);
    return TRUE;
}

static BOOLEAN NTAPI control(PVOID extension, IDE_CONTROL_ACTION action, PVOID parameters)
{
    note(CONTEXT_HW_CONTROL)->action = action;
    if (action == IdeStart) {
        PIDE_CHANNEL_CONFIGURATION configuration = parameters;
        configuration->SyncWithIsr = puppet.sync_with_isr;
        configuration->SupportsWmi = TRUE;
        configuration->NumberOfOverlappedRequests = puppet.overlapped;
        if (puppet.has_one_target)
            configuration->MaxTargetId = 0;
        if (puppet.last_target)
            configuration->MaxTargetId = puppet.last_target;
        puppet.held_count = 0;
        PVOID uncached = AtaPortGetUnCachedExtension(extension, 4096, puppet.irb_extension);
        if (configuration->ChannelNumber == 0)
            puppet.uncached = uncached;
        if (puppet.in_start && configuration->ChannelNumber == 0)
            puppet.in_start(context_now->channel);
        return !puppet.refuses_start || configuration->ChannelNumber != 0;
    }
    if (action == IdeStop && puppet.in_stop)
        puppet.in_stop();
    if (action != IdeStop && puppet.in_control)
        puppet.in_control(context_now->channel);
    return action == IdePowerDown || action == IdePowerUp ? !puppet.refuses_power : TRUE;
}

static BOOLEAN NTAPI init_channel(PVOID extension, PIDE_CHANNEL_INTERFACE channel_interface,
                                  PVOID context)
{
    (void)extension, (void)context;
    note(CONTEXT_CHANNEL_INIT);
    if (puppet.in_init && channel_interface->ChannelNumber == 0)
        puppet.in_init(context_now->channel);
    channel_interface->IdeHwInitialize = initialize;
    channel_interface->IdeHwBuildIo = build_io;
    channel_interface->IdeHwStartIo = start_io;
    channel_interface->IdeHwInterrupt = interrupt;
    channel_interface->IdeHwReset = reset;
    channel_interface->IdeHwControl = control;
    return TRUE;
}

static ATA_CHANNEL_STATE NTAPI channel_enabled(PVOID extension, ULONG channel)
{
    (void)extension, (void)channel;
    note(CONTEXT_CHANNEL_ENABLED);
    return ChannelStateEnabled;
}

static BOOLEAN NTAPI mode_select(PVOID extension, PIDE_TRANSFER_MODE_PARAMETERS modes)
{
    (void)extension;
    note(CONTEXT_TRANSFER_MODE_SELECT)->channel = modes->ChannelNumber;
    for (unsigned i = 0; i < MAX_IDE_DEVICE; i++) {
        ULONG dma = modes->DeviceTransferModeSupported[i] & UDMA_SUPPORT;
        ULONG fastest = dma && puppet.has_dma ? 1u << (31 - __builtin_clz(dma)) : 0;
        modes->DeviceTransferModeSelected[i] =
            modes->DeviceType[i] == DeviceNotExist ? 0 : PIO_MODE4 | fastest;
    }
    return TRUE;
}

static BOOLEAN NTAPI adapter_routine(PVOID extension, IDE_CONTROL_ACTION action, PVOID parameters)
{
    PIDE_CONTROLLER_CONFIGURATION configuration = parameters;
    (void)extension;
    note(CONTEXT_ADAPTER_CONTROL)->action = action;
    if (action == IdeStart && puppet.is_sata)
        configuration->AtaBusType = IdeBusSata;
    if (action == IdeStart && puppet.has_dma) {
        configuration->BusMaster = TRUE;
        configuration->NumberOfPhysicalBreaks = 32;
    }
    return TRUE;
}

struct controller *puppet_create(void)
{
    struct driver *driver = &puppet_driver;
    struct controller *controller = &port_controllers[port_controller_count];

    puppet = (struct puppet){
        .sync_with_isr = true, .overlapped = 1, .present = 1, .status = IRB_STATUS_SUCCESS};
    snprintf(driver->name, sizeof driver->name, "puppet");
    driver->interface = (IDE_CONTROLLER_INTERFACE){
        .Version = sizeof(IDE_CONTROLLER_INTERFACE),
        .ControllerExtensionSize = 64,
        .ChannelExtensionSize = 64,
        .AtaChannelInitRoutine = init_channel,
        .AtaControllerChannelEnabled = channel_enabled,
        .AtaControllerTransferModeSelect = mode_select,
        .AtaAdapterControl = adapter_routine,
    };
    driver->is_registered = true;
    *controller = (struct controller){.index = port_controller_count, .driver = driver};
    snprintf(controller->service, sizeof controller->service, "puppet");
    controller->state = CONTROLLER_STOPPED;
    port_controller_count++;
    return controller;
}

struct request puppet_lose_a_read(struct device *device, void *buffer)
{
    struct request request = {.device = device,
                              .function = IRB_FUNCTION_ATA_READ,
                              .flags = IRB_FLAGS_DATA_IN,
                              .timeout_s = 1,
                              .is_once = true,
                              .buffer = buffer,
                              .byte_count = 512};

    puppet.answer = PUPPET_HOLD;
    request_run(&request);
    puppet.answer = PUPPET_COMPLETE;
    return request;
}
