/* SPDX-License-Identifier: MIT */
/*
 * Recovery: an interrupt that got lost, one device reset, the channel reset.
 *
 * Owns: what happens from the moment a reset is begun until the devices have come back. May not:
 * wait for them; a timer looks again and again, for 31 s at most.
 *
 * Before anything is reset, the device is looked at: a command that is over, and of which only the
 * interrupt was lost, ends as it ended. DEVICE RESET (ATA: 9.11) reaches one packet device, and may
 * be written even while it is busy. A disk has nothing of the kind: SRST resets both devices of the
 * channel.
 *
 * ATA: 9.2, software reset: SRST is set for 5 us at least and cleared; 2 ms later Status may be
 * read; a device clears BSY within 31 s. A disk is back when DRDY is set, a packet device when it
 * shows its signature: Status 0 alone says nothing, as it may be seen in the midst of a reset. All
 * settings are lost (setup.c sends them again), device 0 is selected whatever the Device register
 * says, and an interrupt may be pending that belongs to no IRB.
 */
#include "pata.h"

#define SRST_US               10
#define RESET_SETTLE_US       2500 /* 2 ms, and some for the timer's grain */
#define RESET_TICK_US         5000
#define RESET_LIMIT_US        31000000 /* for each device */
#define RESET_PAUSE_S         65       /* both, and a little */
#define DEVICE_RESET_LIMIT_US 5000000

/* ------------------------------------------------------------------ lost interrupts */

BOOLEAN pata_rescue(struct pata_channel *channel)
{
    const enum pata_phase phase = channel->phase;
    UCHAR status, bus_master_status = 0;

    if (!pata_expects_interrupt(phase))
        return FALSE;
    channel->latch_is_doubtful = TRUE;
    pata_settle(channel); /* the command may have been written a moment ago */
    status = pata_alternate_status(channel);
    if (STATUS_FLOATS(status) || (status & STATUS_NOT_IDLE))
        return FALSE;
    if (channel->bus_master_status)
        bus_master_status = AtaPortReadPortUchar(channel->bus_master_status);
    if (pata_moves_dma(phase)) {
        /* Idle without having interrupted, the device has moved less than the table holds, or
         * more. */
        if (!(bus_master_status & BM_INTERRUPT) && !(status & STATUS_FAILED))
            return FALSE;
        pata_bus_master_stop(channel);
    }
    if (bus_master_status & BM_INTERRUPT)
        pata_bus_master_clear(channel, bus_master_status);
    pata_step(channel, EVENT_DEVICE, status, bus_master_status);
    /* ATA: reading Status withdraws the interrupt that nobody saw; writing a command does, too. */
    if (channel->phase == PHASE_IDLE)
        pata_status(channel);
    return channel->phase != phase;
}

/* ------------------------------------------------------------------ what is under way ends */

/* Ends the command under way for its issuer. The bus master no longer moves its data. */
static void abandon_command(struct pata_channel *channel)
{
    PIDE_REQUEST_BLOCK irb = channel->command.irb;

    pata_forget_timer(channel);
    if (channel->bus_master_status)
        pata_bus_master_stop(channel);
    channel->command.irb = NULL;
    pata_set_phase(channel, PHASE_IDLE);
    if (!irb)
        return;
    pata_count_error(channel);
    irb->IrbStatus = IRB_STATUS_BUS_RESET;
    irb->DataTransferLength = 0;
    if (channel->sense_for) {
        channel->sense_for->IrbStatus = IRB_STATUS_BUS_RESET;
        pata_sense_done(channel, irb);
    } else {
        AtaPortCompleteRequest(channel, irb);
    }
}

static void complete_lun_reset(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb,
                               UCHAR irb_status)
{
    irb->IrbStatus = irb_status;
    irb->DataTransferLength = 0;
    AtaPortCompleteRequest(channel, irb);
}

/* ------------------------------------------------------------------ one device */

static BOOLEAN has_packet_signature(const struct pata_channel *channel)
{
    return AtaPortReadPortUchar(channel->command_block.CylinderLow) == SIGNATURE_MIDDLE &&
           AtaPortReadPortUchar(channel->command_block.CylinderHigh) == SIGNATURE_HIGH;
}

