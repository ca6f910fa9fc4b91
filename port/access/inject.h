/* SPDX-License-Identifier: MIT */
/*
 * Between driver and device: what changes, drops or delays an access or an interrupt on purpose
 * stands here. A register that it wants gets ways of its own in the map's record (access.h), so
 * that all others pass it by. Nothing is armed yet, and these are no code.
 */
#ifndef PORT_ACCESS_INJECT_H
#define PORT_ACCESS_INJECT_H

#include <stdbool.h>
#include <stdint.h>

/* What the driver reads, of what the device has said. */
static inline uint32_t inject_read(uint16_t port, uint32_t value)
{
    (void)port;
    return value;
}

/* False: the interrupt does not reach the channel's miniport. */
static inline bool inject_interrupt(void)
{
    return true;
}

#endif
