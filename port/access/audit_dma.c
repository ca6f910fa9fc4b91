/* SPDX-License-Identifier: MIT */
/*
 * What is judged of a bus master's registers; see audit_dma.h. Owns struct audit_dma of each
 * channel. May not touch a device. Entered from every context in which a miniport runs.
 */
#include "port/access/audit_dma.h"

#include "port/access/access.h"
#include "port/access/audit.h"
#include "port/access/audit_command.h"
#include "port/access/audit_prd.h"
#include "port/access/audit_stop.h"
#include "port/contract/report.h"

/* Every report is about the access that the driver makes. */
#define REPORT(rule, slot, routine, ...)                                             \
    ((slot) ? contract_report_irb(rule, slot, routine, report_caller(), __VA_ARGS__) \
            : contract_report(rule, NULL, routine, report_caller(), __VA_ARGS__))
#define WRITE_BYTE  "AtaPortWritePortUchar"
#define WRITE_SHORT "AtaPortWritePortUshort"
#define WRITE_LONG  "AtaPortWritePortUlong"

#define ALL_BYTES 0x0Fu /* of the table's address */

/* ------------------------------------------------------------------ commands */

/* What its transfer has to be started with; 0: it has none, or not by the bus master. */
static uint32_t awaited_by(const struct audit_command *command)
{
    if (command->protocol == PROTOCOL_QUEUED ||
        (command->protocol == PROTOCOL_PACKET && audit_is_by_dma(command)))
        return DMA_START | DMA_AWAITED_SOME;
    if (command->protocol == PROTOCOL_DMA_IN)
        return DMA_START | DMA_TO_MEMORY;
    return command->protocol == PROTOCOL_DMA_OUT ? DMA_START : 0;
}

/* (A transfer that has begun already has what it waits for.) */
void audit_dma_commanded(struct audit *audit)
{
    audit->hazards &= ~AUDIT_AWAITED;
    if (!(audit->hazards & AUDIT_DMA_STARTED))
        audit->hazards |= awaited_by(&audit->command);
}

/* ------------------------------------------------------------------ whose transfer it is */

/* The only IRB with data at the miniport; NULL: there are none, or several. */
static const struct irb_slot *only_slot(const struct channel *channel)
{
    const struct irb_slot *only = NULL;

    for (unsigned i = 0; i < channel->irbs.count; i++) {
        const struct irb_slot *slot = &channel->irbs.slots[i];
        if (slot->state != SLOT_ACTIVE || !slot->data_byte_count)
            continue;
        if (only)
            return NULL;
        only = slot;
    }
    return only;
}

/* Was the command in flight written as the task file of an IRB has it? */
static bool is_its_command(const struct audit_command *command, const struct irb_slot *slot)
{
    const union audit_task_file *now = &command->registers, *before = &command->previous;
    const IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    const IDEREGISTERS *low = &irb->IdeTaskFile.Current, *high = &irb->IdeTaskFile.Previous;

    return IsAtaCommand(irb) && irb->TargetId == audit_device_of(now) &&
           now->command == low->bCommandReg && now->sector_count == low->bSectorCountReg &&
           now->lba_low == low->bSectorNumberReg && now->lba_mid == low->bCylLowReg &&
           now->lba_high == low->bCylHighReg &&
           (!(irb->IrbFlags & IRB_FLAGS_48BIT) ||
            (before->sector_count == high->bSectorCountReg &&
             before->lba_low == high->bSectorNumberReg && before->lba_mid == high->bCylLowReg &&
             before->lba_high == high->bCylHighReg));
}

/* The only IRB that asks for just this command; NULL: there are none, or several. */
static const struct irb_slot *matching_slot(const struct channel *channel)
{
    const struct irb_slot *found = NULL;

    for (unsigned i = 0; i < channel->irbs.count; i++) {
        const struct irb_slot *slot = &channel->irbs.slots[i];
        if (slot->state != SLOT_ACTIVE || !slot->request || !slot->data_byte_count ||
            !is_its_command(&channel->audit.command, slot))
            continue;
        if (found)
            return NULL;
        found = slot;
    }
    return found;
}

