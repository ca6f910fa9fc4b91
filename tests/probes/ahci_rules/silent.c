/* SPDX-License-Identifier: MIT */
/* What is rare and right: no rule is broken. */
#include "cases.h"

#define GHC_RESET    0x00000001u
#define HEADER_RESET 0x100u
#define CONTROL_SRST 0x04

static void say(BOOLEAN is_over)
{
    AtaPortDebugPrint(0, "case: %s\n", is_over ? "done" : "it did not end");
}

CASE several_at_once(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_READ_DMA);
    own_command(channel, slot + 1, COMMAND_IDENTIFY);
    put(channel->base, PORT_CI, 3u << slot);
    say(own_wait(channel));
    channel->armed = NULL;
    return TRUE;
}

/* With faults (contract-hwr-ahci.t): the data of the first is another than the device's, and the second fails. Both
 * are as they were when they are over, whatever was issued behind them. */
#define WORD_27 54 /* of IDENTIFY data: its place */
CASE changed_beside_others(struct ahci_channel *channel, ULONG slot)
{
    const struct command_table *second = own_command(channel, slot + 1, COMMAND_VERIFY);
    const UCHAR *data = channel->shared->data + slot * 512;

    own_command(channel, slot, COMMAND_IDENTIFY);
    put(channel->base, PORT_CI, 3u << slot);
    (void)own_wait(channel);
    own_restart(channel);
    say(data[WORD_27] == 'X' && second->fis.command == COMMAND_VERIFY);
    channel->armed = NULL;
    return TRUE;
}

/* Only PxSACT is asked; then a command that is not queued. */
CASE queued_by_active(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_FPDMA);
    own_command(channel, slot + 1, COMMAND_FPDMA);
    put(channel->base, PORT_SACT, 3u << slot);
    put(channel->base, PORT_CI, 3u << slot);
    while (get(channel->base, PORT_SACT))
        ;
    own_command(channel, slot, COMMAND_FLUSH);
    put(channel->base, PORT_CI, 1u << slot);
    say(own_wait(channel));
    channel->armed = NULL;
    return TRUE;
}

/* The end of the only command shows in PxIS; PxCI is not asked. */
CASE known_by_interrupt(struct ahci_channel *channel, ULONG slot)
{
    for (ULONG round = 0; round < 3; round++) {
        own_command(channel, slot, COMMAND_READ_DMA);
        put(channel->base, PORT_CI, 1u << slot);
        while (!(get(channel->base, PORT_IS) & PORT_INT_COMPLETED))
            ;
        put(channel->base, PORT_IS, 0xFFFFFFFFu);
    }
    say(own_wait(channel));
    channel->armed = NULL;
    return TRUE;
}

/* Or in the task file. */
CASE known_by_task_file(struct ahci_channel *channel, ULONG slot)
{
    for (ULONG round = 0; round < 3; round++) {
        own_command(channel, slot, COMMAND_IDENTIFY);
        put(channel->base, PORT_CI, 1u << slot);
        while (get(channel->base, PORT_TFD) & 0x88)
            ;
        put(channel->base, PORT_IS, 0xFFFFFFFFu);
    }
    say(own_wait(channel));
    channel->armed = NULL;
    return TRUE;
}

CASE registers_by_bytes(struct ahci_channel *channel, ULONG slot)
{
    PUCHAR issue = channel->base + PORT_CI;

    for (ULONG round = 0; round < 2; round++) {
        own_command(channel, slot, COMMAND_FLUSH);
        put(channel->base, PORT_CI, 1u << slot);
        while (AtaPortReadRegisterUchar(issue))
            ;
    }
    say(own_wait(channel));
    channel->armed = NULL;
    return TRUE;
}

CASE registers_as_block(struct ahci_channel *channel, ULONG slot)
{
    ULONG block[PORT_CI / 4 + 1];

    for (ULONG round = 0; round < 2; round++) {
        own_command(channel, slot, COMMAND_FLUSH);
        put(channel->base, PORT_CI, 1u << slot);
        do {
            AtaPortReadRegisterBufferUlong((PULONG)(PVOID)channel->base, block, PORT_CI / 4 + 1);
        } while (block[PORT_CI / 4]);
    }
    say(own_wait(channel));
    channel->armed = NULL;
    return TRUE;
}

/* The way of AHCI 6.2.2. */
CASE failure_recovered(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_UNKNOWN);
    put(channel->base, PORT_CI, 1u << slot);
    while (!(get(channel->base, PORT_IS) & PORT_INT_FAILED))
        ;
    own_restart(channel);
    own_command(channel, slot, COMMAND_FLUSH);
    put(channel->base, PORT_CI, 1u << slot);
    say(own_wait(channel));
    channel->armed = NULL;
    return TRUE;
}

CASE link_reset(struct ahci_channel *channel, ULONG slot)
{
    own_reset(channel);
    own_command(channel, slot, COMMAND_IDENTIFY);
    put(channel->base, PORT_CI, 1u << slot);
    say(own_wait(channel));
    channel->armed = NULL;
    return TRUE;
}

