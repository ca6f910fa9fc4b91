/* SPDX-License-Identifier: MIT */
/*
 * The commands that a driver issues to an AHCI port: the slots of PxCI, and of each its header,
 * table, FIS and PRDs, as they lie in memory now. Reads them and writes nothing. Entered from any
 * context in which a miniport runs.
 */
#include <ata.h>
#include <string.h>

#include "port/access/audit_ahci_command.h"
#include "port/access/audit_command.h"
#include "port/access/dma_memory.h"

/* READ and WRITE FPDMA QUEUED, and what came after them. (Older queued commands have no place in
 * AHCI, and PxSACT is nothing to them.) */
static uint8_t queued_kind(uint8_t opcode)
{
    switch (opcode) {
    case 0x60:
        return KIND_QUEUED | KIND_48 | KIND_SECTORS | KIND_IN;
    case 0x61:
        return KIND_QUEUED | KIND_48 | KIND_SECTORS | KIND_OUT;
    case 0x63:
        return KIND_QUEUED;
    case 0x64:
        return KIND_QUEUED | KIND_OUT;
    case 0x65:
        return KIND_QUEUED | KIND_IN;
    }
    return 0;
}

static uint8_t kind_of(const uint8_t *fis)
{
    const union audit_task_file registers = {.command = fis[FIS_COMMAND],
                                             .features = fis[FIS_FEATURES]};
    const uint8_t flags = audit_opcodes[registers.command].flags;
    uint8_t kind = queued_kind(registers.command);

    switch (audit_protocol_of(&registers)) {
    case PROTOCOL_PIO_IN:
    case PROTOCOL_DMA_IN:
        kind = KIND_IN;
        break;
    case PROTOCOL_PIO_OUT:
    case PROTOCOL_DMA_OUT:
        kind = KIND_OUT;
        break;
    case PROTOCOL_PACKET:
        return KIND_PACKET;
    case PROTOCOL_UNKNOWN:
    case PROTOCOL_NON_DATA:
    case PROTOCOL_DEVICE_RESET:
    case PROTOCOL_DIAGNOSTIC:
    case PROTOCOL_QUEUED:
        break;
    }
    if (flags & OPCODE_ADDRESS)
        kind |= flags & OPCODE_48 ? KIND_48 : KIND_28;
    if (kind & (KIND_IN | KIND_OUT))
        kind |= flags & OPCODE_ADDRESS ? KIND_SECTORS : flags & OPCODE_SECTOR ? KIND_BLOCK : 0;
    return kind;
}

uint64_t ahci_lba(const struct ahci_command *command)
{
    const uint8_t *fis = command->table->fis;
    uint64_t low =
        fis[FIS_LBA_LOW] | (uint32_t)fis[FIS_LBA_MID] << 8 | (uint32_t)fis[FIS_LBA_HIGH] << 16;
    uint64_t high = fis[FIS_LBA_LOW_PREVIOUS] | (uint32_t)fis[FIS_LBA_MID_PREVIOUS] << 8 |
                    (uint32_t)fis[FIS_LBA_HIGH_PREVIOUS] << 16;
    if (command->kind & KIND_48)
        return high << 24 | low;
    return (uint64_t)(fis[FIS_DEVICE] & 0x0F) << 24 | low;
}

uint32_t ahci_sectors(const struct ahci_command *command)
{
    const uint8_t *fis = command->table->fis;
    unsigned low = command->kind & KIND_QUEUED ? FIS_FEATURES : FIS_COUNT;
    unsigned high = command->kind & KIND_QUEUED ? FIS_FEATURES_PREVIOUS : FIS_COUNT_PREVIOUS;
    if (!(command->kind & KIND_48))
        return fis[low] ? fis[low] : 0x100;
    uint32_t count = fis[low] | (uint32_t)fis[high] << 8;
    return count ? count : 0x10000;
}

/* ------------------------------------------------------------------ whose it is */

/* Address and count of the sectors that an IRB of ATA_READ or ATA_WRITE wants. */
static uint64_t wanted_lba(const IDE_REQUEST_BLOCK *irb)
{
    const IDEREGISTERS *current = &irb->IdeTaskFile.Current, *previous = &irb->IdeTaskFile.Previous;
    uint64_t low = current->bSectorNumberReg | (uint32_t)current->bCylLowReg << 8 |
                   (uint32_t)current->bCylHighReg << 16;
    uint64_t high = previous->bSectorNumberReg | (uint32_t)previous->bCylLowReg << 8 |
                    (uint32_t)previous->bCylHighReg << 16;
    return Is48BitIrb(irb) ? high << 24 | low
                           : (uint64_t)(current->bDriveHeadReg & 0x0F) << 24 | low;
}

