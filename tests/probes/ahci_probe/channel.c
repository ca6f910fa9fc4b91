/* SPDX-License-Identifier: MIT */
/*
 * A channel is a port of the controller. A request becomes a command in a free slot of the list;
 * the interrupt routine completes what the controller has taken out of PORT_CI.
 *
 * SyncWithIsr is TRUE, so the routines exclude each other.
 */
#include "ahci_probe.h"

#define ENGINE_STEP_US 10
#define ENGINE_STEPS   50 /* AHCI allows 500 ms; what takes longer than 500 us is left to a reset */

/* ------------------------------------------------------------------ the engine */

static BOOLEAN wait_clear(struct ahci_channel *channel, ULONG bit)
{
    for (ULONG step = 0; step < ENGINE_STEPS; step++) {
        if (!(get(channel->base, PORT_CMD) & bit))
            return TRUE;
        AtaPortStallExecution(ENGINE_STEP_US);
    }
    return FALSE;
}

/* AHCI 10.1.2: first the commands, then the received FISes. Forgets the commands issued. */
BOOLEAN ahci_stop_engine(struct ahci_channel *channel)
{
    put(channel->base, PORT_CMD, get(channel->base, PORT_CMD) & ~PORT_CMD_START);
    if (!wait_clear(channel, PORT_CMD_RUNS))
        return FALSE;
    put(channel->base, PORT_CMD, get(channel->base, PORT_CMD) & ~PORT_CMD_FIS_ON);
    return wait_clear(channel, PORT_CMD_FIS_RUNS);
}

void ahci_start_engine(struct ahci_channel *channel)
{
    put(channel->base, PORT_SERR, 0xFFFFFFFFu);
    put(channel->base, PORT_IS, 0xFFFFFFFFu);
    put(channel->base, PORT_CMD, get(channel->base, PORT_CMD) | PORT_CMD_FIS_ON);
    put(channel->base, PORT_CMD, get(channel->base, PORT_CMD) | PORT_CMD_START);
}

static BOOLEAN is_present(struct ahci_channel *channel)
{
    return (get(channel->base, PORT_SSTS) & 0xF) == PORT_SSTS_PRESENT;
}

/* ------------------------------------------------------------------ requests */

static void fill_fis(struct register_fis *fis, const IDE_REQUEST_BLOCK *irb)
{
    const IDEREGISTERS *current = &irb->IdeTaskFile.Current, *previous = &irb->IdeTaskFile.Previous;

    *fis = (struct register_fis){
        .type = FIS_REGISTER,
        .flags = FIS_COMMAND,
        .command = current->bCommandReg,
        .features = current->bFeaturesReg,
        .lba_low = current->bSectorNumberReg,
        .lba_mid = current->bCylLowReg,
        .lba_high = current->bCylHighReg,
        .device = current->bDriveHeadReg,
        .count = current->bSectorCountReg,
    };
    if (!Is48BitIrb(irb))
        return;
    fis->lba_low_previous = previous->bSectorNumberReg;
    fis->lba_mid_previous = previous->bCylLowReg;
    fis->lba_high_previous = previous->bCylHighReg;
    fis->features_previous = previous->bFeaturesReg;
    fis->count_previous = previous->bSectorCountReg;
}

/* The pieces of the buffer. Returns how many; more than the table holds: it cannot be done. */
static ULONG fill_prds(struct ahci_channel *channel, struct command_table *table,
                       PIDE_REQUEST_BLOCK irb)
{
    if (!IRB_FOR_DATA_TRANSFER(irb))
        return 0;
    const IDE_SCATTER_GATHER_LIST *list = AtaPortGetScatterGatherList(channel, irb);
    if (!list || list->NumberOfElements > MAXIMUM_BREAKS)
        return MAXIMUM_BREAKS + 1;
    for (ULONG i = 0; i < list->NumberOfElements; i++)
        table->prds[i] = (struct prd){
            .address = list->Elements[i].Address.LowPart,
            .address_high = (ULONG)list->Elements[i].Address.HighPart,
            .length = list->Elements[i].Length - 1,
        };
    return list->NumberOfElements;
}

/* Does the command move what the buffer holds? QEMU: it ends with an assertion where it does not.
 */
static BOOLEAN length_fits(const struct ahci_channel *channel, const IDE_REQUEST_BLOCK *irb)
{
    ULONG count = irb->IdeTaskFile.Current.bSectorCountReg, most = 0x100;

    if (irb->Function != IRB_FUNCTION_ATA_READ && irb->Function != IRB_FUNCTION_ATA_WRITE)
        return TRUE;
    if (Is48BitIrb(irb)) {
        count |= (ULONG)irb->IdeTaskFile.Previous.bSectorCountReg << 8;
        most = 0x10000;
    }
    return irb->DataTransferLength == (count ? count : most) * channel->sector_bytes;
}

