/* SPDX-License-Identifier: MIT */
/*
 * The steps of recovery: an interrupt that got lost, one device reset, the channel reset.
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
#include "steps.h"

#define SRST_US               10
#define RESET_SETTLE_US       2500     /* 2 ms, and some for the timer's grain */
#define RESET_TICK_US         5000     /* the first ones */
#define RESET_LIMIT_US        31000000 /* for each device */
#define RESET_PAUSE_S         65       /* both, and a little */
#define DEVICE_RESET_LIMIT_US 5000000

/* ------------------------------------------------------------------ lost interrupts */

BOOLEAN pata_is_over_unseen(struct pata_channel *channel, UCHAR *status, UCHAR *bus_master_status)
{
    *bus_master_status = 0;
    if (!pata_expects_interrupt(channel->phase))
        return FALSE;
    channel->latch_is_doubtful = TRUE;
    pata_settle(channel); /* the command may have been written a moment ago */
    *status = pata_read_alternate_status(channel);
    if (!pata_is_idle(channel, *status))
        return FALSE;
    /* Idle with blocks left, the device has never heard of it, or no more than begun. */
    if (pata_moves_blocks(channel->phase) && channel->command.left && !(*status & STATUS_FAILED))
        return FALSE;
    if (channel->bus_master)
        *bus_master_status = pata_read_bus_master_status(channel);
    if (pata_moves_dma(channel->phase)) {
        /* Idle without having interrupted, the device has moved less than the table holds, or
         * more. */
        if (!(*bus_master_status & BM_INTERRUPT) && !(*status & STATUS_FAILED))
            return FALSE;
        pata_bus_master_stop(channel);
    }
    pata_read_status(channel); /* ATA: 7.15: this withdraws the interrupt that nobody saw */
    if (*bus_master_status & BM_INTERRUPT)
        pata_bus_master_clear(channel, *bus_master_status);
    return TRUE;
}

/* ------------------------------------------------------------------ one device */

void pata_complete_lun_reset(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb, UCHAR irb_status)
{
    irb->IrbStatus = irb_status;
    irb->DataTransferLength = 0;
    AtaPortCompleteRequest(channel, irb);
}

static enum pata_phase reset_device(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    UCHAR device_register = (UCHAR)(DEVICE_OBSOLETE | (irb->TargetId ? DEVICE_1 : 0));

    channel->command.target = irb->TargetId;
    channel->command.opcode = IDE_COMMAND_ATAPI_RESET;
    UCHAR status = pata_read_alternate_status(channel);
    BOOLEAN can_be_left = STATUS_FLOATS(status) || !(status & STATUS_NOT_IDLE);
    if (!pata_is_selected(channel, irb->TargetId) && can_be_left) {
        pata_select(channel, device_register);
        status = pata_read_alternate_status(channel);
    }
    if (!pata_is_selected(channel, irb->TargetId) || STATUS_FLOATS(status)) {
        /* The other one does not let go, or there is nobody: DEVICE RESET won't help. */
        pata_complete_lun_reset(channel, irb, IRB_STATUS_BUSY);
        return PHASE_RESET_WANTED;
    }
    channel->is_ready = FALSE;
    channel->reset_irb = irb;
    pata_write_command(channel, IDE_COMMAND_ATAPI_RESET);
    return PHASE_DEVICE_RESET;
}

enum pata_phase pata_reset_unit(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    const struct pata_device *device = &channel->devices[irb->TargetId];

    if (irb->TargetId >= MAX_IDE_DEVICE) {
        pata_complete_lun_reset(channel, irb, IRB_STATUS_SELECTION_TIMEOUT);
        return channel->phase;
    }
    if (device->type != DeviceIsAtapi || device->presence == DEVICE_GONE) {
        /* To reset both devices by SRST is the port's choice. */
        pata_complete_lun_reset(channel, irb, IRB_STATUS_INVALID_REQUEST);
        return channel->phase;
    }
    if (channel->phase == PHASE_IDLE)
        return reset_device(channel, irb);
    if (channel->command.target == irb->TargetId &&
        (pata_expects_interrupt(channel->phase) || channel->phase == PHASE_WAIT_READY)) {
        pata_abandon(channel);
        return reset_device(channel, irb);
    }
    if (channel->phase == PHASE_RESET || channel->phase == PHASE_RESET_WANTED) {
        /* It is being reset, and nobody knows for how long. */
        pata_complete_lun_reset(channel, irb, IRB_STATUS_BUSY);
        return channel->phase;
    }
    pata_hold(channel, irb);
    return channel->phase;
}

void pata_device_reset_wait(struct pata_channel *channel)
{
    channel->latch_is_doubtful = TRUE;
    channel->waited_us = 0;
    pata_ask_timer(channel, RESET_SETTLE_US);
}

enum pata_phase pata_device_reset_tick(struct pata_channel *channel)
{
    PIDE_REQUEST_BLOCK irb = channel->reset_irb;
    UCHAR status = pata_read_alternate_status(channel);
    BOOLEAN is_back = !(status & STATUS_NOT_IDLE);