static uint32_t wanted_sectors(const IDE_REQUEST_BLOCK *irb)
{
    uint32_t count = irb->IdeTaskFile.Current.bSectorCountReg;
    if (!Is48BitIrb(irb))
        return count ? count : 0x100;
    count |= (uint32_t)irb->IdeTaskFile.Previous.bSectorCountReg << 8;
    return count ? count : 0x10000;
}

/* A driver may choose another command for the same sectors. */
static bool is_same(const struct ahci_command *command, const struct irb_slot *slot)
{
    const IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    const IDEREGISTERS *current = &irb->IdeTaskFile.Current;
    const uint8_t *fis = command->table->fis;

    if (slot->state != SLOT_ACTIVE)
        return false;
    if (command->kind & KIND_PACKET)
        return irb->CdbLength && irb->CdbLength <= sizeof command->table->packet &&
               memcmp(command->table->packet, irb->Cdb, irb->CdbLength) == 0;
    if (command->kind & KIND_SECTORS) {
        USHORT function = command->kind & KIND_IN ? IRB_FUNCTION_ATA_READ : IRB_FUNCTION_ATA_WRITE;
        if (irb->Function == function)
            return wanted_lba(irb) == ahci_lba(command) &&
                   wanted_sectors(irb) == ahci_sectors(command);
    }
    return current->bCommandReg == command->opcode && current->bFeaturesReg == fis[FIS_FEATURES] &&
           current->bSectorCountReg == fis[FIS_COUNT] &&
           current->bSectorNumberReg == fis[FIS_LBA_LOW] &&
           current->bCylLowReg == fis[FIS_LBA_MID] && current->bCylHighReg == fis[FIS_LBA_HIGH];
}

/* The request that the miniport has been handed by the call which runs now; NULL: there is none. */
static const struct irb_slot *handed(void)
{
    return context_now->kind == CONTEXT_START_IO ? context_now->slot : NULL;
}

static const struct irb_slot *find_same(const struct ahci_command *command)
{
    const struct controller *controller = command->at->audit->controller;

    if (handed() && is_same(command, handed()))
        return handed();
    for (unsigned i = 0; i < controller->channel_count; i++) {
        const struct channel *channel = controller->channels[i];
        for (unsigned index = 0; channel && channel->irbs.slots && index < channel->irbs.count;
             index++)
            if (is_same(command, &channel->irbs.slots[index]))
                return &channel->irbs.slots[index];
    }
    return NULL;
}

/* ------------------------------------------------------------------ HWR-21 */

/* AHCI: 3.1.1: without S64A addresses have 32 bits. */
static uint64_t address_of(const struct audit_hba *audit, uint32_t low, uint32_t high)
{
    bool is_short = audit->has_cap && !(audit->cap & AHCI_CAP_64BIT);
    return is_short ? low : (uint64_t)high << 32 | low;
}

/* Ports may be anybody's: what any of the controller's channels has is the drivers'. */
static struct dma_memory memory_at(const struct audit_hba *audit, uint64_t physical)
{
    const struct channel *own = context_now->channel, *other = NULL;
    struct dma_memory memory = {0};

    if (own)
        memory = dma_memory_at(own, physical);
    while (!memory.byte_count && (other = port_next_channel_of(audit->controller, other)))
        memory = dma_memory_at(other, physical);
    return memory;
}

bool ahci_reaches(const struct audit_hba *audit, uint64_t physical, uint64_t byte_count)
{
    return memory_at(audit, physical).byte_count >= byte_count;
}

/* NULL: it is not the drivers'. */
static const void *find(const struct hba_access *at, uint64_t address, uint64_t byte_count)
{
    return address <= UINTPTR_MAX && ahci_reaches(at->audit, address, byte_count)
               ? (const void *)(uintptr_t)address
               : NULL;
}

uint32_t ahci_list_bytes(const struct audit_hba *audit)
{
    unsigned slots = audit->has_cap ? (audit->cap >> 8 & 0x1F) + 1 : 1;
    return slots * (uint32_t)sizeof(struct ahci_header);
}

#define STOPPED "; the command was stopped"

/* Finds the parts of a command. False: they do not lie where they may, which was said. */
static bool find_parts(struct ahci_command *command)
{
    const struct hba_access *at = command->at;
    const struct audit_hba_port *port = at->port;
    uint64_t list = address_of(at->audit, port->known[HBA_PORT_CLB], port->known[HBA_PORT_CLBU]);

    command->header =
        find(at, list + command->slot * sizeof(struct ahci_header), sizeof(struct ahci_header));
    if (!command->header) {
        ACCUSE(at, RULE_HWR_21,
               "port %u, slot %u: the command list at %#llx is not in the driver's memory" STOPPED,
               at->number, command->slot, (unsigned long long)list);
        return false;
    }
    uint64_t table = address_of(at->audit, command->header->table, command->header->table_high);
    uint32_t byte_count = (uint32_t)(sizeof(struct ahci_table) +
                                     AHCI_HEADER_PRDS(command->header) * sizeof(struct ahci_prd));
    command->table = find(at, table, byte_count);
    if (command->table)
        return true;
    ACCUSE(at, RULE_HWR_21,
           "port %u, slot %u: the command table at %#llx (PRDs: %u) is not in the driver's "
           "memory" STOPPED,
           at->number, command->slot, (unsigned long long)table,
           (unsigned)AHCI_HEADER_PRDS(command->header));
    return false;
}

