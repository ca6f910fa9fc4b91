/* SPDX-License-Identifier: MIT */
/* Packet commands as the block layer uses them. The routines for everybody are in block.h. */
#ifndef PORT_ATAPI_H
#define PORT_ATAPI_H

#include <stdint.h>

struct request;

/* Operation codes of SPC-2 and MMC-3. */
enum {
    SCSI_TEST_UNIT_READY = 0x00,
    SCSI_START_STOP_UNIT = 0x1B,
    SCSI_READ_CAPACITY = 0x25,
    SCSI_READ_10 = 0x28,
    SCSI_VERIFY_10 = 0x2F,
};

/* Address and count of READ(10) and VERIFY(10). */
void atapi_set_address(struct request *request, uint64_t lba, uint32_t sectors);

#endif
