/* SPDX-License-Identifier: MIT */
/*
 * What the straight path (start.c) and that of all other commands (queue.c, command.c) share:
 * opcodes, a free slot, and how FIS, descriptors and header are filled in. Inline, for it is part
 * of every request.
 */
#ifndef AHCI_FILL_H
#define AHCI_FILL_H

#include "steps.h"

/* ------------------------------------------------------------------ opcodes */

#define COMMAND_READ_QUEUED  0x60 /* READ FPDMA QUEUED */
#define COMMAND_WRITE_QUEUED 0x61

#define DEVICE_LBA 0x40
#define DEVICE_FUA 0x80 /* of queued writes */
#define TAG_SHIFT  3    /* in Count */

/* What an opcode is to this driver. */
enum opcode {
    OPCODE_PLAIN,
    OPCODE_READ, /* sectors by DMA: may go as a queued command */
    OPCODE_WRITE,
    OPCODE_WRITE_FUA,
    OPCODE_SILENT, /* ends without interrupt */
    OPCODE_REFUSED,
};
extern const UCHAR ahci_opcodes[256];

static inline enum opcode opcode_of(const IDE_REQUEST_BLOCK *irb)
{
    return (enum opcode)ahci_opcodes[irb->IdeTaskFile.Current.bCommandReg];
}

/* Sectors in a read's or write's task file. ACS: 0 stands for the largest number. */
static inline ULONG sector_count(const IDE_REQUEST_BLOCK *irb)
{
    ULONG count = irb->IdeTaskFile.Current.bSectorCountReg;

    if (!Is48BitIrb(irb))
        return count ? count : 0x100;
    count |= (ULONG)irb->IdeTaskFile.Previous.bSectorCountReg << 8;
    return count ? count : 0x10000;
}

/* ------------------------------------------------------------------ a slot for it */

/* May a command of this kind go now? */
static inline BOOLEAN is_free_for(const struct ahci_channel *channel, enum ahci_kind kind)
{
    if (channel->phase != PHASE_RUNNING)
        return FALSE;
    return channel->active == 0 || (channel->kind == kind && kind != KIND_ALONE &&
                                    (channel->usable & ~channel->active) != 0);
}

/* One that is_free_for has found. */
static inline ULONG free_slot(const struct ahci_channel *channel)
{
    return (ULONG)__builtin_ctz(channel->usable & ~channel->active);
}

/* Which kind an IRB's command is to be. The end of a queued one brings no registers (SATA: 10.5.7,
 * Set Device Bits), and those of any other have one place for all slots. */
static inline enum ahci_kind kind_of(const struct ahci_channel *channel,
                                     const IDE_REQUEST_BLOCK *irb)
{
    if (!ahci_moves_sectors(irb) || IsReturnResults(irb) || channel->alone_left)
        return KIND_ALONE;
    return channel->device.queue_depth && opcode_of(irb) != OPCODE_PLAIN ? KIND_QUEUED : KIND_PLAIN;
}

/* ------------------------------------------------------------------ FIS, descriptors, header */

/* Three registers of an address, and what follows them, as a FIS has them. */
static inline ULONG address_dword(const IDEREGISTERS *registers)
{
    ULONG dword;

    C_ASSERT(FIELD_OFFSET(IDEREGISTERS, bCylHighReg) ==
             FIELD_OFFSET(IDEREGISTERS, bSectorNumberReg) + 2);
    __builtin_memcpy(&dword, &registers->bSectorNumberReg, sizeof dword);
    return dword;
}

/* ACS: READ FPDMA QUEUED: the number of sectors is in Features, the tag in Count. A 28-bit task
 * file has four bits of the address in Device, and 0 stands for 256 sectors in it. (By dwords: this
 * is part of most requests.) */
