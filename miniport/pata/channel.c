/* SPDX-License-Identifier: MIT */
/*
 * A channel comes and goes.
 *
 * Owns: AtaChannelInitRoutine and IdeHwControl: register addresses, memory for descriptors.
 * May not: send commands; IdeHwControl runs without exclusion from the interrupt routine.
 * Entered at PASSIVE_LEVEL.
 *
 * What firmware or an earlier driver left in the registers is not trusted: interrupts may be off,
 * either device selected, the bus master running, a command half done. take_hardware puts
 * right what can be put right without a command; the first command then looks before it writes
 * (issue.c).
 */
#include "steps.h"

BOOLEAN NTAPI PataChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                              PVOID InitContext)
{
    struct pata_channel *channel = ChannelExtension;

    /* As the default channel driver, this one gets no controller extension: what it knows of the
     * controller are the channel's resources and the modes that its miniport selects. Which number
     * the controller has is not known; the registry's settings are those of the first. */
    channel->stand_in.chip = &pata_chip_foreign;
    channel->stand_in.has_bus_master = TRUE; /* if the resources say so */
    channel->controller = InitContext ? InitContext : &channel->stand_in;
    channel->number = Interface->ChannelNumber;
    channel->phase = PHASE_STOPPED;
    if (channel->number >= MAX_IDE_DEVICE || Interface->Version != sizeof *Interface)
        return FALSE;
    Interface->IdeHwInitialize = PataInitialize;
    Interface->IdeHwBuildIo = PataBuildIo;
    Interface->IdeHwStartIo = PataStartIo;
    Interface->IdeHwInterrupt = PataInterrupt;
    Interface->IdeHwReset = PataReset;
    Interface->IdeHwControl = PataControl;
    return TRUE;
}

/* ------------------------------------------------------------------ registers and memory */

/* The channel's ranges, told apart by their base address registers: 0 and 2 are command blocks,
 * 1 and 3 control blocks (in native mode four ports, of which the third is the register), 4 the
 * bus master. */
static BOOLEAN map_registers(struct pata_channel *channel, const IDE_MINIPORT_RESOURCES *resources)
{
    channel->command_block = channel->control_block = channel->bus_master = NULL;
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];
        PUCHAR base = NULL;

        if (!range->InMemory)
            base = AtaPortGetDeviceBase(channel, range->RangeStart, range->RangeLength);
        if (!base)
            continue;
        switch (range->Bar) {
        case 0:
        case 2:
            channel->command_block = base;
            break;
        case 1:
        case 3:
            channel->control_block = range->RangeLength >= 4 ? base + 2 : base;
            break;
        case 4:
            if (range->RangeLength >= BUS_MASTER_BYTES && channel->controller->has_bus_master)
                channel->bus_master = base;
            break;
        }
    }
    return channel->command_block && channel->control_block;
}

/* The descriptor table: page-aligned, so it is dword-aligned and crosses no 64 KiB boundary. */
static BOOLEAN allocate_descriptors(struct pata_channel *channel)
{
    const ULONG byte_count = PRD_COUNT * sizeof(struct pata_prd);
    IDE_PHYSICAL_ADDRESS address;
    ULONG length = 0;

    if (!channel->bus_master)
        return TRUE;
    channel->prd_table = AtaPortGetUnCachedExtension(channel, byte_count, 0);
    if (!channel->prd_table)
        return FALSE;
    address = AtaPortGetPhysicalAddress(channel, NULL, channel->prd_table, &length);
    if (!address.QuadPart || length < byte_count || address.QuadPart >> 32)
        return FALSE;
    channel->prd_table_address = AtaPortConvertPhysicalAddressToUlong(address);
    return TRUE;
}

/* The registers may hold anything: after power-up, and at the start. Interrupts are on afterwards,
 * or when a reset that was cut short has been done again. */
