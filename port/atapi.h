/* SPDX-License-Identifier: MIT */
/* Packet commands as the block layer uses them. The routines for everybody are in block.h. */
#ifndef PORT_ATAPI_H
#define PORT_ATAPI_H

#include <stdbool.h>
#include <stdint.h>

struct request;

/* A medium that has just come is first "not ready", then "changed", then good: a few tries. */
#define ATAPI_ATTEMPTS 5u

/* READ(10), or VERIFY(10). */
void atapi_fill_transfer(struct request *request, uint64_t lba, uint32_t sectors, bool verify);

#endif