/* The bytes that the command moves at most. */
static uint64_t most_bytes(const struct ahci_command *command)
{
    const struct irb_slot *owner = ahci_owner(command);
    const struct device *device = owner && owner->request ? owner->request->device : NULL;

    if (command->kind & KIND_BLOCK)
        return 512;
    if (command->kind & KIND_SECTORS && device && device->kind == DEVICE_ATA && device->sector_size)
        return (uint64_t)ahci_sectors(command) * device->sector_size;
    return UINT64_MAX;
}

unsigned ahci_used_prds(const struct ahci_command *command)
{
    uint64_t left = most_bytes(command);
    unsigned count = 0;

    while (count < AHCI_HEADER_PRDS(command->header) && left) {
        uint64_t byte_count = (command->table->prds[count++].length & AHCI_PRD_LENGTH) + 1;
        left -= byte_count < left ? byte_count : left;
    }
    return count;
}

/* The first PRD whose memory is not the request's nor the driver's: as far as the device uses it,
 * or all of it. NULL: there is none. */
static const struct ahci_prd *foreign_prd(const struct ahci_command *command, bool is_all)
{
    const struct audit_hba *audit = command->at->audit;
    uint64_t left = most_bytes(command);

    for (unsigned i = 0; i < AHCI_HEADER_PRDS(command->header) && left; i++) {
        const struct ahci_prd *prd = &command->table->prds[i];
        uint64_t address = address_of(audit, prd->address, prd->address_high);
        uint64_t byte_count = (prd->length & AHCI_PRD_LENGTH) + 1;
        uint64_t used = byte_count < left ? byte_count : left;
        if (!ahci_reaches(audit, address, is_all ? byte_count : used))
            return prd;
        left -= used;
    }
    return NULL;
}

const struct ahci_prd *ahci_loose_prd(const struct ahci_command *command)
{
    return foreign_prd(command, true);
}

static bool is_virtual(const struct audit_hba *audit, uint64_t address)
{
    const struct channel *channel = NULL;

    while ((channel = port_next_channel_of(audit->controller, channel)))
        if (dma_memory_is_virtual(channel, (uint32_t)address))
            return true;
    return false;
}

static bool has_foreign_prd(const struct ahci_command *command)
{
    const struct hba_access *at = command->at;
    const struct ahci_prd *prd = foreign_prd(command, false);

    if (!prd)
        return false;
    uint64_t address = address_of(at->audit, prd->address, prd->address_high);
    uint64_t own = memory_at(at->audit, address).byte_count;
    ACCUSE(
        at, RULE_HWR_21,
        "port %u, slot %u, %s (0x%02x): PRD %u at %#llx (bytes: %u) reaches what is %s%s" STOPPED,
        at->number, command->slot, ahci_name(command), command->opcode,
        (unsigned)(prd - command->table->prds), (unsigned long long)address,
        (unsigned)(prd->length & AHCI_PRD_LENGTH) + 1, dma_memory_name(address + own),
        is_virtual(at->audit, address) ? " (as a virtual address it would be the driver's)" : "");
    return true;
}

bool ahci_find_command(struct ahci_command *command)
{
    if (!find_parts(command))
        return false;
    if (!ahci_is_command(command))
        return true;
    command->opcode = command->table->fis[FIS_COMMAND];
    command->kind = kind_of(command->table->fis);
    command->irb = find_same(command);
    return !has_foreign_prd(command);
}

/* ------------------------------------------------------------------ PRDs */

uint64_t ahci_prd_bytes(const struct ahci_command *command)
{
    uint64_t byte_count = 0;
    for (unsigned i = 0; i < AHCI_HEADER_PRDS(command->header); i++)
        byte_count += (command->table->prds[i].length & AHCI_PRD_LENGTH) + 1;
    return byte_count;
}

const struct irb_slot *ahci_owner(const struct ahci_command *command)
{
    const struct ahci_prd *prd = command->table ? &command->table->prds[0] : NULL;
    const struct irb_slot *slot = command->irb;

    if (!slot && prd && AHCI_HEADER_PRDS(command->header))
        slot = memory_at(command->at->audit,
                         address_of(command->at->audit, prd->address, prd->address_high))
                   .slot;
    return slot ? slot : handed();
}
