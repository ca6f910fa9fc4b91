/* SPDX-License-Identifier: MIT */
/* What each transfer by bus master needs, long way or straight; dma.c says what it is about. */
#ifndef PATA_DMA_H
#define PATA_DMA_H

#include "steps.h"

/* The same for any list: each piece is cut where it crosses 64 KiB. */
BOOLEAN pata_describe_pieces(struct pata_prd *prd, const IDE_SCATTER_GATHER_LIST *list,
                             ULONG byte_count);

/* Describes an IRB's memory in the table. FALSE: no descriptor can say it, it is too much, or not
 * as long as the IRB. Most memory is one piece within one 64 KiB. */
static inline BOOLEAN pata_describe(const struct pata_channel *channel, PIDE_REQUEST_BLOCK irb)
{
    const IDE_SCATTER_GATHER_LIST *list = AtaPortGetScatterGatherList((PVOID)channel, irb);
    struct pata_prd *prd = channel->prd_table;

    if (!list || !prd)
        return FALSE;
    if (list->NumberOfElements != 1)
        return pata_describe_pieces(prd, list, irb->DataTransferLength);
    const ULONG address = list->Elements[0].Address.LowPart, length = list->Elements[0].Length;
    if (list->Elements[0].Address.HighPart != 0 || ((address | length) & 1) || length == 0 ||
        length != irb->DataTransferLength || (address & (PRD_BOUNDARY - 1)) + length > PRD_BOUNDARY)
        return pata_describe_pieces(prd, list, irb->DataTransferLength);
    prd->address = address;
    prd->control = (length & (PRD_BOUNDARY - 1)) | PRD_END;
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
