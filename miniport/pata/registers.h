/* SPDX-License-Identifier: MIT */
/*
 * The registers of a channel: where each is, which way it goes, and what its bits mean. ata.h has
 * the other bits of Status, Error and Device Control.
 *
 * A row makes one function, pata_read_NAME(channel) or pata_write_NAME(channel, value), so nothing
 * can be read that is only written. Where a read and a write reach different registers there are
 * two rows.
 */
#ifndef PATA_REGISTERS_H
#define PATA_REGISTERS_H

/* ATA: 7: the command block, eight ports, of which the first is the data port; and the control
 * block. SFF-8038i: the bus master's block, of which Table is a register of 32 bits. */
#define PATA_REGISTERS(READ, WRITE)          \
    READ(error, command_block, 1)            \
    WRITE(features, command_block, 1)        \
    READ(sector_count, command_block, 2)     \
    WRITE(sector_count, command_block, 2)    \
    READ(interrupt_reason, command_block, 2) \
    READ(lba_low, command_block, 3)          \
    WRITE(lba_low, command_block, 3)         \
    READ(lba_mid, command_block, 4)          \
    WRITE(lba_mid, command_block, 4)         \
    READ(byte_count_low, command_block, 4)   \
    READ(lba_high, command_block, 5)         \
    WRITE(lba_high, command_block, 5)        \
    READ(byte_count_high, command_block, 5)  \
    READ(device, command_block, 6)           \
    WRITE(device, command_block, 6)          \
    READ(status, command_block, 7)           \
    WRITE(command, command_block, 7)         \
    READ(alternate_status, control_block, 0) \
    WRITE(device_control, control_block, 0)  \
    WRITE(bus_master_command, bus_master, 0) \
    READ(bus_master_status, bus_master, 2)   \
    WRITE(bus_master_status, bus_master, 2)
#define BUS_MASTER_TABLE 4
#define BUS_MASTER_BYTES 8 /* of one channel */

/* ATA: 7.7, Device register. Bits 7 and 5 are obsolete, and drives older than ATA-3 want them
 * set. */
#define DEVICE_OBSOLETE    0xA0
#define DEVICE_1           0x10
#define DEVICE_FROM_CALLER (IDE_LBA_MODE | 0x0F) /* LBA bit, and LBA 27:24 or the head */

/* ATA: 7.15, Status register. DF, or SE for a packet device. */
#define STATUS_DEVICE_FAULT 0x20
#define STATUS_FAILED       (IDE_STATUS_ERROR | STATUS_DEVICE_FAULT)
#define STATUS_NOT_IDLE     (IDE_STATUS_BUSY | IDE_STATUS_DRQ)
/* Nobody drives the bus: all ones, or all but D7, which the host pulls down. */
#define STATUS_FLOATS(status) (((status)&0x7F) == 0x7F)

/* ATA: 7.8, Device Control register: the high order bytes of a 48-bit command can be read. */
#define CONTROL_HIGH_ORDER 0x80

/* ATA: 9.8: what Sector Count means for packet commands: Interrupt Reason. */
#define REASON_COMMAND   0x01 /* C/D: a packet is wanted, or the command is over; else data */
#define REASON_TO_HOST   0x02 /* I/O */
#define REASON_MASK      (REASON_COMMAND | REASON_TO_HOST)
#define SIGNATURE_MIDDLE 0x14 /* ATA: 9.12: LBA Mid and LBA High of a packet device after reset */
#define SIGNATURE_HIGH   0xEB

/* ATA: Features register of the PACKET command. */
#define FEATURE_DMA         0x01
#define FEATURE_DMA_TO_HOST 0x04 /* DMADIR, for bridges that ask for it in IDENTIFY word 62 */

/* SFF-8038i: bus master command and status registers. */
#define BM_START         0x01
#define BM_TO_MEMORY     0x08
#define BM_ACTIVE        0x01
#define BM_ERROR         0x02
#define BM_INTERRUPT     0x04
#define BM_FIRMWARE_BITS 0x60 /* drive 0 and 1 can do DMA: to be written back as they were */
#define BM_SIMPLEX       0x80

#endif