static inline void fill_queued(ULONG *fis, const IDE_REQUEST_BLOCK *irb, ULONG tag)
{
    const enum opcode opcode = opcode_of(irb);
    const IDEREGISTERS *current = &irb->IdeTaskFile.Current, *previous = &irb->IdeTaskFile.Previous;
    const ULONG command = opcode == OPCODE_READ ? COMMAND_READ_QUEUED : COMMAND_WRITE_QUEUED;
    const ULONG device = opcode == OPCODE_WRITE_FUA ? DEVICE_LBA | DEVICE_FUA : DEVICE_LBA;
    const ULONG address = address_dword(current), count = current->bSectorCountReg;

    fis[0] = FIS_TO_DEVICE | FIS_COMMAND << 8 | command << 16 | count << 24;
    fis[1] = (address & 0xFFFFFF) | device << 24;
    fis[2] = Is48BitIrb(irb)
                 ? (address_dword(previous) & 0xFFFFFF) | (ULONG)previous->bSectorCountReg << 24
                 : (address >> 24 & 0x0F) | (ULONG)(count == 0) << 24;
    fis[3] = tag << TAG_SHIFT;
    fis[4] = 0;
}

/* The same of a plain command, as its task file has it. */
static inline void fill_plain(ULONG *fis, const IDE_REQUEST_BLOCK *irb)
{
    const IDEREGISTERS *current = &irb->IdeTaskFile.Current, *previous = &irb->IdeTaskFile.Previous;

    C_ASSERT(FIELD_OFFSET(IDEREGISTERS, bDriveHeadReg) ==
             FIELD_OFFSET(IDEREGISTERS, bSectorNumberReg) + 3);
    fis[0] = FIS_TO_DEVICE | FIS_COMMAND << 8 | (ULONG)current->bCommandReg << 16 |
             (ULONG)current->bFeaturesReg << 24;
    fis[1] = address_dword(current);
    fis[2] = fis[4] = 0;
    fis[3] = current->bSectorCountReg;
    if (Is48BitIrb(irb)) {
        fis[2] = (address_dword(previous) & 0xFFFFFF) | (ULONG)previous->bFeaturesReg << 24;
        fis[3] |= (ULONG)previous->bSectorCountReg << 8;
    }
}

/* A byte too many would be moved where a length is odd, for the controller moves words: the last
 * one goes by way of two bytes of the driver's. IdeHwBuildIo has asked for DataBuffer then. Returns
 * how many descriptors there are now; 0: it cannot be done. */
ULONG ahci_detour_odd_byte(struct ahci_channel *channel, struct ahci_table *table, ULONG count,
                           const IDE_REQUEST_BLOCK *irb, ULONG slot);

/* How many there are; 0: the buffer cannot be described. */
static inline ULONG fill_prds(struct ahci_channel *channel, struct ahci_table *table,
                              PIDE_REQUEST_BLOCK irb, ULONG slot)
{
    const IDE_SCATTER_GATHER_LIST *list = AtaPortGetScatterGatherList(channel, irb);
    const ULONG count = list ? list->NumberOfElements : 0;

    if (count == 0 || count >= TABLE_PRDS)
        return 0;
    for (ULONG i = 0; i < count; i++) {
        struct ahci_prd *prd = &table->prds[i];
        prd->address = list->Elements[i].Address.LowPart;
        prd->address_high = (ULONG)list->Elements[i].Address.HighPart;
        prd->reserved = 0;
        prd->length = list->Elements[i].Length - 1;
    }
    if (irb->DataTransferLength % 2)
        return ahci_detour_odd_byte(channel, table, count, irb, slot);
    return count;
}

static inline ULONG direction_of(const IDE_REQUEST_BLOCK *irb)
{
    return irb->IrbFlags & IRB_FLAGS_DATA_OUT ? HEADER_WRITE : 0;
}

static inline void fill_header(struct ahci_channel *channel, ULONG slot, ULONG description,
                               const struct ahci_table *table)
{
    struct ahci_header *header = &channel->shared->list[slot];
    const ULONGLONG address = ahci_address(channel, table);

    header->description = description | sizeof(struct ahci_command_fis) / sizeof(ULONG);
    header->byte_count = 0;
    header->table = (ULONG)address;
    header->table_high = (ULONG)(address >> 32);
}

#endif