static void take_hardware(struct pata_channel *channel)
{
    channel->is_ready = FALSE;
    channel->selected = 0;
    /* ATA: 9.2: Status may not be read in the 2 ms after SRST, by the interrupt routine neither: a
     * reset that was cut short is done again (start_channel), and ends with both. */
    if (!channel->reset_was_cut) {
        pata_write_device_control(channel, IDE_DC_REENABLE_CONTROLLER);
        pata_read_status(channel); /* acknowledges what somebody else's command has left */
    }
    if (!channel->bus_master)
        return;
    channel->bus_master_direction = 0;
    pata_bus_master_stop(channel);
    pata_bus_master_clear(channel, pata_read_bus_master_status(channel));
    /* There is one table, so its address is written once and not for each command. */
    AtaPortWritePortUlong((PULONG)(PVOID)(channel->bus_master + BUS_MASTER_TABLE),
                          channel->prd_table_address);
}

/* ------------------------------------------------------------------ start and stop */

static BOOLEAN start_channel(struct pata_channel *channel, PIDE_CHANNEL_CONFIGURATION configuration)
{
    if (configuration->Version != sizeof *configuration)
        return FALSE;
    channel->is_dump = configuration->ChannelMode == IdeModeDump;
    configuration->NumberOfOverlappedRequests = 1;
    configuration->MaxTargetId = MAX_IDE_DEVICE - 1;
    configuration->SyncWithIsr = TRUE;
    configuration->SupportsWmi = TRUE;

    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++) {
        channel->devices[target].type = DeviceUnknown;
        channel->devices[target].presence = DEVICE_AWAKE;
        channel->devices[target].sector_bytes = SECTOR_BYTES;
        channel->devices[target].setup_pending = 0;
        channel->devices[target].errors = 0;
        channel->devices[target].model = NULL;
        channel->controller->usable_modes[channel->number][target] = 0;
    }
    channel->command.irb = NULL;
    channel->held_head = channel->held_tail = NULL;
    channel->sense_for = channel->reset_irb = NULL;
    channel->resets_in_a_row = 0;
    channel->notes = NULL;
    channel->models_noted = 0;
    if (!map_registers(channel, configuration->ChannelResources)) {
        AtaPortDebugPrint(0, "pata: channel %u has no command or control block\n", channel->number);
        return FALSE;
    }
    channel->stand_in.has_bus_master = channel->bus_master != NULL;
    /* PCI controllers turn a 32-bit access into two 16-bit ones to the device. */
    channel->data_is_32_bit =
        !channel->controller->chip->has_data_port_of_16_bits || channel->bus_master;
    if (!allocate_descriptors(channel)) {
        AtaPortDebugPrint(0, "pata: no memory for the descriptors of channel %u\n",
                          channel->number);
        return FALSE;
    }
    pata_read_settings(channel);
    take_hardware(channel);
    pata_run(channel, PHASE_IDLE);
    if (channel->reset_was_cut)
        pata_run(channel, PHASE_RESET_WANTED);
    return TRUE;
}

/* The port has seen to it that no request is under way. */
static void stop_channel(struct pata_channel *channel)
{
    pata_store_notes(channel);
    if (channel->phase == PHASE_STOPPED)
        return;
    channel->reset_was_cut |= channel->phase == PHASE_RESET;
    pata_run(channel, PHASE_STOPPED);
    if (channel->bus_master)
        pata_bus_master_stop(channel);
    pata_write_device_control(channel, IDE_DC_DISABLE_INTERRUPTS);
}

BOOLEAN NTAPI PataControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                          PVOID Parameters)
{
    struct pata_channel *channel = ChannelExtension;

    switch (ControlAction) {
    case IdeStart:
        return start_channel(channel, Parameters);
    case IdeStop:
        stop_channel(channel);
        return TRUE;
    case IdePowerUp:
        /* Controller and devices were without power: all that they had been told is to be told
         * again, and the devices take their time. A reset does both. */
        if (channel->phase != PHASE_IDLE)
            return FALSE;
        pata_program_timings(channel->controller, channel->number);
        take_hardware(channel);
        pata_run(channel, PHASE_RESET_WANTED);
        return TRUE;
    case IdePowerDown:
    case IdeVendorDefined:
        return TRUE;
    }
    return FALSE;
}
