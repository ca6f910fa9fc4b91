/* SPDX-License-Identifier: MIT */
/*
 * Status, waiting for it, and which device is selected.
 *
 * Owns: device_register. May not: know what a command is for.
 */
#include "pata.h"

#define POLL_LIMIT_US 50

void pata_settle(const struct pata_channel *channel)
{
    /* ATA: 9.3: 400 ns after a command or a new selection Status is true. A register takes 100
     * ns at least, on any bus that this interface was built for. */
    for (ULONG i = 0; i < 4; i++)
        pata_alternate_status(channel);
}

UCHAR pata_poll(struct pata_channel *channel, UCHAR mask, UCHAR value)
{
    UCHAR status = pata_alternate_status(channel);

    channel->latch_is_doubtful = TRUE; /* what is found so may interrupt yet */
    for (ULONG i = 0; i < POLL_LIMIT_US && (status & mask) != value; i++) {
        AtaPortStallExecution(1);
        status = pata_alternate_status(channel);
    }
    return status;
}

void pata_select(struct pata_channel *channel, UCHAR device_register)
{
    AtaPortWritePortUchar(channel->command_block.DriveSelect, device_register);
    channel->device_register = device_register;
    channel->is_ready = FALSE; /* that was the other one */
    pata_settle(channel);
}
