/* SPDX-License-Identifier: MIT */
/* How a task file reaches the device that is selected and ready. */
#ifndef PATA_TASK_FILE_H
#define PATA_TASK_FILE_H

#include "steps.h"

static inline UCHAR pata_device_register(UCHAR target, const IDE_TASK_FILE *task_file)
{
    return (UCHAR)(DEVICE_OBSOLETE | target * DEVICE_1 |
                   (task_file->Current.bDriveHeadReg & DEVICE_FROM_CALLER));
}

/* Features is written only where a command looks at it; reads and writes of sectors do not. */
static inline void pata_write_registers(const struct pata_channel *channel,
                                        const IDEREGISTERS *registers, BOOLEAN has_features)
{
    if (has_features)
        pata_write_features(channel, registers->bFeaturesReg);
    pata_write_sector_count(channel, registers->bSectorCountReg);
    pata_write_lba_low(channel, registers->bSectorNumberReg);
    pata_write_lba_mid(channel, registers->bCylLowReg);
    pata_write_lba_high(channel, registers->bCylHighReg);
}

/* ATA: 6.20: for a 48-bit command each register keeps two bytes; the high one is written first. */
static inline void pata_write_task_file(const struct pata_channel *channel,
                                        const IDE_TASK_FILE *task_file, BOOLEAN is_48_bit,
                                        BOOLEAN has_features)
{
    if (is_48_bit)
        pata_write_registers(channel, &task_file->Previous, has_features);
    pata_write_registers(channel, &task_file->Current, has_features);
}

/* ATA: READ DMA and others: what a command leaves in the address bits of the Device register is
 * not defined, so it is written for each one. QEMU: it has counted on. */
static inline void pata_write_device_and_command(struct pata_channel *channel, UCHAR target,
                                                 UCHAR device_register, const UCHAR *opcode)
{
    channel->is_ready = FALSE;
    channel->selected = (UCHAR)(target + 1);
    pata_write_device(channel, device_register);
    pata_write_command(channel, *opcode);
}

#endif
