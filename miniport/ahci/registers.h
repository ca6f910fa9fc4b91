/* SPDX-License-Identifier: MIT */
/*
 * The controller's registers, and what it reads and writes in memory. Source: AHCI 1.3.1, by the
 * clauses that are given; the layouts of FISes are Serial ATA 3.x's, clause 10.5.
 *
 * Owns: offsets, bits and layouts. May not: know of requests.
 */
#ifndef AHCI_REGISTERS_H
#define AHCI_REGISTERS_H

#include <miniport.h>

#define BAR_ABAR 5

/* ------------------------------------------------------------------ the controller (3.1) */

#define HBA_CAP         0x00
#define CAP_SLOTS(cap)  (((cap) >> 8 & 0x1F) + 1) /* command slots */
#define CAP_PARTIAL     0x00002000u               /* link power: the shallow state */
#define CAP_SLUMBER     0x00004000u               /* the deep one */
#define CAP_LINK_POWER  0x04000000u               /* the controller goes there by itself (SALP) */
#define CAP_STAGGERED   0x08000000u               /* PxCMD.SUD spins a device up */
#define CAP_NCQ         0x40000000u
#define CAP_64_BIT      0x80000000u
#define HBA_GHC         0x04
#define GHC_INTERRUPTS  0x00000002u
#define GHC_AHCI        0x80000000u
#define HBA_IS          0x08 /* a bit a port; written as 1 to clear */
#define HBA_PI          0x0C /* ports implemented */
#define HBA_CAP2        0x24
#define CAP2_HANDOFF    0x00000001u
#define HBA_BOHC        0x28
#define BOHC_BIOS_OWNS  0x00000001u
#define BOHC_OS_OWNS    0x00000002u
#define BOHC_OWNER_BITS 0x0000001Fu
#define BOHC_BIOS_BUSY  0x00000010u

/* ------------------------------------------------------------------ a port (3.3) */

#define PORT_COUNT      32u
#define PORT_BASE(port) (0x100u + 0x80u * (port))

#define PORT_CLB        0x00 /* command list */
#define PORT_FB         0x08 /* received FISes */
#define PORT_IS         0x10 /* written as 1 to clear */
#define PORT_IE         0x14
#define INT_REGISTERS   0x00000001u /* a register FIS has come */
#define INT_PIO_SETUP   0x00000002u
#define INT_DEVICE_BITS 0x00000008u /* a set device bits FIS: queued commands are over */
#define INT_CONNECT     0x00000040u /* PxSERR.DIAG.X: a device has come */
#define INT_PHY_READY   0x00400000u /* PxSERR.DIAG.N: the link has come or gone */
#define INT_OVERFLOW    0x01000000u /* more data than the descriptors have room for */
#define INT_LINK_FATAL  0x08000000u
#define INT_BUS_DATA    0x10000000u
#define INT_BUS_FATAL   0x20000000u
#define INT_TASK_FILE   0x40000000u /* a command has failed: ERR is set */
#define INT_DONE        (INT_REGISTERS | INT_PIO_SETUP | INT_DEVICE_BITS)
#define INT_LINK        (INT_CONNECT | INT_PHY_READY)
#define INT_FATAL       (INT_LINK_FATAL | INT_BUS_DATA | INT_BUS_FATAL) /* 6.1 */
#define INT_FAILED      (INT_FATAL | INT_TASK_FILE | INT_OVERFLOW)
#define PORT_CMD        0x18
#define CMD_START       0x00000001u
#define CMD_SPIN_UP     0x00000002u
#define CMD_POWER_ON    0x00000004u
#define CMD_FIS_ON      0x00000010u
#define CMD_SLOT(cmd)   ((cmd) >> 8 & 0x1F) /* CCS: whose command was carried out */
#define CMD_FIS_RUNS    0x00004000u
#define CMD_RUNS        0x00008000u
#define CMD_LINK_POWER  0x04000000u /* ALPE: an idle link is put to sleep */
#define CMD_SLUMBER     0x08000000u /* ASP: into the deep state */
#define CMD_LINK_ACTIVE 0x10000000u /* ICC: asks the link to wake */
#define PORT_TFD        0x20        /* Error in bits 15:8, Status in bits 7:0 */
#define PORT_SIG        0x24        /* LBA high, mid and low, and Count of the device's first FIS */
#define PORT_SSTS       0x28
#define SSTS_DET(ssts)  ((ssts)&0xF)
#define DET_NOTHING     0u
#define DET_READY       3u
#define PORT_SCTL       0x2C
#define SCTL_DET        0x0000000Fu
#define SCTL_RESET      0x00000001u /* COMRESET while it is set, a millisecond at least (10.4.2) */
#define SCTL_IPM        0x00000F00u /* which states the link may not go to */
#define SCTL_NO_PARTIAL 0x00000100u
#define SCTL_NO_SLUMBER 0x00000200u
#define PORT_SERR       0x30 /* written as 1 to clear */
#define PORT_SACT       0x34 /* queued commands, a bit a tag */
#define PORT_CI         0x38 /* commands issued, a bit a slot */