/* QEMU: with a command under way it may end with an assertion. */
CASE controller_reset(struct ahci_channel *channel, ULONG slot)
{
    struct ahci_controller *controller = channel->controller;

    own_command(channel, slot, COMMAND_READ_DMA);
    put(channel->base, PORT_CI, 1u << slot);
    own_wait(channel);
    put(controller->base, HBA_GHC, HBA_GHC_AHCI | GHC_RESET);
    while (get(controller->base, HBA_GHC) & GHC_RESET)
        ;
    put(controller->base, HBA_GHC, HBA_GHC_AHCI | HBA_GHC_IE);
    controller->channels[channel->port] = channel;
    for (ULONG port = 0; port < 32; port++) {
        struct ahci_channel *other = controller->channels[port];
        if (!other)
            continue;
        ahci_start_engine(other);
        put(other->base, PORT_IE, PORT_INT_COMPLETED | PORT_INT_FAILED);
    }
    put(channel->base, PORT_IE, 0);
    own_command(channel, slot, COMMAND_IDENTIFY);
    put(channel->base, PORT_CI, 1u << slot);
    say(own_wait(channel));
    channel->armed = NULL;
    return TRUE;
}

CASE software_reset(struct ahci_channel *channel, ULONG slot)
{
    own_control(channel, slot, CONTROL_SRST);
    channel->shared->list[slot].description |= HEADER_RESET | HEADER_CLEAR_BUSY;
    put(channel->base, PORT_CI, 1u << slot);
    own_wait(channel);
    own_control(channel, slot, 0);
    put(channel->base, PORT_CI, 1u << slot);
    own_wait(channel);
    own_restart(channel);
    own_command(channel, slot, COMMAND_IDENTIFY);
    put(channel->base, PORT_CI, 1u << slot);
    say(own_wait(channel));
    channel->armed = NULL;
    return TRUE;
}

CASE sleep_and_reset(struct ahci_channel *channel, ULONG slot)
{
    own_command(channel, slot, COMMAND_SLEEP);
    put(channel->base, PORT_CI, 1u << slot);
    own_wait(channel);
    own_reset(channel);
    own_command(channel, slot, COMMAND_IDENTIFY);
    put(channel->base, PORT_CI, 1u << slot);
    say(own_wait(channel));
    channel->armed = NULL;
    return TRUE;
}

/* ------------------------------------------------------------------ interrupts */

static BOOLEAN is_mine(struct ahci_channel *channel)
{
    return get(channel->controller->base, HBA_IS) >> channel->port & 1;
}

static void acknowledge(struct ahci_channel *channel)
{
    put(channel->controller->base, HBA_IS, 1u << channel->port);
}

static void end(struct ahci_channel *channel)
{
    ULONG causes = get(channel->base, PORT_IS);
    put(channel->base, PORT_IS, causes);
    ahci_end_commands(channel, causes);
}

/* IS before and after. */
CASE acknowledge_twice(struct ahci_channel *channel, ULONG slot)
{
    (void)slot;
    if (!is_mine(channel))
        return FALSE;
    acknowledge(channel);
    end(channel);
    acknowledge(channel);
    return TRUE;
}

/* IS before, and again if it has not stayed clear. */
CASE acknowledge_in_a_loop(struct ahci_channel *channel, ULONG slot)
{
    BOOLEAN is_ours = FALSE;

    (void)slot;
    while (is_mine(channel)) {
        acknowledge(channel);
        end(channel);
        is_ours = TRUE;
    }
    return is_ours;
}

/* While the controller may not interrupt anyway. */
CASE acknowledge_masked(struct ahci_channel *channel, ULONG slot)
{
    PUCHAR hba = channel->controller->base;

    (void)slot;
    if (!is_mine(channel))
        return FALSE;
    put(hba, HBA_GHC, HBA_GHC_AHCI);
    acknowledge(channel);
    end(channel);
    put(hba, HBA_GHC, HBA_GHC_AHCI | HBA_GHC_IE);
    return TRUE;
}

const struct ahci_case silent_cases[] = {
    {"changed_beside_others", AT_START, changed_beside_others},
    {"several_at_once", AT_START, several_at_once},
    {"queued_by_active", AT_START, queued_by_active},
    {"known_by_interrupt", AT_START, known_by_interrupt},
    {"known_by_task_file", AT_START, known_by_task_file},
    {"registers_by_bytes", AT_START, registers_by_bytes},
    {"registers_as_block", AT_START, registers_as_block},
    {"failure_recovered", AT_START, failure_recovered},
    {"link_reset", AT_START, link_reset},
    {"controller_reset", AT_START, controller_reset},
    {"software_reset", AT_START, software_reset},
    {"sleep_and_reset", AT_START, sleep_and_reset},
    {"acknowledge_twice", AT_INTERRUPT, acknowledge_twice},
    {"acknowledge_in_a_loop", AT_INTERRUPT, acknowledge_in_a_loop},
    {"acknowledge_masked", AT_INTERRUPT, acknowledge_masked},
    {NULL, AT_START, NULL},
};
