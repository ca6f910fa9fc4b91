/* SPDX-License-Identifier: MIT */
/* HWR-22, HWR-21: the order in which a port's registers change, and the memory of its engines. */
#include "cases.h"

static ULONG command_of(struct ahci_channel *channel)
{
    return get(channel->base, PORT_CMD);
}

/* ------------------------------------------------------------------ ST, FRE, CR, FR */

CASE start_without_receiver(struct ahci_channel *channel, ULONG slot)
{
    (void)slot;
    ahci_stop_engine(channel);
    WRITE(channel->base, PORT_CMD, command_of(channel) | PORT_CMD_START); /* BREAKS: HWR-22 */
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE receiver_off_first(struct ahci_channel *channel, ULONG slot)
{
    (void)slot;
    WRITE(channel->base, PORT_CMD, command_of(channel) & ~PORT_CMD_FIS_ON); /* BREAKS: HWR-22 */
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE receiver_off_too_soon(struct ahci_channel *channel, ULONG slot)
{
    ULONG command = command_of(channel);

    (void)slot;
    command &= ~PORT_CMD_START;
    WRITE(channel->base, PORT_CMD, command);
    command &= ~PORT_CMD_FIS_ON;
    WRITE(channel->base, PORT_CMD, command); /* BREAKS: HWR-22 */
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE both_off_at_once(struct ahci_channel *channel, ULONG slot)
{
    (void)slot;
    WRITE(channel->base, PORT_CMD, 0); /* BREAKS: HWR-22 */
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE start_too_soon(struct ahci_channel *channel, ULONG slot)
{
    ULONG command = command_of(channel);

    (void)slot;
    WRITE(channel->base, PORT_CMD, command & ~PORT_CMD_START);
    WRITE(channel->base, PORT_CMD, command); /* BREAKS: HWR-22 */
    channel->armed = NULL;
    return TRUE;
}

CASE override_while_started(struct ahci_channel *channel, ULONG slot)
{
    (void)slot;
    WRITE(channel->base, PORT_CMD, command_of(channel) | PORT_CMD_OVERRIDE); /* BREAKS: HWR-22 */
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE link_reset_while_started(struct ahci_channel *channel, ULONG slot)
{
    ULONG control = get(channel->base, PORT_SCTL);

    (void)slot;
    WRITE(channel->base, PORT_SCTL, control | PORT_SCTL_RESET); /* BREAKS: HWR-22 */
    ahci_stop_engine(channel);
    WRITE(channel->base, PORT_SCTL, control);
    own_reset(channel);
    channel->armed = NULL;
    return TRUE;
}

/* ------------------------------------------------------------------ the port's memory */

CASE list_crooked(struct ahci_channel *channel, ULONG slot)
{
    ULONG list = own_physical(channel, channel->shared->list);

    (void)slot;
    ahci_stop_engine(channel);
    WRITE(channel->base, PORT_CLB, list + 512); /* BREAKS: HWR-22 */
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE fises_crooked(struct ahci_channel *channel, ULONG slot)
{
    ULONG fises = own_physical(channel, channel->shared->fises);

    (void)slot;
    ahci_stop_engine(channel);
    WRITE(channel->base, PORT_FB, fises + 128); /* BREAKS: HWR-22 */
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE list_changed_while_started(struct ahci_channel *channel, ULONG slot)
{
    ULONG list = own_physical(channel, channel->shared->list);

    (void)slot;
    WRITE(channel->base, PORT_CLB, list + 2048); /* BREAKS: HWR-22 */
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE fises_changed_while_received(struct ahci_channel *channel, ULONG slot)
{
    ULONG fises = own_physical(channel, channel->shared->fises);

    (void)slot;
    WRITE(channel->base, PORT_FB, fises + 256); /* BREAKS: HWR-22 */
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE list_foreign(struct ahci_channel *channel, ULONG slot)
{
    (void)slot;
    ahci_stop_engine(channel);
    WRITE(channel->base, PORT_CLB, FOREIGN);
    WRITE(channel->base, PORT_CMD, command_of(channel) | PORT_CMD_FIS_ON);
    WRITE(channel->base, PORT_CMD, command_of(channel) | PORT_CMD_START); /* BREAKS: HWR-21 */
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

CASE fises_foreign(struct ahci_channel *channel, ULONG slot)
{
    (void)slot;
    ahci_stop_engine(channel);
    WRITE(channel->base, PORT_FB, FOREIGN);
    WRITE(channel->base, PORT_CMD, command_of(channel) | PORT_CMD_FIS_ON); /* BREAKS: HWR-21 */
    own_restart(channel);
    channel->armed = NULL;
    return TRUE;
}

/* ------------------------------------------------------------------ commands without an engine */

CASE issue_while_stopped(struct ahci_channel *channel, ULONG slot)
{
    ahci_stop_engine(channel);
    own_command(channel, slot, COMMAND_FLUSH);
    WRITE(channel->base, PORT_CI, 1u << slot); /* BREAKS: HWR-22 */
    own_restart(channel);
    own_wait(channel);
    channel->armed = NULL;
    return TRUE;
}

/* ------------------------------------------------------------------ interrupts */

/* IS, then PxIS. */
CASE acknowledge_backwards(struct ahci_channel *channel, ULONG slot)
{
    PUCHAR hba = channel->controller->base;

    (void)slot;
    if (!(get(hba, HBA_IS) >> channel->port & 1))
        return FALSE;
    WRITE(hba, HBA_IS, 1u << channel->port); /* BREAKS: HWR-22 */
    ULONG causes = get(channel->base, PORT_IS);
    WRITE(channel->base, PORT_IS, causes);
    ahci_end_commands(channel, causes);
    return TRUE;
}

/* PxIS is read and not cleared, twice. */
CASE acknowledge_half(struct ahci_channel *channel, ULONG slot)
{
    static ULONG calls;
    PUCHAR hba = channel->controller->base;

    (void)slot;
    if (!(get(hba, HBA_IS) >> channel->port & 1))
        return FALSE;
    ULONG causes = get(channel->base, PORT_IS);
    if (++calls == 2)
        channel->armed = NULL;
    WRITE(hba, HBA_IS, 1u << channel->port); /* BREAKS: HWR-22 */
    ahci_end_commands(channel, causes);
    return TRUE;
}

const struct ahci_case engine_cases[] = {
    {"start_without_receiver", AT_START, start_without_receiver},
    {"receiver_off_first", AT_START, receiver_off_first},
    {"receiver_off_too_soon", AT_START, receiver_off_too_soon},
    {"both_off_at_once", AT_START, both_off_at_once},
    {"start_too_soon", AT_START, start_too_soon},
    {"override_while_started", AT_START, override_while_started},
    {"link_reset_while_started", AT_START, link_reset_while_started},
    {"list_crooked", AT_START, list_crooked},
    {"fises_crooked", AT_START, fises_crooked},
    {"list_changed_while_started", AT_START, list_changed_while_started},
    {"fises_changed_while_received", AT_START, fises_changed_while_received},
    {"list_foreign", AT_START, list_foreign},
    {"fises_foreign", AT_START, fises_foreign},
    {"issue_while_stopped", AT_START, issue_while_stopped},
    {"acknowledge_backwards", AT_INTERRUPT, acknowledge_backwards},
    {"acknowledge_half", AT_INTERRUPT, acknowledge_half},
    {NULL, AT_START, NULL},
};
