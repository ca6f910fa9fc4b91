/* SPDX-License-Identifier: MIT */
/* What the auditor (audit.h) keeps of each channel. */
#ifndef PORT_ACCESS_AUDIT_STATE_H
#define PORT_ACCESS_AUDIT_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* Owned by the accesses of the channel's driver, which are one at a time. A moment is the number of
 * the request that was begun last, of all on the channel. It runs over after 2^32 of them; what was
 * said 2^31 requests ago then counts as said now. */
struct audit {
    uint32_t status_read, error_read; /* the moment of the last one */
    uint32_t command_written;
    uint8_t selected;  /* Device, as it was written last */
    uint8_t commanded; /* as it was with the last command */
    bool is_over;      /* that device's Status was read since, without BSY and DRQ */
    uint8_t dismissal; /* what IdeHwInterrupt does before it says TRUE: AUDIT_xxx */
    /* Registers of the task file that the port itself looks at; 0: none, or not in ports. With
     * `dismissal` they are settled when the channel gets its resources. */
    struct {
        uint16_t status, alternate_status, bus_master_status;
    } ports;
    uint32_t status[256]; /* the moment when that value was read last */
    uint32_t error[256];
};

#endif