/* ------------------------------------------------------------------ in memory (4.2) */

/* A command in the list (4.2.2). */
struct ahci_header {
    ULONG description; /* 31:16 descriptors */
    ULONG byte_count;  /* moved; says nothing of a queued command */
    ULONG table, table_high;
    ULONG reserved[4];
};
C_ASSERT(sizeof(struct ahci_header) == 32);
#define HEADER_PACKET      0x20u
#define HEADER_WRITE       0x40u
#define HEADER_DESCRIPTORS 16 /* shift */

/* A physical region descriptor (4.2.3.3). */
struct ahci_prd {
    ULONG address, address_high; /* even */
    ULONG reserved;
    ULONG length; /* bytes less one, an even number of them, 4 MiB at most */
};
C_ASSERT(sizeof(struct ahci_prd) == 16);

/* Register FIS, host to device. */
struct ahci_command_fis {
    UCHAR type, flags, command, features;
    UCHAR lba_low, lba_mid, lba_high, device;
    UCHAR lba_low_previous, lba_mid_previous, lba_high_previous, features_previous;
    UCHAR count, count_previous, isochronous, control;
    UCHAR reserved[4];
};
C_ASSERT(sizeof(struct ahci_command_fis) == 20);
#define FIS_TO_DEVICE 0x27
#define FIS_COMMAND   0x80 /* flags: a command, not a device control */

/* Register FIS, device to host; a PIO set-up FIS has the registers in the same places. */
struct ahci_registers_fis {
    UCHAR type, flags, status, error;
    UCHAR lba_low, lba_mid, lba_high, device;
    UCHAR lba_low_previous, lba_mid_previous, lba_high_previous, reserved_0;
    UCHAR count, count_previous, reserved_1, end_status; /* the last of PIO set-up */
    UCHAR reserved_2[4];
};
C_ASSERT(sizeof(struct ahci_registers_fis) == 20);
#define FIS_TO_HOST   0x34
#define FIS_PIO_SETUP 0x5F

/* Where the controller puts what it receives (4.2.1). */
struct ahci_received {
    UCHAR dma_setup[0x20];
    struct ahci_registers_fis pio_setup;
    UCHAR reserved_0[0x40 - 0x20 - sizeof(struct ahci_registers_fis)];
    struct ahci_registers_fis registers;
    UCHAR reserved_1[0x58 - 0x40 - sizeof(struct ahci_registers_fis)];
    UCHAR device_bits[8];
    UCHAR unknown[0x40];
    UCHAR reserved_2[0x60];
};
C_ASSERT(sizeof(struct ahci_received) == 256);

/* A command's table (4.2.3), 128-byte aligned: a page in all. */
#define TABLE_PRDS 248u
struct ahci_table {
    union {
        struct ahci_command_fis fis;
        ULONG fis_dwords[sizeof(struct ahci_command_fis) / sizeof(ULONG)];
    };
    UCHAR reserved_0[0x40 - sizeof(struct ahci_command_fis)];
    UCHAR packet[16];
    UCHAR reserved_1[0x30];
    struct ahci_prd prds[TABLE_PRDS];
};
C_ASSERT(sizeof(struct ahci_table) == 4096);

/* GP log 10h, NCQ command error (ACS-2, A.13). */
#define LOG_PAGE       0x10
#define LOG_BYTES      512u
#define LOG_NOT_QUEUED 0x80 /* in byte 0, beside the tag: none of the queued ones has failed */
#define LOG_TAG(byte)  ((byte)&0x1F)
#define LOG_STATUS     2
#define LOG_ERROR      3

#endif