static void reset_device(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    UCHAR device_register = (UCHAR)(DEVICE_OBSOLETE | (irb->TargetId ? DEVICE_1 : 0));

    channel->command.target = irb->TargetId;
    channel->command.opcode = IDE_COMMAND_ATAPI_RESET;
    if (channel->device_register == 0 ||
        ((channel->device_register ^ device_register) & DEVICE_1)) {
        UCHAR status = pata_alternate_status(channel);
        if (!STATUS_FLOATS(status) &&
            (status & STATUS_NOT_IDLE)) { /* the other one can't be left */
            complete_lun_reset(channel, irb, IRB_STATUS_BUSY);
            pata_want_reset(channel);
            return;
        }
        pata_select(channel, device_register);
    }
    channel->is_ready = FALSE;
    channel->reset_irb = irb;
    AtaPortWritePortUchar(channel->command_block.Command, IDE_COMMAND_ATAPI_RESET);
    pata_device_reset_wait(channel);
}

void pata_reset_unit(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    BOOLEAN is_its_own = channel->phase != PHASE_IDLE && channel->command.target == irb->TargetId;

    if (irb->TargetId >= MAX_IDE_DEVICE) {
        complete_lun_reset(channel, irb, IRB_STATUS_SELECTION_TIMEOUT);
    } else if (pata_rescue(channel) && is_its_own && channel->phase == PHASE_IDLE) {
        complete_lun_reset(channel, irb, IRB_STATUS_SUCCESS); /* nothing is outstanding any more */
    } else if (channel->devices[irb->TargetId].type != DeviceIsAtapi ||
               channel->devices[irb->TargetId].is_gone) {
        /* To reset both devices by SRST is the port's choice. */
        complete_lun_reset(channel, irb, IRB_STATUS_INVALID_REQUEST);
    } else if (channel->phase == PHASE_IDLE) {
        reset_device(channel, irb);
    } else if (is_its_own &&
               (pata_expects_interrupt(channel->phase) || channel->phase == PHASE_WAIT_READY)) {
        abandon_command(channel);
        reset_device(channel, irb);
    } else {
        pata_hold(channel, irb);
    }
}

void pata_device_reset_wait(struct pata_channel *channel)
{
    pata_set_phase(channel, PHASE_DEVICE_RESET);
    channel->latch_is_doubtful = TRUE;
    channel->waited_us = 0;
    pata_ask_timer(channel, RESET_SETTLE_US);
}

void pata_device_reset_tick(struct pata_channel *channel)
{
    PIDE_REQUEST_BLOCK irb = channel->reset_irb;
    UCHAR status = pata_alternate_status(channel);
    BOOLEAN is_back = !(status & STATUS_NOT_IDLE);

    if (is_back && channel->command.opcode == IDE_COMMAND_ATAPI_RESET && !(status & STATUS_FAILED))
        is_back = has_packet_signature(channel);
    if (!is_back && channel->waited_us < DEVICE_RESET_LIMIT_US) {
        channel->waited_us += RESET_TICK_US;
        pata_ask_timer(channel, RESET_TICK_US);
        return;
    }
    channel->reset_irb = NULL;
    channel->device_register = 0;
    if (!irb) {
        pata_finish(channel,
                    !is_back                 ? IRB_STATUS_BUSY
                    : status & STATUS_FAILED ? IRB_STATUS_DEVICE_ERROR
                                             : IRB_STATUS_SUCCESS,
                    status);
    } else {
        pata_set_phase(channel, PHASE_IDLE);
        pata_setup_again(pata_target(channel));
        complete_lun_reset(channel, irb, is_back ? IRB_STATUS_SUCCESS : IRB_STATUS_BUSY);
    }
    if (!is_back)
        pata_want_reset(channel);
}

/* ------------------------------------------------------------------ the channel */

void pata_want_reset(struct pata_channel *channel)
{
    pata_set_phase(channel, PHASE_RESET_WANTED);
    pata_ask_timer(channel, 1);
}

