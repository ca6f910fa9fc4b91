/* SPDX-License-Identifier: MIT */
/* HWR-07, HWR-21, HWR-22: what a driver makes of a request that it was handed. */
#include "cases.h"

/* A read, of one sector in these cases. */
static struct command_table *read_of(struct ahci_channel *channel, ULONG slot)
{
    PIDE_REQUEST_BLOCK irb = channel->irbs[slot];
    return irb->Function == IRB_FUNCTION_ATA_READ ? irb->IrbExtension : NULL;
}

CASE request_elsewhere(struct ahci_channel *channel, ULONG slot)
{
    struct command_table *table = read_of(channel, slot);

    if (!table)
        return FALSE;
    table->prds[0].address = FOREIGN;
    channel->armed = NULL;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-21 */
    return TRUE;
}

/* Half of its sector would go to what lies behind the buffer. */
CASE request_past_the_end(struct ahci_channel *channel, ULONG slot)
{
    struct command_table *table = read_of(channel, slot);

    if (!table)
        return FALSE;
    table->prds[0].address += 256;
    channel->armed = NULL;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-21 */
    return TRUE;
}

/* The device moves a sector, and the rest of the PRD is nothing to it: the request is done. */
CASE request_too_long(struct ahci_channel *channel, ULONG slot)
{
    struct command_table *table = read_of(channel, slot);

    if (!table)
        return FALSE;
    table->prds[0].length += 0x10000;
    channel->armed = NULL;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-22 */
    return TRUE;
}

CASE request_halved(struct ahci_channel *channel, ULONG slot)
{
    struct command_table *table = read_of(channel, slot);

    if (!table)
        return FALSE;
    table->prds[0].length -= 256;
    channel->armed = NULL;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-22 */
    return TRUE;
}

CASE request_too_far(struct ahci_channel *channel, ULONG slot)
{
    struct command_table *table = read_of(channel, slot);

    if (!table)
        return FALSE;
    table->fis.lba_high = 0x10;
    channel->armed = NULL;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-07 */
    return TRUE;
}

/* No disk is needed for the limit of the command itself. */
CASE address_too_far(struct ahci_channel *channel, ULONG slot)
{
    struct register_fis *fis = &own_command(channel, slot, COMMAND_READ_DMA)->fis;

    fis->lba_low = fis->lba_mid = fis->lba_high = 0xFF;
    fis->device = FIS_LBA | 0xF;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-07 */
    own_wait(channel);
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

const struct ahci_case request_cases[] = {
    {"request_elsewhere", AT_ISSUE, request_elsewhere},
    {"request_past_the_end", AT_ISSUE, request_past_the_end},
    {"request_too_long", AT_ISSUE, request_too_long},
    {"request_halved", AT_ISSUE, request_halved},
    {"request_too_far", AT_ISSUE, request_too_far},
    {"address_too_far", AT_START, address_too_far},
    {NULL, AT_START, NULL},
};