/* IRB_STATUS_PENDING: it was issued. */
static UCHAR issue(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    struct command_table *table = irb->IrbExtension;
    ULONG length = 0, slot = 0;

    if (irb->TargetId != 0 || irb->Lun != 0 || !is_present(channel))
        return IRB_STATUS_SELECTION_TIMEOUT;
    while (slot < channel->controller->slots && channel->active >> slot & 1)
        slot++;
    if (slot == channel->controller->slots)
        return IRB_STATUS_BUSY;
    if (!length_fits(channel, irb))
        return IRB_STATUS_INVALID_REQUEST;
    fill_fis(&table->fis, irb);
    ULONG pieces = fill_prds(channel, table, irb);
    IDE_PHYSICAL_ADDRESS address = AtaPortGetPhysicalAddress(channel, irb, table, &length);
    if (pieces > MAXIMUM_BREAKS || address.QuadPart == 0 || length < sizeof *table)
        return IRB_STATUS_INVALID_REQUEST;

    ULONG write = irb->IrbFlags & IRB_FLAGS_DATA_OUT ? HEADER_WRITE : 0;
    channel->shared->list[slot] = (struct command_header){
        .description = pieces << 16 | write | sizeof table->fis / sizeof(ULONG),
        .table = address.LowPart,
        .table_high = (ULONG)address.HighPart,
    };
    channel->irbs[slot] = irb;
    channel->active |= 1u << slot;
    if (!ahci_occasion(channel, AT_ISSUE, slot))
        put(channel->base, PORT_CI, 1u << slot);
    return IRB_STATUS_PENDING;
}

static BOOLEAN NTAPI StartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct ahci_channel *channel = ChannelExtension;
    UCHAR status =
        IRB_STATUS_INVALID_REQUEST; /* packet commands, and LUN reset: IdeHwReset helps */

    if (IsAtaCommand(Irb))
        status = issue(channel, Irb);
    else if (IsMiniportCommand(Irb) && Irb->Function != IRB_FUNCTION_LUN_RESET)
        status = IRB_STATUS_SUCCESS; /* nothing is kept here that could be flushed */
    if (status == IRB_STATUS_PENDING)
        return TRUE;
    Irb->IrbStatus = status;
    AtaPortCompleteRequest(channel, Irb);
    return TRUE;
}

/* ------------------------------------------------------------------ interrupt */

static void complete(struct ahci_channel *channel, ULONG slot, UCHAR irb_status)
{
    PIDE_REQUEST_BLOCK irb = channel->irbs[slot];
    ULONG moved = channel->shared->list[slot].byte_count;

    channel->active &= ~(1u << slot);
    if (irb_status == IRB_STATUS_SUCCESS && moved < irb->DataTransferLength)
        irb_status = IRB_STATUS_DATALENGTH_MISMATCH;
    irb->DataTransferLength = min(moved, irb->DataTransferLength);
    irb->IrbStatus = irb_status;
    AtaPortCompleteRequest(channel, irb);
}

/* AHCI 6.2.2: the command in the way has failed, and those behind it are issued again. */
static void command_failed(struct ahci_channel *channel, ULONG issued)
{
    ULONG slot = PORT_CMD_SLOT(get(channel->base, PORT_CMD));
    ULONG task_file = get(channel->base, PORT_TFD);

    ahci_stop_engine(channel);
    ahci_start_engine(channel);
    if (!(issued >> slot & 1))
        return;
    channel->irbs[slot]->AtaStatus = (UCHAR)task_file;
    channel->irbs[slot]->AtaError = (UCHAR)(task_file >> 8);
    complete(channel, slot, IRB_STATUS_DEVICE_ERROR);
    put(channel->base, PORT_CI, issued & ~(1u << slot));
}

void ahci_end_commands(struct ahci_channel *channel, ULONG causes)
{
    ULONG issued = get(channel->base, PORT_CI) & channel->active, done = channel->active & ~issued;

    for (ULONG slot = 0; slot < SLOTS; slot++)
        if (done >> slot & 1)
            complete(channel, slot, IRB_STATUS_SUCCESS);
    if (causes & PORT_INT_FAILED)
        command_failed(channel, issued);
}

static BOOLEAN serve(struct ahci_channel *channel)
{
    PUCHAR hba = channel->controller->base;

    if (!(get(hba, HBA_IS) >> channel->port & 1))
        return FALSE;
    ULONG causes = get(channel->base, PORT_IS);
    put(channel->base, PORT_IS, causes);
    put(hba, HBA_IS, 1u << channel->port);
    ahci_end_commands(channel, causes);
    return TRUE;
}

