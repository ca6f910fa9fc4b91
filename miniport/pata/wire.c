/* SPDX-License-Identifier: MIT */
/*
 * Status, waiting for it, and which device is selected.
 *
 * Owns: which device is selected. May not: know what a command is for.
 */
#include "steps.h"

#define POLL_LIMIT_US 50

void pata_settle(const struct pata_channel *channel)
{
    /* ATA: 9.3: 400 ns after a command or a new selection Status is true. A register takes 100
     * ns at least, on any bus that this interface was built for. */
    for (ULONG i = 0; i < 4; i++)
        pata_read_alternate_status(channel);
}

UCHAR pata_wait(const struct pata_channel *channel, UCHAR (*read)(const struct pata_channel *),
                UCHAR mask, UCHAR value, ULONG limit_us)
{
    UCHAR found = read(channel);

    for (ULONG waited_us = 0; waited_us < limit_us && (found & mask) != value; waited_us++) {
        AtaPortStallExecution(1);
        found = read(channel);
    }
    return found;
}

UCHAR pata_poll(struct pata_channel *channel, UCHAR mask, UCHAR value)
{
    channel->latch_is_doubtful = TRUE; /* what is found so may interrupt yet */
    return pata_wait(channel, pata_read_alternate_status, mask, value, POLL_LIMIT_US);
}

BOOLEAN pata_has_packet_signature(const struct pata_channel *channel)
{
    return pata_read_lba_mid(channel) == SIGNATURE_MIDDLE &&
           pata_read_lba_high(channel) == SIGNATURE_HIGH;
}

BOOLEAN pata_has_signature(const struct pata_channel *channel)
{
    if (pata_read_sector_count(channel) != 1 || pata_read_lba_low(channel) != 1)
        return FALSE;
    return pata_has_packet_signature(channel) ||
           (pata_read_lba_mid(channel) == 0 && pata_read_lba_high(channel) == 0);
}

void pata_select(struct pata_channel *channel, UCHAR device_register)
{
    pata_write_device(channel, device_register);
    channel->selected = (UCHAR)(1 + (device_register & DEVICE_1 ? 1 : 0));
    channel->is_ready = FALSE; /* that was the other one */
    pata_settle(channel);
}
