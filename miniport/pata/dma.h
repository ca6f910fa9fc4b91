/* SPDX-License-Identifier: MIT */
/* What each transfer by bus master needs, long way or straight; dma.c says what it is about. */
#ifndef PATA_DMA_H
#define PATA_DMA_H

#include "steps.h"

/* Describes an IRB's memory in the table: each piece is cut where it crosses 64 KiB. FALSE: no
 * descriptor can say it, it is too much, or not as long as the IRB. A piece without length has no
 * descriptor, as a count of 0 would mean 64 KiB. */
static inline BOOLEAN pata_describe(const struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    const IDE_SCATTER_GATHER_LIST *list = AtaPortGetScatterGatherList((PVOID)channel, irb);
    struct pata_prd *prd = channel->prd_table;
    ULONG total = 0;

    if (!list || !prd)
        return FALSE;
    const IDE_SCATTER_GATHER_ELEMENT *element = list->Elements;
    const IDE_SCATTER_GATHER_ELEMENT *const last = element + list->NumberOfElements;
    const struct pata_prd *const end = prd + PRD_COUNT;
    for (; element < last; element++) {
        ULONG address = element->Address.LowPart, left = element->Length;

        if (((address | left) & 1) || element->Address.HighPart != 0)
            return FALSE;
        total += left;
        while (left) {
            ULONG count = PRD_BOUNDARY - (address & (PRD_BOUNDARY - 1));
            if (count >= left)
                count = left;
            else if (address + count == 0) /* beyond 4 GiB */
                return FALSE;
            if (prd == end)
                return FALSE;
            prd->address = address;
            prd->control = count & (PRD_BOUNDARY - 1);
            prd++;
            address += count;
            left -= count;
        }
    }
    if (total == 0 || total != irb->DataTransferLength)
        return FALSE;
    prd[-1].control |= PRD_END;
    return TRUE;
}

/* Before the command is written: the direction, and no interrupt left from before. */
static inline void pata_dma_direct(struct pata_channel *channel, BOOLEAN is_to_memory)
{
    UCHAR direction = is_to_memory ? BM_TO_MEMORY : 0;

    if (direction != channel->bus_master_direction) {
        channel->bus_master_direction = direction;
        pata_bus_master_stop(channel);
    }
    if (channel->latch_is_doubtful) {
        channel->latch_is_doubtful = FALSE;
        pata_bus_master_clear(channel, pata_read_bus_master_status(channel));
    }
}

/* After it. */
static inline void pata_dma_start(struct pata_channel *channel)
{
    pata_write_bus_master_command(channel, channel->bus_master_direction | BM_START);
}

#endif
