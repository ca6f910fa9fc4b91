/* SPDX-License-Identifier: MIT */
/* What the opcode of a command says of its data, and what the rest of its task file does. */
#ifndef PATA_OPCODES_H
#define PATA_OPCODES_H

#include "steps.h"

/* How the data of a command goes, as far as its opcode says. Those by DMA are the flag that the IRB
 * must have: the wrong direction destroys data. */
enum transfer {
    TRANSFER_AS_FLAGGED, /* PIO, or no data at all: the IRB's flags say which */
    TRANSFER_RESET,
    TRANSFER_REFUSED,
    TRANSFER_DMA_IN = IRB_FLAGS_DATA_IN,
    TRANSFER_DMA_OUT = IRB_FLAGS_DATA_OUT,
};

extern const UCHAR pata_transfers[256];

static inline enum pata_protocol pata_protocol_of(const IDE_REQUEST_BLOCK *irb)
{
    const ULONG flags = irb->IrbFlags;

    const enum transfer transfer =
        (enum transfer)pata_transfers[irb->IdeTaskFile.Current.bCommandReg];

    switch (transfer) {
    case TRANSFER_DMA_IN:
    case TRANSFER_DMA_OUT:
        return flags & transfer ? PROTOCOL_DMA : PROTOCOL_REFUSED;
    case TRANSFER_RESET:
        return PROTOCOL_RESET;
    case TRANSFER_AS_FLAGGED:
        if (flags & IRB_FLAGS_DATA_IN)
            return PROTOCOL_PIO_IN;
        return flags & IRB_FLAGS_DATA_OUT ? PROTOCOL_PIO_OUT : PROTOCOL_NON_DATA;
    case TRANSFER_REFUSED:
        break;
    }
    return PROTOCOL_REFUSED;
}

/* Sectors in a read's or write's task file. ATA: READ SECTOR(S): 0 stands for the largest
 * number. */
static inline ULONG pata_sector_count(const IDE_REQUEST_BLOCK *irb)
{
    ULONG count = irb->IdeTaskFile.Current.bSectorCountReg;

    if (!Is48BitIrb(irb))
        return count ? count : 0x100;
    count |= (ULONG)irb->IdeTaskFile.Previous.bSectorCountReg << 8;
    return count ? count : 0x10000;
}

static inline BOOLEAN pata_moves_sectors(const IDE_REQUEST_BLOCK *irb)
{
    return irb->Function == IRB_FUNCTION_ATA_READ || irb->Function == IRB_FUNCTION_ATA_WRITE;
}

#endif
