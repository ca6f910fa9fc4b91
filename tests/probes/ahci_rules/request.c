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

/* ------------------------------------------------------------------ as queued commands */

#define PORT_INT_DEVICE_BITS 0x00000008u
#define LOOKS                200000

/* The same read as READ FPDMA QUEUED, about to be issued. */
static struct command_table *queued_read_of(struct ahci_channel *channel, ULONG slot)
{
    struct command_table *table = read_of(channel, slot);

    if (!table)
        return NULL;
    table->fis.command = COMMAND_FPDMA;
    table->fis.features = table->fis.count;
    table->fis.features_previous = table->fis.count_previous;
    table->fis.count = (UCHAR)(slot << 3); /* the tag */
    table->fis.count_previous = 0;
    table->fis.device = FIS_LBA;
    WRITE(channel->base, PORT_SACT, 1u << slot);
    channel->armed = NULL;
    return table;
}

/* It will succeed: the interrupt routine finds it done. (The header says nothing of a queued
 * command's bytes.) */
static void queued_end(struct ahci_channel *channel, ULONG slot)
{
    for (ULONG look = 0; look < LOOKS && get(channel->base, PORT_SACT); look++)
        ;
    channel->shared->list[slot].byte_count = channel->irbs[slot]->DataTransferLength;
    put(channel->base, PORT_IE, PORT_INT_COMPLETED | PORT_INT_FAILED | PORT_INT_DEVICE_BITS);
}

CASE queued_as_it_is(struct ahci_channel *channel, ULONG slot)
{
    if (!queued_read_of(channel, slot))
        return FALSE;
    WRITE(channel->base, PORT_CI, 1u << slot);
    queued_end(channel, slot);
    return TRUE;
}

CASE queued_elsewhere(struct ahci_channel *channel, ULONG slot)
{
    struct command_table *table = queued_read_of(channel, slot);

    if (!table)
        return FALSE;
    table->prds[0].address = FOREIGN;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-21 */
    return TRUE;
}

CASE queued_past_the_end(struct ahci_channel *channel, ULONG slot)
{
    struct command_table *table = queued_read_of(channel, slot);

    if (!table)
        return FALSE;
    table->prds[0].address += 256;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-21 */
    return TRUE;
}

CASE queued_halved(struct ahci_channel *channel, ULONG slot)
{
    struct command_table *table = queued_read_of(channel, slot);

    if (!table)
        return FALSE;
    table->prds[0].length -= 256;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-22 */
    return TRUE;
}

CASE queued_doubled(struct ahci_channel *channel, ULONG slot)
{
    struct command_table *table = queued_read_of(channel, slot);

    if (!table)
        return FALSE;
    table->fis.features *= 2;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-22 */
    return TRUE;
}

CASE queued_without_lba(struct ahci_channel *channel, ULONG slot)
{
    struct command_table *table = queued_read_of(channel, slot);

    if (!table)
        return FALSE;
    table->fis.device = 0;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-22 */
    queued_end(channel, slot);
    return TRUE;
}

CASE queued_as_a_write(struct ahci_channel *channel, ULONG slot)
{
    if (!queued_read_of(channel, slot))
        return FALSE;
    channel->shared->list[slot].description |= HEADER_WRITE;
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-22 */
    queued_end(channel, slot);
    return TRUE;
}

/* ------------------------------------------------------------------ all of them */

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
    {"queued_as_it_is", AT_ISSUE, queued_as_it_is},
    {"queued_elsewhere", AT_ISSUE, queued_elsewhere},
    {"queued_past_the_end", AT_ISSUE, queued_past_the_end},
    {"queued_halved", AT_ISSUE, queued_halved},
    {"queued_doubled", AT_ISSUE, queued_doubled},
    {"queued_without_lba", AT_ISSUE, queued_without_lba},
    {"queued_as_a_write", AT_ISSUE, queued_as_a_write},
    {"address_too_far", AT_START, address_too_far},
    {NULL, AT_START, NULL},
};
