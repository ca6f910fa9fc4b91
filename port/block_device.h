/* SPDX-License-Identifier: MIT */
/* What the block layer (block.h) keeps of each device. */
#ifndef PORT_BLOCK_DEVICE_H
#define PORT_BLOCK_DEVICE_H

#include <stdint.h>

/* Written by block_configure, read by whoever cuts requests into pieces. */
struct block_device {
    uint32_t most_sectors; /* that one command moves; 0: not configured */
    uint8_t commands[2];   /* read, write */
    uint16_t flags[2];     /* IRB_FLAGS_xxx of the two */
};

#endif
