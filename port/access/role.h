/* SPDX-License-Identifier: MIT */
/* What register of an IDE channel a port is. */
#ifndef PORT_ACCESS_ROLE_H
#define PORT_ACCESS_ROLE_H

/* The task file in the order of its ports (ATA/ATAPI-6, 7), the control block, and the bus master
 * (SFF-8038i). */
enum access_role {
    ROLE_NONE,
    ROLE_DATA,
    ROLE_ERROR, /* Features, where it is written */
    ROLE_SECTOR_COUNT,
    ROLE_LBA_LOW,
    ROLE_LBA_MID,
    ROLE_LBA_HIGH,
    ROLE_DEVICE,
    ROLE_STATUS,           /* Command */
    ROLE_ALTERNATE_STATUS, /* Device Control */
    ROLE_BUS_MASTER_COMMAND,
    ROLE_BUS_MASTER_STATUS,
    ROLE_BUS_MASTER_TABLE,   /* the PRD table's address: the only one of 32 bits; */
    ROLE_BUS_MASTER_TABLE_1, /* where its other bytes stand, for who writes it in pieces */
    ROLE_BUS_MASTER_TABLE_2,
    ROLE_BUS_MASTER_TABLE_3,
    ROLE_COUNT,
};

#endif
