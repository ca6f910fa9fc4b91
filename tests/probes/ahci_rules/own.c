/* SPDX-License-Identifier: MIT */
/* Commands of the cases' own; see cases.h. PASSIVE_LEVEL, while a channel starts. Waits without stalls, whose sum
 * in a call is limited (CTX-07). */
#include "cases.h"

const struct ahci_case *const ahci_cases[] = {engine_cases, command_cases, request_cases,
                                              silent_cases, NULL};

#define LOOKS    200000
#define SECTOR   512u
#define SCTL_DET 0xFu
#define RESET_US 500

ULONG own_physical(struct ahci_channel *channel, PVOID memory)
{
    ULONG length;
    return AtaPortGetPhysicalAddress(channel, NULL, memory, &length).LowPart;
}

struct command_table *own_command(struct ahci_channel *channel, ULONG slot, UCHAR opcode)
{
    struct command_table *table = &channel->shared->tables[slot];
    ULONG prds =
        opcode == COMMAND_READ_DMA || opcode == COMMAND_FPDMA || opcode == COMMAND_IDENTIFY;

    table->fis =
        (struct register_fis){.type = FIS_REGISTER, .flags = FIS_COMMAND, .command = opcode};
    if (opcode == COMMAND_READ_DMA)
        table->fis.count = 1;
    if (opcode == COMMAND_FPDMA) {
        table->fis.features = 1;
        table->fis.count = (UCHAR)(slot << 3); /* the tag */
    }
    if (opcode == COMMAND_READ_DMA || opcode == COMMAND_FPDMA)
        table->fis.device = FIS_LBA;
    table->prds[0] = (struct prd){
        .address = own_physical(channel, channel->shared->data + slot * SECTOR),
        .length = SECTOR - 1,
    };
    channel->shared->list[slot] = (struct command_header){
        .description = HEADER_PRDS(prds) | sizeof table->fis / sizeof(ULONG),
        .table = own_physical(channel, table),
    };
    return table;
}

void own_control(struct ahci_channel *channel, ULONG slot, UCHAR control)
{
    struct command_table *table = own_command(channel, slot, 0);
    table->fis.flags = 0;
    table->fis.control = control;
}

BOOLEAN own_wait(struct ahci_channel *channel)
{
    BOOLEAN is_over = FALSE;

    for (ULONG look = 0; look < LOOKS && !is_over; look++)
        is_over = !get(channel->base, PORT_CI) && !get(channel->base, PORT_SACT);
    put(channel->base, PORT_SERR, 0xFFFFFFFFu);
    put(channel->base, PORT_IS, 0xFFFFFFFFu);
    put(channel->controller->base, HBA_IS, 1u << channel->port);
    return is_over;
}

void own_restart(struct ahci_channel *channel)
{
    ahci_stop_engine(channel);
    ahci_put_addresses(channel);
    ahci_start_engine(channel);
}

void own_reset(struct ahci_channel *channel)
{
    ULONG control = get(channel->base, PORT_SCTL) & ~SCTL_DET;

    ahci_stop_engine(channel);
    put(channel->base, PORT_SCTL, control | PORT_SCTL_RESET);
    AtaPortStallExecution(RESET_US);
    put(channel->base, PORT_SCTL, control);
    for (ULONG look = 0; look < LOOKS && (get(channel->base, PORT_SSTS) & 0xF) != PORT_SSTS_PRESENT;
         look++)
        ;
    ahci_put_addresses(channel);
    ahci_start_engine(channel);
}
