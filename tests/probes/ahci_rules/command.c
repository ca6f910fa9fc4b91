/* SPDX-License-Identifier: MIT */
/*
 * HWR-19, HWR-20, HWR-21, HWR-22: commands of the driver's own, while the channel starts. What is
 * wrong with each is in the line before PxCI is written.
 */
#include "cases.h"

/* ------------------------------------------------------------------ slots */

CASE slot_in_use(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FLUSH);
    WRITE(channel->base, PORT_CI, 1u << slot);
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    return own_wait(channel);
}

CASE slot_in_use_queued(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FPDMA);
    WRITE(channel->base, PORT_SACT, 1u << slot);
    WRITE(channel->base, PORT_CI, 1u << slot);
    WRITE(channel->base, PORT_SACT, 1u << slot); /* BREAKS: HWR-22 */
    own_wait(channel);
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE queued_among_others(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_READ_DMA);
    own_command(channel, slot + 1, COMMAND_FPDMA);
    WRITE(channel->base, PORT_CI, 1u << slot);
    WRITE(channel->base, PORT_SACT, 1u << (slot + 1));
    WRITE(channel->base, PORT_CI, 1u << (slot + 1)); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    return own_wait(channel);
}

CASE other_among_queued(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FPDMA);
    own_command(channel, slot + 1, COMMAND_FLUSH);
    WRITE(channel->base, PORT_SACT, 1u << slot);
    WRITE(channel->base, PORT_CI, 1u << slot);
    WRITE(channel->base, PORT_CI, 1u << (slot + 1)); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    return own_wait(channel);
}

CASE queued_not_active(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FPDMA);
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-22 */
    own_wait(channel);
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE issue_after_failure(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_UNKNOWN);
    WRITE(channel->base, PORT_CI, 1u << slot);
    while (!(get(channel->base, PORT_IS) & PORT_INT_FAILED))
        ;
    own_command(channel, slot + 1, COMMAND_FLUSH);
    WRITE(channel->base, PORT_CI, 1u << (slot + 1)); /* BREAKS: HWR-22 */
    own_restart(channel);
    channel->armed = NULL;
    return own_wait(channel);
}

/* ------------------------------------------------------------------ header */

/* Issues what a case has prepared. */
#define ISSUE(channel, slot) WRITE((channel)->base, PORT_CI, 1u << (slot))

CASE table_crooked(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FLUSH);
    channel->shared->list[slot].table += 64;
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    own_wait(channel);
    own_restart(channel);
    return TRUE;
}

CASE fis_length_wrong(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FLUSH);
    channel->shared->list[slot].description -= 1;
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    own_wait(channel);
    own_restart(channel);
    return TRUE;
}

CASE fis_type_wrong(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FLUSH)->fis.type = 0x34; /* device to host */
    ISSUE(channel, slot);                                       /* BREAKS: HWR-22 */
    channel->armed = NULL;
    own_wait(channel);
    own_restart(channel);
    return TRUE;
}

CASE write_bit_wrong(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_READ_DMA);
    channel->shared->list[slot].description |= HEADER_WRITE;
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    return own_wait(channel);
}

CASE packet_bit_wrong(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FLUSH);
    channel->shared->list[slot].description |= HEADER_PACKET;
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    return own_wait(channel);
}

CASE prefetch_queued(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FPDMA);
    channel->shared->list[slot].description |= HEADER_PREFETCH;
    WRITE(channel->base, PORT_SACT, 1u << slot);
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    return own_wait(channel);
}

CASE tag_wrong(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FPDMA)->fis.count = (UCHAR)((slot + 1) << 3);
    WRITE(channel->base, PORT_SACT, 1u << slot);
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    own_wait(channel);
    own_restart(channel);
    return TRUE;
}

CASE no_command_bit(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_IDENTIFY)->fis.flags = 0;
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    own_wait(channel);
    own_restart(channel);
    return TRUE;
}

CASE reset_without_clear_busy(struct ahci_channel *channel, ULONG slot)
{
    own_control(channel, slot, 0x04);
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    own_reset(channel);
    channel->armed = NULL;
    return TRUE;
}

/* ------------------------------------------------------------------ PRDs */

CASE prd_count_even(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_READ_DMA)->prds[0].length = 512; /* less one, it should be */
    ISSUE(channel, slot);                                               /* BREAKS: HWR-22 */
    channel->armed = NULL;
    return own_wait(channel);
}

CASE prd_address_odd(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_READ_DMA)->prds[0].address += 1;
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    return own_wait(channel);
}

CASE prd_count_large(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_READ_DMA)->prds[0].length |= 0x00400000;
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    return own_wait(channel);
}

CASE prd_short(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_READ_DMA)->prds[0].length = 255;
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    own_wait(channel);
    own_restart(channel);
    return TRUE;
}

CASE prd_short_queued(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FPDMA)->prds[0].length = 255;
    WRITE(channel->base, PORT_SACT, 1u << slot);
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    own_wait(channel);
    own_restart(channel);
    return TRUE;
}

CASE prd_missing(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_IDENTIFY);
    channel->shared->list[slot].description &= ~HEADER_PRDS(0xFFFF);
    ISSUE(channel, slot); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    own_wait(channel);
    own_restart(channel);
    return TRUE;
}

/* ------------------------------------------------------------------ HWR-21 */

