/* SPDX-License-Identifier: MIT */
/*
 * Transfer modes: which are used.
 *
 * Owns: AtaControllerTransferModeSelect. May not: talk to a device (setup.c tells it its mode), nor
 * know a chip's registers (chips.c). Entered before IdeHwInitialize (mode selection), and from
 * a timer when a mode had to be lowered.
 *
 * In PIO and multiword DMA the host sets the pace, so a controller that is slower than the device
 * is no harm. In Ultra DMA the sender does: both sides must be set to the same mode. Where this
 * driver does not know how to set a controller's timings, it therefore uses Ultra DMA only up to
 * the mode that the firmware has left active.
 */
#include "steps.h"

/* ------------------------------------------------------------------ modes as numbers */

ULONG pata_fastest_modes(ULONG modes)
{
    ULONG pio = modes & PIO_SUPPORT, dma = modes & (MWDMA_SUPPORT | UDMA_SUPPORT);
    ULONG fastest = pio ? 1u << pata_highest_mode(pio) : PIO_MODE0;

    return dma ? fastest | 1u << pata_highest_mode(dma) : fastest;
}

UCHAR pata_pio_mode_code(ULONG modes)
{
    ULONG mode = pata_highest_mode(modes & PIO_SUPPORT);

    /* ATA: SET FEATURES: modes with flow control are 3 and 4; a drive that has none of these has
     * one mode. */
    return mode < PIO3 ? 0x00 : IDE_SET_ADVANCE_PIO_MODE(mode);
}

UCHAR pata_dma_mode_code(ULONG modes)
{
    ULONG dma = modes & (MWDMA_SUPPORT | UDMA_SUPPORT);

    if (!dma)
        return 0;
    ULONG mode = pata_highest_mode(dma);
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

    const struct pata_chip *chip = controller->chip;

    if (!controller->has_bus_master)
        return chip->pio_modes;
    if (chip->dma_modes)
        return chip->pio_modes | chip->dma_modes;
    /* Its timings cannot be changed here, and in Ultra DMA both sides must be in the same mode: the
     * one that the firmware has set, or none. */
    return chip->pio_modes | (firmware ? 1u << pata_highest_mode(firmware) : MWDMA_SUPPORT);
}

void pata_program_timings(struct pata_controller *controller, UCHAR channel)
{
    if (controller->chip->program)
        controller->chip->program(controller, channel);
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
    if (controller->chip != &pata_chip_foreign)
        return controller->usable_modes[channel][parameters->TargetId];
    ULONG selected = parameters->TransferModeSelected;
    if (selected == UNINITIALIZED_TRANSFER_MODE)
        selected = parameters->TransferModeSupported & controller_modes(controller, active);
    /* The controller's timings are set already, so the registry can only take DMA away. */
    return selected &
           (PIO_SUPPORT | (controller->has_bus_master ? controller->modes_allowed[channel] : 0));
}
