/* SPDX-License-Identifier: MIT */
/*
 * A channel comes and goes; it is a port of the controller.
 *
 * Owns: AtaChannelInitRoutine and IdeHwControl: where the registers are, and the memory that is
 * shared with the controller. May not: send commands. Entered at PASSIVE_LEVEL; for power at or
 * below DISPATCH_LEVEL.
 */
#include "steps.h"

#define SPIN_UP_US 10000u /* AHCI: 10.1.1: from SUD to what PxSSTS says of it; SATA: 8.4.1 */

BOOLEAN NTAPI AhciChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                              PVOID InitContext)
{
    struct ahci_channel *channel = ChannelExtension;

    if (Interface->Version != sizeof *Interface || !InitContext)
        return FALSE;
    channel->controller = InitContext;
    channel->port = Interface->ChannelNumber;
    channel->phase = PHASE_STOPPED;
    /* (In dump mode AtaControllerChannelEnabled was not asked.) */
    if (channel->port >= PORT_COUNT || !(channel->controller->ports >> channel->port & 1))
        return FALSE;
    Interface->IdeHwInitialize = AhciInitialize;
    Interface->IdeHwBuildIo = AhciBuildIo;
    Interface->IdeHwStartIo = AhciStartIo;
    Interface->IdeHwInterrupt = AhciInterrupt;
    Interface->IdeHwReset = AhciReset;
    Interface->IdeHwControl = AhciControl;
    return TRUE;
}

/* ------------------------------------------------------------------ start and stop */

/* A channel's resources are the controller's: there is one range for all ports. */
static BOOLEAN map_registers(struct ahci_channel *channel, const IDE_MINIPORT_RESOURCES *resources)
{
    channel->hba = NULL;
    for (ULONG i = 0; i < resources->NumberOfAccessRanges; i++) {
        const IDE_ACCESS_RANGE *range = &resources->IdeAccessRange[i];
        if (range->Bar == BAR_ABAR && range->InMemory &&
            range->RangeLength >= PORT_BASE(channel->port + 1u))
            channel->hba = AtaPortGetDeviceBase(channel, range->RangeStart, range->RangeLength);
    }
    channel->base = channel->hba + PORT_BASE(channel->port);
    return channel->hba != NULL;
}

static BOOLEAN take_shared(struct ahci_channel *channel)
{
    const ULONG byte_count =
        sizeof *channel->shared + channel->slots * sizeof channel->shared->tables[0];
    ULONG length = 0;

    channel->shared = AtaPortGetUnCachedExtension(channel, byte_count, 0);
    if (channel->shared)
        channel->shared_address =
            (ULONGLONG)AtaPortGetPhysicalAddress(channel, NULL, channel->shared, &length).QuadPart;
    return length >= byte_count;
}

static BOOLEAN start_channel(struct ahci_channel *channel, PIDE_CHANNEL_CONFIGURATION configuration)
{
    if (configuration->Version != sizeof *configuration)
        return FALSE;
    channel->is_dump = configuration->ChannelMode == IdeModeDump;
    channel->resets_in_a_row = 0;
    channel->device = (struct ahci_device){.sector_bytes = SECTOR_BYTES};
    channel->active = 0;
    channel->alone_left = 0;
    channel->follow_up = 0;
    channel->was_there = channel->has_changed = FALSE;
    channel->held_head = channel->held_tail = channel->sense_for = channel->reset_irb = NULL;
    channel->notes = NULL;
    ahci_read_settings(channel);
    channel->usable = 1; /* until it is known what the device takes */

    configuration->NumberOfOverlappedRequests = channel->slots;
    configuration->MaxTargetId = 0;
    configuration->SyncWithIsr = TRUE;
    configuration->SupportsWmi = TRUE;
    if (!map_registers(channel, configuration->ChannelResources)) {
        AtaPortDebugPrint(0, "ahci: port %u has no registers at base address 5\n", channel->port);
        return FALSE;
    }
    if (!take_shared(channel)) {
        AtaPortDebugPrint(0, "ahci: no memory for the commands of port %u\n", channel->port);
        return FALSE;
    }
    /* Without staggered spin-up the link has been looking for a device all the time. */
    channel->nothing_us = channel->controller->capabilities & CAP_STAGGERED ? SPIN_UP_US : 0;
    ahci_run(channel, PHASE_HANDOFF);
    return TRUE;
}

/* The port has seen to it that no request is under way. */
static void stop_port(struct ahci_channel *channel)
{
    if (channel->phase == PHASE_STOPPED)
        return;
    ahci_run(channel, PHASE_STOPPED);
    ahci_port_stop(channel);
}

BOOLEAN NTAPI AhciControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                          PVOID Parameters)
{
    struct ahci_channel *channel = ChannelExtension;

    switch (ControlAction) {
    case IdeStart:
        return start_channel(channel, Parameters);
    case IdeStop:
        ahci_store_notes(channel);
        stop_port(channel);
        return TRUE;
    case IdePowerDown:
        if (channel->active)
            return FALSE;
        stop_port(channel); /* AHCI: 8.3.3: before the controller loses its power */
        return TRUE;
    case IdePowerUp:
        /* Everything may be lost. */
        if (channel->phase != PHASE_STOPPED)
            return FALSE;
        channel->resets_in_a_row = 0;
        ahci_run(channel, PHASE_HANDOFF);
        return TRUE;
    case IdeVendorDefined:
        return TRUE;
    }
    return FALSE;
}