void pata_reset_begin(struct pata_channel *channel)
{
    if (channel->bus_master_status)
        pata_bus_master_stop(channel);
    if (channel->resets_in_a_row < RESET_LIMIT)
        channel->resets_in_a_row++;
    channel->phase = PHASE_RESET;
    channel->is_ready = FALSE;
    channel->device_register = 0;
    channel->reset_target = 0;
    channel->waited_us = 0;
    AtaPortWritePortUchar(channel->control_block.DeviceControl,
                          IDE_DC_RESET_CONTROLLER | IDE_DC_DISABLE_INTERRUPTS);
    AtaPortStallExecution(SRST_US);
    AtaPortWritePortUchar(channel->control_block.DeviceControl, IDE_DC_DISABLE_INTERRUPTS);
    pata_ask_timer(channel, RESET_SETTLE_US);
    if (!channel
             ->is_dump) /* there, this may be IdeHwInterrupt, and the port sends one IRB at a time */
        AtaPortDeviceBusy(channel, IDE_UNTAGGED, IDE_UNTAGGED, RESET_PAUSE_S);
}

static BOOLEAN is_known(const struct pata_device *device)
{
    return !device->is_gone && (device->type == DeviceIsAta || device->type == DeviceIsAtapi);
}

/* Is the device that the reset looks at ready again? One that was never found only has to be
 * quiet, and one that was given up is not waited for. */
static BOOLEAN is_back(const struct pata_channel *channel, UCHAR status)
{
    const struct pata_device *device = &channel->devices[channel->reset_target];

    if (device->is_gone)
        return TRUE;
    if (!is_known(device))
        return STATUS_FLOATS(status) || !(status & STATUS_NOT_IDLE);
    if (STATUS_FLOATS(status) || (status & STATUS_NOT_IDLE))
        return FALSE;
    return device->type == DeviceIsAta ? (status & IDE_STATUS_DRDY) != 0
                                       : has_packet_signature(channel);
}

void pata_give_up(struct pata_channel *channel, UCHAR target, UCHAR status)
{
    struct pata_device *device = &channel->devices[target];

    if (is_known(device)) {
        AtaPortDebugPrint(0, "pata: channel %u target %u is given up, Status %02x\n",
                          channel->number, target, status);
        AtaPortBusChangeDetected(channel);
    }
    device->is_gone = TRUE;
    device->setup_pending = 0;
}

static void reset_end(struct pata_channel *channel)
{
    pata_status(channel); /* no command is under way: an interrupt that pends is nobody's */
    if (channel->bus_master_status)
        pata_bus_master_clear(channel, AtaPortReadPortUchar(channel->bus_master_status));
    AtaPortWritePortUchar(channel->control_block.DeviceControl, IDE_DC_REENABLE_CONTROLLER);
    channel->device_register = 0;
    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++) {
        channel->devices[target].is_asleep = FALSE;
        pata_setup_again(&channel->devices[target]);
    }
    pata_set_phase(channel, PHASE_IDLE);
    AtaPortDeviceReady(channel, IDE_UNTAGGED, IDE_UNTAGGED);
}

void pata_reset_tick(struct pata_channel *channel)
{
    UCHAR status = pata_alternate_status(channel);

    if (!is_back(channel, status)) {
        if (channel->waited_us < RESET_LIMIT_US) {
            channel->waited_us += RESET_TICK_US;
            pata_ask_timer(channel, RESET_TICK_US);
            return;
        }
        pata_give_up(channel, channel->reset_target, status);
        if (channel->reset_target == 1) {
            /* It is selected, and while it is busy no register write reaches the other one. A
             * further reset selects that, and does not wait for this one. */
            pata_reset_begin(channel);
            return;
        }
    }
    if (channel->reset_target == 0 && !channel->devices[1].is_gone) {
        if (STATUS_FLOATS(status) || !(status & STATUS_NOT_IDLE)) {
            channel->reset_target = 1;
            channel->waited_us = 0;
            pata_select(channel, DEVICE_OBSOLETE | DEVICE_1);
            pata_ask_timer(channel, 1);
            return;
        }
        pata_give_up(channel, 1, status); /* it can't be selected */
    }
    reset_end(channel);
}

/* ------------------------------------------------------------------ IdeHwReset */

BOOLEAN NTAPI PataReset(PVOID ChannelExtension)
{
    struct pata_channel *channel = ChannelExtension;

    if (channel->phase == PHASE_STOPPED)
        return FALSE;
    pata_rescue(channel);
    pata_reset_begin(channel); /* from here on no data moves */
    if (channel->sense_for)
        AtaPortReleaseRequestSenseIrb(channel, channel->command.irb);
    channel->sense_for = NULL;
    if (channel->command.irb)
        pata_count_error(channel);
    channel->command.irb = channel->reset_irb = NULL;
    channel->held_head = channel->held_tail = NULL;
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET);
    return TRUE;
}
