/* SPDX-License-Identifier: MIT */
/*
 * Transfer modes: which are used, and the controller's timings for them.
 *
 * Owns: AtaControllerTransferModeSelect, and the timing registers of PIIX3 and PIIX4. May not: talk
 * to a device; setup.c tells it its mode. Entered before IdeHwInitialize (mode selection), and from
 * a timer when a mode had to be lowered.
 *
 * In PIO and multiword DMA the host sets the pace, so a controller that is slower than the device
 * is no harm. In Ultra DMA the sender does: both sides must be set to the same mode. Where this
 * driver does not know how to set a controller's timings, it therefore uses Ultra DMA only up to
 * the mode that the firmware has left active.
 *
 * PIIX timings are counted in PCI clocks of 30 ns: a cycle is the time until IORDY is sampled (ISP:
 * 5, 4, 3, 2 clocks for 0 to 3) and the recovery time (RTC: 4, 3, 2, 1 clocks for 0 to 3). Without
 * the fast timing bank (TIME) a cycle is longer than any mode asks for. One bank of timings serves
 * PIO and multiword DMA; where these differ, the bank can be reserved for DMA (DTE).
 */
#include "pata.h"

/* PIIX: configuration registers of function 1. */
#define IDETIM               0x40   /* 16 bits; 42h for the secondary channel */
#define IDETIM_TIME          0x0001 /* these four: drive 0; drive 1 four bits higher */
#define IDETIM_IORDY         0x0002
#define IDETIM_PREFETCH      0x0004
#define IDETIM_DMA_ONLY      0x0008
#define IDETIM_DRIVES        0x00FF
#define IDETIM_TIMING        0x3300 /* ISP in bits 13:12, RTC in bits 9:8 */
#define IDETIM_DRIVE_1_TIMES 0x4000 /* drive 1 has a timing of its own, in SIDETIM */
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

/* ------------------------------------------------------------------ modes as numbers */

static ULONG highest_bit(ULONG modes)
{
    ULONG index;
    GetHighestBitSet(modes, index);
    return index;
}

ULONG pata_fastest_modes(ULONG modes)
{
    ULONG pio = modes & PIO_SUPPORT, dma = modes & (MWDMA_SUPPORT | UDMA_SUPPORT);
    ULONG fastest = pio ? 1u << highest_bit(pio) : PIO_MODE0;

    return dma ? fastest | 1u << highest_bit(dma) : fastest;
}

UCHAR pata_pio_mode_code(ULONG modes)
{
    ULONG mode = highest_bit(modes & PIO_SUPPORT);

    /* ATA: SET FEATURES: modes with flow control are 3 and 4; a drive that has none of these has
     * one mode. */
    return mode < PIO3 ? 0x00 : IDE_SET_ADVANCE_PIO_MODE(mode);
}

UCHAR pata_dma_mode_code(ULONG modes)
{
    ULONG dma = modes & (MWDMA_SUPPORT | UDMA_SUPPORT);

    if (!dma)
        return 0;
    ULONG mode = highest_bit(dma);
    return mode < UDMA0 ? IDE_SET_MWDMA_MODE(mode - MWDMA0) : IDE_SET_UDMA_MODE(mode - UDMA0);
}

ULONG pata_modes_up_to(ULONG code)
{
    static const struct {
        UCHAR first_code, first_mode, count;
    } kinds[] = {
        {IDE_SET_ADVANCE_PIO_MODE(0), PIO0, 5},
        {IDE_SET_SWDMA_MODE(0), SWDMA0, 3},
        {IDE_SET_MWDMA_MODE(0), MWDMA0, 3},
        {IDE_SET_UDMA_MODE(0), UDMA0, 7},
    };
    ULONG modes;

    if (code <= 0x01) /* the default mode, with or without IORDY */
        return PIO_MODE0 | PIO_MODE1 | PIO_MODE2;
    for (ULONG i = 0; i < RTL_NUMBER_OF(kinds); i++)
        if (code >= kinds[i].first_code && code < (ULONG)kinds[i].first_code + kinds[i].count) {
            GenTransferModeMask(kinds[i].first_mode + (code - kinds[i].first_code), modes);
            return modes;
        }
    return 0;
}

/* ------------------------------------------------------------------ the choice */

