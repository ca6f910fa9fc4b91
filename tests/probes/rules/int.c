/* SPDX-License-Identifier: MIT */
/* INT: whose interrupt it is. (On level-triggered lines: tests/probes/storm.) */
#include "cases.h"

static ULONG interrupts; /* of the case under way */

/* What an interrupt routine has left undone is done a little later. */
static VOID NTAPI serve(PVOID ChannelExtension)
{
    (void)ProbeInterrupt(ChannelExtension);
}

static VOID NTAPI serve_soon(PVOID ChannelExtension)
{
    AtaPortRequestSynchronizedRoutine(ChannelExtension, serve);
}

/* BREAKS: INT-01 */
static BOOLEAN NTAPI int_not_dismissed_interrupt(PVOID ChannelExtension)
{
    if (++interrupts != 3)
        return ProbeInterrupt(ChannelExtension);
    AtaPortRequestTimer(ChannelExtension, serve_soon, 100);
    return TRUE;
}

CASE int_not_dismissed(struct occasion *at)
{
    interrupts = 0;
    at->channel_interface->IdeHwInterrupt = int_not_dismissed_interrupt;
    return FALSE;
}

/* BREAKS: INT-01 */
static BOOLEAN NTAPI int_latched_interrupt(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;

    if (++interrupts != 3)
        return ProbeInterrupt(channel);
    AtaPortReadPortUchar(channel->command_block + 7); /* but the bus master's bit stays set */
    AtaPortRequestTimer(channel, serve_soon, 100);
    return TRUE;
}

CASE int_latched(struct occasion *at)
{
    interrupts = 0;
    at->channel_interface->IdeHwInterrupt = int_latched_interrupt;
    return FALSE;
}

/* Serves the first channel, whose line this is not; itself a little later. */
static BOOLEAN NTAPI int_serves_other_interrupt(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension, *other = channel->controller->channels[0];

    if (++interrupts != 3)
        return ProbeInterrupt(channel);
    AtaPortReadPortUchar(other->command_block + 7);
    AtaPortRequestTimer(channel, serve_soon, 100);
    return TRUE;
}

CASE int_serves_other(struct occasion *at)
{
    interrupts = 0;
    at->channel_interface->IdeHwInterrupt = int_serves_other_interrupt;
    return FALSE;
}

/* The first channel's routine serves both, whichever has interrupted. */
static BOOLEAN NTAPI int_serves_all_interrupt(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension, *other = channel->controller->channels[1];
    BOOLEAN is_own = ProbeInterrupt(channel);

    return (other && other->current && ProbeInterrupt(other)) || is_own;
}

CASE int_serves_all(struct occasion *at)
{
    at->channel_interface->IdeHwInterrupt = int_serves_all_interrupt;
    return FALSE;
}

/* BREAKS: INT-02 */
static BOOLEAN NTAPI int_never_claimed_interrupt(PVOID ChannelExtension)
{
    BOOLEAN is_own = ProbeInterrupt(ChannelExtension);

    return is_own && ++interrupts > 150;
}

CASE int_never_claimed(struct occasion *at)
{
    interrupts = 0;
    at->channel_interface->IdeHwInterrupt = int_never_claimed_interrupt;
    return FALSE;
}

const struct probe_case int_cases[] = {
    {"int_not_dismissed", AT_CHANNEL_INIT, 1, int_not_dismissed},
    {"int_latched", AT_CHANNEL_INIT, 1, int_latched},
    {"int_serves_other", AT_CHANNEL_INIT, 1, int_serves_other},
    {"int_serves_all", AT_CHANNEL_INIT, 1, int_serves_all},
    {"int_never_claimed", AT_CHANNEL_INIT, 1, int_never_claimed},
    {NULL, 0, 0, NULL},
};
