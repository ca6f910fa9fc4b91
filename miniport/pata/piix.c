/* SPDX-License-Identifier: MIT */
/*
 * Intel's PIIX3 and PIIX4: which channels are decoded, and the timing registers.
 *
 * Owns: configuration registers 40h to 4Bh. May not: choose modes; timing.c does.
 *
 * PIIX: timings are counted in PCI clocks of 30 ns: a cycle is the time until IORDY is sampled
 * (ISP: 5, 4, 3, 2 clocks for 0 to 3) and the recovery time (RTC: 4, 3, 2, 1 clocks for 0 to 3).
 * Without the fast timing bank (TIME) a cycle is longer than any mode asks for. One bank of timings
 * serves PIO and multiword DMA; where these differ, the bank can be reserved for DMA (DTE).
 */
#include "steps.h"

/* PIIX: configuration registers of function 1. */
#define IDETIM               0x40   /* 16 bits; 42h for the secondary channel */
#define IDETIM_TIME          0x0001 /* these four: drive 0; drive 1 four bits higher */
#define IDETIM_IORDY         0x0002
#define IDETIM_PREFETCH      0x0004
#define IDETIM_DMA_ONLY      0x0008
#define IDETIM_DRIVES        0x00FF
#define IDETIM_TIMING        0x3300 /* ISP in bits 13:12, RTC in bits 9:8 */
#define IDETIM_DRIVE_1_TIMES 0x4000 /* drive 1 has a timing of its own, in SIDETIM */
#define IDETIM_DECODE        0x8000 /* the channel is decoded */
#define SIDETIM              0x44   /* 8 bits; drive 1: ISP and RTC, secondary in the high half */
/* PIIX4 alone. */
#define UDMACTL 0x48 /* 8 bits: Ultra DMA on, for each drive */
#define UDMATIM 0x4A /* 16 bits: mode 0 to 2, four bits for each drive */

/* Timing classes of a drive: 0 is slow. */
static const struct {
    UCHAR sample, recovery;
} timings[] = {
    {0, 0}, /* PIO 0 and 1, multiword DMA 0 */
    {1, 0}, /* PIO 2: 240 ns */
    {2, 1}, /* PIO 3, multiword DMA 1: 180 ns, and 150 would do */
    {2, 3}, /* PIO 4, multiword DMA 2: 120 ns */
};

static ULONG pio_class(ULONG modes)
{
    ULONG mode = pata_highest_mode(modes & PIO_SUPPORT);
    return mode < PIO2 ? 0 : mode - PIO1;
}

/* Drive bits for IDETIM; its timing class comes back in *class. */
static USHORT drive_bits(ULONG modes, BOOLEAN is_disk, ULONG *class)
{
    ULONG multiword = modes & MWDMA_SUPPORT;
    USHORT bits = 0;

    *class = 0;
    if (!modes) /* no drive */
        return 0;
    *class = pio_class(modes);
    if (multiword) {
        ULONG dma_class = multiword == MWDMA_MODE0 ? 0 : pata_highest_mode(multiword) - MWDMA0 + 1;
        if (dma_class != *class)
            bits |= IDETIM_DMA_ONLY;
        *class = dma_class;
    }
    if (*class)
        bits |= IDETIM_TIME;
    if (modes & (PIO_MODE3 | PIO_MODE4))
        bits |= IDETIM_IORDY;
    if (is_disk) /* packet devices move blocks of any length */
        bits |= IDETIM_PREFETCH;
    return bits;
}

static void program_ultra_dma(struct pata_controller *controller, UCHAR channel)
{
    UCHAR enabled = 0;
    USHORT modes = 0;

    AtaPortGetBusData(controller, &enabled, UDMACTL, sizeof enabled);
    AtaPortGetBusData(controller, &modes, UDMATIM, sizeof modes);
    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++) {
        ULONG drive = 2 * channel + target;
        ULONG ultra = controller->modes[channel][target] & UDMA_SUPPORT;

        enabled &= (UCHAR) ~(1u << drive);
        modes &= (USHORT) ~(3u << 4 * drive);
        if (ultra) {
            enabled |= (UCHAR)(1u << drive);
            modes |= (USHORT)((pata_highest_mode(ultra) - UDMA0) << 4 * drive);
        }
    }
    AtaPortSetBusData(controller, &modes, UDMATIM, sizeof modes);
    AtaPortSetBusData(controller, &enabled, UDMACTL, sizeof enabled);
}

void pata_piix3_program(struct pata_controller *controller, UCHAR channel)
{
    ULONG class_0, class_1;
    USHORT timing = 0;
    UCHAR drive_1 = 0;

    AtaPortGetBusData(controller, &timing, IDETIM + 2u * channel, sizeof timing);
    AtaPortGetBusData(controller, &drive_1, SIDETIM, sizeof drive_1);

    timing &= (USHORT) ~(IDETIM_DRIVES | IDETIM_TIMING);
    timing |= IDETIM_DRIVE_1_TIMES;
    timing |= drive_bits(controller->modes[channel][0], controller->is_disk[channel][0], &class_0);
    timing |= (USHORT)(drive_bits(controller->modes[channel][1], controller->is_disk[channel][1],
                                  &class_1)
                       << 4);
    timing |= (USHORT)(timings[class_0].sample << 12 | timings[class_0].recovery << 8);
    drive_1 &= (UCHAR) ~(0x0Fu << 4 * channel);
    drive_1 |= (UCHAR)((timings[class_1].sample << 2 | timings[class_1].recovery) << 4 * channel);

    AtaPortSetBusData(controller, &drive_1, SIDETIM, sizeof drive_1);
    AtaPortSetBusData(controller, &timing, IDETIM + 2u * channel, sizeof timing);
}

void pata_piix4_program(struct pata_controller *controller, UCHAR channel)
{
    pata_piix3_program(controller, channel);
    program_ultra_dma(controller, channel);
}

ATA_CHANNEL_STATE pata_piix_state(struct pata_controller *controller, UCHAR channel)
{
    USHORT timing = 0;

    AtaPortGetBusData(controller, &timing, IDETIM + 2u * channel, sizeof timing);
    return timing & IDETIM_DECODE ? ChannelStateEnabled : ChannelStateDisabled;
}
