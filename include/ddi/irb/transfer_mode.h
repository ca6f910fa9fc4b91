/* SPDX-License-Identifier: MIT */
/*
 * Transfer modes, in the three forms the interface uses: one bit a mode, the index of that bit, and
 * the byte that SET FEATURES takes.
 */
#ifndef DDI_IRB_TRANSFER_MODE_H
#define DDI_IRB_TRANSFER_MODE_H

#include "../nt.h"

/* ------------------------------------------------------------------ one bit a mode */

#define PIO_MODE0   0x00000001
#define PIO_MODE1   0x00000002
#define PIO_MODE2   0x00000004
#define PIO_MODE3   0x00000008
#define PIO_MODE4   0x00000010
#define SWDMA_MODE0 0x00000020
#define SWDMA_MODE1 0x00000040
#define SWDMA_MODE2 0x00000080
#define MWDMA_MODE0 0x00000100
#define MWDMA_MODE1 0x00000200
#define MWDMA_MODE2 0x00000400
#define UDMA_MODE0  0x00000800
#define UDMA_MODE1  0x00001000
#define UDMA_MODE2  0x00002000
#define UDMA_MODE3  0x00004000
#define UDMA_MODE4  0x00008000
#define UDMA_MODE5  0x00010000
#define UDMA_MODE6  0x00020000

/* All modes of a kind; Ultra DMA has every bit above its first, so that faster modes fit. */
#define PIO_SUPPORT      (PIO_MODE0 | PIO_MODE1 | PIO_MODE2 | PIO_MODE3 | PIO_MODE4)
#define SWDMA_SUPPORT    (SWDMA_MODE0 | SWDMA_MODE1 | SWDMA_MODE2)
#define MWDMA_SUPPORT    (MWDMA_MODE0 | MWDMA_MODE1 | MWDMA_MODE2)
#define UDMA_SUPPORT     0x7FFFF800
#define DMA_SUPPORT      (SWDMA_SUPPORT | MWDMA_SUPPORT | UDMA_SUPPORT)
#define ALL_MODE_SUPPORT (PIO_SUPPORT | DMA_SUPPORT)

#define UNINITIALIZED_TRANSFER_MODE 0x7FFFFFFF
#define UNINITIALIZED_CYCLE_TIME    0xFFFFFFFF

/* Bit 31 marks a mode that was chosen rather than assumed. */
#define IS_DEFAULT(mode) (((mode)&0x80000000u) == 0)

/* ------------------------------------------------------------------ the index of a mode's bit */

#define PIO0          0
#define PIO1          1
#define PIO2          2
#define PIO3          3
#define PIO4          4
#define SWDMA0        5
#define SWDMA1        6
#define SWDMA2        7
#define MWDMA0        8
#define MWDMA1        9
#define MWDMA2        10
#define UDMA0         11
#define MAX_XFER_MODE 18

/*
 * From one form to the other. These are blocks rather than do-while loops, as drivers write them
 * with and without a semicolon.
 */

/* mode = the bits 0 to i. */
#define GenTransferModeMask(i, mode)        \
    {                                       \
        (mode) = 0xFFFFFFFFu >> (31 - (i)); \
    }

/* i = the index of the highest bit in mode; all ones when there is none. */
#define GetHighestBitSet(mode, i)                                \
    {                                                            \
        ULONG ddi_mode = (ULONG)(mode);                          \
        (i) = ddi_mode != 0 ? 31 - __builtin_clz(ddi_mode) : -1; \
    }

/* ------------------------------------------------------------------ SET FEATURES */

/* ATA: SET FEATURES, subcommand 03h. `mode` counts within its kind: Ultra DMA 2 is 2. */
#define IDE_SET_DEFAULT_PIO_MODE(mode) ((UCHAR)0x01) /* the default mode with IORDY disabled */
#define IDE_SET_ADVANCE_PIO_MODE(mode) ((UCHAR)(0x08 | (mode)))
#define IDE_SET_SWDMA_MODE(mode)       ((UCHAR)(0x10 | (mode)))
#define IDE_SET_MWDMA_MODE(mode)       ((UCHAR)(0x20 | (mode)))
#define IDE_SET_UDMA_MODE(mode)        ((UCHAR)(0x40 | (mode)))

#endif