    if (is_back && channel->command.opcode == IDE_COMMAND_ATAPI_RESET && !(status & STATUS_FAILED))
        is_back = pata_has_signature(channel);
    if (!is_back && pata_wait_more(channel, RESET_TICK_US, DEVICE_RESET_LIMIT_US))
        return PHASE_DEVICE_RESET;
    channel->reset_irb = NULL;
    channel->selected = 0;
    if (!irb) {
        if (!is_back)
            return pata_over_with_reset(channel, IRB_STATUS_BUSY, status);
        return pata_over(
            channel, status & STATUS_FAILED ? IRB_STATUS_DEVICE_ERROR : IRB_STATUS_SUCCESS, status);
    }
    pata_setup_again(pata_target(channel));
    pata_complete_lun_reset(channel, irb, is_back ? IRB_STATUS_SUCCESS : IRB_STATUS_BUSY);
    return is_back ? PHASE_IDLE : PHASE_RESET_WANTED;
}

/* ------------------------------------------------------------------ the channel */

void pata_reset_begin(struct pata_channel *channel)
{
    if (channel->bus_master)
        pata_bus_master_stop(channel);
    if (channel->resets_in_a_row < RESET_LIMIT)
        channel->resets_in_a_row++;
    channel->is_ready = FALSE;
    channel->selected = 0;
    channel->reset_target = 0;
    channel->reset_was_cut = FALSE;
    channel->waited_us = 0;
    pata_write_device_control(channel, IDE_DC_RESET_CONTROLLER | IDE_DC_DISABLE_INTERRUPTS);
    AtaPortStallExecution(SRST_US);
    pata_write_device_control(channel, IDE_DC_DISABLE_INTERRUPTS);
    pata_ask_timer(channel, RESET_SETTLE_US);
    /* In dump mode, this may be IdeHwInterrupt, and the port sends one IRB at a time. */
    if (!channel->is_dump)
        AtaPortDeviceBusy(channel, IDE_UNTAGGED, IDE_UNTAGGED, RESET_PAUSE_S);
}

/* Is the device that the reset looks at ready again? One that was never found only has to be
 * quiet, and one that was given up is not waited for. */
static BOOLEAN is_back(const struct pata_channel *channel, UCHAR status)
{
    const struct pata_device *device = &channel->devices[channel->reset_target];

    if (device->presence == DEVICE_GONE)
        return TRUE;
    if (!pata_is_known(device))
        return STATUS_FLOATS(status) || !(status & STATUS_NOT_IDLE);
    if (STATUS_FLOATS(status) || (status & STATUS_NOT_IDLE))
        return FALSE;
    return device->type == DeviceIsAta ? (status & IDE_STATUS_DRDY) != 0
                                       : pata_has_signature(channel);
}

static void reset_end(struct pata_channel *channel)
{
    pata_read_status(channel); /* no command is under way: an interrupt that pends is nobody's */
    if (channel->bus_master)
        pata_bus_master_clear(channel, pata_read_bus_master_status(channel));
    pata_write_device_control(channel, IDE_DC_REENABLE_CONTROLLER);
    channel->selected = 0;
    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++) {
        struct pata_device *device = &channel->devices[target];

        if (device->presence == DEVICE_ASLEEP)
            device->presence = DEVICE_AWAKE;
        pata_setup_again(device);
    }
    AtaPortDeviceReady(channel, IDE_UNTAGGED, IDE_UNTAGGED);
}

enum pata_phase pata_reset_tick(struct pata_channel *channel)
{
    UCHAR status = pata_read_alternate_status(channel);

    /* QEMU: the device that was selected before a reset is selected behind it. */
    if (!pata_is_selected(channel, channel->reset_target) && !(status & STATUS_NOT_IDLE)) {
        pata_select(channel, (UCHAR)(DEVICE_OBSOLETE | (channel->reset_target ? DEVICE_1 : 0)));
        status = pata_read_alternate_status(channel);
    }
    if (!is_back(channel, status)) {
        if (pata_wait_more(channel, RESET_TICK_US, RESET_LIMIT_US))
            return PHASE_RESET;
        pata_give_up(channel, channel->reset_target, status);
        if (channel->reset_target == 1) {
            /* It is selected, and while it is busy no register write reaches the other one. A
             * further reset selects that, and does not wait for this one. */
            pata_reset_begin(channel);
            return PHASE_RESET;
        }
    }
    if (channel->reset_target == 0 && channel->devices[1].presence != DEVICE_GONE) {
        if (STATUS_FLOATS(status) || !(status & STATUS_NOT_IDLE)) {
            channel->reset_target = 1;
            channel->waited_us = 0;
            pata_ask_timer(channel, 1);
            return PHASE_RESET;
        }
        pata_give_up(channel, 1, status); /* it can't be selected */
    }
    reset_end(channel);
    return PHASE_IDLE;
}