/* Of a DMA command that waits for its start, what can be told of its transfer. */
static struct transfer transfer_of(const struct channel *channel)
{
    const uint32_t awaited = channel->audit.hazards & AUDIT_AWAITED;
    struct transfer transfer = {
        .channel = channel,
        .owner = only_slot(channel),
        .is_packet = awaited & DMA_AWAITED_SOME,
    };

    if (!awaited || transfer.is_packet)
        return transfer;
    const struct irb_slot *match = matching_slot(channel);
    if (match)
        transfer.owner = match;
    else /* an IRB may be done in several commands */
        transfer.command_byte_count = audit_command_bytes(&channel->audit.command);
    transfer.is_certain = match;
    return transfer;
}

/* ------------------------------------------------------------------ start */

/* What may come of it is not told once more: audit_dma_is_told. */
static void remember(struct channel *channel, const struct irb_slot *owner, uint64_t told_before)
{
    if (owner && contract_total() != told_before)
        channel->audit.dma.told = owner->begun;
}

static const char *direction_name(uint8_t value)
{
    return value & DMA_TO_MEMORY ? "to memory" : "from memory";
}

/* HWR-11: which way does the data of a command go? */
static uint8_t direction_of(uint32_t hazards, const struct irb_slot *owner, uint8_t otherwise)
{
    if (!(hazards & DMA_AWAITED_SOME))
        return hazards & DMA_TO_MEMORY;
    if (!owner || !(owner->page->irb.IrbFlags & (IRB_FLAGS_DATA_IN | IRB_FLAGS_DATA_OUT)))
        return otherwise;
    return owner->page->irb.IrbFlags & IRB_FLAGS_DATA_IN ? DMA_TO_MEMORY : 0;
}

/* HWR-08, HWR-11, HWR-13. A transfer that was stopped in the midst of its request may go on. */
static void judge_order(struct channel *channel, const struct irb_slot *owner, uint8_t value)
{
    const struct audit_dma *dma = &channel->audit.dma;
    const uint32_t hazards = channel->audit.hazards;
    bool is_second = dma->owner && dma->owner->state == SLOT_ACTIVE &&
                     audit_is_since(channel->audit.command_written, dma->owner->begun);
    uint8_t direction = value & DMA_TO_MEMORY;

    if (hazards & AUDIT_DMA_MASTER)
        REPORT(RULE_HWR_08, owner, WRITE_BYTE,
               "a transfer starts, and bus mastering is off in configuration space");
    if (!(hazards & AUDIT_AWAITED) && !is_second)
        REPORT(RULE_HWR_11, owner, WRITE_BYTE,
               "start is written before the command: the device has no DMA command");
    else if (hazards & AUDIT_AWAITED && direction_of(hazards, owner, direction) != direction)
        REPORT(RULE_HWR_11, owner, WRITE_BYTE,
               "the direction is %s, and the command's data goes %s", direction_name(value),
               direction_name(value ^ DMA_TO_MEMORY));
    if (hazards & (AUDIT_DMA_ERROR | AUDIT_DMA_INTERRUPT))
        REPORT(RULE_HWR_13, owner, WRITE_BYTE,
               "a transfer starts, and the status still has its %s bit set, as it was read last",
               hazards & AUDIT_DMA_INTERRUPT ? "interrupt" : "error");
}

/* HWR-09, HWR-10, HWR-21. False: it may not start. */
static bool judge_table(struct channel *channel, struct transfer *transfer)
{
    struct audit_dma *dma = &channel->audit.dma;
    struct prd_fault fault;

    audit_prd_walk(transfer, &fault);
    if (fault.is_found)
        REPORT(fault.rule, transfer->owner, WRITE_BYTE, "%s%s", fault.text,
               fault.is_fatal ? "; the transfer was not started, and the request ends" : "");
    if (fault.is_fatal) {
        audit_stop_request(channel, transfer->owner);
        return false;
    }
    if (!(dma->table_address & 3u))
        dma->table = (const struct audit_prd *)(uintptr_t)dma->table_address;
    return true;
}

/* Memory of a driver that is linked into the kernel is all of it. */
static bool is_table_known(const struct channel *channel)
{
    return channel->controller->channel_driver->image &&
           !(channel->audit.hazards & AUDIT_DMA_BYTES);
}