/* What the controller can do; `current` is what the firmware left active in the device. */
static ULONG controller_modes(const struct pata_controller *controller, ULONG current)
{
    ULONG firmware = current & UDMA_SUPPORT;

    if (!controller->has_bus_master)
        return controller->kind == CONTROLLER_ISA ? PIO_MODE0 | PIO_MODE1 | PIO_MODE2 : PIO_SUPPORT;
    switch (controller->kind) {
    case CONTROLLER_PIIX3:
        return PIO_SUPPORT | MWDMA_SUPPORT;
    case CONTROLLER_PIIX4:
        return PIO_SUPPORT | MWDMA_SUPPORT | UDMA_MODE0 | UDMA_MODE1 | UDMA_MODE2;
    case CONTROLLER_ISA:
    case CONTROLLER_PCI:
    case CONTROLLER_OTHERS:
        break;
    }
    /* Its timings cannot be changed here, and in Ultra DMA both sides must be in the same mode: the one that
     * the firmware has set, or none. */
    return PIO_SUPPORT | (firmware ? 1u << highest_bit(firmware) : MWDMA_SUPPORT);
}

BOOLEAN NTAPI PataTransferModeSelect(PVOID ControllerExtension,
                                     PIDE_TRANSFER_MODE_PARAMETERS Parameters)
{
    struct pata_controller *controller = ControllerExtension;
    UCHAR channel = Parameters->ChannelNumber;

    if (channel >= MAX_IDE_DEVICE)
        return FALSE;
    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++) {
        ULONG usable = Parameters->DeviceTransferModeSupported[target] &
                       controller->modes_allowed[channel] &
                       controller_modes(controller, Parameters->DeviceTransferModeCurrent[target]);
        if (!Parameters->IoReadySupported[target])
            usable &= ~(ULONG)(PIO_MODE3 | PIO_MODE4);
        /* The slowest PIO mode is always there, whatever the registry says. */
        usable |= Parameters->DeviceTransferModeSupported[target] & PIO_MODE0;

        BOOLEAN exists = Parameters->DeviceType[target] == DeviceIsAta ||
                         Parameters->DeviceType[target] == DeviceIsAtapi;
        controller->usable_modes[channel][target] = exists ? usable : 0;
        controller->modes[channel][target] = exists ? pata_fastest_modes(usable) : 0;
        controller->is_disk[channel][target] = Parameters->DeviceType[target] == DeviceIsAta;
        Parameters->DeviceTransferModeSelected[target] =
            controller->modes[channel][target] & Parameters->DeviceTransferModeSupported[target];
    }
    pata_program_timings(controller, channel);
    return TRUE;
}

ULONG pata_usable_modes(const struct pata_controller *controller, UCHAR channel,
                        const IDE_DEVICE_PARAMETERS *parameters, ULONG active)
{
    if (controller->kind != CONTROLLER_OTHERS)
        return controller->usable_modes[channel][parameters->TargetId];
    ULONG selected = parameters->TransferModeSelected;
    if (selected == UNINITIALIZED_TRANSFER_MODE)
        selected = parameters->TransferModeSupported & controller_modes(controller, active);
    /* The controller's timings are set already, so the registry can only take DMA away. */
    return selected &
           (PIO_SUPPORT | (controller->has_bus_master ? controller->modes_allowed[channel] : 0));
}

/* ------------------------------------------------------------------ PIIX */

static ULONG pio_class(ULONG modes)
{
    ULONG mode = highest_bit(modes & PIO_SUPPORT);
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
        ULONG dma_class = multiword == MWDMA_MODE0 ? 0 : highest_bit(multiword) - MWDMA0 + 1;
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
            modes |= (USHORT)((highest_bit(ultra) - UDMA0) << 4 * drive);
        }
    }
    AtaPortSetBusData(controller, &modes, UDMATIM, sizeof modes);
    AtaPortSetBusData(controller, &enabled, UDMACTL, sizeof enabled);
}

void pata_program_timings(struct pata_controller *controller, UCHAR channel)
{
    ULONG class_0, class_1;
    USHORT timing = 0;
    UCHAR drive_1 = 0;

    if (controller->kind != CONTROLLER_PIIX3 && controller->kind != CONTROLLER_PIIX4)
        return;
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
    if (controller->kind == CONTROLLER_PIIX4)
        program_ultra_dma(controller, channel);
}
