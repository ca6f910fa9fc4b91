/* SPDX-License-Identifier: MIT */
/* What the auditor (audit.h) keeps of each channel. */
#ifndef PORT_ACCESS_AUDIT_STATE_H
#define PORT_ACCESS_AUDIT_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct irb_slot;
struct audit_prd;

/* The bus master (audit_dma.h). */
struct audit_dma {
    uint8_t doubts;  /* DMA_DOUBT_xxx: why the next start is looked at closely */
    uint8_t awaited; /* what a DMA command that was written waits for in the command register: start
                        and direction; 0: none waits */
    uint8_t features;              /* as it was written last */
    uint8_t owed;                  /* DMA_OWES_xxx, for the transfer that was started last, */
    const struct irb_slot *owner;  /* whose it is; NULL: nobody's */
    uint32_t table_address;        /* as it was written */
    const struct audit_prd *table; /* the same, in the driver's memory, while nothing is in doubt */
};

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
    struct audit_dma dma;
    uint32_t status[256]; /* the moment when that value was read last */
    uint32_t error[256];
};

#endif