uint8_t audit_dma_start(struct channel *channel, uint8_t value)
{
    struct audit *audit = &channel->audit;
    struct audit_dma *dma = &audit->dma;
    struct transfer transfer = transfer_of(channel);
    const uint64_t told = contract_total();

    dma->stopped_place = NULL;
    if (audit->hazards & AUDIT_DMA_STARTED) {
        REPORT(RULE_HWR_12, transfer.owner, WRITE_BYTE, "start is written while it is still set");
        remember(channel, transfer.owner, told);
        return value;
    }
    bool may = !is_table_known(channel) || judge_table(channel, &transfer);
    if (may)
        judge_order(channel, transfer.owner, value);
    remember(channel, transfer.owner, told);
    if (!may)
        return value & (uint8_t)~DMA_START;
    dma->owner = transfer.owner;
    audit->hazards &= ~AUDIT_ON_START | AUDIT_DMA_BYTES | AUDIT_DMA_MASTER;
    audit->hazards |= AUDIT_DMA_STARTED | AUDIT_DMA_LOOK | (dma->table ? 0 : AUDIT_DMA_TABLE);
    return value;
}

/* HWR-12: the call that has started it stops it while the command is in flight: no time-out can be
 * the reason. A reset may: it is told when the request succeeds all the same. */
void audit_dma_stop(struct channel *channel)
{
    struct audit_dma *dma = &channel->audit.dma;
    const uint32_t early = AUDIT_DMA_STARTED | AUDIT_DMA_LOOK | AUDIT_NOT_OVER;

    if ((channel->audit.hazards & early) == early && context_now->kind == CONTEXT_START_IO &&
        dma->owner && context_now->slot == dma->owner) {
        dma->stopped_place = report_caller();
        dma->stopped_command = channel->audit.command.begun;
        channel->irbs.slots[dma->owner - channel->irbs.slots].care |= CARE_STOPPED;
    }
    audit_takes_stop(&channel->audit);
}

bool audit_dma_was_stopped(const struct irb_slot *slot)
{
    struct channel *channel = slot->channel;
    const struct audit_dma *dma = &channel->audit.dma;

    if (!(slot->care & CARE_STOPPED) || slot != dma->owner || !dma->stopped_place ||
        dma->stopped_command != channel->audit.command.begun)
        return false;
    contract_report_in(&channel->contexts[CONTEXT_START_IO], RULE_HWR_12, WRITE_BYTE,
                       dma->stopped_place,
                       "start is cleared while the command is in flight, and nobody has looked "
                       "whether it is over: what was not moved yet is lost");
    audit_dma_forget(slot);
    return true;
}

/* ------------------------------------------------------------------ the other registers */

/* HWR-11: cleared behind the start, and nobody has looked whether it was set: an interrupt that has
 * come meanwhile is lost. In IdeHwInterrupt it has come. */
void audit_dma_judge_clear(struct channel *channel, uint8_t value)
{
    const struct irb_slot *owner = channel->audit.dma.owner;
    const uint32_t hazards = channel->audit.hazards;
    const uint64_t told = contract_total();

    if (!(value & DMA_INTERRUPT) || !(hazards & AUDIT_DMA_STARTED) ||
        hazards & AUDIT_DMA_INTERRUPT || context_now->kind != CONTEXT_START_IO ||
        !(hazards & AUDIT_NOT_OVER))
        return;
    REPORT(RULE_HWR_11, owner, WRITE_BYTE,
           "the interrupt bit is cleared behind start, without a look whether it was set");
    remember(channel, owner, told);
}

void audit_dma_status_written(struct audit *audit, uint8_t value)
{
    if (value & DMA_ERROR)
        audit->hazards &= ~AUDIT_DMA_ERROR;
    if (value & DMA_INTERRUPT)
        audit->hazards &= ~(AUDIT_DMA_INTERRUPT | AUDIT_LATCHED);
}