static BOOLEAN NTAPI Interrupt(PVOID ChannelExtension)
{
    const struct ahci_channel *channel = ChannelExtension;
    BOOLEAN is_ours = FALSE;

    if (channel->armed && channel->armed->at == AT_INTERRUPT)
        return ahci_occasion(ChannelExtension, AT_INTERRUPT, 0);
    if (!serves_any)
        return serve(ChannelExtension);
    for (ULONG port = 0; port < 32; port++)
        if (channel->controller->channels[port])
            is_ours |= serve(channel->controller->channels[port]);
    return is_ours;
}

static BOOLEAN NTAPI Reset(PVOID ChannelExtension)
{
    struct ahci_channel *channel = ChannelExtension;
    BOOLEAN stopped = ahci_stop_engine(channel);

    channel->active = 0;
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    ahci_start_engine(channel);
    return stopped;
}

/* ------------------------------------------------------------------ start and stop */

static BOOLEAN NTAPI Initialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                                PIDENTIFY_DEVICE_DATA IdentifyData)
{
    struct ahci_channel *channel = ChannelExtension;

    UNREFERENCED_PARAMETER(IdentifyData);
    if (Parameters->Version != sizeof *Parameters)
        return FALSE;
    channel->sector_bytes = Parameters->BytesPerLogicalSector;
    Parameters->NumberOfOverlappedRequests = (UCHAR)channel->controller->slots;
    Parameters->TransferModeSelected = Parameters->TransferModeSupported;
    return Parameters->IdeDeviceType == DeviceIsAta;
}

static void put_address(struct ahci_channel *channel, ULONG offset, PVOID memory)
{
    ULONG length;
    IDE_PHYSICAL_ADDRESS address = AtaPortGetPhysicalAddress(channel, NULL, memory, &length);

    put(channel->base, offset, address.LowPart);
    put(channel->base, offset + 4, (ULONG)address.HighPart);
}

void ahci_put_addresses(struct ahci_channel *channel)
{
    put_address(channel, PORT_CLB, channel->shared->list);
    put_address(channel, PORT_FB, channel->shared->fises);
}

/* A channel's resources are the controller's: there is one range for all ports. */
static PUCHAR map_port(struct ahci_channel *channel, const IDE_MINIPORT_RESOURCES *resources)
{
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];
        if (range->Bar == BAR_ABAR && range->InMemory) {
            PUCHAR base = AtaPortGetDeviceBase(channel, range->RangeStart, range->RangeLength);
            return base ? base + PORT_BASE(channel->port) : NULL;
        }
    }
    AtaPortDebugPrint(0, "ahci_probe: channel %u has no registers at base address 5\n",
                      channel->port);
    return NULL;
}

static BOOLEAN start_channel(struct ahci_channel *channel, PIDE_CHANNEL_CONFIGURATION configuration)
{
    if (configuration->Version != sizeof *configuration)
        return FALSE;
    configuration->NumberOfOverlappedRequests = (UCHAR)channel->controller->slots;
    configuration->MaxTargetId = 0;
    configuration->SyncWithIsr = TRUE;
    configuration->SupportsWmi = TRUE;
    channel->active = 0;
    channel->armed = ahci_find_case(channel);
    channel->base = map_port(channel, configuration->ChannelResources);
    if (!channel->base)
        return FALSE;
    channel->shared =
        AtaPortGetUnCachedExtension(channel, sizeof *channel->shared, sizeof(struct command_table));
    if (!channel->shared || !ahci_stop_engine(channel)) /* the firmware may have left it running */
        return FALSE;
    ahci_put_addresses(channel);
    ahci_start_engine(channel);
    (void)ahci_occasion(channel, AT_START, 0);
    put(channel->base, PORT_IE, PORT_INT_COMPLETED | PORT_INT_FAILED);
    channel->controller->channels[channel->port] = channel;
    return TRUE;
}

static BOOLEAN NTAPI Control(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                             PVOID Parameters)
{
    struct ahci_channel *channel = ChannelExtension;

    if (ControlAction == IdeStart)
        return start_channel(channel, Parameters);
    if (ControlAction == IdeStop) {
        channel->controller->channels[channel->port] = NULL;
        put(channel->base, PORT_IE, 0);
        return ahci_stop_engine(channel);
    }
    return TRUE;
}

BOOLEAN NTAPI AhciChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                              PVOID InitContext)
{
    struct ahci_channel *channel = ChannelExtension;

    if (Interface->Version != sizeof *Interface)
        return FALSE;
    channel->controller = InitContext;
    channel->port = Interface->ChannelNumber;
    if (!(channel->controller->ports >> channel->port & 1))
        return FALSE; /* in dump mode AtaControllerChannelEnabled was not asked */
    Interface->IdeHwInitialize = Initialize;
    Interface->IdeHwStartIo = StartIo;
    Interface->IdeHwInterrupt = Interrupt;
    Interface->IdeHwReset = Reset;
    Interface->IdeHwControl = Control;
    return TRUE;
}