/* What was stopped shows as a command that does not end. */
static BOOLEAN is_stuck(struct ahci_channel *channel, ULONG slot)
{
    BOOLEAN stuck = get(channel->base, PORT_CI) >> slot & 1;
    AtaPortDebugPrint(0, "case: the command is %s\n", stuck ? "stopped" : "over");
    own_restart(channel);
    return TRUE;
}

CASE table_foreign(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_READ_DMA);
    channel->shared->list[slot].table = FOREIGN;
    ISSUE(channel, slot); /* BREAKS: HWR-21 */
    channel->armed = NULL;
    return is_stuck(channel, slot);
}

CASE prd_foreign(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_READ_DMA)->prds[0].address = FOREIGN;
    ISSUE(channel, slot); /* BREAKS: HWR-21 */
    channel->armed = NULL;
    return is_stuck(channel, slot);
}

CASE prd_virtual(struct ahci_channel *channel, ULONG slot)
{
    struct prd *prd = own_command(channel, slot, COMMAND_READ_DMA)->prds;
    ULONGLONG address =
        (ULONG_PTR)&channel->armed; /* of the channel's extension, as the driver sees it */

    prd->address = (ULONG)address & ~1u;
    prd->address_high = (ULONG)(address >> 32);
    ISSUE(channel, slot); /* BREAKS: HWR-21 */
    channel->armed = NULL;
    return is_stuck(channel, slot);
}

CASE prd_past_the_end(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_READ_DMA)->prds[0].address =
        own_physical(channel, channel->shared + 1) - 256;
    ISSUE(channel, slot); /* BREAKS: HWR-21 */
    channel->armed = NULL;
    return is_stuck(channel, slot);
}

/* ------------------------------------------------------------------ devices */

/* Ports that have no disk in this test. */
CASE issue_to_nobody(struct ahci_channel *channel, ULONG slot)
{
    struct ahci_channel *other = channel->controller->channels[5];

    (void)get(other->base, PORT_SSTS);
    own_command(other, slot, COMMAND_IDENTIFY);
    WRITE(other->base, PORT_CI, 1u << slot); /* BREAKS: HWR-19 */
    own_restart(other);
    channel->armed = NULL;
    return TRUE;
}

/* QEMU: an empty port floats from a reset of its link to the next write of PxCMD. */
CASE issue_to_floating(struct ahci_channel *channel, ULONG slot)
{
    struct ahci_channel *other = channel->controller->channels[4];
    ULONG command = get(other->base, PORT_CMD) & ~PORT_CMD_START;

    put(other->base, PORT_CMD, command);
    (void)get(other->base, PORT_CMD);
    put(other->base, PORT_SCTL, PORT_SCTL_RESET);
    put(other->base, PORT_SCTL, 0);
    (void)get(other->base, PORT_TFD);
    put(other->base, PORT_CMD, command | PORT_CMD_START);
    own_command(other, slot, COMMAND_IDENTIFY);
    WRITE(other->base, PORT_CI, 1u << slot); /* BREAKS: HWR-19 */
    own_restart(other);
    channel->armed = NULL;
    return TRUE;
}

/* PI has six bits. */
CASE issue_to_no_port(struct ahci_channel *channel, ULONG slot)
{
    WRITE(channel->controller->base, PORT_BASE(6) + PORT_CI, 1u << slot); /* BREAKS: HWR-19 */
    channel->armed = NULL;
    return TRUE;
}

CASE issue_to_sleeper(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_SLEEP);
    WRITE(channel->base, PORT_CI, 1u << slot);
    own_wait(channel);
    own_command(channel, slot, COMMAND_FLUSH);
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-20 */
    own_wait(channel);
    own_reset(channel);
    channel->armed = NULL;
    return TRUE;
}

const struct ahci_case command_cases[] = {
    {"slot_in_use", AT_START, slot_in_use},
    {"slot_in_use_queued", AT_START, slot_in_use_queued},
    {"queued_among_others", AT_START, queued_among_others},
    {"other_among_queued", AT_START, other_among_queued},
    {"queued_not_active", AT_START, queued_not_active},
    {"issue_after_failure", AT_START, issue_after_failure},
    {"table_crooked", AT_START, table_crooked},
    {"fis_length_wrong", AT_START, fis_length_wrong},
    {"fis_type_wrong", AT_START, fis_type_wrong},
    {"write_bit_wrong", AT_START, write_bit_wrong},
    {"packet_bit_wrong", AT_START, packet_bit_wrong},
    {"prefetch_queued", AT_START, prefetch_queued},
    {"tag_wrong", AT_START, tag_wrong},
    {"no_command_bit", AT_START, no_command_bit},
    {"reset_without_clear_busy", AT_START, reset_without_clear_busy},
    {"prd_count_even", AT_START, prd_count_even},
    {"prd_address_odd", AT_START, prd_address_odd},
    {"prd_count_large", AT_START, prd_count_large},
    {"prd_short", AT_START, prd_short},
    {"prd_short_queued", AT_START, prd_short_queued},
    {"prd_missing", AT_START, prd_missing},
    {"table_foreign", AT_START, table_foreign},
    {"prd_foreign", AT_START, prd_foreign},
    {"prd_virtual", AT_START, prd_virtual},
    {"prd_past_the_end", AT_START, prd_past_the_end},
    {"issue_to_nobody", AT_START, issue_to_nobody},
    {"issue_to_floating", AT_START, issue_to_floating},
    {"issue_to_no_port", AT_START, issue_to_no_port},
    {"issue_to_sleeper", AT_START, issue_to_sleeper},
    {NULL, AT_START, NULL},
};