void audit_dma_status_read(struct audit *audit, uint8_t value)
{
    audit->hazards &= ~(AUDIT_DMA_LOOK | AUDIT_DMA_ERROR | AUDIT_DMA_INTERRUPT);
    /* SFF-8038i: all but these two mean that a transfer has not ended as it should. */
    const uint8_t bits = value & (DMA_ERROR | DMA_INTERRUPT | DMA_ACTIVE);
    if (bits != DMA_INTERRUPT && bits != DMA_ACTIVE)
        audit->dma.failed = audit->command_written;
    if (value & DMA_ERROR)
        audit->hazards |= AUDIT_DMA_ERROR;
    if (value & DMA_INTERRUPT)
        audit->hazards |= AUDIT_DMA_INTERRUPT;
    else
        audit->hazards &= ~AUDIT_LATCHED;
}

/* SFF-8038i: the table is known before the command. The packet is what counts of PACKET. */
static void judge_table_order(struct channel *channel, const struct irb_slot *owner,
                              const char *routine)
{
    bool is_started = channel->audit.hazards & AUDIT_DMA_STARTED;

    if (is_started || audit_dma_is_unstarted(channel))
        REPORT(RULE_HWR_11, owner, routine, "the table's address is written behind the %s",
               is_started ? "start" : "command");
}

static void take_table(struct audit *audit, uint32_t address, unsigned bytes)
{
    struct audit_dma *dma = &audit->dma;

    dma->table_bytes |= (uint8_t)bytes;
    if (address == dma->table_address && dma->table)
        return;
    dma->table_address = address;
    dma->table = NULL;
    audit->hazards &= ~AUDIT_DMA_BYTES;
    audit->hazards |= dma->table_bytes == ALL_BYTES ? AUDIT_DMA_TABLE : AUDIT_DMA_BYTES;
}

void audit_dma_table(struct channel *channel, uint32_t address)
{
    judge_table_order(channel, only_slot(channel), WRITE_LONG);
    take_table(&channel->audit, address, ALL_BYTES);
}

/* Of one that is written in pieces the first one is told. */
void audit_dma_table_piece(struct channel *channel, unsigned first, unsigned width, uint32_t value)
{
    struct audit *audit = &channel->audit;
    const struct irb_slot *owner = only_slot(channel);
    const uint64_t told = contract_total();
    const uint32_t mask = (width < 4 ? (1u << width * 8) - 1 : ~0u) << first * 8;

    if (!owner || !audit_dma_is_told(owner))
        judge_table_order(channel, owner,
                          width == 1   ? WRITE_BYTE
                          : width == 2 ? WRITE_SHORT
                                       : WRITE_LONG);
    remember(channel, owner, told);
    take_table(audit, (audit->dma.table_address & ~mask) | (value << first * 8 & mask),
               ((1u << width) - 1) << first & ALL_BYTES);
}

/* ------------------------------------------------------------------ the end */

/* HWR-12, HWR-13. What is told here is not told at the next start as well. */
void audit_dma_judge_end(struct irb_slot *slot, UCHAR irb_status, const char *routine)
{
    struct audit *audit = &slot->channel->audit;

    if (slot != audit->dma.owner)
        return;
    if (audit->hazards & AUDIT_DMA_STARTED)
        contract_report_irb(RULE_HWR_12, slot, routine, report_caller(),
                            "its transfer is over, and start is still set");
    if (audit->hazards & AUDIT_DMA_LOOK && IRB_STATUS(irb_status) == IRB_STATUS_SUCCESS)
        contract_report_irb(RULE_HWR_13, slot, routine, report_caller(),
                            "it succeeded, and nobody has looked at the bus master's status, which "
                            "has an error bit");
    audit->hazards &= ~(AUDIT_DMA_STARTED | AUDIT_DMA_LOOK);
}

void audit_dma_begin(struct channel *channel)
{
    channel->audit.dma = (struct audit_dma){.owner = NULL};
    channel->audit.hazards &= ~AUDIT_OF_DMA;
    channel->audit.hazards |= AUDIT_DMA_TABLE;
}

/* ------------------------------------------------------------------ configuration space */

void audit_dma_configured(struct channel *channel, bool masters_bus)
{
    channel->audit.hazards &= ~AUDIT_DMA_MASTER;
    channel->audit.hazards |= masters_bus ? 0 : AUDIT_DMA_MASTER;
}

void audit_report_dark(uintptr_t port, const char *routine)
{
    REPORT(RULE_HWR_08, context_now->slot, routine,
           "port %#lx is touched, and I/O decoding is off in configuration space",
           (unsigned long)port);
}
