/* SPDX-License-Identifier: MIT */
/*
 * The controllers that this driver knows: what each can do, and how it is told.
 *
 * Owns: the table of chips. May not: choose modes; timing.c does.
 *
 * A new one is a row, and where its timings can be set, a file like piix.c. Quirks belong here,
 * too.
 */
#include "steps.h"

/* No bus master, and nothing to set. A 32-bit access to the data port becomes one to it and one to
 * the port two above. */
const struct pata_chip pata_chip_isa = {
    .pio_modes = PIO_MODE0 | PIO_MODE1 | PIO_MODE2,
    .is_isa = TRUE,
    .has_data_port_of_16_bits = TRUE,
};

/* Another miniport's; this one runs a channel of it. Whether it is on a bus that splits 32-bit
 * accesses is not known: what masters the bus is. */
const struct pata_chip pata_chip_foreign = {
    .pio_modes = PIO_SUPPORT,
    .has_data_port_of_16_bits = TRUE,
};

static const struct pata_chip chips[] = {
    {
        .ids = 0x70108086, /* PIIX3 */
        .pio_modes = PIO_SUPPORT,
        .dma_modes = MWDMA_SUPPORT,
        .state = pata_piix_state,
        .program = pata_piix3_program,
    },
    {
        .ids = 0x71118086, /* PIIX4 */
        .pio_modes = PIO_SUPPORT,
        .dma_modes = MWDMA_SUPPORT | UDMA_MODE0 | UDMA_MODE1 | UDMA_MODE2,
        .state = pata_piix_state,
        .program = pata_piix4_program,
    },
    {
        /* Any other: SFF-8038i; its timings are the firmware's. */
        .pio_modes = PIO_SUPPORT,
    },
};

const struct pata_chip *pata_find_chip(ULONG ids)
{
    const struct pata_chip *chip = chips;

    while (chip->ids != 0 && chip->ids != ids)
        chip++;
    return chip;
}
