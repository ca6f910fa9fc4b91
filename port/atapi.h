/* SPDX-License-Identifier: MIT */
/* Packet commands as the block layer uses them. The routines for everybody are in block.h. */
#ifndef PORT_ATAPI_H
#define PORT_ATAPI_H

#include "port/block.h"

/* A medium that has just come is first "not ready", then "changed", then good: a few tries. */
#define ATAPI_ATTEMPTS 5u

/* READ(10), or VERIFY(10), for block_configure; and its address and count. */
void atapi_form_transfer(struct device *device, enum block_operation operation);
void atapi_set_address(struct request *request, uint64_t lba, uint32_t sectors);

#endif
